"""What exports read: entries with their versions, answers of the web, and what was taken down."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from broadsheet.model import Entry
from broadsheet.store.bulk import CHUNK, chunks
from broadsheet.store.connection import Connection
from broadsheet.store.database import from_micros, to_micros
from broadsheet.store.schema import article_keys, articles, entries, responses, tombstones


class EntryRow(NamedTuple):
    """One version of an entry."""

    article_id: str
    feed_id: str
    revision: int
    seen: datetime
    entry: Entry


class AnswerRow(NamedTuple):
    """An answer of the web; ``body`` is its digest."""

    number: int
    kind: str
    key: str
    url: str
    final_url: str
    status: int
    headers: dict[str, str]
    body: str
    fetched: datetime


def entry_versions(connection: Connection, ids: Sequence[str]) -> Iterator[EntryRow]:
    """Yield all versions of the articles' entries, by article in the order of ``ids``, oldest first."""
    for article_id in ids:
        query = sa.select(entries).where(entries.c.article_id == article_id).order_by(entries.c.revision)
        for row in connection.execute(query):
            yield EntryRow(
                row.article_id, row.feed_id, row.revision, from_micros(row.seen),
                msgspec.json.decode(row.data, type=Entry),
            )  # fmt: skip


def answers(connection: Connection, since: datetime | None) -> Iterator[AnswerRow]:
    """Yield every answer that was taken in (since then), in the order in which they came."""
    query = sa.select(responses).order_by(responses.c.fetched, responses.c.id)
    if since is not None:
        query = query.where(responses.c.fetched >= to_micros(since))
    for row in connection.execute(query.execution_options(yield_per=CHUNK)):
        yield AnswerRow(
            row.id, row.kind, row.key, row.url, row.final_url, row.status,
            msgspec.json.decode(row.headers, type=dict[str, str]), row.body, from_micros(row.fetched),
        )  # fmt: skip


def gone(connection: Connection) -> dict[str, str]:
    """Return the articles that were taken down, each with its feed."""
    query = sa.select(articles.c.id, articles.c.feed_id).where(articles.c.state == "gone")
    return {row.id: row.feed_id for row in connection.execute(query)}


def keys_of(connection: Connection, ids: Collection[str]) -> dict[str, set[str]]:
    """Return the keys that lead to any of the articles, by feed."""
    found: dict[str, set[str]] = {}
    for some in chunks(sorted(ids)):
        query = sa.select(article_keys.c.feed_id, article_keys.c.key).where(article_keys.c.article_id.in_(some))
        for row in connection.execute(query):
            found.setdefault(row.feed_id, set()).add(row.key)
    return found


def refused_feeds(connection: Connection) -> set[str]:
    """Return the addresses of the feeds that were taken down whole."""
    return set(connection.scalars(sa.select(tombstones.c.target).where(tombstones.c.kind == "feed")))
