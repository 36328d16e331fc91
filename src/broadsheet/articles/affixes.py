"""What a source puts before and behind the text of its items, inside the first and last line: learnt, and cut.

``【title】Agency, 12 April: …`` and ``… (Evening Post)`` are no lines of their own, so they are found by their form: the
numbers of a date stand for any, and what is in the brackets at the end for anything short.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from broadsheet.articles.tree import Element, raw_text, text_of
from broadsheet.model import Record, Removed
from broadsheet.text import letters

_BRACKETED = re.compile(r"^\s*[【\[]([^【】\[\]]{2,120})[】\]]\s*")
_NUMBER = re.compile(r"\d{1,4}(?=[年月日时時点點分])")
"""Of a date or time; any other number is what its item alone says, and makes an opening its own."""
_DATELINE = re.compile(r"0[年月日时時点點分]|[电電讯訊]|消息|报道|報道")
_CLOSING = re.compile(r"[，,：:、）)】]")
_MAX_HEAD = 24
_TAILS = {
    "（…）": re.compile(r"(?<=[。！？…”」』])\s*（[^（）]{1,20}）\s*$"),
    "(…)": re.compile(r"(?<=[。！？…”」』.!?\"])\s*\([^()]{1,30}\)\s*$"),
}
"""Behind the end of a sentence; what stands in brackets before it belongs to that."""
_EDITOR = re.compile(
    r"\s{0,4}[（(【\[]\s*(?:责任?编[辑輯]|責任編輯|責編|编[辑輯]|編輯|校对|校對)\s*[:：][^（）()【】\[\]]{1,30}[）)】\]]\s*$"
)
"""Behind the last words, as in a line of its own."""


class Affixes(Record, frozen=True, kw_only=True):
    """Openings, the numbers of dates as ``0``, and forms of endings, each with the number of samples it was seen in."""

    heads: dict[str, int] = {}
    tails: dict[str, int] = {}


def learn_affixes(texts: Sequence[tuple[str, str]], needed: float) -> Affixes:
    """Return what at least ``needed`` of the (first line, last line) pairs have in common."""
    heads: Counter[str] = Counter()
    tails: Counter[str] = Counter()
    for first, last in texts:
        heads.update(_openings(first))
        tails.update(form for form, pattern in _TAILS.items() if pattern.search(last))
    longest = max(
        (head for head, count in heads.items() if count >= needed), key=lambda head: (len(head), head), default=""
    )
    return Affixes(
        heads={longest: heads[longest]} if longest else {},
        tails={form: count for form, count in sorted(tails.items()) if count >= needed},
    )


def _openings(line: str) -> set[str]:
    start = _NUMBER.sub("0", _BRACKETED.sub("", line)[: _MAX_HEAD * 2])[:_MAX_HEAD]
    found = {start[: end.end()] for end in _CLOSING.finditer(start) if end.end() >= 3}
    # A comma closes an opening of an agency; other words before one begin a sentence.
    return {opening for opening in found if opening[-1] not in "，,、" or _DATELINE.search(opening)}


def cut_affixes(
    first: Element, last: Element, title: str, affixes: Affixes, samples: int, keep: Sequence[str] = ()
) -> list[Removed]:
    """Cut what is known to stand before and behind the text, and the title in brackets before it."""
    removed: list[Removed] = []
    opening = _BRACKETED.match(raw_text(first))
    if opening and title and _same(opening[1], title) and len(text_of(first)) > opening.end():
        _cut(first, opening.end(), at_end=False)
        removed.append(
            Removed(what=opening[0].strip(), why="title repeated in the body", evidence="equal to the title")
        )
    for head, count in affixes.heads.items():
        form = re.sub(r"0(?=[年月日时時点點分])", r"\\d{1,4}", re.escape(head))
        found = re.match(r"\s*" + form, raw_text(first))
        if found and found[0].strip() not in keep and found.end() < len(raw_text(first)):
            _cut(first, found.end(), at_end=False)
            removed.append(
                Removed(what=found[0].strip(), why="repeated opening", evidence=f"in {count} of {samples} samples")
            )
    signed = _EDITOR.search(raw_text(last))
    if signed and signed.start() > 0 and signed[0].strip() not in keep:
        _cut(last, len(signed[0]), at_end=True)
        removed.append(
            Removed(what=signed[0].strip(), why="editor's line", evidence="wording at the end of the article")
        )
    for form, count in affixes.tails.items():
        found = _TAILS[form].search(raw_text(last))
        if found and found[0].strip() not in keep and found.start() > 0:
            _cut(last, len(found[0]), at_end=True)
            removed.append(
                Removed(what=found[0].strip(), why="repeated ending", evidence=f"in {count} of {samples} samples")
            )
    return removed


def _same(one: str, other: str) -> bool:
    left, right = letters(one), letters(other)
    return bool(left) and (left == right or (len(left) >= 8 and (left in right or right in left)))


def _cut(element: Element, count: int, *, at_end: bool) -> None:
    """Take a number of characters off the text of an element, across the elements inside it."""
    places = _in_order(element)
    for inner, part in reversed(places) if at_end else places:
        text = getattr(inner, part) or ""
        taken = min(count, len(text))
        setattr(inner, part, (text[: len(text) - taken] if at_end else text[taken:]) or None)
        count -= taken
        if not count:
            return


def _in_order(element: Element) -> list[tuple[Element, str]]:
    """Return the places of text inside an element in the order in which it is read."""
    found = [(element, "text")]
    for child in element:
        found += _in_order(child)
        found.append((child, "tail"))
    return found
