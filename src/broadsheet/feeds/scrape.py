"""A page and selectors -> a feed, for sites that have none. Nothing is fetched.

``list`` finds the entries, the other selectors look inside each. Addresses are resolved, dates read by ``feeds.dates``, and
what has been found is as little trusted as any other feed's text. A page on which ``list`` finds nothing is an error: sites
change their make-up, and that must be told, not taken for a feed that has become empty.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import lxml.html
from lxml import etree

from broadsheet import encoding, urls
from broadsheet.errors import LimitExceeded, NotAFeed
from broadsheet.feeds import foreign, limits, markup
from broadsheet.feeds.dates import parse_date
from broadsheet.limits import value
from broadsheet.model import Entry, FeedInfo, ParsedFeed, Scrape
from broadsheet.selectors import finder
from broadsheet.tags import most_attributes
from broadsheet.text import collapse, css_parts

MAX_BYTES = value("scrape_bytes")
MAX_TAGS = value("scrape_tags")
"""Angle brackets of a page; front pages of newspapers have up to 30,000."""
MAX_CHILDREN = value("scrape_children")
"""Of one element; ``:nth-child`` takes time that grows with the square of it."""
MAX_DEPTH = value("scrape_depth")
"""Of nested elements; each step of an XPath may look from every level at all below it."""
MAX_ATTRIBUTES = value("scrape_attributes")
"""Of one element; pages of newspapers have up to 700, where feeds have a dozen."""
MAX_PAIRS = value("scrape_pairs")
"""Of an element and one that it lies in; a page of 10,000 elements has some 200,000. ``.//div//div`` finds each of them."""
_FROM_DIGIT = re.compile(r"\d.*", re.DOTALL)


def scrape_feed(
    data: bytes, selectors: Scrape, *, url: str, content_type: str | None = None, reference: datetime | None = None
) -> ParsedFeed:
    """Return the entries that the selectors find on a page, in its order, each link once.

    ``reference`` is when the page was fetched: dates such as "3 hours ago" count from it. ``problems`` says how many
    entries a selector found nothing in, and what was left out. Raises ``NotAFeed`` where ``list`` finds nothing, or
    nothing with a title or a link, and ``LimitExceeded``.
    """
    page, name = _page(data, selectors, content_type)
    base = _base(page, url)
    problems: dict[str, None] = {}
    found = finder(selectors.list)(page)
    nodes = _outermost(found)
    if not nodes:
        raise NotAFeed(_nothing(selectors.list, "finds no element", data, page))
    if len(nodes) > limits.ENTRIES:
        problems[f"limit feed_entries: the first {limits.ENTRIES:,} of {len(nodes):,} kept"] = None
    reader = _Reader(selectors, base, reference)
    entries: dict[str, Entry] = {}
    repeated = empty = 0
    for place, node in enumerate(nodes[: limits.ENTRIES]):
        entry = reader.read(node)
        if not (entry.title or entry.link) or (selectors.link and not (entry.link or entry.content)):
            empty += 1
        elif (key := entry.link or str(place)) in entries:
            repeated += 1
        else:
            entries[key] = entry
    if not entries:
        raise NotAFeed(_nothing(selectors.list, f"finds {len(nodes)} elements without a title or a link", data, page))
    for count, what in (
        (empty, "without a title or a link left out"),
        (repeated, "with a link that came before left out"),
    ):
        if count:
            problems[f"entries {what}: {count}"] = None
    for selector, count in reader.missing.items():
        problems[f"{selector} found nothing in {count} of {len(nodes)} entries"] = None
    title = collapse(page.findtext(".//title") or "")[: limits.TITLE]
    info = FeedInfo(title=title, link=url, language=(page.get("lang") or "")[:64].replace("_", "-"))
    return ParsedFeed(
        format="scrape", encoding=name, feed=info, entries=tuple(entries.values()), problems=tuple(problems)
    )


def _page(data: bytes, selectors: Scrape, content_type: str | None) -> tuple[Any, str]:
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"the page has {len(data):,} bytes, more than {MAX_BYTES:,}", "scrape_bytes")
    decoded = encoding.to_utf8(data, content_type)
    body = decoded.data.replace(b"\x00", b"")
    if body.count(b"<") > MAX_TAGS:
        raise LimitExceeded(f"the page has more than {MAX_TAGS:,} tags", "scrape_tags")
    if most_attributes(body) > MAX_ATTRIBUTES:
        raise LimitExceeded(f"an element of the page has more than {MAX_ATTRIBUTES:,} attributes", "scrape_attributes")
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        page = lxml.html.document_fromstring(body, parser=parser) if body.strip() else None
    except (etree.LxmlError, ValueError):
        page = None
    if page is None:
        raise NotAFeed(foreign.describe(data, "", None))
    _check_shape(page, selectors)
    return page, decoded.encoding


def _check_shape(page: Any, selectors: Scrape) -> None:
    if any(len(node) > MAX_CHILDREN for node in page.iter()):
        raise LimitExceeded(f"an element of the page has more than {MAX_CHILDREN:,} children", "scrape_children")
    level, depth, pairs = [page], 0, 0
    while level:
        pairs += depth * len(level)
        level = [child for node in level for child in node]
        depth += 1
        if depth > MAX_DEPTH:
            raise LimitExceeded(f"elements of the page are nested deeper than {MAX_DEPTH}", "scrape_depth")
    given = (selectors.list, selectors.title, selectors.link, selectors.date, selectors.content)
    if pairs > MAX_PAIRS and any(text.count("//") > 1 and not css_parts(text)[0] for text in given):
        raise LimitExceeded(
            "the page is too deeply nested for an XPath with several //; write it as CSS", "scrape_pairs"
        )


def _base(page: Any, url: str) -> str:
    for node in page.iterfind(".//base[@href]"):
        return urls.resolve(url, node.get("href").strip()) or url
    return url


def _nothing(selector: str, what: str, data: bytes, page: Any) -> str:
    kind = foreign.describe(data, "", page)
    return f"list {selector!r} {what}: {kind}. Try other selectors with: broadsheet scrape URL --list SELECTOR"


class _Reader:
    """Reads entries by the selectors, and counts what each of them did not find."""

    def __init__(self, selectors: Scrape, base: str, reference: datetime | None) -> None:
        self._finders = {
            name: finder(getattr(selectors, name))
            for name in ("title", "link", "date", "content")
            if getattr(selectors, name)
        }
        self._base = base
        self._reference = reference
        self.missing: dict[str, int] = {}

    def read(self, node: Any) -> Entry:
        """Return the entry that an element holds."""
        anchor = node if node.tag == "a" and node.get("href") is not None else node.find(".//a[@href]")
        titles = self._find("title", node, [anchor] if anchor is not None else [])
        links = self._find("link", node, [anchor] if anchor is not None else [])
        dates = self._find("date", node, [])
        date = _text(dates[0], ("datetime", "content")) if dates else ""
        published = self._date(date)
        if dates and published is None:
            self._miss("date")
        parts = self._find("content", node, [])
        texts = [escaped for one in parts if isinstance(one, str) and (escaped := markup.escape(one))]
        content = "".join([*texts, *map(markup.inner_html, _outermost(parts))][: limits.VALUES])
        return Entry(
            title=markup.escape(_text(titles[0])[: limits.TITLE]) if titles else "",
            link=self._address(links[0]) if links else "",
            published=published, raw={"published": date[:200]} if date else {},
            content=markup.resolve_links(content[: limits.TEXT], self._base),
        )  # fmt: skip

    def _find(self, name: str, node: Any, otherwise: list[Any]) -> list[Any]:
        finder = self._finders.get(name)
        if finder is None:
            return otherwise
        found = finder(node)
        if not found or (name != "content" and not _text(found[0], ("href", "datetime", "content"))):
            self._miss(name)
            return []
        return found

    def _miss(self, name: str) -> None:
        self.missing[name] = self.missing.get(name, 0) + 1

    def _address(self, found: Any) -> str:
        """Return the address of an element, or of the first link inside it; of http and https alone."""
        if not isinstance(found, str):
            holder = found if found.get("href") is not None else found.find(".//a[@href]")
            found = holder.get("href") if holder is not None else _text(found)
        found = found.strip()
        # A button that a script listens to, or a place on this page: not the address of an article.
        address = urls.resolve(self._base, found) if found and found[0] != "#" else ""
        return address if urls.is_http(address) else ""

    def _date(self, text: str) -> datetime | None:
        """Return the date of a text, also of one that has words before it: ``Posted on 2026-03-02``, ``发布时间：今天 08:30``."""
        tried = [text, re.split("[:：]", text, maxsplit=1)[-1], *_FROM_DIGIT.findall(text)]
        found = (parse_date(one.strip(), reference=self._reference) for one in tried)
        return next((moment for moment in found if moment is not None), None)


def _outermost(found: list[Any]) -> list[Any]:
    """Return the elements, in document order, without those that lie in another one: each is read once."""
    taken: set[Any] = set()
    kept = []
    for node in found:
        if isinstance(node, str) or any(parent in taken for parent in node.iterancestors()):
            continue
        taken.add(node)
        kept.append(node)
    return kept


def _text(found: Any, attributes: tuple[str, ...] = ()) -> str:
    if isinstance(found, str):
        return collapse(found)
    for name in attributes:
        if value := found.get(name):
            return collapse(value)
    return collapse("".join(found.itertext()))
