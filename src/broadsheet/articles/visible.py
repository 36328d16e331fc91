"""What a page shows of an article above its text: headline, byline, date. For pages whose metadata say less.

Every function takes the page's whole tree and leaves it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from broadsheet.articles.blocks import HINT, Block, hints_of
from broadsheet.articles.tree import Element
from broadsheet.text import collapse, is_cjk, letters

_BY = re.compile(
    r"^\W*(?:(?:(?:written|authored|posted|published|reported|reviewed|story|words)\s+by:?|by:?|von|par|por|di|da|door|av|af|od)\s+"
    r"|(?:autor(?:in)?|auteure?|author|text)\s*[:/|]\s*"
    r"|(?:作者|撰文|文|来源|編集|编辑|글)\s*[:：/／|]\s*|(?:本报|本刊|特约)?(?:见习)?记者\s*[:：/／|]?\s*)",
    re.IGNORECASE,
)
# Where a name ends and the date, the rubric or a button begins.
_AFTER = re.compile(
    r"\s*(?:[|·•–—\n\t/]|\d{1,2}[./:]\d|\b\d{4}\b|\b(?:on|am|le|el|il|vom|updated|published|posted|follow|share|in|for|is)\b|"
    r"\d{1,2}\s\w+\s\d{4}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s\d|@|\().*$",
    re.IGNORECASE | re.DOTALL,
)
_AUTHOR = re.compile(r"(?i)author|byline|by-line|/autor/|/profile/")
_BUTTON = re.compile(r"(?i)follow|btn|button|subscribe|share")
_NO_NAME = re.compile(r"[@\d<>{}]|https?:|^www\.|\b(?:by|from|author|written|about|link|profile)$", re.IGNORECASE)
_ISO_DAY = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")
_MAX_NAME = 60
_ELSEWHERE = HINT["comment"] | HINT["related"]


def headline(tree: Element, title: str, *, firm: bool) -> str:
    """Return the headline: the page's heading where the title is that with the site's name behind it, else the title.

    A title is ``firm`` on a page whose metadata speak of a headline; only its tail is doubted then, as the rubric before a
    heading belongs to it on many news sites.
    """
    shown = [
        text for heading in tree.iter("h1") if (text := collapse(" ".join(heading.itertext()))) and _is_own(heading)
    ]
    shown = [text for text in dict.fromkeys(shown) if 4 <= len(text) <= 300]
    if not title:
        return shown[0] if shown else ""
    for text in shown:
        if is_with_tail(title, text):
            return text
    if firm:
        return title
    return next((text for text in shown if _alike(text, title)), title)


def is_with_tail(title: str, text: str) -> bool:
    """Return whether a title is this text with the site's name or the like behind it, or nothing."""
    return letters(title).startswith(letters(text)) and len(text) * 4 >= len(title)


def _alike(shown: str, title: str) -> bool:
    """Return whether a heading and a title share most words of the shorter, or one holds the other."""
    one, other = letters(shown), letters(title)
    if not one or not other or one == other:
        return bool(one) and one == other
    if one in other:
        return len(one) * 4 >= len(other)
    if other in one:
        return True
    left, right = _pieces(shown), _pieces(title)
    return len(left & right) * 2 >= min(len(left), len(right))


def _pieces(text: str) -> set[str]:
    if is_cjk(text):  # written without blanks
        joined = letters(text)
        return {joined[at : at + 2] for at in range(len(joined) - 1)}
    return {word for word in re.split(r"[\W_]+", text.lower()) if word}


def _is_own(element: Element) -> bool:
    """Return whether an element is neither in a part of the page that is about something else, nor its menu."""
    return not any(
        ancestor.tag in ("nav", "footer", "aside") or (hints_of(ancestor) & _ELSEWHERE and ancestor.tag != "body")
        for ancestor in element.iterancestors()
        if ancestor.tag not in ("html", "main", "article")
    )


def byline(blocks: Sequence[Block], *not_names: str) -> tuple[str, ...]:
    """Return the name that a page shows as its author's; ``not_names`` are those of the site.

    Marked as such (``rel``, ``itemprop``) before called so (``class``, address) before said so ("By …").
    """
    refused = {letters(name) for name in not_names if name}
    short = [block for block in blocks if len(block.text) <= 120 and not block.near & _ELSEWHERE]
    for candidates in (_marked(short), _called(short), (block.text for block in short if _BY.match(block.text))):
        for text in candidates:
            name = _name(text)
            if name and not name[0].islower() and letters(name) not in refused:
                return (name,)
    return ()


def _marked(blocks: Sequence[Block]) -> Iterator[str]:
    for element in _elements(blocks):
        if element.get("rel") == "author" or "author" in (element.get("itemprop") or ""):
            inner = element.find(".//*[@itemprop='name']")
            yield " ".join((element if inner is None else inner).itertext())


def _called(blocks: Sequence[Block]) -> Iterator[str]:
    for element in _elements(blocks):
        called = [element.get(name) or "" for name in ("class", "href", "data-testid")]
        if any(map(_AUTHOR.search, called)) and not any(map(_BUTTON.search, called)):
            yield " ".join(element.itertext())


def _elements(blocks: Sequence[Block]) -> Iterator[Element]:
    """Yield what is inside the runs of blocks, their holders, and those of the holders, nearest first."""
    for block in blocks:
        yield from (element for element, part in block.pieces if part == "whole")
        above: Element | None = block.element
        for _ in range(2):
            if above is not None and len(above) <= 4 and len("".join(above.itertext())) <= 160:
                yield above
                above = above.getparent()


def _name(text: str) -> str:
    """Return the name in a byline, or nothing."""
    name = _AFTER.sub("", _BY.sub("", collapse(text))).strip(" ,;:.-")
    fits = 2 <= len(name) <= _MAX_NAME and len(name.split()) <= 6
    return name if fits and not _NO_NAME.search(name) else ""


def date(tree: Element, url: str) -> datetime | None:
    """Return the day that the page shows as that of its publication (htmldate), as midnight UTC."""
    for element in (*tree.iterfind(".//*[@itemprop='datePublished']"), *tree.iter("time")):
        marked = _ISO_DAY.match(element.get("datetime") or element.get("content") or "")
        if marked and _is_own(element):
            return _day(marked[0])
    from htmldate import find_date

    try:
        found = find_date(tree, original_date=True, url=url, extensive_search=True, outputformat="%Y-%m-%d")
    except (ValueError, TypeError, AttributeError, OverflowError):  # htmldate on dates that no calendar has
        return None
    return _day(found) if found else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
