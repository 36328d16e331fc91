"""Subscriptions and what the machine remembers of them, kept apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from broadsheet.model import Feed, FeedState
from broadsheet.store import sa, tables
from broadsheet.store.bulk import Insert, Query, chunks
from broadsheet.store.connection import Connection
from broadsheet.store.database import to_micros

_SYNC = Insert("feeds", ("id", "url", "active", "position", "data"), conflict="update", key=("id",))
_ADD = Insert("feeds", ("id", "url", "active", "position", "data"), conflict="nothing")
_SAVE = Insert("feed_states", ("feed_id", "next_check", "data"), conflict="update", key=("feed_id",))
_STORED = Query("SELECT id, active, position, data FROM feeds")
_ACTIVE = Query("SELECT data FROM feeds WHERE active ORDER BY position, id")
_EVERYONE = Query("SELECT id, data FROM feeds ORDER BY position, id")
_STATES = Query("SELECT feed_id, data FROM feed_states")
_STATES_OF = Query("SELECT feed_id, data FROM feed_states WHERE feed_id IN ?*")
_FEED = msgspec.json.Decoder(Feed)
_STATE = msgspec.json.Decoder(FeedState)


def sync(connection: Connection, wanted: Sequence[Feed]) -> None:
    """Make the stored subscriptions those that are wanted; a feed that is no longer wanted keeps its articles."""
    rows = [(feed.id, feed.url, True, index, msgspec.json.encode(feed)) for index, feed in enumerate(wanted)]
    stored = {feed_id: (bool(active), position, data) for feed_id, active, position, data in _STORED(connection).all()}
    gone = set(stored) - {feed.id for feed in wanted}
    if gone and any(stored[feed_id][0] for feed_id in gone):
        connection.execute(
            sa.update(tables.feeds).where(tables.feeds.c.id == sa.bindparam("gone")).values(active=False),
            [{"gone": feed_id} for feed_id in sorted(gone)],
        )
    changed = [row for row in rows if stored.get(row[0]) != (True, row[3], row[4])]
    _SYNC(connection, changed)


def add_unsubscribed(connection: Connection, sites: Iterable[Feed], position: int) -> None:
    """Make sites known whose articles came otherwise than by a subscription; what is known stays as it is."""
    _ADD(connection, [(feed.id, feed.url, False, position, msgspec.json.encode(feed)) for feed in sites])


def active(connection: Connection) -> list[Feed]:
    """Return the subscriptions in the order of the configuration."""
    return [_FEED.decode(data) for data in _ACTIVE(connection).scalars()]


def everyone(connection: Connection) -> dict[str, Feed]:
    """Return all feeds that articles may belong to, by id, those no longer subscribed to included."""
    return {feed_id: _FEED.decode(data) for feed_id, data in _EVERYONE(connection).all()}


def states(connection: Connection) -> dict[str, FeedState]:
    """Return the machine's memory of each feed that was ever asked, by id."""
    return {feed_id: _STATE.decode(data) for feed_id, data in _STATES(connection).all()}


def states_of(connection: Connection, ids: Sequence[str]) -> dict[str, FeedState]:
    """Return the machine's memory of these feeds; a blank one where a feed was never asked."""
    found = {feed_id: FeedState(feed_id=feed_id) for feed_id in ids}
    return found | {feed_id: _STATE.decode(data) for feed_id, data in _STATES_OF(connection, list(ids)).all()}


def save_states(connection: Connection, changed: Iterable[FeedState]) -> None:
    """Remember the states of feeds."""
    _SAVE(
        connection,
        [
            (state.feed_id, to_micros(state.next_check) if state.next_check else None, msgspec.json.encode(state))
            for state in changed
        ],
    )


def recent_counts(connection: Connection, since: datetime) -> dict[str, int]:
    """Return the number of each feed's articles that were published (or, undated, first seen) since then."""
    # Said so that the index on ``published`` serves: a year's archive is not read for the last weeks. (SQLite would rather
    # read all of it in the order of the feeds, were they grouped by the column itself.)
    feed = tables.articles.c.feed_id + ""
    dated = tables.articles.c.published >= to_micros(since)
    undated = sa.and_(tables.articles.c.published.is_(None), tables.articles.c.first_seen >= to_micros(since))
    query = (
        sa.select(feed, sa.func.count()).where(sa.or_(dated, undated), tables.articles.c.state != "gone").group_by(feed)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def article_counts(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Return the number of published articles of each of the feeds that has any."""
    found: dict[str, int] = {}
    for some in chunks(ids):
        query = sa.select(tables.tallies.c.feed_id, tables.tallies.c.count).where(
            tables.tallies.c.feed_id.in_(some), tables.tallies.c.state == "live"
        )
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found
