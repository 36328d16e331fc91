"""What markup may ask of a parser: bytes, depth and attributes, counted before any parser sees them.

Measured: nh3 takes over a minute for 100,000 nested elements, libxml2 11 s for 40,000 attributes of one element and
loses the text below 256 levels.
"""

from __future__ import annotations

import re

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 200
MAX_ATTRIBUTES = 200
"""Of one element of an article; real ones have up to 30."""
MAX_PAGE_BYTES = 8 * MAX_BYTES
MAX_PAGE_ATTRIBUTES = 4000
"""Of one element of a whole page; real ones have up to 700. Depth is no danger there: the page's parser ends at 256."""

_ATTRIBUTE = r"""[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+))?+"""
# Comments and bogus ones are taken whole, so that what looks like a tag inside them closes nothing.
_TOKEN = re.compile(
    rf"<!--(?:-?>|.*?(?:--!?>|\Z))|<[!?][^>]*+>?|<(/?)([a-zA-Z][^\s/>]*+)((?:[\s/]++|{_ATTRIBUTE})*+)", re.DOTALL
)
_ONE_ATTRIBUTE = re.compile(_ATTRIBUTE)
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
    deepest, most = measure(markup)
    if deepest > MAX_DEPTH:
        return "html_depth"
    return "html_attributes" if most > MAX_ATTRIBUTES else ""


def page_exceeded(page: str) -> str:
    """Return the name of the limit that a whole page exceeds, or nothing."""
    if len(page) > MAX_PAGE_BYTES:
        return "page_bytes"
    return "page_attributes" if measure(page)[1] > MAX_PAGE_ATTRIBUTES else ""


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
    void = _VOID & _LEAVE_FOREIGN if foreign else _VOID
    ends_count = not (foreign and "<![cdata[" in lowered)
    opened: list[str] = []
    deepest = most = 0
    for match in _TOKEN.finditer(markup):
        if match[2] is None or (name := match[2].lower()) in void:
            continue
        if len(match[3]) > MAX_ATTRIBUTES:
            most = max(most, len(_ONE_ATTRIBUTE.findall(match[3])))
        if match[1]:
            if ends_count:
                _close(opened, name)
            continue
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
