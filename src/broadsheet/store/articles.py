"""Articles with their bodies, the entries that they come from and the keys they are known by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from broadsheet.model import Article, Entry, Image, Page, StoredArticle
from broadsheet.store import responses, sa, tables
from broadsheet.store.bulk import CHUNK, Insert, Query, chunks
from broadsheet.store.connection import Connection
from broadsheet.store.database import from_micros, to_micros
from broadsheet.text import digest

_KEY = Insert("article_keys", ("feed_id", "key", "article_id"), conflict="nothing")
_ENTRY = Insert("entries", ("id", "article_id", "feed_id", "revision", "digest", "seen", "response_id", "data"))
_ARTICLE = Insert(
    "articles",
    (
        "id", "number", "feed_id", "entry_id", "first_seen", "permalink", "link", "state", "changed", "digest", "dirty",
        "data",
    ),
)  # fmt: skip
_BODY = Insert("bodies", ("article_id", "html", "text"), conflict="update", key=("article_id",))
_DRAFT = Insert("drafts", ("article_id", "data"), conflict="update", key=("article_id",))
_PICTURE = Insert("media", ("url", "state", "path", "width", "height", "note", "at"), conflict="update", key=("url",))


_WITH_KEYS = Query(
    "SELECT id FROM feeds WHERE id IN ?* AND EXISTS (SELECT 1 FROM article_keys WHERE article_keys.feed_id = feeds.id)"
)
_KNOWN = Query("SELECT key, article_id FROM article_keys WHERE feed_id = ? AND key IN ?*")
_DIGESTS = Query(
    "SELECT articles.id, entries.digest FROM articles JOIN entries ON entries.id = articles.entry_id WHERE articles.id IN ?*"
)
_LAST_ENTRY = Query("SELECT max(id) FROM entries")
_LAST_NUMBER = Query("SELECT max(number) FROM articles")
_LONGEST = 2000
"""Characters of an address that an index of PostgreSQL takes."""


def with_keys(connection: Connection, feed_ids: Sequence[str]) -> set[str]:
    """Return those of the feeds that have any article."""
    return set(_WITH_KEYS(connection, list(feed_ids)).scalars())


def known(connection: Connection, feed_id: str, keys: Sequence[str]) -> dict[str, str]:
    """Return the article that each known key of a feed leads to."""
    return dict(_KNOWN(connection, feed_id, list(keys)).all())


def remember(connection: Connection, keys: Sequence[tuple[str, str, str]]) -> None:
    """Keep (feed id, key, article id) of each; a key that is known already keeps its article."""
    _KEY(connection, keys)


def entry_digests(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the digest of each article's newest entry."""
    return dict(_DIGESTS(connection, list(ids)).all()) if ids else {}


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A version of an entry to keep. ``permalink`` is given with the first version, which makes the article."""

    article_id: str
    feed_id: str
    data: bytes
    """The entry as JSON."""
    link: str
    digest: str
    seen: datetime
    response: int | None
    """Number of the document that it stands in."""
    permalink: str = ""


def add_entries(connection: Connection, new: Sequence[NewEntry]) -> None:
    """Keep versions of entries, each the newest of its article; make the articles that do not exist yet.

    The text of an article comes with the extract stage.
    """
    if not new:
        return
    # Numbers are given here and not by the database, so that entry and article are written without asking back.
    first = 1 + (_LAST_ENTRY(connection).scalar() or 0)
    numbered = list(enumerate(new, first))
    _create(connection, [(number, item) for number, item in numbered if item.permalink])
    old = [(number, item) for number, item in numbered if not item.permalink]
    latest: dict[str, int] = {}
    for some in chunks([item.article_id for _, item in old]):
        query = sa.select(tables.entries.c.article_id, sa.func.max(tables.entries.c.revision).label("revision")).where(
            tables.entries.c.article_id.in_(some)
        )
        latest |= {
            row.article_id: row.revision for row in connection.execute(query.group_by(tables.entries.c.article_id))
        }
    _ENTRY(
        connection,
        [
            (
                number, item.article_id, item.feed_id, latest.get(item.article_id, 0) + 1, item.digest,
                to_micros(item.seen), item.response, item.data,
            )
            for number, item in numbered
        ],
    )  # fmt: skip
    if old:
        connection.execute(
            sa.update(tables.articles)
            .where(tables.articles.c.id == sa.bindparam("target"))
            .values(entry_id=sa.bindparam("number_"), link=sa.bindparam("link_")),
            [{"target": item.article_id, "number_": number, "link_": item.link} for number, item in old],
        )


def _create(connection: Connection, new: Sequence[tuple[int, NewEntry]]) -> None:
    """Make the rows of new articles, each with the number of its entry."""
    first = 1 + (_LAST_NUMBER(connection).scalar() or 0) if new else 0
    rows = []
    for number, (entry, item) in enumerate(new, first):
        seen, data = to_micros(item.seen), msgspec.json.encode(Article(id=item.article_id, feed_id=item.feed_id))
        rows.append(
            (
                item.article_id,
                number,
                item.feed_id,
                entry,
                seen,
                item.permalink,
                item.link,
                "new",
                seen,
                "",
                False,
                data,
            )
        )
    _ARTICLE(connection, rows)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What an article is made of."""

    id: str
    feed_id: str
    entry: Entry
    entry_digest: str
    link: str
    first_seen: datetime
    entry_seen: datetime
    """When this version of the entry was seen."""
    page: Page | None
    revision: int
    digest: str


def sources(connection: Connection, ids: Sequence[str]) -> Iterator[Source]:
    """Yield what each of the articles is made of, in the order of ``ids``."""
    for article_id in ids:
        row = connection.execute(
            sa.select(
                tables.articles,
                tables.entries.c.data.label("entry"),
                tables.entries.c.digest.label("entry_digest"),
                tables.entries.c.seen,
            )
            .join(tables.entries, tables.entries.c.id == tables.articles.c.entry_id)
            .where(tables.articles.c.id == article_id, tables.articles.c.state != "gone")
        ).one_or_none()
        if row is None:
            continue
        yield Source(
            id=row.id, feed_id=row.feed_id, entry=msgspec.json.decode(row.entry, type=Entry),
            entry_digest=row.entry_digest, link=row.link, first_seen=from_micros(row.first_seen), entry_seen=from_micros(row.seen),
            page=responses.page(connection, row.page_id) if row.page_id else None,
            revision=msgspec.json.decode(row.data, type=Article).revision, digest=row.digest,
        )  # fmt: skip


def recent_of_feed(connection: Connection, feed_id: str, limit: int) -> list[str]:
    """Return the ids of the articles that the feed gave last, the newest first: the same before and after extraction.

    A ``limit`` of -1 is all of them.
    """
    return list(
        connection.scalars(
            sa.select(tables.articles.c.id)
            .where(tables.articles.c.feed_id == feed_id, tables.articles.c.state != "gone")
            .order_by(tables.articles.c.number.desc())
            .limit(limit if limit >= 0 else None)
        )
    )


def set_page(connection: Connection, article_id: str, response: int) -> None:
    """Make an answer the article's page."""
    connection.execute(sa.update(tables.articles).where(tables.articles.c.id == article_id).values(page_id=response))


def save(connection: Connection, article: Article, *, changed: datetime, live: bool) -> None:
    """Keep what extraction (or the pictures) made of an article. ``live`` lets it be published."""
    slim = msgspec.structs.replace(article, html="", text="")
    values: dict[str, object] = {
        "data": msgspec.json.encode(slim),
        "digest": article.digest,
        "published": to_micros(article.published) if article.published else None,
        "changed": to_micros(changed),
    }
    if live:
        values |= {"state": "live", "dirty": True}
    connection.execute(sa.update(tables.articles).where(tables.articles.c.id == article.id).values(**values))
    _BODY(connection, [(article.id, article.html, article.text)])


def get(connection: Connection, article_id: str) -> Article | None:
    """Return a whole article."""
    row = connection.execute(
        sa.select(tables.articles.c.data, tables.bodies.c.html, tables.bodies.c.text)
        .join(tables.bodies, tables.bodies.c.article_id == tables.articles.c.id)
        .where(tables.articles.c.id == article_id)
    ).one_or_none()
    if row is None:
        return None
    return msgspec.structs.replace(msgspec.json.decode(row.data, type=Article), html=row.html, text=row.text)


_ROW = (
    "articles.data, articles.permalink, articles.first_seen, articles.state, articles.seq, articles.story_id, "
    "page.id, page.permalink"
)
_TOLD = (
    "articles LEFT JOIN doubles ON doubles.article_id = articles.id AND doubles.page <> doubles.article_id "
    "LEFT JOIN articles AS page ON page.id = doubles.page AND page.state = 'live'"
)
_ROWS = Query(f"SELECT {_ROW} FROM {_TOLD} WHERE articles.id IN ?*")  # noqa: S608 - of constants alone, like those below
_WHOLE_TOLD = f"{_TOLD} LEFT JOIN bodies ON bodies.article_id = articles.id"
_WHOLE = Query(f"SELECT {_ROW}, bodies.html, bodies.text FROM {_WHOLE_TOLD} WHERE articles.id IN ?*")  # noqa: S608
_TEXTS = Query("SELECT article_id, text FROM bodies WHERE article_id IN ?*")
_LIVE = "articles.state = 'live' ORDER BY articles.seq NULLS FIRST, articles.published NULLS FIRST, articles.id"
_PLACE = "articles.id, articles.permalink, articles.story_id, page.id, page.permalink"
_TOLD_AT = Query(f"SELECT {_PLACE} FROM {_TOLD} WHERE articles.id IN ?*")  # noqa: S608
_MARK = Query("UPDATE articles SET dirty = ? WHERE id IN ?*")
_EVERYTHING = Query(f"SELECT {_ROW} FROM {_TOLD} WHERE {_LIVE}")  # noqa: S608
_ARTICLE_OF = msgspec.json.Decoder(Article)


def _row(found: Any) -> StoredArticle:
    data, permalink, first_seen, state, seq, story_id, double_of, told_at = found
    return StoredArticle(
        article=_ARTICLE_OF.decode(data), permalink=permalink, first_seen=from_micros(first_seen), state=state, seq=seq,
        story_id=story_id or "", double_of=double_of or "", told_at=told_at or "",
    )  # fmt: skip


def rows(connection: Connection, ids: Sequence[str]) -> dict[str, StoredArticle]:
    """Return the articles without their bodies, by id."""
    found = map(_row, _ROWS(connection, list(ids)).all())
    return {row.article.id: row for row in found}


class Address(NamedTuple):
    """Where an article is told."""

    id: str
    permalink: str
    story_id: str
    double_of: str
    """The article whose page tells this one too; empty where it has its own."""
    told_at: str
    """Path of that page."""


def told_at(connection: Connection, ids: Sequence[str]) -> list[Address]:
    """Return where each of the articles is told, in their order."""
    found = {row[0]: Address(*(value or "" for value in row)) for row in _TOLD_AT(connection, list(ids)).all()}
    return [found[article_id] for article_id in ids]


def whole(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[StoredArticle, str, str]]:
    """Return (article, HTML, text) by id; HTML and text are empty where there is no body."""
    found = {}
    for *row, html, text in _WHOLE(connection, list(ids)).all():
        stored = _row(row)
        found[stored.article.id] = (stored, html or "", text or "")
    return found


def texts(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the texts by article, of those that have one."""
    return {article: text for article, text in _TEXTS(connection, list(ids)).all() if text}


def everything(connection: Connection) -> Iterator[StoredArticle]:
    """Yield all articles that are published or to be, in the order of publication, without bodies."""
    yield from map(_row, _EVERYTHING(connection, at_once=CHUNK))


def dirty(connection: Connection) -> list[str]:
    """Return the ids of articles whose pages are out of date, in the order in which new ones are numbered."""
    return list(
        connection.scalars(
            sa.select(tables.articles.c.id)
            .where(tables.articles.c.dirty, tables.articles.c.state != "new")
            .order_by(
                tables.articles.c.seq.nulls_last(), tables.articles.c.published.nulls_first(), tables.articles.c.id
            )
        )
    )


def mark(connection: Connection, ids: Iterable[str], *, dirty: bool) -> None:
    """Say of articles whether their pages are out of date."""
    for some in chunks(list(ids)):
        _MARK(connection, dirty, some)


def mark_all(connection: Connection) -> None:
    """Say of every published article that its page is out of date."""
    connection.execute(sa.update(tables.articles).where(tables.articles.c.state != "new").values(dirty=True))


def refused_keys(connection: Connection) -> set[str]:
    """Return the keys by their links (``feeds.identity``) of the articles that were taken down: no feed brings them back."""
    keys, gone = tables.article_keys.c, tables.tombstones.c
    query = (
        sa.select(keys.key)
        .select_from(tables.tombstones)
        .join(tables.articles, tables.articles.c.id == gone.target)
        .join(tables.article_keys, sa.and_(keys.feed_id == tables.articles.c.feed_id, keys.article_id == gone.target))
        .where(gone.kind == "article", keys.key.startswith("l:"))
    )
    return set(connection.scalars(query))


def with_link(connection: Connection, link: str) -> list[str]:
    """Return the ids of live articles whose original is at this address."""
    return list(
        connection.scalars(
            sa.select(tables.articles.c.id).where(tables.articles.c.link == link, tables.articles.c.state != "gone")
        )
    )


def count(connection: Connection) -> dict[str, int]:
    """Return the number of articles by state."""
    total = sa.func.sum(tables.tallies.c.count)
    query = sa.select(tables.tallies.c.state, total).group_by(tables.tallies.c.state).having(total > 0)
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def pictures(connection: Connection, addresses: Sequence[str]) -> dict[str, Image | None]:
    """Return our copies of the pictures that were looked at: an image, or None for one that cannot be had."""
    by_key = {_key(url): url for url in addresses}
    found: dict[str, Image | None] = {}
    for some in chunks(list(by_key)):
        for row in connection.execute(sa.select(tables.media).where(tables.media.c.url.in_(some))):
            url, good = by_key[row.url], row.state == "kept"
            found[url] = Image(url=url, path=row.path, width=row.width, height=row.height) if good else None
    return found


def _key(url: str) -> str:
    """Return what a picture is known by: its address, or a digest for the end of one that no index can hold."""
    return url if len(url) <= _LONGEST else url[:_LONGEST] + digest(url)


def save_picture(connection: Connection, image: Image, state: str, note: str, at: datetime) -> None:
    """Remember what became of a picture: ``kept``, ``refused``, ``code`` (a QR code) or ``failed``."""
    row = (_key(image.url), state, image.path, image.width or 0, image.height or 0, note, to_micros(at))
    _PICTURE(connection, [row])


def codes(connection: Connection, addresses: Sequence[str]) -> dict[str, str]:
    """Return those of the pictures that are QR codes, with what they say."""
    by_key = {_key(url): url for url in addresses}
    found: dict[str, str] = {}
    for some in chunks(list(by_key)):
        query = sa.select(tables.media.c.url, tables.media.c.note).where(
            tables.media.c.url.in_(some), tables.media.c.state == "code"
        )
        found |= {by_key[row.url]: row.note for row in connection.execute(query)}
    return found


def forget_pictures(connection: Connection, is_there: Callable[[str], bool]) -> None:
    """Forget the pictures that could not be had, and those whose copy ``is_there`` no more: they are fetched again."""
    rows = connection.execute(sa.select(tables.media.c.url, tables.media.c.path, tables.media.c.state)).all()
    lost = [row.url for row in rows if row.state != "kept" or not is_there(row.path)]
    for some in chunks(lost):
        connection.execute(sa.delete(tables.media).where(tables.media.c.url.in_(some)))


def save_draft(connection: Connection, article: Article) -> None:
    """Keep an article that still waits for its pictures, beside what is published of it."""
    _DRAFT(connection, [(article.id, msgspec.json.encode(article))])


def draft(connection: Connection, article_id: str) -> Article | None:
    """Return the version of an article that waits for its pictures."""
    data = connection.scalar(sa.select(tables.drafts.c.data).where(tables.drafts.c.article_id == article_id))
    return msgspec.json.decode(data, type=Article) if data else None


def drop_draft(connection: Connection, article_id: str) -> None:
    """Forget the waiting version."""
    connection.execute(sa.delete(tables.drafts).where(tables.drafts.c.article_id == article_id))


def is_live(connection: Connection, article_id: str) -> bool:
    """Return whether an article is published or about to be."""
    state: str | None = connection.scalar(sa.select(tables.articles.c.state).where(tables.articles.c.id == article_id))
    return state == "live"
