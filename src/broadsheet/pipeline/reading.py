"""What reads feed documents in workers: a pure function from a batch of documents to their entries, keyed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from broadsheet import urls
from broadsheet.errors import BroadsheetError
from broadsheet.feeds import filters, hints, identity
from broadsheet.feeds.identity import Known
from broadsheet.model import Done, Failed, Feed, FeedInfo, Outcome, Record


class ParseInput(Record, frozen=True, kw_only=True):
    """A feed document; ``key`` is the number of the response."""

    key: str
    feed: Feed
    data: bytes
    url: str
    content_type: str
    fetched: datetime
    refused: frozenset[str] = frozenset()
    """Domains that were taken down."""


class Item(Known, frozen=True, kw_only=True):
    """An entry as the store takes it: the entry itself as JSON."""

    link: str
    data: bytes


class ReadFeed(Record, frozen=True, kw_only=True):
    """A document that was read: what it says of the feed, and the entries that the subscription wants, with their keys."""

    feed: FeedInfo
    problems: tuple[str, ...]
    window: float
    """Seconds that its entries cover (``feeds.hints``)."""
    items: tuple[Item, ...]

    def __reduce__(self) -> tuple[object, tuple[bytes]]:
        """Return how it is sent from a worker: entry by entry, pickling takes three times as long."""
        return _unpack, (msgspec.msgpack.encode(self),)


def _unpack(packed: bytes) -> ReadFeed:
    return msgspec.msgpack.decode(packed, type=ReadFeed)


def read_batch(batch: Sequence[ParseInput]) -> Iterator[Outcome[ReadFeed]]:
    """Yield the document of each input, parsed, filtered and keyed."""
    for item in batch:
        try:
            yield Done(item.key, _read(item))
        except BroadsheetError as error:
            yield Failed(item.key, type(error).__name__, f"{item.url}: {error}")


def _read(item: ParseInput) -> ReadFeed:
    from broadsheet.feeds.source import read_source  # a tenth of a second, which only the workers spend

    # By the feed's own clock, as all its dates are taken back by as many hours later.
    here = item.fetched + timedelta(hours=item.feed.zone_offset or 0)
    parsed = read_source(
        item.data, url=item.url, content_type=item.content_type or None, scrape=item.feed.scrape, reference=here
    )
    wanted = {
        id(entry)
        for entry in filters.select(parsed.entries, item.feed, item.fetched)
        if not is_refused(entry.link, item.refused)
    }
    # Of all: what a feed's guids and links are worth, a few of its entries do not tell.
    keyed = [one for one in identity.key_entries(parsed.entries) if id(one.entry) in wanted]
    return ReadFeed(
        feed=parsed.feed, problems=parsed.problems, window=hints.window(parsed.entries, item.fetched),
        items=tuple(
            Item(keys=one.keys, digest=one.digest, link=one.entry.link, data=msgspec.json.encode(one.entry))
            for one in keyed
        ),
    )  # fmt: skip


def is_refused(link: str, refused: frozenset[str]) -> bool:
    """Return whether a link leads to one of the domains that were taken down."""
    if not refused or not link:
        return False
    host = urls.host(link)
    return any(host == domain or host.endswith(f".{domain}") for domain in refused)
