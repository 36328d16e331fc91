"""Subscriptions and what the machine remembers of them, kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from broadsheet.model import Feed, FeedState
from broadsheet.store.database import to_micros
from broadsheet.store.schema import articles, feed_states, feeds


def sync(connection: Connection, wanted: Sequence[Feed]) -> None:
    """Make the stored subscriptions those that are wanted; a feed that is no longer wanted keeps its articles."""
    rows = [
        {"id": feed.id, "url": feed.url, "active": True, "position": index, "data": msgspec.json.encode(feed)}
        for index, feed in enumerate(wanted)
    ]
    stored = {
        row.id: (row.active, row.position, row.data)
        for row in connection.execute(sa.select(feeds.c.id, feeds.c.active, feeds.c.position, feeds.c.data))
    }
    gone = set(stored) - {feed.id for feed in wanted}
    if gone and any(stored[feed_id][0] for feed_id in gone):
        connection.execute(
            sa.update(feeds).where(feeds.c.id == sa.bindparam("gone")).values(active=False),
            [{"gone": feed_id} for feed_id in sorted(gone)],
        )
    changed = [row for row in rows if stored.get(str(row["id"])) != (True, row["position"], row["data"])]
    if changed:
        statement = insert(feeds)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["id"],
                set_={name: statement.excluded[name] for name in ("url", "active", "position", "data")},
            ),
            changed,
        )


def active(connection: Connection) -> list[Feed]:
    """Return the subscriptions in the order of the configuration."""
    rows = connection.scalars(sa.select(feeds.c.data).where(feeds.c.active).order_by(feeds.c.position, feeds.c.id))
    return [msgspec.json.decode(row, type=Feed) for row in rows]


def everyone(connection: Connection) -> dict[str, Feed]:
    """Return all feeds that articles may belong to, by id, those no longer subscribed to included."""
    return {
        row.id: msgspec.json.decode(row.data, type=Feed)
        for row in connection.execute(sa.select(feeds).order_by(feeds.c.position, feeds.c.id))
    }


def states(connection: Connection) -> dict[str, FeedState]:
    """Return the machine's memory of each feed that was ever asked, by id."""
    rows = connection.execute(sa.select(feed_states.c.feed_id, feed_states.c.data))
    return {row.feed_id: msgspec.json.decode(row.data, type=FeedState) for row in rows}


def state(connection: Connection, feed_id: str) -> FeedState:
    """Return the machine's memory of one feed; a blank one where it was never asked."""
    data = connection.scalar(sa.select(feed_states.c.data).where(feed_states.c.feed_id == feed_id))
    return msgspec.json.decode(data, type=FeedState) if data else FeedState(feed_id=feed_id)


def save_state(connection: Connection, state: FeedState) -> None:
    """Remember the state of one feed."""
    next_check = to_micros(state.next_check) if state.next_check else None
    values = {"next_check": next_check, "data": msgspec.json.encode(state)}
    statement = insert(feed_states).values(feed_id=state.feed_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["feed_id"], set_=values))


def recent_counts(connection: Connection, since: datetime) -> dict[str, int]:
    """Return the number of each feed's articles that were published (or, undated, first seen) since then."""
    moment = sa.func.coalesce(articles.c.published, articles.c.first_seen)
    query = (
        sa.select(articles.c.feed_id, sa.func.count())
        .where(moment >= to_micros(since), articles.c.state != "gone")
        .group_by(articles.c.feed_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def article_counts(connection: Connection) -> dict[str, int]:
    """Return the number of published articles of each feed."""
    query = (
        sa.select(articles.c.feed_id, sa.func.count()).where(articles.c.state == "live").group_by(articles.c.feed_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
