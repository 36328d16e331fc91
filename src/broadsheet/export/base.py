"""What every exporter is given and gives back. An exporter is one module (or object) with a function ``write``.

    write(articles: Iterable[ExportArticle], target: Target) -> Manifest

It takes the articles in the order of publication, oldest first, and makes of ``target.folder`` what these articles
are: it writes what changed and removes what it once wrote and is not there any more. The same articles make the same
bytes. Two more names say how it is used:

- ``PUBLIC``: True where its files are published. It is then given of each article as much as its feed's ``mode``
  allows, as our own site does. Otherwise it is given everything.
- ``EDITIONS``: True where one call makes one edition (a day, a week, a story) beside those that are there already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from broadsheet.model import Entry, Feed, Record, StoredArticle, Story


class ExportArticle(Record, frozen=True, kw_only=True):
    """An article with all that an exporter needs to know of it. ``html`` is sanitised, everything else is plain."""

    stored: StoredArticle
    html: str
    text: str
    feed: Feed
    section: str = ""
    source: str = ""
    channel: str = ""
    also_at: tuple[str, ...] = ()
    """Paths below our own site's root that lead to it: where it was published twice, the others' addresses."""

    @property
    def id(self) -> str:
        """The article's id."""
        return self.stored.article.id

    @property
    def title(self) -> str:
        """The title, as plain text."""
        return self.stored.article.title

    @property
    def name(self) -> str:
        """What the article is called in addresses: 12 letters and digits, given once."""
        return self.stored.permalink.rpartition("/")[2].removesuffix(".html")

    @property
    def date(self) -> datetime:
        """When it was published, or first seen where nobody says (UTC)."""
        return self.stored.article.published or self.stored.first_seen

    @property
    def modified(self) -> datetime | None:
        """When it was changed after that, where a source says so and the time had come when we saw it (UTC)."""
        modified = self.stored.article.modified
        if modified is None or modified <= self.date:
            return None
        if modified > self.stored.first_seen and self.stored.article.revision == 1:
            return None
        return modified

    @property
    def path(self) -> tuple[str, ...]:
        """Section, source and channel, those that are named."""
        return tuple(filter(None, (self.section, self.source, self.channel)))


class ExportFeed(Record, frozen=True, kw_only=True):
    """A subscription with what is known of its website."""

    feed: Feed
    title: str = ""
    link: str = ""
    language: str = ""


class ExportEntry(Record, frozen=True, kw_only=True):
    """One version of an entry, as its feed had it."""

    article_id: str
    feed_id: str
    revision: int
    seen: datetime
    entry: Entry


class ExportResponse(Record, frozen=True, kw_only=True):
    """An answer of the web as it was kept: decoded of its codings, with the headers that later stages need."""

    number: int
    kind: str
    key: str
    url: str
    final_url: str
    status: int
    headers: dict[str, str]
    body: bytes
    fetched: datetime


class Archive(Protocol):
    """What an exporter may ask for beside the articles; all of it belongs to the articles that are exported."""

    def picture(self, path: str) -> bytes | None:
        """Return our copy of a picture (``m/…``), or None where there is none."""

    def feeds(self) -> Iterable[ExportFeed]:
        """Return the feeds of the articles."""

    def entries(self) -> Iterable[ExportEntry]:
        """Return all versions of the articles' entries."""

    def stories(self) -> Iterable[Story]:
        """Return the stories that the articles are of."""

    def responses(self) -> Iterable[ExportResponse]:
        """Return every answer that the articles come from, save those that hold something taken down."""


class Edition(Record, frozen=True, kw_only=True):
    """What an edition is called: ``2026-03-12``, ``2026-W11`` or a story's id, and its title for readers."""

    name: str
    title: str


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where an export goes and what is the same for all of its files."""

    folder: Path
    archive: Archive
    title: str = "Broadsheet"
    url: str = ""
    language: str = "en"
    timezone: str = "UTC"
    permalinks: bool = False
    """Whether pages keep the addresses that they have on our own site."""
    edition: Edition | None = None
    is_live: Callable[[str], bool] = lambda _id: True
    """Says of an article's id whether it is still published: editions of what was taken down go."""

    @property
    def zone(self) -> tzinfo:
        """The newspaper's time zone."""
        return ZoneInfo(self.timezone)


class Kept(Record, frozen=True, kw_only=True):
    """A file of an export: the digest of its bytes and the articles that it holds."""

    digest: str
    articles: tuple[str, ...] = ()


class Manifest(Record, frozen=True, kw_only=True):
    """What an export consists of, and what this call did about it."""

    format: str
    files: dict[str, Kept]
    """Path below the folder -> what it is."""
    names: dict[str, str] = {}
    """Folder and file names that were given, so that they never change."""
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What the reader of the news has to know or to set, a line each."""


class Exporter(Protocol):
    """A format. ``PUBLIC`` and ``EDITIONS`` may be missing; they are then False."""

    def write(self, articles: Iterable[ExportArticle], target: Target) -> Manifest:
        """Bring the folder to what the articles are and return what it holds."""
