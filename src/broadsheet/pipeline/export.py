"""From the store to exporters: which articles, how much of each, and what belongs to them."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from broadsheet.config import Config
from broadsheet.errors import ParseError, StoreError, UsageError
from broadsheet.export import (
    Edition,
    ExportArticle,
    ExportEntry,
    Exporter,
    ExportFeed,
    ExportResponse,
    Manifest,
    Target,
)
from broadsheet.feeds.identity import key_entries
from broadsheet.feeds.parse import parse_feed
from broadsheet.model import Feed, FeedState, StoredArticle, Story
from broadsheet.pipeline.relate import publisher
from broadsheet.site.plan import names_of
from broadsheet.store import articles, doubles, feeds, stories
from broadsheet.store import export as store_export
from broadsheet.store.connection import Connection
from broadsheet.store.database import Store

_SPAN = re.compile(r"(\d{1,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which articles are exported; all where nothing is said. Times are in the newspaper's zone."""

    since: datetime | None = None
    sections: tuple[tuple[str, ...], ...] = ()
    """Paths of section, source and channel; their beginning is enough."""
    day: str = ""
    """``2026-03-12``"""
    week: str = ""
    """``2026-W11``"""
    story: str = ""
    """The id of a story or of one of its articles."""

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()


def since_of(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the instant that ``2026-03-01``, ``2026-03-01T08:00`` or a span such as ``12h``, ``7d``, ``4w`` means."""
    span = _SPAN.fullmatch(text)
    if span:
        return now - timedelta(hours=int(span[1]) * _HOURS[span[2]])
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time; write 2026-03-01, 2026-03-01T08:00, or a span such as 7d") from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def export(
    store: Store, config: Config, exporter: Exporter, folder: Path, selection: Selection, *,
    whole: bool = False, permalinks: bool = False,
) -> Manifest:  # fmt: skip
    """Hand the selected articles to an exporter and return what it made of the folder.

    Of feeds that are published in part, formats that are published are given that part, unless ``whole``.
    """
    with store.read() as connection:
        archive = StoreArchive(store, connection, config, selection)
        edition = edition_of(archive, config, selection)
        if edition is None and getattr(exporter, "EDITIONS", False):
            raise UsageError("this format is made one edition at a time; give --day, --week or --story")
        target = Target(
            folder=folder, archive=archive, title=config.site.title, url=config.site.url,
            language=config.site.language, timezone=config.site.timezone, permalinks=permalinks, edition=edition,
            is_live=lambda article: articles.is_live(connection, article),
        )  # fmt: skip
        public = getattr(exporter, "PUBLIC", False)
        return exporter.write(archive.articles(in_part=public and not whole, once=public), target)


def edition_of(archive: StoreArchive, config: Config, selection: Selection) -> Edition | None:
    """Return what the selected edition is called; None where no edition was asked for."""
    if selection.story:
        lead = archive.lead(selection.story)
        return Edition(name=f"story-{lead.story_id or lead.article.id}", title=lead.article.title)
    name = selection.day or selection.week
    return Edition(name=name, title=f"{config.site.title}, {name}") if name else None


class StoreArchive:
    """The store as exporters see it: of what is selected, and within one state of it."""

    def __init__(self, store: Store, connection: Connection, config: Config, selection: Selection) -> None:
        self._store = store
        self._connection = connection
        self._zone = ZoneInfo(config.site.timezone)
        self._selection = selection
        self._feeds: dict[str, Feed] = feeds.everyone(connection)
        self._states: dict[str, FeedState] = feeds.states(connection)
        self._story = self.lead(selection.story).story_id if selection.story else ""
        _check(selection)

    def lead(self, story: str) -> StoredArticle:
        """Return the article that leads a story, which may be named by any of its articles."""
        found = articles.rows(self._connection, [story]).get(story)
        story_id = found.story_id if found and found.story_id else story
        ids = stories.articles_of(self._connection, [story_id]).get(story_id, [])
        if ids:
            ids = list(stories.told(self._connection, ids, {}, stories.pinned(self._connection)).articles)
        else:
            ids = [story] if found else []
        if not ids:
            raise UsageError(f"there is no story {story!r}; --json of search and the site's data name them")
        return articles.rows(self._connection, ids)[ids[0]]

    def names(self, feed_id: str) -> tuple[str, str, str]:
        """Return section, source and channel of a feed."""
        state = self._states.get(feed_id)
        return names_of(self._feeds[feed_id], state.title if state else "")

    def _wanted(self, stored: StoredArticle) -> bool:
        selection, article = self._selection, stored.article
        date = article.published or stored.first_seen
        day = date.astimezone(self._zone)
        year, week, _ = day.isocalendar()
        return (
            (selection.since is None or date >= selection.since)
            and (not selection.sections or self._in_sections(article.feed_id))
            and selection.day in ("", f"{day:%Y-%m-%d}")
            and selection.week in ("", f"{year:04}-W{week:02}")
            and (not selection.story or selection.story == article.id or self._story == (stored.story_id or "-"))
        )

    def _in_sections(self, feed_id: str) -> bool:
        path = tuple(filter(None, self.names(feed_id)))
        return any(path[: len(section)] == section for section in self._selection.sections)

    @cached_property
    def _selected(self) -> list[tuple[str, str, str]]:
        """(article, feed, story) of what is selected: all that the other tables need of a large archive."""
        return [
            (stored.article.id, stored.article.feed_id, stored.story_id)
            for stored in articles.everything(self._connection)
            if self._wanted(stored)
        ]

    @property
    def ids(self) -> list[str]:
        """The selected articles, in the order of publication."""
        return [article for article, _, _ in self._selected]

    def articles(self, *, in_part: bool, once: bool = False) -> Iterator[ExportArticle]:
        """Yield the selected articles; ``in_part`` as much of each as its feed's mode allows.

        With ``once``, an article that was published twice comes once: the one whose page tells it, where that is selected.
        """
        pages = set(self.ids) if once else set()
        told = doubles.told_by(self._connection, pages)
        others = articles.rows(self._connection, [article for ids in told.values() for article in ids])
        for stored in articles.everything(self._connection):
            if not self._wanted(stored) or stored.double_of in pages:
                continue
            whole = articles.get(self._connection, stored.article.id)
            if whole is None:
                continue
            section, source, channel = self.names(stored.article.feed_id)
            made = ExportArticle(
                stored=stored, html=whole.html, text=whole.text, feed=self._feeds[stored.article.feed_id],
                section=section, source=source, channel=channel,
                also_at=tuple(others[article].permalink for article in told.get(stored.article.id, ())),
            )  # fmt: skip
            yield _part(made) if in_part else made

    def picture(self, path: str) -> bytes | None:
        """Return our copy of a picture, or None where there is none."""
        try:
            return (self._store.state_dir / path).read_bytes()
        except OSError:
            return None

    def feeds(self) -> Iterator[ExportFeed]:
        """Yield the feeds of the articles; all of them where everything is selected."""
        kept = {feed for _, feed, _ in self._selected}
        for feed in self._feeds.values():
            if feed.id in kept or self._selection.everything:
                state = self._states.get(feed.id, FeedState(feed_id=feed.id))
                title = feed.title or state.title
                yield ExportFeed(feed=feed, title=title, link=state.link, language=state.language)

    def entries(self) -> Iterator[ExportEntry]:
        """Yield all versions of the articles' entries."""
        for row in store_export.entry_versions(self._connection, self.ids):
            yield ExportEntry(**row._asdict())

    def stories(self) -> Iterator[Story]:
        """Yield the stories of the articles, in the order of their first article."""
        publishers = {feed_id: publisher(feed) for feed_id, feed in self._feeds.items()}
        pins = stories.pinned(self._connection)
        for story in dict.fromkeys(story for _, _, story in self._selected if story):
            ids = stories.articles_of(self._connection, [story])[story]
            yield stories.told(self._connection, ids, publishers, pins)

    def responses(self) -> Iterator[ExportResponse]:
        """Yield the answers that the articles come from, save what holds something that was taken down."""
        taken = _Taken(self._connection)
        ids = frozenset(self.ids)
        kept = {feed.feed.id for feed in self.feeds()}
        for row in store_export.answers(self._connection, self._selection.since):
            wanted = row.key in kept if row.kind != "page" else self._selection.everything or row.key in ids
            if not wanted or row.key in taken.articles or self._address(row.key) in taken.feeds:
                continue
            try:
                body = self._store.blobs.get(row.body)
            except StoreError:
                continue
            if row.kind != "page" and taken.stands_in(row.key, body, row.final_url, row.headers.get("content-type")):
                continue
            yield ExportResponse(**(row._asdict() | {"body": body}))

    def _address(self, feed_id: str) -> str:
        feed = self._feeds.get(feed_id)
        return feed.url if feed else ""


class _Taken:
    """What was taken down, and whether a feed's document still holds some of it."""

    def __init__(self, connection: Connection) -> None:
        self.articles: Collection[str] = store_export.gone(connection)
        self.feeds = store_export.refused_feeds(connection)
        self._keys = store_export.keys_of(connection, self.articles)

    def stands_in(self, feed_id: str, body: bytes, url: str, content_type: str | None) -> bool:
        """Return whether an entry of the document is known to lead to an article that was taken down."""
        keys = self._keys.get(feed_id)
        if not keys:
            return False
        try:
            parsed = parse_feed(body, url=url, content_type=content_type)
        except ParseError:
            return True  # nobody can tell what it holds
        return any(not keys.isdisjoint(keyed.keys) for keyed in key_entries(parsed.entries))


def _part(item: ExportArticle) -> ExportArticle:
    """Return as much of an article as its feed's mode lets be published."""
    if item.feed.mode == "full":
        return item
    if item.feed.mode == "excerpt":
        excerpt = item.stored.article.excerpt
        text = f"<p>{html.escape(excerpt, quote=False)}</p>" if excerpt else ""
        return msgspec.structs.replace(item, html=text, text=excerpt)
    bare = msgspec.structs.replace(item.stored.article, excerpt="", image=None)
    stored = msgspec.structs.replace(item.stored, article=bare)
    return msgspec.structs.replace(item, stored=stored, html="", text="")


def _check(selection: Selection) -> None:
    given: Iterable[tuple[str, str]] = (
        ("--day", selection.day),
        ("--week", selection.week),
        ("--story", selection.story),
    )
    if sum(bool(value) for _, value in given) > 1:
        raise UsageError("give one of --day, --week and --story")
    try:
        if selection.day and date.fromisoformat(selection.day).isoformat() != selection.day:
            raise ValueError
        if selection.week and not re.fullmatch(r"\d{4}-W\d{2}", selection.week):
            raise ValueError
        if selection.week:
            date.fromisoformat(f"{selection.week}-1")
    except ValueError:
        raise UsageError("write a day as 2026-03-12 and a week as 2026-W11") from None
