"""Taking articles out for good: text and pictures go, a dated note stays at the address, and nothing comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from broadsheet.articles.images import copies_in
from broadsheet.model import Article, Entry, Record
from broadsheet.store import articles as article_store
from broadsheet.store import sa, search, stories, tables
from broadsheet.store.bulk import as_text
from broadsheet.store.connection import Connection
from broadsheet.store.tombstones import remember
from broadsheet.urls import host


class Orphans(Record, frozen=True, kw_only=True):
    """Files that nothing needs any more once articles are gone."""

    blobs: tuple[str, ...]
    """Digests of raw documents and pages."""
    pictures: tuple[str, ...]
    """Paths of our copies, below the store's folder and below the site."""


def remove(connection: Connection, ids: Sequence[str], note: str, at: datetime) -> Orphans:
    """Remove the articles' text and pictures everywhere in the store; return the files that may be deleted.

    Raw documents of the feed that held an article go too: they hold its text. The other entries of such a document are
    kept on their own.
    """
    blobs: set[str] = set()
    pictures: set[str] = set()
    for article_id in ids:
        before = article_store.get(connection, article_id)
        search.forget(connection, search.number_of(connection, article_id), before)
        stories.forget(connection, article_id)
        # The other reports of its event name it, and so does the event's page: printed anew, they do not.
        told = stories.story_of(connection, [article_id]).values()
        stories.touch(
            connection, [other for ids in stories.articles_of(connection, list(told)).values() for other in ids]
        )
        if before is not None:
            pictures |= {before.image.path} if before.image and before.image.path else set()
            pictures.update(copies_in(before.html))
        blobs |= _forget_responses(connection, article_id)
        kept = Article(
            id=article_id, feed_id=before.feed_id if before else "", published=before.published if before else None
        )
        values = {"state": "gone", "dirty": True, "digest": "", "link": "", "page_id": None}
        connection.execute(
            sa.update(tables.articles)
            .where(tables.articles.c.id == article_id)
            .values(**values, data=msgspec.json.encode(kept))
        )
        connection.execute(sa.delete(tables.bodies).where(tables.bodies.c.article_id == article_id))
        connection.execute(sa.delete(tables.drafts).where(tables.drafts.c.article_id == article_id))
        connection.execute(
            sa.update(tables.entries)
            .where(tables.entries.c.article_id == article_id)
            .values(data=msgspec.json.encode(Entry()))
        )
        connection.execute(sa.delete(tables.due).where(tables.due.c.item == article_id))
        remember(connection, article_id, "article", note, at)
    shared = set(
        connection.scalars(sa.select(tables.responses.c.body).where(tables.responses.c.body.in_(sorted(blobs))))
    )
    alone = sorted(path for path in pictures if not _is_shown(connection, path))
    connection.execute(sa.update(tables.media).where(tables.media.c.path.in_(alone)).values(state="refused", path=""))
    return Orphans(blobs=tuple(sorted(blobs - shared)), pictures=tuple(alone))


def _forget_responses(connection: Connection, article_id: str) -> set[str]:
    """Delete the answers that hold an article's text and return the digests of their bodies."""
    row = connection.execute(
        sa.select(tables.articles.c.page_id, tables.articles.c.feed_id).where(tables.articles.c.id == article_id)
    ).one()
    first = connection.scalar(
        sa.select(sa.func.min(tables.entries.c.response_id)).where(tables.entries.c.article_id == article_id)
    )
    held = sa.or_(
        tables.responses.c.id == (row.page_id or -1),
        sa.and_(tables.responses.c.kind.in_(("page", "more")), tables.responses.c.key == article_id),
        sa.and_(
            tables.responses.c.kind.in_(("feed", "archive")),
            tables.responses.c.key == row.feed_id,
            tables.responses.c.id >= (first or 0),
        ),
    )
    found = set(connection.scalars(sa.select(tables.responses.c.body).where(held)))
    connection.execute(sa.delete(tables.responses).where(held))
    return found


def _is_shown(connection: Connection, path: str) -> bool:
    """Return whether a live article shows a picture of ours."""
    in_text = (
        sa.select(tables.bodies.c.article_id)
        .where(tables.bodies.c.html.contains(f'src="/{path}"', autoescape=True))
        .limit(1)
    )
    as_lead = sa.select(tables.articles.c.id).where(
        tables.articles.c.state != "gone", as_text(connection, tables.articles.c.data).contains(path, autoescape=True)
    )
    return bool(connection.scalar(in_text) or connection.scalar(as_lead.limit(1)))


def of_feed(connection: Connection, feed_id: str) -> list[str]:
    """Return the articles of a feed."""
    query = sa.select(tables.articles.c.id).where(
        tables.articles.c.feed_id == feed_id, tables.articles.c.state != "gone"
    )
    return list(connection.scalars(query.order_by(tables.articles.c.id)))


def of_address(connection: Connection, url: str, path: str) -> list[str]:
    """Return the articles whose original is at the address, or whose page here ends in the path."""
    found = set(article_store.with_link(connection, url))
    for row in connection.execute(
        sa.select(tables.articles.c.id, tables.articles.c.permalink).where(tables.articles.c.state != "gone")
    ):
        if row.permalink and (path == row.permalink or path.endswith(f"/{row.permalink}")):
            found.add(row.id)
    return sorted(found)


def of_domain(connection: Connection, domain: str) -> list[str]:
    """Return the articles whose original lies on the domain or below it."""
    found = []
    query = (
        sa.select(tables.articles.c.id, tables.articles.c.link)
        .where(tables.articles.c.state != "gone")
        .order_by(tables.articles.c.id)
    )
    for row in connection.execute(query):
        name = host(row.link)
        if name == domain or name.endswith(f".{domain}"):
            found.append(row.id)
    return found
