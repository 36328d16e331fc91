"""Sanitised HTML as XHTML that an EPUB may hold. Pure.

Browsers take any nesting, the schema of EPUB 3.3 does not. So blocks are lifted out of inline elements, tables and
lists are built anew of their rows and items, and what the schema cannot place (terms outside a list, captions without
a figure) becomes a plain block. No text is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lxml import etree

from broadsheet.articles.tree import Element, parse_fragment

XHTML = "http://www.w3.org/1999/xhtml"
_INLINE = frozenset(
    "a abbr b bdi bdo br cite code del em i img ins kbd mark q s samp small span strong sub sup u var wbr".split()
)
_LINES = frozenset("p h2 h3 h4 h5 h6 pre dt summary".split())
"""Blocks that hold no blocks."""
_BLOCKS = _LINES | frozenset(
    (
        "blockquote caption col colgroup dd details div dl figcaption figure hr li ol table tbody td tfoot th thead tr ul"
    ).split()
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ADDRESS = re.compile(r"(https?://[^\s/?#]+|mailto:)[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]*")
_ILL_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xhtml(markup: str, picture: Callable[[str], str]) -> str:
    """Return sanitised HTML as the inside of an XHTML ``div``; ``picture(src)`` is where a picture lies, or nothing."""
    builder = _Builder(picture)
    root = etree.Element(f"{{{XHTML}}}div", nsmap={None: XHTML})
    builder.flow(parse_fragment(markup), root)
    return str(etree.tostring(root, encoding="unicode"))


def legal(text: str) -> str:
    """Return the text without what XML cannot hold."""
    return _ILLEGAL.sub("", text)


class _Builder:
    def __init__(self, picture: Callable[[str], str]) -> None:
        self._picture = picture

    def flow(self, source: Element, out: Element) -> None:
        """Copy what an element holds into one that may hold blocks and lines."""
        _text(out, source.text)
        for child in source:
            if isinstance(child.tag, str):
                self._block(child, out)
            _text(out, child.tail)

    def _block(self, child: Element, out: Element) -> None:
        if child.tag not in _BLOCKS:
            if _holds_blocks(child):
                self.flow(child, out)
            else:
                self._line(child, out)
            return
        match child.tag:
            case "ul" | "ol":
                self._list(child, out)
            case "table":
                self._table(child, out)
            case "hr":
                _add(out, "hr")
            case "figure":
                self.flow(child, _add(out, "figure", child))
            case "figcaption" if _ends_figure(child):
                self.flow(child, _add(out, "figcaption", child))
            case tag if tag in _LINES and not _holds_blocks(child):
                self._inside(child, _add(out, tag if tag not in ("dt", "summary") else "p", child))
            case "blockquote":
                self.flow(child, _add(out, "blockquote", child))
            case _:
                self.flow(child, _add(out, "div", child))

    def _list(self, source: Element, out: Element) -> None:
        made = etree.Element(f"{{{XHTML}}}{source.tag}")
        _attributes(source, made, {"start": _NUMBER} if source.tag == "ol" else {})
        if source.tag == "ol" and source.get("type") in ("1", "a", "A", "i", "I"):
            made.set("type", source.get("type"))
        if (source.text or "").strip():
            _text(_add(made, "li"), source.text)
        for child in source:
            if isinstance(child.tag, str):
                item = _add(made, "li", child if child.tag == "li" else None)
                if child.tag == "li":
                    self.flow(child, item)
                else:
                    self._block(child, item)
            if (child.tail or "").strip():
                _text(_add(made, "li"), child.tail)
        if len(made):
            out.append(made)

    def _table(self, source: Element, out: Element) -> None:
        for caption in source.findall("caption"):
            self.flow(caption, _add(out, "div"))
        rows = source.xpath("./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr")
        body = etree.Element(f"{{{XHTML}}}tbody")
        for row in rows:
            cells = [cell for cell in row if cell.tag in ("td", "th")]
            if cells:
                made = _add(body, "tr")
                for cell in cells:
                    copy = _add(made, cell.tag)
                    _attributes(cell, copy, {"colspan": _NUMBER, "rowspan": _NUMBER})
                    self.flow(cell, copy)
        if len(body):
            _add(out, "table", source).append(body)
        elif "".join(source.itertext()).strip():
            for child in source:
                if isinstance(child.tag, str) and child.tag != "caption":
                    self.flow(child, _add(out, "div"))

    def _inside(self, source: Element, out: Element) -> None:
        """Copy what an element holds into one that may hold lines only."""
        _text(out, source.text)
        for child in source:
            if isinstance(child.tag, str):
                self._line(child, out)
            _text(out, child.tail)

    def _line(self, child: Element, out: Element) -> None:
        if child.tag == "img":
            self._image(child, out)
            return
        tag = child.tag if child.tag in _INLINE else "span"
        if tag == "a":
            address = _address(child.get("href") or "")
            made = _add(out, "a" if address else "span", child)
            if address:
                made.set("href", address)
        elif tag == "bdo" and child.get("dir") not in ("ltr", "rtl"):
            made = _add(out, "span", child)
        else:
            made = _add(out, tag, child)
        self._inside(child, made)

    def _image(self, source: Element, out: Element) -> None:
        place = self._picture(source.get("src") or "")
        if not place:
            _text(out, source.get("alt") or "")
            return
        made = _add(out, "img")
        made.set("src", place)
        made.set("alt", legal(source.get("alt") or ""))
        _attributes(source, made, {"width": _NUMBER, "height": _NUMBER})


def _add(out: Element, tag: str, source: Element = None) -> Any:
    made = etree.SubElement(out, f"{{{XHTML}}}{tag}")
    if source is not None:
        _attributes(source, made, {})
    return made


def _attributes(source: Element, made: Element, also: dict[str, re.Pattern[str]]) -> None:
    language = source.get("lang") or ""
    if _LANGUAGE.fullmatch(language):
        made.set("lang", language)
        made.set("{http://www.w3.org/XML/1998/namespace}lang", language)
    if source.get("dir") in ("ltr", "rtl"):
        made.set("dir", source.get("dir"))
    if source.get("title"):
        made.set("title", legal(source.get("title")))
    for name, pattern in also.items():
        if pattern.fullmatch(source.get(name) or ""):
            made.set(name, source.get(name))


def _text(out: Element, text: str | None) -> None:
    if not text:
        return
    text = legal(text)
    if len(out):
        out[-1].tail = (out[-1].tail or "") + text
    else:
        out.text = (out.text or "") + text


def _address(url: str) -> str:
    """Return an address as EPUB takes it, or nothing."""
    encoded = "".join(char if char.isascii() and char not in '[]{}|\\^`"<> ' else _percent(char) for char in url)
    return encoded if _ADDRESS.fullmatch(encoded) and not _ILL_ENCODED.search(encoded) else ""


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))


def _holds_blocks(element: Element) -> bool:
    return any(part.tag in _BLOCKS for part in element.iterdescendants() if isinstance(part.tag, str))


def _ends_figure(caption: Element) -> bool:
    parent = caption.getparent()
    return (
        parent is not None
        and parent.tag == "figure"
        and caption.getnext() is None
        and not (caption.tail or "").strip()
        and len(parent.findall("figcaption")) == 1
    )
