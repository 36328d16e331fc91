"""What stories are made from: shingles and titles by which candidates are found, the matches, each article's story."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from broadsheet.model import Article, Match, Story, story_path
from broadsheet.store import site
from broadsheet.store.database import from_micros, to_micros
from broadsheet.store.schema import (
    articles,
    bodies,
    matches,
    shingles,
    signatures,
    story_aliases,
    story_overrides,
    title_keys,
)
from broadsheet.stories.cluster import Member, tell
from broadsheet.stories.duplicates import Candidate
from broadsheet.stories.signature import sign
from broadsheet.text import words

COMMON = 25
"""A shingle in more articles than this is a phrase, not a sign of copying."""

MIN_SHARED_SAMPLES = 2
MIN_SHARED_ANCHORS = 3


def forget(connection: Connection, article_id: str) -> None:
    """Take an article's signature and matches out."""
    for item in recall(connection, [article_id]):
        hashes = [{"one": number, "article": article_id} for number in item.signature.hashes]
        if hashes:
            both = sa.and_(shingles.c.hash == sa.bindparam("one"), shingles.c.article_id == sa.bindparam("article"))
            connection.execute(sa.delete(shingles).where(both), hashes)
        keys = [{"one": key, "article": article_id} for key in _keys(item)]
        if keys:
            both = sa.and_(title_keys.c.key == sa.bindparam("one"), title_keys.c.article_id == sa.bindparam("article"))
            connection.execute(sa.delete(title_keys).where(both), keys)
    connection.execute(sa.delete(signatures).where(signatures.c.article_id == article_id))
    connection.execute(sa.delete(matches).where(sa.or_(matches.c.a == article_id, matches.c.b == article_id)))


def _keys(item: Candidate) -> list[str]:
    """Return the keys under which an article is found beside its shingles."""
    return [*([item.signature.title] if item.signature.title else []), *item.signature.anchors]


def remember(connection: Connection, new: Sequence[Candidate]) -> None:
    """Keep the signatures of articles so that later ones find them."""
    rows = [{"hash": number, "article_id": item.id} for item in new for number in item.signature.hashes]
    if rows:
        connection.execute(insert(shingles).on_conflict_do_nothing(), rows)
    keys = [{"key": key, "article_id": item.id} for item in new for key in _keys(item)]
    if keys:
        connection.execute(insert(title_keys).on_conflict_do_nothing(), keys)
    if new:
        statement = insert(signatures)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["article_id"], set_={"data": statement.excluded.data}),
            [{"article_id": item.id, "data": msgspec.json.encode(item)} for item in new],
        )


def candidates(connection: Connection, item: Candidate) -> list[str]:
    """Return the ids of articles that may be the same report: by shared shingles, equal title, equal address."""
    found: set[str] = set()
    # Straight to the driver: this is the hot path, and SQLAlchemy's objects cost more than the queries.
    cursor = connection.connection.cursor()
    if item.signature.hashes:
        # At most one more than counts of each hash: a phrase that stands in every article costs no more than a rare one.
        one = f"SELECT * FROM (SELECT hash, article_id FROM shingles WHERE hash = ? LIMIT {COMMON + 1})"  # noqa: S608 - a constant
        query = " UNION ALL ".join([one] * len(item.signature.hashes))
        rows = cursor.execute(query, item.signature.hashes).fetchall()
        found.update(_frequent(rows, MIN_SHARED_SAMPLES))
    if item.signature.title:
        titled = cursor.execute("SELECT article_id FROM title_keys WHERE key = ?", (item.signature.title,))
        found.update(row[0] for row in titled)
    if len(item.signature.anchors) >= MIN_SHARED_ANCHORS:
        one = f"SELECT * FROM (SELECT key, article_id FROM title_keys WHERE key = ? LIMIT {COMMON + 1})"  # noqa: S608 - a constant
        rows = cursor.execute(
            " UNION ALL ".join([one] * len(item.signature.anchors)), item.signature.anchors
        ).fetchall()
        found.update(_frequent(rows, MIN_SHARED_ANCHORS))
    if item.link:
        found.update(connection.scalars(sa.select(articles.c.id).where(articles.c.link == item.link)))
    return sorted(found - {item.id})


def _frequent(rows: Iterable[tuple[Any, str]], times: int) -> list[str]:
    """Return the articles that hold at least so many of the keys, those keys left out that too many articles hold."""
    holders: dict[Any, list[str]] = defaultdict(list)
    for key, article in rows:
        holders[key].append(article)
    counts = Counter(article for found in holders.values() if len(found) <= COMMON for article in found)
    return [article for article, count in counts.items() if count >= times]


def load(connection: Connection, ids: Sequence[str]) -> list[Candidate]:
    """Return live articles as the comparison needs them."""
    query = (
        sa.select(articles.c.id, articles.c.feed_id, articles.c.published, articles.c.data, bodies.c.text)
        .join(bodies, bodies.c.article_id == articles.c.id)
        .where(articles.c.id.in_(ids), articles.c.state != "gone")
        .order_by(articles.c.id)
    )
    found = []
    for row in connection.execute(query):
        article = msgspec.json.decode(row.data, type=Article)
        found.append(
            Candidate(
                id=row.id, feed_id=row.feed_id, link=article.url, published=from_micros(row.published or 0),
                signature=sign(article.title, row.text),
            )
        )  # fmt: skip
    return found


def recall(connection: Connection, ids: Sequence[str]) -> list[Candidate]:
    """Return articles as the comparison needs them, by the signatures that were kept."""
    if not ids:
        return []
    query = sa.select(signatures.c.data).where(signatures.c.article_id.in_(ids)).order_by(signatures.c.article_id)
    return [msgspec.json.decode(data, type=Candidate) for data in connection.scalars(query)]


def add_matches(connection: Connection, found: Iterable[Match]) -> None:
    """Keep why articles belong together."""
    rows = [{"a": match.a, "b": match.b, "kind": match.kind, "data": msgspec.json.encode(match)} for match in found]
    if rows:
        statement = insert(matches)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["a", "b"],
                set_={"kind": statement.excluded.kind, "data": statement.excluded.data},
            ),
            rows,
        )


def neighbours(connection: Connection, start: Iterable[str]) -> dict[str, list[str]]:
    """Return the links among all articles that can be reached from the given ones, by matches and by hand."""
    links: dict[str, list[str]] = defaultdict(list)
    first = list(start)
    alone = {one for one, _ in overrides(connection, "split")}
    by_hand = overrides(connection, "merge")
    waiting, seen = list(first), set(first)
    while waiting:
        step, waiting = waiting[:400], waiting[400:]
        query = sa.select(matches.c.a, matches.c.b).where(sa.or_(matches.c.a.in_(step), matches.c.b.in_(step)))
        pairs = [(row.a, row.b) for row in connection.execute(query) if not {row.a, row.b} & alone]
        pairs += [pair for pair in by_hand if set(pair) & set(step)]
        for one, other in (*pairs, *((b, a) for a, b in pairs)):
            if other not in links[one]:
                links[one].append(other)
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return dict(links)


def overrides(connection: Connection, kind: str) -> list[tuple[str, str]]:
    """Return what a person said: pairs to ``merge``; articles to ``split`` off or ``pin`` (the second is empty)."""
    query = sa.select(story_overrides.c.a, story_overrides.c.b).where(story_overrides.c.kind == kind)
    return [(row.a, row.b) for row in connection.execute(query.order_by(story_overrides.c.a, story_overrides.c.b))]


def override(connection: Connection, kind: str, a: str, b: str, at: datetime) -> None:
    """Keep what a person says of one or two articles.

    An article that was split off stays apart from whatever is found to be like it; only a later ``merge`` joins it to
    what that names. ``split`` takes back what was merged with the article before.
    """
    if kind == "split":
        either = sa.or_(story_overrides.c.a == a, story_overrides.c.b == a)
        connection.execute(sa.delete(story_overrides).where(story_overrides.c.kind == "merge", either))
    elif kind == "merge":
        a, b = sorted((a, b))
    statement = insert(story_overrides).values(kind=kind, a=a, b=b, at=to_micros(at))
    connection.execute(statement.on_conflict_do_nothing())


def pinned(connection: Connection) -> set[str]:
    """Return the articles that lead their stories by a person's word."""
    return {one for one, _ in overrides(connection, "pin")}


def members(connection: Connection, ids: Sequence[str], publishers: dict[str, str]) -> list[Member]:
    """Return articles as the choice of the lead needs them; ``publishers`` names each feed's publisher."""
    query = (
        sa.select(articles.c.id, articles.c.feed_id, articles.c.published, articles.c.data, bodies.c.text)
        .join(bodies, bodies.c.article_id == articles.c.id)
        .where(articles.c.id.in_(ids))
        .order_by(articles.c.id)
    )
    return [
        Member(
            id=row.id, publisher=publishers.get(row.feed_id, row.feed_id), published=from_micros(row.published or 0),
            length=words(row.text), sponsored=msgspec.json.decode(row.data, type=Article).sponsored,
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def story_of(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the story that each article belongs to."""
    query = sa.select(articles.c.id, articles.c.story_id).where(articles.c.id.in_(ids))
    return {row.id: row.story_id or "" for row in connection.execute(query)}


def assign(connection: Connection, ids: Sequence[str], story_id: str) -> None:
    """Make the articles one story, and their pages out of date. Pages of stories that end in it lead to it."""
    before = {old for old in story_of(connection, ids).values() if old and old != story_id}
    printed = site.known(connection, [story_path(old) for old in sorted(before)])
    connection.execute(sa.delete(story_aliases).where(story_aliases.c.old == story_id))
    for old in sorted(before):
        connection.execute(sa.update(story_aliases).where(story_aliases.c.new == old).values(new=story_id))
        if story_path(old) in printed:
            statement = insert(story_aliases).values(old=old, new=story_id)
            connection.execute(statement.on_conflict_do_update(index_elements=["old"], set_={"new": story_id}))
    connection.execute(sa.update(articles).where(articles.c.id.in_(ids)).values(story_id=story_id))
    connection.execute(sa.update(articles).where(articles.c.id.in_(ids), articles.c.state == "live").values(dirty=True))


def touch(connection: Connection, ids: Sequence[str]) -> None:
    """Say of live articles that their pages are out of date."""
    connection.execute(sa.update(articles).where(articles.c.id.in_(ids), articles.c.state == "live").values(dirty=True))


def articles_of(connection: Connection, story_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the live articles of each story."""
    found: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(story_ids), 400):
        query = (
            sa.select(articles.c.id, articles.c.story_id)
            .where(articles.c.story_id.in_(story_ids[start : start + 400]), articles.c.state == "live")
            .order_by(articles.c.published, articles.c.id)
        )
        for row in connection.execute(query):
            found[row.story_id].append(row.id)
    return dict(found)


def aliases(connection: Connection, story_ids: Sequence[str]) -> dict[str, str]:
    """Return old -> new of the stories that have ended in these."""
    query = sa.select(story_aliases.c.old, story_aliases.c.new).where(story_aliases.c.new.in_(story_ids))
    return {row.old: row.new for row in connection.execute(query.order_by(story_aliases.c.old))}


def current(connection: Connection, story_id: str) -> str:
    """Return the story that a story has ended in, or itself."""
    new = connection.scalar(sa.select(story_aliases.c.new).where(story_aliases.c.old == story_id))
    return new or story_id


def several(connection: Connection) -> list[str]:
    """Return the stories with several live articles."""
    query = (
        sa.select(articles.c.story_id)
        .where(articles.c.state == "live", articles.c.story_id.is_not(None))
        .group_by(articles.c.story_id)
        .having(sa.func.count() > 1)
    )
    return sorted(connection.scalars(query))


def told(connection: Connection, ids: Sequence[str], publishers: dict[str, str]) -> Story:
    """Return the story that the articles make, led by what a person pinned; ``publishers`` names each feed's."""
    return tell(members(connection, ids, publishers), pinned(connection))


def lead_order(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Return the articles of a story, the lead first."""
    return list(told(connection, ids, {}).articles)


def reasons(connection: Connection, ids: Sequence[str]) -> dict[str, list[Match]]:
    """Return why other articles belong to each of these, of those that have any."""
    found: dict[str, list[Match]] = defaultdict(list)
    for start in range(0, len(ids), 400):
        step = ids[start : start + 400]
        query = sa.select(matches.c.data).where(sa.or_(matches.c.a.in_(step), matches.c.b.in_(step)))
        for row in connection.scalars(query.order_by(matches.c.a, matches.c.b)):
            match = msgspec.json.decode(row, type=Match)
            for article_id in {match.a, match.b} & set(step):
                found[article_id].append(match)
    return dict(found)
