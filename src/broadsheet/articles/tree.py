"""The one module in front of the HTML parser: fragments in, fragments out, and what we ask of a tree."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

import lxml.html
from lxml import etree

from broadsheet.text import collapse

BLOCKS = frozenset(
    (
        "address article aside blockquote caption center dd details div dl dt fieldset figcaption figure footer form "
        "h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul body"
    ).split()
)
"""Elements that begin on a line of their own."""

PARSER = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
# One class for all elements: lxml.html asks a function for the class of each, which takes a twentieth of all the time.
PARSER.set_element_class_lookup(etree.ElementDefaultClassLookup(element=lxml.html.HtmlElement))
# In both cases by hand: where the case of all letters is ignored, every byte is tried, and not only what follows a "<".
_UNKNOWN_VOID = re.compile(
    rb"<([eE][mM][bB][eE][dD]|[sS][oO][uU][rR][cC][eE]|[tT][rR][aA][cC][kK]|[wW][bB][rR])\b([^<>]{0,4000})>"
)
_BLANK = "\u3000 \t\r\n\u00a0"
_CONTROLS = bytes({*range(32)} - {9, 10, 12, 13})
_FORM_FEED = bytes.maketrans(b"\f", b" ")
_NO_CHARACTERS = re.compile(rb"\xef\xbf[\xbe\xbf]")
_ILLEGAL_REFERENCE = re.compile(
    rb"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01]|6553[45])(?!\d)|"
    rb"[xX]0*(?:[0-8bcefBCEF]|1[\da-fA-F]|[fF]{3}[eEfF])(?![\da-fA-F]));?"
)
"""References to what a tree takes from its parser, and not from us: text with it could never be moved."""

Element = Any
"""An lxml element; lxml has no types of its own."""


def parse_document(data: bytes) -> Element:
    """Return the tree of a document in UTF-8, without what a tree may not hold; comments and processing instructions are gone.

    Raises ``lxml.etree.ParserError`` where there is nothing in it.
    """
    legal = data.translate(_FORM_FEED, _CONTROLS)
    if b"\xef\xbf" in legal:
        legal = _NO_CHARACTERS.sub(b"", legal)
    legal = _ILLEGAL_REFERENCE.sub(b"", legal)
    # libxml2 does not know that these are void, and puts what follows inside them: a picture into its source.
    legal = _UNKNOWN_VOID.sub(rb"<\1\2></\1>", legal)
    return lxml.html.document_fromstring(legal, parser=PARSER, ensure_head_body=True)


def parse_fragment(markup: str) -> Element:
    """Return a ``div`` that holds the markup; comments and processing instructions are gone."""
    root = parse_document(b"<div>%b</div>" % markup.encode("utf-8", "ignore"))
    body = root.find("body")
    if len(body) == 1 and body[0].tag == "div" and not (body[0].tail or body.text):
        return body[0]
    body.tag = "div"  # an end tag of the markup has closed ours
    return body


def serialise(root: Element) -> str:
    """Return the markup inside the element."""
    inner = [_escaped(root.text or "")]
    inner += [etree.tostring(child, encoding="unicode", method="html") for child in root]
    return "".join(inner)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def raw_text(element: Element) -> str:
    """Return the text of an element as its markup has it; in a third of the time that ``itertext`` takes."""
    return str(etree.tostring(element, method="text", encoding="unicode", with_tail=False))


def text_of(element: Element) -> str:
    """Return the text of an element on one line."""
    return collapse(raw_text(element))


def drop(element: Element) -> None:
    """Take an element out of its tree; the text behind it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


def replace(element: Element, new: Element) -> None:
    """Put another element in an element's place."""
    new.tail = element.tail
    element.tail = None
    element.getparent().replace(element, new)


def make(tag: str, text: str = "", **attributes: str) -> Element:
    """Return a new element."""
    element = etree.Element(tag, attributes)
    element.text = text
    return element


def leaf_blocks(root: Element) -> Iterator[Element]:
    """Yield block elements that hold no other block: paragraphs, list items, cells, plain divs."""
    blocks = [element for element in root.iter(*BLOCKS) if element is not root]
    holders = set()
    for block in blocks:
        above = block.getparent()
        while above is not root and above.tag not in BLOCKS:
            above = above.getparent()
        holders.add(above)
    yield from (block for block in blocks if block not in holders)


def last_of(elements: Iterable[Element]) -> Element | None:
    """Return the last of the elements, or None where there is none."""
    return next(iter(deque(elements, maxlen=1)), None)


def last_blocks(root: Element, number: int) -> list[Element]:
    """Return the last of the blocks that hold no other."""
    return list(islice(_blocks_from_end(root), number))[::-1]


def _blocks_from_end(element: Element) -> Iterator[Element]:
    for child in element.iterchildren(reversed=True):
        inner = False
        for block in _blocks_from_end(child):
            inner = True
            yield block
        if not inner and child.tag in BLOCKS:
            yield child


def text_blocks(root: Element) -> list[tuple[Element, str]]:
    """Return the blocks that hold no other and have text, with it."""
    return [(block, text) for block in leaf_blocks(root) if (text := text_of(block))]


def lines(root: Element) -> list[str]:
    """Return the text as a reader sees it, a line a block, empty lines left out.

    Captions belong to their pictures and are no text, save where there is none but captions.
    """
    return _lines(root, frozenset(root.iter("figcaption"))) or _lines(root, frozenset())


def _lines(root: Element, leave: Collection[Element]) -> list[str]:
    found: list[str] = []
    current: list[str] = []

    def flush() -> None:
        line = collapse("".join(current))
        if line:
            found.append(line)
        current.clear()

    for event, element in etree.iterwalk(root, events=("start", "end")):
        block = element.tag in BLOCKS or element.tag == "br"
        if event == "start":
            if block:
                flush()
            current.append(element.text or "")
        else:
            if element in leave:
                current.clear()
            elif block:
                flush()
            if element is not root:
                current.append(element.tail or "")
    flush()
    return found


def _is_blank_line(element: Element) -> bool:
    return element.tag == "br" and not (element.tail or "").strip(_BLANK)


def prune(root: Element) -> None:
    """Take out blocks that hold neither text nor a picture, innermost first."""
    for element in reversed(
        list(root.iter("p", "div", "span", "figure", "figcaption", "ul", "ol", "li", "section", "blockquote", "a"))
    ):
        if element is root or (element.text or "").strip(_BLANK) or not all(map(_is_blank_line, element)):
            continue
        drop(element)
