"""What runs in workers: pure functions from batches of inputs to outcomes. No store, no socket, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from broadsheet.articles.extract import extract_article
from broadsheet.articles.images import reencode
from broadsheet.articles.template import Template
from broadsheet.errors import BroadsheetError
from broadsheet.feeds.parse import parse_feed
from broadsheet.model import Article, Done, Entry, Failed, Outcome, ParsedFeed, Record


class ParseInput(Record, frozen=True, kw_only=True):
    """A feed document; ``key`` is the number of the response."""

    key: str
    feed_id: str
    data: bytes
    url: str
    content_type: str


class ExtractInput(Record, frozen=True, kw_only=True):
    """An article's evidence; ``key`` is its id. ``page`` is empty where only the feed speaks."""

    key: str
    url: str
    page: bytes
    entry: Entry
    language: str
    template: Template
    digest: str


class PictureInput(Record, frozen=True, kw_only=True):
    """The bytes of a picture; ``key`` is its address."""

    key: str
    data: bytes
    max_width: int


class Picture(Record, frozen=True, kw_only=True):
    """A picture written anew."""

    body: bytes
    path: str
    width: int
    height: int


def parse_batch(batch: Sequence[ParseInput]) -> Iterator[Outcome[ParsedFeed]]:
    """Yield the parsed document of each input."""
    for item in batch:
        try:
            yield Done(item.key, parse_feed(item.data, url=item.url, content_type=item.content_type or None))
        except BroadsheetError as error:
            yield Failed(item.key, type(error).__name__, f"{item.url}: {error}")


def extract_batch(batch: Sequence[ExtractInput]) -> Iterator[Outcome[Article]]:
    """Yield the article of each input."""
    for item in batch:
        entry = item.entry
        if item.language and not entry.language:
            entry = msgspec.structs.replace(entry, language=item.language)
        try:
            yield Done(item.key, extract_article(item.page, url=item.url, entry=entry, template=item.template))
        except BroadsheetError as error:
            yield Failed(item.key, type(error).__name__, f"{item.url}: {error}")


def picture_batch(batch: Sequence[PictureInput]) -> Iterator[Outcome[Picture]]:
    """Yield each picture, decoded and written anew."""
    for item in batch:
        try:
            body, path, width, height = reencode(item.data, max_width=item.max_width)
            yield Done(item.key, Picture(body=body, path=path, width=width, height=height))
        except BroadsheetError as error:
            yield Failed(item.key, type(error).__name__, f"{item.key}: {error}")
