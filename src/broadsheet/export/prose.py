"""Sanitised HTML as portable Markdown (CommonMark with GFM's tables). Pure.

Text stays text: every character that a renderer, a template engine or a note-taking program could take for its own is
escaped, so that an article about markup is shown and never run, with raw HTML switched on or off. What Markdown has no
form for is dropped rather than written as HTML, save ``sub``, ``sup``, and code that holds template openers, which only
character references keep from an engine.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

from broadsheet.articles.tree import Element, parse_fragment

_BLOCKS = frozenset(
    (
        "blockquote caption dd details div dl dt figcaption figure h2 h3 h4 h5 h6 hr li ol p pre summary table tbody td "
        "tfoot th thead tr ul"
    ).split()
)
_RICH = frozenset("blockquote dl figure h2 h3 h4 h5 h6 hr ol pre table ul".split())
"""What a cell of a Markdown table cannot hold."""
_WHITE = re.compile(r"[ \t\n\r\f]+")
_SIGNS = re.compile(r"[\\`*_\[\]#~|$]|==|%%")
_AUTOLINK = re.compile(r"(?i)(https?|ftp|mailto|xmpp)(:)|(www)(\.)")
"""Where GFM begins to make a link of text; it reads no escapes within."""
_START = re.compile(r"([-+=])|(\d{1,9})([.)])")
_OPENERS = re.compile(r"\{[{%#]")
_MARKS = {"em": "\1\2", "i": "\1\2", "strong": "\3\4", "b": "\3\4", "del": "\5\6", "s": "\5\6"}
"""Where emphasis begins and ends, until its neighbours are known; sanitised text has no such characters."""
_SIGN_OF = {"\1": "*", "\2": "*", "\3": "**", "\4": "**", "\5": "~~", "\6": "~~"}
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9:/?#@!+,;=%._~-]+")
_REFERENCES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("{"): "&#123;", ord("}"): "&#125;"}


def markdown(markup: str) -> str:
    """Return sanitised HTML as Markdown, with a line end where it holds anything."""
    blocks = list(_blocks(parse_fragment(markup)))
    return _settled("\n\n".join(blocks)) + "\n" if blocks else ""


# ------------------------------------------------------------------------------------------------ blocks


def _blocks(element: Element) -> Iterator[str]:
    """Yield the blocks of a container: runs of text and inline elements as paragraphs, the rest by itself."""
    run = [_escape(element.text or "")]
    lists = 0
    for child in element:
        if isinstance(child.tag, str):
            if child.tag in _BLOCKS or _holds_blocks(child):
                yield from _paragraphs("".join(run))
                run = []
                lists = lists + 1 if child.tag in ("ul", "ol") else 0
                yield from _block(child, lists)
            else:
                run.append(_inline(child))
        run.append(_escape(child.tail or ""))
    yield from _paragraphs("".join(run))


def _block(element: Element, lists: int) -> Iterator[str]:
    match element.tag:
        case "h2" | "h3" | "h4" | "h5" | "h6":
            text = " ".join("".join(_inside(element)).split("\n")).strip(" ")
            if text:
                yield f"{'#' * int(element.tag[1])} {text}"
        case "hr":
            yield "***"
        case "pre":
            yield from _code_block(element)
        case "blockquote":
            if inner := "\n\n".join(_blocks(element)):
                yield _indent(inner, "> ", "> ")
        case "ul" | "ol":
            yield from _list(element, lists)
        case "table":
            yield from _table(element)
        case "dt" | "summary":
            yield from _paragraphs(_marked("\3\4", "".join(_inside(element))))
        case _:
            yield from _blocks(element)


def _paragraphs(run: str) -> Iterator[str]:
    """Yield the paragraphs of inline Markdown in which line ends are forced breaks; two of them part paragraphs."""
    for part in re.split(r"\n[ \n]*\n", run):
        lines = [_START.sub(_shield, line.strip(" "), count=1) if line.strip(" ") else "" for line in part.split("\n")]
        text = "\\\n".join(filter(None, lines))
        if text:
            yield text


def _shield(match: re.Match[str]) -> str:
    """Return what begins a line so that it begins no list, rule or heading; elsewhere in the line, as it is."""
    if match.start():
        return match[0]
    return f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}"


def _indent(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        (first if not index else rest if line else rest.rstrip()) + line for index, line in enumerate(lines)
    )


def _list(element: Element, lists: int) -> Iterator[str]:
    # Two lists in a row are told apart by their signs.
    other = lists % 2 == 0
    ordered = element.tag == "ol"
    number = int(element.get("start") or 1)
    items = []
    for blocks in filter(None, _items(element)):
        sign = f"{number}{')' if other else '.'} " if ordered else ("* " if other else "- ")
        number += 1
        items.append((_indent("\n\n".join(blocks), sign, " " * len(sign)), len(blocks)))
    if items:
        yield ("\n" if all(count == 1 for _, count in items) else "\n\n").join(text for text, _ in items)


def _items(element: Element) -> Iterator[list[str]]:
    """Yield the blocks of each item; what stands between items is an item as well."""
    yield list(_paragraphs(_escape(element.text or "")))
    for child in element:
        if isinstance(child.tag, str):
            yield list(_blocks(child)) if child.tag in _BLOCKS else list(_paragraphs(_inline(child)))
        yield list(_paragraphs(_escape(child.tail or "")))


def _code_block(element: Element) -> Iterator[str]:
    for line_break in list(element.iter("br")):
        line_break.tail = "\n" + (line_break.tail or "")
    text = "".join(element.itertext()).removeprefix("\n").rstrip("\n")
    if not text.strip():
        return
    if _OPENERS.search(text):
        yield f"<pre><code>{_references(text)}</code></pre>"
        return
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    yield f"{fence}\n{text}\n{fence}"


def _table(element: Element) -> Iterator[str]:
    for caption in element.iter("caption"):
        yield from _blocks(caption)
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in element.iter("tr")]
    rows = [row for row in rows if row]
    cells = [cell for row in rows for cell in row]
    layout = any(part.tag in _RICH for cell in cells for part in cell.iterdescendants())
    if layout or max(map(len, rows), default=0) < 2:
        for cell in cells:
            yield from _blocks(cell)
        return
    grid = _grid(rows)
    width = max(map(len, grid))
    lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in grid]
    lines.insert(1, "|" + " --- |" * width)
    yield "\n".join(lines)


def _grid(rows: list[list[Element]]) -> list[list[str]]:
    """Return the texts of a table's cells; one that spans several places fills the first of them."""
    taken: dict[tuple[int, int], str] = {}
    for y, row in enumerate(rows):
        x = 0
        for cell in row:
            while (y, x) in taken:
                x += 1
            text = " ".join(" ".join(_blocks(cell)).replace("\\\n", " ").split("\n"))
            for down in range(min(_count(cell, "rowspan"), len(rows) - y)):
                for across in range(_count(cell, "colspan")):
                    taken[y + down, x + across] = "" if down or across else text
            x += _count(cell, "colspan")
    width = 1 + max(x for _, x in taken)
    return [[taken.get((y, x), "") for x in range(width)] for y in range(len(rows))]


def _count(cell: Element, name: str) -> int:
    value = cell.get(name) or "1"
    return max(1, min(int(value), 50)) if value.isdigit() else 1


# ------------------------------------------------------------------------------------------------ inline


def _holds_blocks(element: Element) -> bool:
    return any(part.tag in _BLOCKS for part in element.iterdescendants() if isinstance(part.tag, str))


def _inside(element: Element) -> Iterator[str]:
    yield _escape(element.text or "")
    for child in element:
        if isinstance(child.tag, str):
            yield _inline(child)
        yield _escape(child.tail or "")


def _inline(element: Element) -> str:
    """Return an element within a line; a forced break is a line end."""
    match element.tag:
        case "br":
            return "\n"
        case "img":
            return f"![{_escape(element.get('alt') or '').strip(' ')}]({_address(element.get('src') or '')})"
        case "code" | "kbd" | "samp":
            return _code("".join(element.itertext()))
    text = "".join(_inside(element))
    if element.tag == "a" and element.get("href") and text.strip():
        before, inner, after = _trimmed(text.replace("\n", " "), " ")
        return f"{before}[{inner}]({_address(element.get('href'))}){after}"
    if element.tag in ("sub", "sup") and text.strip():
        return f"<{element.tag}>{text}</{element.tag}>"
    return _marked(_MARKS[element.tag], text) if element.tag in _MARKS else text


def _marked(mark: str, text: str) -> str:
    """Return the text between marks where they are sure to be understood (CommonMark 0.31, section 6.2).

    A mark beside punctuation counts only after or before a blank, which Chinese text does not have; so blanks and
    punctuation at the edges stay outside, and what holds marks already is left as it is.
    """
    edges = [index for index, char in enumerate(text) if char.isalnum()]
    if not edges or any(sign in text for sign in (*_SIGN_OF, "\n", "&", "<", "](", "`")):
        return text
    first, last = edges[0], edges[-1] + 1
    return f"{text[:first]}{mark[0]}{text[first:last]}{mark[1]}{text[last:]}"


def _settled(text: str) -> str:
    """Return the text with its marks written out; where one would run into another there is none between them."""
    text = re.sub("\2\1|\4\3|\6\5", "", text)
    text = re.sub("([\2\4\6])[\1\3\5]([^\1-\6]*)[\2\4\6]", r"\1\2", text)
    return re.sub("[\1-\6]", lambda match: _SIGN_OF[match[0]], text)


def _trimmed(text: str, signs: str) -> tuple[str, str, str]:
    inner = text.strip(signs)
    start = text.index(inner)
    return text[:start], inner, text[start + len(inner) :]


def _code(text: str) -> str:
    text = _WHITE.sub(" ", text)
    if not text.strip():
        return text
    if _OPENERS.search(text) or "|" in text:
        return f"<code>{_escape(text)}</code>"
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _escape(text: str) -> str:
    """Return text on one line of which no sign is taken for markup."""
    plain = _WHITE.sub(" ", text).translate(_REFERENCES)
    # References hold the sign # themselves; they are made of what has none, so signs are escaped around them.
    parts = re.split(r"(&(?:amp|lt|gt|#123|#125);)", plain)
    return "".join(part if index % 2 else _shielded(part) for index, part in enumerate(parts))


def _shielded(text: str) -> str:
    signs = _SIGNS.sub(lambda match: "".join(f"\\{char}" for char in match[0]), text)
    return _AUTOLINK.sub(lambda match: f"{match[1] or match[3]}\\{match[2] or match[4]}", signs)


def _references(text: str) -> str:
    """Return text for HTML on one line, safe from template engines and from Markdown's own reading of lines."""
    return html.escape(text, quote=False).translate(
        {ord("{"): "&#123;", ord("}"): "&#125;", ord("\n"): "&#10;", ord("|"): "&#124;", ord("`"): "&#96;"}
    )


def _address(url: str) -> str:
    if _PLAIN_ADDRESS.fullmatch(url):
        return url
    kept = "".join(
        f"%{ord(char):02X}" if char in ' <>\\{}|"`^\n\r\t()' or unicodedata.category(char) == "Cc" else char
        for char in url
    )
    return kept.replace("&", "&amp;")
