"""Back through what a feed has said before it was subscribed to: RFC 5005, JSON Feed's ``next_url``, WordPress's ``paged``.

Pure: what is known after each page. The way back ends where no older page is named, after two pages without anything
new, at the limit of pages, or where the server says that there is nothing (404, 410) or three times something else. It
never leaves the feed's host: a feed must not send us through the pages of somebody else.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from broadsheet import urls
from broadsheet.model import Backfill, Failed, FeedInfo

BARREN = 2
"""Pages in a row without anything new, after which no more is expected."""
ATTEMPTS = 3
NOTHING_THERE = frozenset((404, 410))


def begin(feed: FeedInfo, url: str) -> Backfill:
    """Return where the way back begins, given a feed's newest document and the address that it came from."""
    return Backfill(next=_older(feed, url))


def after_page(progress: Backfill, feed: FeedInfo, *, news: bool, limit: int) -> Backfill:
    """Return the progress after a page that was read; ``news`` where it held anything that was not known."""
    pages, barren = progress.pages + 1, 0 if news else progress.barren + 1
    older = _older(feed, progress.next) if barren < BARREN and pages < limit else ""
    return Backfill(next=older, pages=pages, barren=barren)


def after_failure(progress: Backfill, failure: Failed) -> Backfill:
    """Return the progress after a page that could not be had or read; it is asked for again in a later run."""
    failures = progress.failures + 1
    over = failure.status in NOTHING_THERE or failures >= ATTEMPTS
    return msgspec.structs.replace(progress, failures=failures, next="" if over else progress.next)


def _older(feed: FeedInfo, url: str) -> str:
    """Return the address of the page before this one, or nothing."""
    named = urls.resolve(url, feed.next_url) if feed.next_url else _paged(feed, url)
    here = urls.host(url)
    return named if urls.is_http(named) and here and urls.host(named) == here and named != url else ""


def _paged(feed: FeedInfo, url: str) -> str:
    """Return the next page of a WordPress feed, which names none but has them (``?paged=2``)."""
    generator = feed.generator
    if generator is None or "wordpress" not in f"{generator.name} {generator.url}".lower():
        return ""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "paged"]
    given = dict(parse_qsl(parts.query)).get("paged", "1")
    page = int(given) + 1 if given.isascii() and given.isdigit() and len(given) < 6 else 2
    return urlunsplit(parts._replace(query=urlencode([*query, ("paged", str(page))]), fragment=""))
