"""Which articles were published twice, and the page that tells each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from broadsheet.model import Article, Match
from broadsheet.store import sa, stories, tables
from broadsheet.store.bulk import Insert, chunks
from broadsheet.store.connection import Connection
from broadsheet.store.database import from_micros
from broadsheet.stories.doubles import Pair

_SAVE = Insert("doubles", ("article_id", "page"), conflict="update", key=("article_id",))


class CopyRow(NamedTuple):
    """A live article that was published twice."""

    id: str
    feed_id: str
    url: str
    seq: int | None
    published: datetime


def everyone(connection: Connection) -> set[str]:
    """Return all articles that were ever found to be published twice."""
    found = set(connection.scalars(sa.select(tables.doubles.c.article_id)))
    for row in connection.execute(
        sa.select(tables.matches.c.data).where(tables.matches.c.kind.in_(("address", "text")))
    ):
        match = msgspec.json.decode(row.data, type=Match)
        found |= {match.a, match.b} if match.twice else set()
    return found


def together(connection: Connection, ids: Collection[str]) -> tuple[set[str], dict[tuple[str, str], Pair]]:
    """Return the articles that hang together with these, now or when pages were last given, and the pairs that are the same.

    The two names of a pair are in order. What a person split off is the same as nothing.
    """
    alone = {one for one, _ in stories.overrides(connection, "split")}
    pairs: dict[tuple[str, str], Pair] = {}
    seen, waiting = set(ids), sorted(ids)
    while waiting:
        step, waiting = waiting[:400], waiting[400:]
        found: set[str] = set()
        query = sa.select(tables.matches.c.data).where(
            sa.or_(tables.matches.c.a.in_(step), tables.matches.c.b.in_(step)),
            tables.matches.c.kind.in_(("address", "text")),
        )
        for data in connection.scalars(query):
            match = msgspec.json.decode(data, type=Match)
            if match.twice and not {match.a, match.b} & alone:
                pairs[(match.a, match.b)] = Pair(match.kind == "address", match.twice == "wholly")
                found |= {match.a, match.b}
        query = sa.select(tables.doubles).where(
            sa.or_(tables.doubles.c.article_id.in_(step), tables.doubles.c.page.in_(step))
        )
        for row in connection.execute(query):
            found |= {row.article_id, row.page}
        waiting += sorted(found - seen)
        seen |= found
    return seen, pairs


def copies(connection: Connection, ids: Collection[str]) -> list[CopyRow]:
    """Return what the choice of the page needs to know of those articles that are live."""
    found = []
    for some in chunks(sorted(ids)):
        query = sa.select(tables.articles).where(tables.articles.c.id.in_(some), tables.articles.c.state == "live")
        for row in connection.execute(query):
            url = msgspec.json.decode(row.data, type=Article).url
            published = from_micros(row.published or row.first_seen)
            found.append(CopyRow(row.id, row.feed_id, url, row.seq, published))
    return found


def given(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """Return the page that was given to each of the articles; their own, where they were told elsewhere before."""
    found: dict[str, str] = {}
    for some in chunks(sorted(ids)):
        rows = connection.execute(sa.select(tables.doubles).where(tables.doubles.c.article_id.in_(some)))
        found |= {row.article_id: row.page for row in rows}
    return found


def give(connection: Connection, changed: Mapping[str, str]) -> None:
    """Give articles their pages."""
    _SAVE(connection, sorted(changed.items()))


def whole_again(connection: Connection) -> list[str]:
    """Return the articles that have their own page again, and may lack places in their lists."""
    query = sa.select(tables.doubles.c.article_id).where(tables.doubles.c.page == tables.doubles.c.article_id)
    return list(connection.scalars(query.order_by(tables.doubles.c.article_id)))


def settled(connection: Connection, ids: Sequence[str]) -> None:
    """Forget that articles were once told elsewhere: they stand in all their lists."""
    for some in chunks(ids):
        connection.execute(sa.delete(tables.doubles).where(tables.doubles.c.article_id.in_(some)))


def told_by(connection: Connection, pages: Collection[str]) -> dict[str, list[str]]:
    """Return the further articles that each of the pages tells, by the page's article, oldest first."""
    found: dict[str, list[str]] = defaultdict(list)
    for some in chunks(sorted(pages)):
        query = (
            sa.select(tables.doubles)
            .join(tables.articles, tables.articles.c.id == tables.doubles.c.article_id)
            .where(
                tables.doubles.c.page.in_(some),
                tables.doubles.c.page != tables.doubles.c.article_id,
                tables.articles.c.state == "live",
            )
            .order_by(tables.articles.c.published.nulls_first(), tables.articles.c.id)
        )
        for row in connection.execute(query):
            found[row.page].append(row.article_id)
    return dict(found)
