"""What a page shows of an article above its text: headline, byline, date. For pages whose metadata say less.

Every function takes the page's whole tree and leaves it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from itertools import chain, islice

from lxml import etree

from broadsheet import urls
from broadsheet.articles.blocks import HINT, Block, hints_of
from broadsheet.articles.tree import Element, raw_text, text_of
from broadsheet.text import collapse, is_cjk, letters

_BY = re.compile(
    r"^\W*(?:(?:(?:written|authored|posted|published|reported|reviewed|story|words)\s+by:?|by:?|von|par|por|di|da|door|av|af|od)\s+"
    r"|(?:autor(?:in)?|auteure?|author|text)\s*[:/|]\s*"
    r"|(?:作者|撰文|撰稿人?|著者|筆者|執筆者?|取材[・、]文|文|来源|來源|編集|编辑|글)\s*[:：/／|]\s*"
    r"|(?:本报|本刊|特约)?(?:见习)?(?:记者\s*[:：/／|]?|記者[\s:：/／|])\s*)",
    re.IGNORECASE,
)
_WRITER = re.compile(r"(?:作者|撰文|撰稿人?|著者|筆者|執筆者?|(?:本报|本刊)?[记記]者)\s*[:：]")
"""Of a person; other labels before a name are of newspapers and of those who did not write it, too."""
# Where a name ends and the date, the rubric or a button begins.
_AFTER = re.compile(
    r"\s*(?:[|·•–—\n\t/]|(?:[来來]源|作者|[记記]者|(?:责任)?[编編][辑輯]|责编|摄影|(?:发布)?时间|发布|阅读|浏览|点击|字号)\s*[:：（(]|"
    r"\d{1,2}[./:]\d|\b\d{4}\b|\b(?:on|am|le|el|il|vom|updated|published|posted|follow|share|in|for|is)\b|"
    r"\d{1,2}\s\w+\s\d{4}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s\d|@|\().*$",
    re.IGNORECASE | re.DOTALL,
)
_AUTHOR = re.compile(r"(?i)author|byline|by-line|/autor/|/profile/")
_BUTTON = re.compile(r"(?i)follow|btn|button|subscribe|share")
_NO_NAME = re.compile(
    r"[@\d<>{}？！。?!]|https?:|^www\.|\b(?:by|from|author|written|about|link|profile)$", re.IGNORECASE
)
_AND = re.compile(r"\s*(?:[,，、&]|[,，]?\s*(?:and|und|et|y|e|en|och|og|和|与))\s*", re.IGNORECASE)
_MAX_BESIDE = 5
_ISO_DAY = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")
_OF_CHANGE = re.compile(r"(?i)modif|updat|chang")
# What a site tells its counters and advertisers of the article; the dates of others that its scripts know are called otherwise.
_FIRST_DAY = re.compile(
    r"""(?i)["']?\b(?:(?:first|original|article|content|page)[_\s-]?(?:publish(?:ed)?|publication|pub)[_\s-]?(?:date|time|at)"""
    r"""(?:time)?|datepublished)["']?\s*[:=]\s*["']((?:19|20)\d\d)[-./]?(\d\d)[-./]?(\d\d)(?!\d)"""
)
_NEW_YEAR = re.compile(
    r"(?i)(?<!\d)0?1[./-]0?1(?!\d)|(?:19|20)\d\d0101|(?<!\d)0?1[月월]\s?0?1[日일]|"
    r"(?<!\d)0?1(?:st|er|\.|º)?\s{1,4}(?:de\s)?(?:jan|ene|gen|янв)|jan[a-z]{0,6}\.?\s{1,4}0?1(?!\d)"
)
_MAX_DATE = 80
_MAX_TIMES, _MAX_LINKS = 20, 3
_SHARE = 0.4
"""Of a headline's length, below which a heading is that of a section."""
_MAX_NAME = 60
_ELSEWHERE = HINT["comment"] | HINT["related"]


def headline(tree: Element, title: str, url: str, *, named: str = "") -> str:
    """Return the headline: of the title and the page's headings, what is the article's and has no site's name behind it.

    ``named`` is what the linked data call it. Where that is not the title the page's heading decides; where it is, the title
    stays, as the rubric before a heading belongs to it on many news sites.
    """
    shown = headings(tree, url, own=True)
    if not title:
        return next(iter(shown), "")
    for text in shown:
        if is_with_tail(title, text):
            return text
    if named:
        return (
            title if letters(named) == letters(title) or _is_under(tree, title) else _decided(list(shown), title, named)
        )
    found = next((text for text in shown if _alike(text, title)), title)
    # What stands before the title in an element of its own is the rubric.
    with_rubric = found in shown and len(shown[found]) and letters(found).endswith(letters(title))
    return title if with_rubric else found


def _decided(shown: Sequence[str], title: str, named: str) -> str:
    """Return the heading that is the one of two headlines, or else the first that is long enough for a third."""
    agreeing = (text for text in shown if letters(text) == letters(named))
    least = _SHARE * min(len(letters(title)), len(letters(named)))
    return next(agreeing, next((text for text in shown if len(letters(text)) >= least), title))


def headings(tree: Element, url: str, *, own: bool = False) -> dict[str, Element]:
    """Return the headings of first rank that are not the site's name; the article's ``own`` stand in no other part."""
    shown: dict[str, Element] = {}
    for heading in tree.iter("h1"):
        text = collapse(" ".join(heading.itertext()))
        if 4 <= len(text) <= 300 and not _leads_home(heading, url) and (not own or _is_own(heading)):
            shown.setdefault(text, heading)
    return shown


def site_names(tree: Element, url: str) -> list[str]:
    """Return the headings that are links to the front page."""
    return [text for heading in tree.iter("h1") if _leads_home(heading, url) and (text := text_of(heading))]


def is_with_tail(title: str, text: str) -> bool:
    """Return whether a title is this text with the site's name or the like behind it, or nothing."""
    return letters(title).startswith(letters(text)) and len(text) * 4 >= len(title)


def _is_under(tree: Element, title: str) -> bool:
    """Return whether a page shows a title as a heading of second rank: then its first is for search engines."""
    wanted = letters(title)
    return any(letters(raw_text(heading)) == wanted for heading in tree.iter("h2"))


def _leads_home(heading: Element, url: str) -> bool:
    """Return whether a heading is a link to the site's front page: then it is the site's name."""
    front = urls.resolve(url, "/")
    return url != front and any(
        urls.resolve(url, (link.get("href") or "").strip()).rstrip("/") + "/" == front
        for link in islice(chain(heading.iter("a"), heading.iterancestors("a")), _MAX_LINKS)
    )


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
    """Return whether an element is neither in a part of the page that is about something else, nor its menu or its trail."""
    return not hints_of(element) & HINT["navigation"] and not any(
        ancestor.tag in ("nav", "footer", "aside") or (hints_of(ancestor) & _ELSEWHERE and ancestor.tag != "body")
        for ancestor in element.iterancestors()
        if ancestor.tag not in ("html", "main", "article")
    )


def byline(blocks: Sequence[Block], *not_names: str) -> tuple[str, Element | None]:
    """Return the name that a page shows as its author's, and the element that says so; ``not_names`` are those of the site.

    Marked as such (``rel``, ``itemprop``) before called so (``class``, address) before said so ("By …").
    """
    short = [block for block in blocks if len(block.text) <= 120 and not block.near & _ELSEWHERE]
    for candidates in (_marked(short), _called(short), _said(short)):
        for text, element in candidates:
            if name := name_in(text, *not_names):
                others = (name_in(other, *not_names) for other in _beside(element))
                return ", ".join(dict.fromkeys((name, *filter(None, others)))), element
    return "", None


def _said(blocks: Sequence[Block]) -> Iterator[tuple[str, Element]]:
    """Yield what stands behind "By" and the like, that of writers first, at the beginning of a line and inside it."""
    for block in blocks:
        if label := _WRITER.search(block.text):
            yield block.text[label.start() :], block.element
    for block in blocks:
        if _BY.match(block.text):
            yield block.text, block.element


def _beside(element: Element) -> Iterator[str]:
    """Yield the texts of the elements that follow with nothing but "and" between, and are made as this one is."""
    kind = (element.tag, element.get("class"), element.get("rel"), element.get("itemprop"))
    for _ in range(_MAX_BESIDE):
        after = element.getnext()
        if after is None or not _AND.fullmatch(element.tail or ""):
            return
        if kind != (after.tag, after.get("class"), after.get("rel"), after.get("itemprop")):
            return
        element = after
        yield " ".join(element.itertext())


def _marked(blocks: Sequence[Block]) -> Iterator[tuple[str, Element]]:
    for element in _elements(blocks):
        if element.get("rel") == "author" or "author" in (element.get("itemprop") or ""):
            inner = element.find(".//*[@itemprop='name']")
            yield " ".join((element if inner is None else inner).itertext()), element


def _called(blocks: Sequence[Block]) -> Iterator[tuple[str, Element]]:
    for element in _elements(blocks):
        called = [element.get(name) or "" for name in ("class", "href", "data-testid")]
        if any(map(_AUTHOR.search, called)) and not any(map(_BUTTON.search, called)):
            yield " ".join(element.itertext()), element


def _elements(blocks: Sequence[Block]) -> Iterator[Element]:
    """Yield what is inside the runs of blocks, their holders, and those of the holders, nearest first."""
    for block in blocks:
        yield from (element for element, part in block.pieces if part == "whole")
        above: Element | None = block.element
        for _ in range(2):
            if above is not None and len(above) <= 4 and len(raw_text(above)) <= 160:
                yield above
                above = above.getparent()


def name_in(text: str, *not_names: str) -> str:
    """Return the name in a byline, or nothing where there is none but one of those given."""
    name = _AFTER.sub("", _BY.sub("", collapse(text))).strip(" ,;:.-")
    fits = 2 <= len(name) <= _MAX_NAME and len(name.split()) <= 6 and not name[0].islower()
    refused = {letters(other) for other in not_names if other}
    return name if fits and not _NO_NAME.search(name) and letters(name) not in refused else ""


def date(tree: Element, url: str) -> datetime | None:
    """Return the day on which a page that has no metadata of it says that it came out, as midnight UTC.

    What is marked as a time comes before what the page's scripts are told of it, and that before what htmldate finds.
    """
    marked_up = chain(tree.iterfind(".//*[@itemprop='datePublished']"), tree.iter("time"))
    for element in islice(marked_up, _MAX_TIMES):
        called = f"{element.get('itemprop')} {element.get('class')}"
        if not _is_own(element) or (_OF_CHANGE.search(called) and "publish" not in called.lower()):
            continue
        marked = _ISO_DAY.match(element.get("datetime") or element.get("content") or "")
        if marked:
            return _day(marked[0])
        if found := _told(f"<html><body><p>{escape(text_of(element)[:_MAX_DATE])}</p></body></html>"):
            return found
    scripts = (script.text or "" for script in tree.iter("script"))
    days = {"-".join(match.groups()) for text in scripts for match in _FIRST_DAY.finditer(text)}
    return (_day(days.pop()) if len(days) == 1 else None) or _told(tree, url)


def _told(page: Element | str, url: str | None = None) -> datetime | None:
    """Return the day that htmldate finds."""
    from htmldate import find_date

    try:
        found = find_date(page, original_date=True, url=url, extensive_search=True, outputformat="%Y-%m-%d")
    except (ValueError, TypeError, AttributeError, OverflowError):  # htmldate on dates that no calendar has
        return None
    if found and found.endswith("-01-01") and not isinstance(page, str):
        # What has nothing but a year, that of the copyright, is made its first day.
        shown = f"{url} {etree.tostring(page, encoding='unicode')}"
        found = found if _NEW_YEAR.search(shown) else None
    return _day(found) if found else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
