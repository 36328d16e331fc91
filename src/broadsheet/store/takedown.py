"""Taking articles out for good: text and pictures go, a dated note stays at the address, and nothing comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from broadsheet.model import Article, Entry
from broadsheet.store import articles as article_store
from broadsheet.store import search, stories
from broadsheet.store.database import from_micros, to_micros
from broadsheet.store.schema import articles, bodies, due, entries, responses, tombstones
from broadsheet.urls import host


def remember(connection: Connection, target: str, kind: str, note: str, at: datetime) -> None:
    """Refuse this target from now on. ``kind`` is ``article``, ``feed`` or ``domain``."""
    statement = insert(tombstones).values(target=target, kind=kind, at=to_micros(at), note=note)
    connection.execute(statement.on_conflict_do_nothing())


def targets(connection: Connection, kind: str) -> set[str]:
    """Return all refused targets of a kind."""
    return set(connection.scalars(sa.select(tombstones.c.target).where(tombstones.c.kind == kind)))


def note_of(connection: Connection, article_id: str) -> tuple[datetime, str] | None:
    """Return when and why an article was taken down."""
    row = connection.execute(
        sa.select(tombstones.c.at, tombstones.c.note).where(tombstones.c.target == article_id)
    ).one_or_none()
    return (from_micros(row.at), row.note) if row else None


def remove(connection: Connection, ids: Sequence[str], note: str, at: datetime) -> list[str]:
    """Remove the articles' text everywhere in the store; return the digests of raw pages that may be deleted."""
    blobs: set[str] = set()
    for article_id in ids:
        before = article_store.get(connection, article_id)
        search.forget(connection, search.number_of(connection, article_id), before)
        stories.forget(connection, article_id)
        page = connection.scalar(sa.select(articles.c.page_id).where(articles.c.id == article_id))
        if page:
            blobs.add(str(connection.scalar(sa.select(responses.c.body).where(responses.c.id == page))))
        kept = Article(
            id=article_id, feed_id=before.feed_id if before else "", published=before.published if before else None
        )
        connection.execute(
            sa.update(articles)
            .where(articles.c.id == article_id)
            .values(
                state="gone",
                dirty=True,
                digest="",
                link="",
                page_id=None,
                story_id=None,
                data=msgspec.json.encode(kept),
            )
        )
        connection.execute(sa.delete(bodies).where(bodies.c.article_id == article_id))
        connection.execute(
            sa.update(entries).where(entries.c.article_id == article_id).values(data=msgspec.json.encode(Entry()))
        )
        connection.execute(sa.delete(due).where(due.c.item == article_id))
        remember(connection, article_id, "article", note, at)
        if page:
            connection.execute(sa.delete(responses).where(responses.c.id == page))
    shared = set(connection.scalars(sa.select(responses.c.body).where(responses.c.body.in_(sorted(blobs)))))
    return sorted(blobs - shared)


def of_feed(connection: Connection, feed_id: str) -> list[str]:
    """Return the articles of a feed."""
    query = sa.select(articles.c.id).where(articles.c.feed_id == feed_id, articles.c.state != "gone")
    return list(connection.scalars(query.order_by(articles.c.id)))


def of_address(connection: Connection, url: str, path: str) -> list[str]:
    """Return the articles whose original is at the address, or whose page here ends in the path."""
    found = set(article_store.with_link(connection, url))
    for row in connection.execute(sa.select(articles.c.id, articles.c.permalink).where(articles.c.state != "gone")):
        if row.permalink and (path == row.permalink or path.endswith(f"/{row.permalink}")):
            found.add(row.id)
    return sorted(found)


def of_domain(connection: Connection, domain: str) -> list[str]:
    """Return the articles whose original lies on the domain or below it."""
    found = []
    query = sa.select(articles.c.id, articles.c.link).where(articles.c.state != "gone").order_by(articles.c.id)
    for row in connection.execute(query):
        name = host(row.link)
        if name == domain or name.endswith(f".{domain}"):
            found.append(row.id)
    return found
