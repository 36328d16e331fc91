"""What runs in workers: pure functions from batches of inputs to outcomes. No store, no socket, no clock.

Feeds are read in ``reading``, so that a run in which nothing is new loads nothing of this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from broadsheet.articles.extract import extract_article
from broadsheet.articles.images import reencode
from broadsheet.articles.rules import NONE, Rules
from broadsheet.articles.shape import shape
from broadsheet.articles.template import Template, learn_fragments, learn_template
from broadsheet.errors import BroadsheetError, CodePicture
from broadsheet.model import Article, Done, Entry, Failed, Outcome, Record


class ExtractInput(Record, frozen=True, kw_only=True):
    """An article's evidence; ``key`` is its id. ``page`` is empty where only the feed speaks."""

    key: str
    url: str
    page: bytes
    entry: Entry
    language: str
    template: Template
    digest: str
    opencc: str = ""
    brief: int = 0
    rules: Rules = NONE
    more: tuple[tuple[bytes, str], ...] = ()
    """The article's further pages, with their addresses."""


class LearnInput(Record, frozen=True, kw_only=True):
    """Recent items of a feed and pages of their articles as (bytes, address); ``key`` is the feed's id."""

    key: str
    fragments: tuple[str, ...]
    pages: tuple[tuple[bytes, str], ...]


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


def extract_batch(batch: Sequence[ExtractInput]) -> Iterator[Outcome[Article]]:
    """Yield the article of each input."""
    for item in batch:
        entry = item.entry
        if item.language and not entry.language:
            entry = msgspec.structs.replace(entry, language=item.language)
        try:
            article = extract_article(
                item.page, url=item.url, entry=entry, template=item.template, rules=item.rules, more=item.more
            )
            yield Done(item.key, shape(article, opencc=item.opencc, brief=item.brief))
        except BroadsheetError as error:
            yield Failed(item.key, type(error).__name__, f"{item.url}: {error}")


def learn_batch(batch: Sequence[LearnInput]) -> Iterator[Outcome[Template]]:
    """Yield what each feed's items and pages repeat, and where its site keeps its articles."""
    for item in batch:
        of_feed, of_pages = learn_fragments(item.fragments), learn_template(item.pages)
        merged = Template(
            samples=max(of_feed.samples, of_pages.samples), lines={**of_pages.lines, **of_feed.lines},
            images={**of_pages.images, **of_feed.images}, affixes=of_feed.affixes,
            container=of_pages.container,
        )  # fmt: skip
        yield Done(item.key, merged)


def picture_batch(batch: Sequence[PictureInput]) -> Iterator[Outcome[Picture]]:
    """Yield each picture, decoded and written anew."""
    for item in batch:
        try:
            body, path, width, height = reencode(item.data, max_width=item.max_width)
            yield Done(item.key, Picture(body=body, path=path, width=width, height=height))
        except CodePicture as error:
            yield Failed(item.key, CodePicture.__name__, str(error))
        except BroadsheetError as error:
            yield Failed(item.key, type(error).__name__, f"{item.key}: {error}")
