"""What markup may ask of a parser: bytes, depth and attributes, counted before any parser sees them.

Measured: nh3 takes over a minute for 100,000 nested elements, libxml2 11 s for 40,000 attributes of one element and
loses the text below 256 levels.
"""

from __future__ import annotations

import re

from broadsheet.limits import value
from broadsheet.tags import ATTRIBUTE, BLANK, most_attributes

MAX_BYTES = value("html_bytes")
MAX_DEPTH = value("html_depth")
MAX_ATTRIBUTES = value("html_attributes")
"""Of one element of an article; real ones have up to 30."""
MAX_PAGE_BYTES = value("page_bytes")
MAX_PAGE_ELEMENTS = value("page_elements")
"""Of a whole page, by its angle brackets, two an element. 200,000 links took 37 s and 680 MiB; news pages have up to 10,000."""
MAX_PAGE_ATTRIBUTES = value("page_attributes")
"""Of one element of a whole page; real ones have up to 700. Depth is no danger there: the page's parser ends at 256."""
_FEW_IN_PAGE = 600
"""What looks like a tag in scripts, ``a<b`` in its conditions, has up to these."""

# The commonest form comes first: it takes half the time of the others.
_ATTRIBUTES = rf"""(?: [^{BLANK}/>=]++="[^"]*+")*+(?:[{BLANK}/]++|{ATTRIBUTE})*+"""
# Comments and bogus ones are taken whole, so that what looks like a tag inside them closes nothing.
_COMMENT = r"!--(?:-?>|[^-]*+(?:-(?!-!?>)[^-]*+)*+(?:--!?>|\Z))|[!?][^>]*+>?"
_TOKEN = re.compile(rf"<(?:(/?)([a-zA-Z][^{BLANK}/>]*+)({_ATTRIBUTES})|{_COMMENT})", re.DOTALL)
_ONE_ATTRIBUTE = re.compile(ATTRIBUTE)
_ANY_START = re.compile(rf"<(?!(?:br|hr|img|embed|meta)[{BLANK}/>])[a-zA-Z]")
# Elements whose content is text to the parser, up to their end tag.
_RAW = frozenset("title textarea style script xmp iframe noembed noframes noscript".split())
_RAW_START = re.compile(rf"<(?:{'|'.join(sorted(_RAW))})[{BLANK}/>]")
_HIDING = re.compile(rf"<(?:!|(?i:{'|'.join(sorted(_RAW))})[{BLANK}/>])")
"""What may hide tags: comments, and elements whose content is text."""
_RAW_END = {name: re.compile(rf"</{name}(?=[{BLANK}/>])", re.IGNORECASE | re.ASCII) for name in _RAW}
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
# An element of the first name ends by itself when one of the others begins right inside it.
_ENDED_BY = {
    "p": frozenset(
        (
            "p li dd dt address article aside blockquote center details dialog dir div dl fieldset figcaption figure "
            "footer header hgroup main menu nav ol search section summary ul"
        ).split()
    ),
    "li": frozenset(("li",)),
    "dd": frozenset(("dd", "dt")),
    "dt": frozenset(("dd", "dt")),
    "td": frozenset(("td", "th")),
    "th": frozenset(("td", "th")),
    "tr": frozenset(("tr",)),
    "option": frozenset(("option",)),
}
# Inside svg and math only these keep their habits; the others are elements like any other (HTML, section 13.2.6.5).
_LEAVE_FOREIGN = frozenset("br embed hr img meta p li dd dt".split())


def exceeded(markup: str) -> str:
    """Return the name of the limit that the markup exceeds, or nothing where a parser may have it."""
    if len(markup) > MAX_BYTES:
        return "html_bytes"
    if _is_small(markup):
        return ""
    deepest, most = measure(markup)
    if deepest > MAX_DEPTH:
        return "html_depth"
    return "html_attributes" if most > MAX_ATTRIBUTES else ""


def _is_small(markup: str) -> bool:
    """Return whether markup has so few start tags that it cannot nest too deep, and none with too many attributes.

    That clears most articles in a fifth of the time.
    """
    if _HIDING.search(markup) or len(_ANY_START.findall(markup)) > MAX_DEPTH:
        return False
    return most_attributes(markup, MAX_ATTRIBUTES) <= MAX_ATTRIBUTES


def page_exceeded(page: bytes, brackets: int = 2 * MAX_PAGE_ELEMENTS) -> str:
    """Return the name of the limit that a whole page in UTF-8 exceeds, or nothing; it may have so many angle brackets."""
    if len(page) > MAX_PAGE_BYTES:
        return "page_bytes"
    if page.count(b"<") > brackets:
        return "page_elements"
    return "page_attributes" if most_attributes(page, _FEW_IN_PAGE) > MAX_PAGE_ATTRIBUTES else ""


def depth(markup: str) -> int:
    """Return an upper bound of how deep elements nest; see ``measure``."""
    return measure(markup)[0]


def measure(markup: str) -> tuple[int, int]:
    """Return (depth, most attributes of one element) in one pass over the text.

    The depth is an upper bound: an end tag counts only where it closes the element that was opened last (or a ``p`` in
    between), because parsers ignore or repair the others, and what looks like their end may be none.
    """
    lowered = markup.lower()
    foreign = "<svg" in lowered or "<math" in lowered
    if (foreign and "<![cdata[" in lowered) or ((foreign or "<select" in lowered) and _RAW_START.search(lowered)):
        # What is text and what is markup hangs on where one stands in the tree: every start counts.
        return len(_ANY_START.findall(lowered)), most_attributes(markup)
    void = _VOID & _LEAVE_FOREIGN if foreign else _VOID
    opened: list[str] = []
    deepest = most = position = 0
    while match := _TOKEN.search(markup, position):
        position = match.end()
        if match[2] is None:
            continue
        if len(match[3]) > MAX_ATTRIBUTES:
            most = max(most, len(_ONE_ATTRIBUTE.findall(match[3])))
        name = match[2].lower()
        if match[1]:
            _close(opened, name)
        elif name in _RAW:
            end = _RAW_END[name].search(markup, position)
            content = markup[position : end.start()].lower() if end and name == "script" else ""
            if "<script" in content and "<!--" in content:  # it ends at another end tag
                return len(_ANY_START.findall(lowered)), most_attributes(markup)
            position = end.start() if end else len(markup)
        elif name == "plaintext":
            break
        elif name not in void:
            while opened and name in _ENDED_BY.get(opened[-1], ()) and (not foreign or opened[-1] in _LEAVE_FOREIGN):
                opened.pop()
            opened.append(name)
            deepest = max(deepest, len(opened))
    return deepest, most


def _close(opened: list[str], name: str) -> None:
    if opened and opened[-1] == name:
        opened.pop()
    elif opened[-1:] == ["p"] and name in _ENDED_BY["p"] and opened[-2:-1] == [name]:
        del opened[-2:]
