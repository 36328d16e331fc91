"""Articles, entries, stories and feeds as flat rows: what the Parquet and JSON exports hold. Pure.

Instants are UTC. An empty text says that there is none; only instants and numbers can be null.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from broadsheet.export.base import Archive, ExportArticle, ExportEntry, ExportFeed
from broadsheet.model import Story


class ArticleRow(msgspec.Struct, frozen=True, kw_only=True):
    """One article."""

    id: str
    """Stable; other rows refer to it."""
    title: str
    byline: str
    """Who wrote it, as its source says."""
    published: datetime | None
    """When its source says that it was published."""
    published_source: str
    """Where that comes from: ``feed``, ``page``, ``first_seen`` or ``clamped`` (the last two exact to the day only)."""
    modified: datetime | None
    """When its source says that it was changed."""
    first_seen: datetime
    """When we saw it first."""
    language: str
    """BCP 47."""
    section: str
    """Of the newspaper, as its feed is filed."""
    source: str
    """The publisher, as its feed is filed."""
    channel: str
    """Of the publisher, as its feed is filed."""
    feed_id: str
    """The row of its feed."""
    story_id: str
    """The row of its story; empty where it stands alone."""
    url: str
    """Canonical address of the original."""
    permalink: str
    """Path of its page below our site's root; never changes."""
    double_of: str
    """The row of the article whose page tells this one too, where it was published twice; else empty."""
    comments_url: str
    """Where the source lets readers comment."""
    excerpt: str
    """Its beginning, about 200 columns."""
    text: str
    """Plain text."""
    html: str
    """Sanitised HTML; pictures below ``/m/`` are our copies."""
    image_url: str
    """The lead picture at its source."""
    image_path: str
    """Our copy of it below our site's root."""
    categories: list[str]
    """As the feed or page names them."""
    rights: str
    """As the source states them."""
    sponsored: bool
    """Whether it is an advertisement."""
    revision: int
    """1, and one more for each change of its text."""


class EntryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a feed's entry, as the feed has it: nothing in it is sanitised."""

    article_id: str
    """The row of its article."""
    feed_id: str
    """The row of its feed."""
    revision: int
    """Counts the versions of the article's entry from 1."""
    seen: datetime
    """When this version was seen first."""
    guid: str
    link: str
    title: str
    authors: list[str]
    published: datetime | None
    updated: datetime | None
    summary: str
    """HTML as it came."""
    content: str
    """HTML as it came."""
    categories: list[str]
    enclosures: list[str]
    """Addresses."""


class StoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One event that articles report."""

    id: str
    articles: list[str]
    """The rows of its articles, the fullest report first."""
    publishers: int
    """How many sources report it."""
    first_seen: datetime | None
    """When its first article was published."""
    last_seen: datetime | None
    """When its last article was published."""


class FeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One subscription."""

    id: str
    url: str
    title: str
    link: str
    """Its website."""
    language: str
    section: list[str]
    """Section, source and channel that it is filed under."""
    mode: str
    """How much of its articles is published: ``link``, ``excerpt`` or ``full``."""


TABLES: dict[str, type[msgspec.Struct]] = {
    "articles": ArticleRow,
    "entries": EntryRow,
    "stories": StoryRow,
    "feeds": FeedRow,
}


def tables(articles: Iterable[ExportArticle], archive: Archive) -> dict[str, Iterator[msgspec.Struct]]:
    """Return the rows of each table."""
    return {
        "articles": map(article_row, articles),
        "entries": map(entry_row, archive.entries()),
        "stories": map(story_row, archive.stories()),
        "feeds": map(feed_row, archive.feeds()),
    }


def article_row(item: ExportArticle) -> ArticleRow:
    """Return the row of an article."""
    article, image = item.stored.article, item.stored.article.image
    return ArticleRow(
        id=item.id, title=article.title, byline=article.byline, published=article.published,
        published_source=article.published_source, modified=article.modified, first_seen=item.stored.first_seen,
        language=article.language, section=item.section, source=item.source, channel=item.channel, feed_id=item.feed.id,
        story_id=item.stored.story_id, url=article.url, permalink=item.stored.permalink,
        double_of=item.stored.double_of, comments_url=article.comments_url, excerpt=article.excerpt, text=item.text, html=item.html,
        image_url=image.url if image else "", image_path=image.path if image else "",
        categories=list(article.categories), rights=article.rights, sponsored=article.sponsored,
        revision=article.revision,
    )  # fmt: skip


def entry_row(item: ExportEntry) -> EntryRow:
    """Return the row of an entry's version."""
    entry = item.entry
    return EntryRow(
        article_id=item.article_id, feed_id=item.feed_id, revision=item.revision, seen=item.seen, guid=entry.guid,
        link=entry.link, title=entry.title, authors=[str(author) for author in entry.authors],
        published=entry.published, updated=entry.updated, summary=entry.summary, content=entry.content,
        categories=list(entry.categories), enclosures=[file.url for file in entry.enclosures],
    )  # fmt: skip


def story_row(story: Story) -> StoryRow:
    """Return the row of a story."""
    return StoryRow(
        id=story.id, articles=list(story.articles), publishers=story.publishers, first_seen=story.first_seen,
        last_seen=story.last_seen,
    )  # fmt: skip


def feed_row(item: ExportFeed) -> FeedRow:
    """Return the row of a feed."""
    return FeedRow(
        id=item.feed.id, url=item.feed.url, title=item.title, link=item.link, language=item.language,
        section=list(item.feed.section), mode=item.feed.mode,
    )  # fmt: skip
