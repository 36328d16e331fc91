"""What stories are made from: shingles and titles by which candidates are found, the matches, each article's story."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from broadsheet.model import Article, Match, Story, story_path
from broadsheet.store import sa, site, tables
from broadsheet.store.bulk import CHUNK, Insert, Query, chunks
from broadsheet.store.connection import Connection
from broadsheet.store.database import from_micros, to_micros
from broadsheet.stories.cluster import Member, tell
from broadsheet.stories.duplicates import WINDOW, Candidate
from broadsheet.stories.signature import sign
from broadsheet.text import digest, words

COMMON = 25
"""A shingle in more articles of one window than this is a phrase, not a sign of copying."""

MIN_SHARED_SAMPLES = 2
MIN_SHARED_ANCHORS = 3

_SPAN = 2 * (WINDOW // timedelta(microseconds=1))
"""Length of a window. What may match lies in the window of the article or in the one beside it, so a lookup and an insert
touch a few days' part of the tree, however long the archive; and a name that was common last year still tells today."""
_HASH = (1 << 48) - 1
_CANDIDATE = msgspec.json.Decoder(Candidate)
_EITHER = 400
"""Articles that one statement names twice, as either side of a match."""
_INDEXES = (("shingles", "hash"), ("title_keys", "key"))
_HOLD = {table: Insert(table, (column, "article_id"), conflict="nothing") for table, column in _INDEXES}
_HOLDERS = {
    table: Query(f"SELECT {column}, article_id FROM {table} WHERE {column} IN ?*")  # noqa: S608 - names of ours
    for table, column in _INDEXES
}
_DROP = {
    table: Query(f"DELETE FROM {table} WHERE {column} IN ?* AND article_id = ?")  # noqa: S608 - names of ours
    for table, column in _INDEXES
}
_SIGNATURES = Query("SELECT data FROM signatures WHERE article_id IN ?* ORDER BY article_id")
_SIGN = Insert("signatures", ("article_id", "data"), conflict="update", key=("article_id",))
_OVERRIDE = Insert("story_overrides", ("kind", "a", "b", "at"), conflict="nothing")
_ALIAS = Insert("story_aliases", ("old", "new"), conflict="update", key=("old",))
_MATCH = Insert("matches", ("a", "b", "kind", "data"), conflict="update", key=("a", "b"))


def _window(item: Candidate) -> int:
    return to_micros(item.published) // _SPAN


def _windows(item: Candidate) -> list[int]:
    """Return the windows that hold whatever may match the article, its own first."""
    own, reach = _window(item), _SPAN // 2
    either = {(to_micros(item.published) + step) // _SPAN for step in (-reach, reach)}
    return [own, *sorted(either - {own})]


def _by_window(item: Candidate, keys: Callable[[Candidate, int], list[Any]]) -> tuple[list[Any], list[Any]]:
    """Return the keys of the article in its own window, and in those beside it."""
    own, *beside = _windows(item)
    return keys(item, own), [key for window in beside for key in keys(item, window)]


def _hashes(item: Candidate, window: int) -> list[int]:
    """Return the shingles as the index holds them: the window above, 48 bits of the hash below."""
    above = (window & 0x7FFF) << 48
    return [above | number & _HASH for number in item.signature.hashes]


def _keys(item: Candidate, window: int) -> list[str]:
    """Return the keys under which an article is found beside its shingles."""
    title = [item.signature.title] if item.signature.title else []
    return [f"{window} {key}" for key in (*title, *item.signature.anchors)]


def _address(item: Candidate) -> list[str]:
    """Return the key of the article's canonical address, whenever it was published."""
    return [f"link {digest(item.link)}"] if item.link else []


def forget(connection: Connection, article_id: str) -> None:
    """Take an article's signature and matches out."""
    for item in recall(connection, [article_id]):
        window = _window(item)
        _DROP["shingles"](connection, _hashes(item, window), article_id)
        _DROP["title_keys"](connection, [*_keys(item, window), *_address(item)], article_id)
    connection.execute(sa.delete(tables.signatures).where(tables.signatures.c.article_id == article_id))
    connection.execute(
        sa.delete(tables.matches).where(sa.or_(tables.matches.c.a == article_id, tables.matches.c.b == article_id))
    )


def remember(connection: Connection, new: Sequence[Candidate]) -> dict[str, list[str]]:
    """Keep the signatures of articles; return, of each, the ids of those that may be the same report.

    They are found by shared shingles, equal title, shared names and numbers, or equal address, among all that are kept.
    """
    hashes = _Index(connection, "shingles", {item.id: _by_window(item, _hashes) for item in new})
    keys = _Index(connection, "title_keys", {item.id: _by_window(item, _keys) for item in new})
    _SIGN(connection, [(item.id, msgspec.json.encode(item)) for item in new])
    links = _Index(connection, "title_keys", {item.id: (_address(item), []) for item in new})
    found: dict[str, list[str]] = {}
    for item in new:
        near = hashes.sharing(item.id, MIN_SHARED_SAMPLES) | keys.sharing(item.id, MIN_SHARED_ANCHORS)
        if item.signature.title:
            near.update(*(keys.holding(f"{window} {item.signature.title}") for window in _windows(item)))
        near |= links.sharing(item.id, 1)
        found[item.id] = sorted(near - {item.id})
    return found


class _Index:
    """The articles that hold each key of a batch, those of the batch added to the table at once.

    Of each key one holder more than counts is kept at most: a phrase that stands in every article costs no more, to keep
    and to look up, than a rare one.
    """

    def __init__(self, connection: Connection, table: str, wanted: Mapping[str, tuple[list[Any], list[Any]]]) -> None:
        self._wanted = wanted
        self._holders = _holders(connection, table, {key for own, beside in wanted.values() for key in own + beside})
        rows = []
        for article_id, (own, _) in wanted.items():
            for key in own:
                known = self._holders[key]
                if len(known) <= COMMON and article_id not in known:
                    known.append(article_id)
                    rows.append((key, article_id))
        # In the order of the tree, so that each of its pages is touched once a batch.
        _HOLD[table](connection, sorted(rows))

    def holding(self, key: Any) -> Sequence[str]:
        """Return the articles that hold a key."""
        return self._holders.get(key, ())

    def sharing(self, article_id: str, times: int) -> set[str]:
        """Return the articles that share so many keys with one, keys that too many articles hold left out."""
        own, beside = self._wanted[article_id]
        groups = (self._holders.get(key, ()) for key in own + beside)
        counts = Counter(article for group in groups if len(group) <= COMMON for article in group)
        return {article for article, count in counts.items() if count >= times}


def _holders(connection: Connection, table: str, keys: set[Any]) -> dict[Any, list[str]]:
    """Return the articles that hold each of the keys, of those keys that any holds."""
    found: dict[Any, list[str]] = defaultdict(list)
    for some in chunks(sorted(keys), 10 * CHUNK):
        for key, article in _HOLDERS[table](connection, some):
            found[key].append(article)
    return found


def _with_texts(ids: Sequence[str]) -> sa.Select[Any]:
    """Return the query for articles that have a text, by their ids."""
    article = tables.articles.c
    return (
        sa.select(article.id, article.feed_id, article.published, article.data, tables.bodies.c.text)
        .join(tables.bodies, tables.bodies.c.article_id == article.id)
        .where(article.id.in_(ids))
        .order_by(article.id)
    )


def load(connection: Connection, ids: Sequence[str]) -> list[Candidate]:
    """Return live articles as the comparison needs them."""
    found = []
    for row in connection.execute(_with_texts(ids).where(tables.articles.c.state != "gone")):
        article = msgspec.json.decode(row.data, type=Article)
        found.append(
            Candidate(
                id=row.id, feed_id=row.feed_id, link=_of_page(article.url), published=from_micros(row.published or 0),
                signature=sign(article.title, row.text),
            )
        )  # fmt: skip
    return found


def _of_page(url: str) -> str:
    """Return an address that can tell one article from others; nothing of a site's front page."""
    parts = urlsplit(url)
    return url if parts.path.strip("/") or parts.query else ""


def recall(connection: Connection, ids: Sequence[str]) -> list[Candidate]:
    """Return articles as the comparison needs them, by the signatures that were kept."""
    return [_CANDIDATE.decode(row[0]) for row in _SIGNATURES(connection, list(ids))] if ids else []


def add_matches(connection: Connection, found: Iterable[Match]) -> None:
    """Keep why articles belong together."""
    _MATCH(connection, [(match.a, match.b, match.kind, msgspec.json.encode(match)) for match in found])


def neighbours(connection: Connection, start: Iterable[str]) -> dict[str, list[str]]:
    """Return the links among all articles that can be reached from the given ones, by matches and by hand."""
    links: dict[str, list[str]] = defaultdict(list)
    first = list(start)
    alone = {one for one, _ in overrides(connection, "split")}
    by_hand = overrides(connection, "merge")
    waiting, seen = list(first), set(first)
    while waiting:
        step, waiting = waiting[:400], waiting[400:]
        query = sa.select(tables.matches.c.a, tables.matches.c.b).where(
            sa.or_(tables.matches.c.a.in_(step), tables.matches.c.b.in_(step))
        )
        pairs = [(row.a, row.b) for row in connection.execute(query) if not {row.a, row.b} & alone]
        pairs += [pair for pair in by_hand if set(pair) & set(step)]
        for one, other in (*pairs, *((b, a) for a, b in pairs)):
            if other not in links[one]:
                links[one].append(other)
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return dict(links)


def twins(connection: Connection, ids: Sequence[str]) -> list[tuple[str, str, datetime]]:
    """Return the same reports elsewhere: (article, the other's feed, when that was published) of those whose date is known."""
    found = []
    for step in chunks(ids, _EITHER):
        other = sa.case((tables.matches.c.a.in_(step), tables.matches.c.b), else_=tables.matches.c.a)
        query = (
            sa.select(tables.matches.c.a, tables.matches.c.b, tables.articles.c.feed_id, tables.articles.c.data)
            .join(tables.articles, tables.articles.c.id == other)
            .where(sa.or_(tables.matches.c.a.in_(step), tables.matches.c.b.in_(step)), tables.matches.c.kind != "event")
            .order_by(tables.matches.c.a, tables.matches.c.b)
        )
        for row in connection.execute(query):
            article = msgspec.json.decode(row.data, type=Article)
            if article.published is not None and article.published_source in ("feed", "page"):
                found.append((row.a if row.b == article.id else row.b, row.feed_id, article.published))
    return found


def overrides(connection: Connection, kind: str) -> list[tuple[str, str]]:
    """Return what a person said: pairs to ``merge``; articles to ``split`` off or ``pin`` (the second is empty)."""
    query = sa.select(tables.story_overrides.c.a, tables.story_overrides.c.b).where(
        tables.story_overrides.c.kind == kind
    )
    return [
        (row.a, row.b)
        for row in connection.execute(query.order_by(tables.story_overrides.c.a, tables.story_overrides.c.b))
    ]


def override(connection: Connection, kind: str, a: str, b: str, at: datetime) -> None:
    """Keep what a person says of one or two articles.

    An article that was split off stays apart from whatever is found to be like it; only a later ``merge`` joins it to
    what that names. ``split`` takes back what was merged with the article before.
    """
    if kind == "split":
        either = sa.or_(tables.story_overrides.c.a == a, tables.story_overrides.c.b == a)
        connection.execute(sa.delete(tables.story_overrides).where(tables.story_overrides.c.kind == "merge", either))
    elif kind == "merge":
        a, b = sorted((a, b))
    _OVERRIDE(connection, [(kind, a, b, to_micros(at))])


def pinned(connection: Connection) -> set[str]:
    """Return the articles that lead their stories by a person's word."""
    return {one for one, _ in overrides(connection, "pin")}


def members(connection: Connection, ids: Sequence[str], publishers: dict[str, str]) -> list[Member]:
    """Return articles as the choice of the lead needs them; ``publishers`` names each feed's publisher."""
    return [
        Member(
            id=row.id, publisher=publishers.get(row.feed_id, row.feed_id), published=from_micros(row.published or 0),
            length=words(row.text), sponsored=msgspec.json.decode(row.data, type=Article).sponsored,
        )
        for row in connection.execute(_with_texts(ids))
    ]  # fmt: skip


def story_of(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the story that each article belongs to."""
    query = sa.select(tables.articles.c.id, tables.articles.c.story_id).where(tables.articles.c.id.in_(ids))
    return {row.id: row.story_id or "" for row in connection.execute(query)}


def assign(connection: Connection, ids: Sequence[str], story_id: str) -> None:
    """Make the articles one story, and their pages out of date, and those of reports whose story they leave.

    Pages of stories that end in it lead to it.
    """
    before = {old for old in story_of(connection, ids).values() if old and old != story_id}
    printed = site.known(connection, [story_path(old) for old in sorted(before)])
    connection.execute(sa.delete(tables.story_aliases).where(tables.story_aliases.c.old == story_id))
    for old in sorted(before):
        connection.execute(
            sa.update(tables.story_aliases).where(tables.story_aliases.c.new == old).values(new=story_id)
        )
        if story_path(old) in printed:
            _ALIAS(connection, [(old, story_id)])
    touch(
        connection, [*ids, *(left for reports in articles_of(connection, sorted(before)).values() for left in reports)]
    )
    connection.execute(sa.update(tables.articles).where(tables.articles.c.id.in_(ids)).values(story_id=story_id))


def touch(connection: Connection, ids: Sequence[str]) -> None:
    """Say of live articles that their pages are out of date."""
    connection.execute(
        sa.update(tables.articles)
        .where(tables.articles.c.id.in_(ids), tables.articles.c.state == "live")
        .values(dirty=True)
    )


def articles_of(connection: Connection, story_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the live articles of each story."""
    found: dict[str, list[str]] = defaultdict(list)
    for some in chunks(story_ids):
        query = (
            sa.select(tables.articles.c.id, tables.articles.c.story_id)
            .where(tables.articles.c.story_id.in_(some), tables.articles.c.state == "live")
            .order_by(tables.articles.c.published.nulls_first(), tables.articles.c.id)
        )
        for row in connection.execute(query):
            found[row.story_id].append(row.id)
    return dict(found)


def aliases(connection: Connection, story_ids: Sequence[str]) -> dict[str, str]:
    """Return old -> new of the stories that have ended in these."""
    query = sa.select(tables.story_aliases.c.old, tables.story_aliases.c.new).where(
        tables.story_aliases.c.new.in_(story_ids)
    )
    return {row.old: row.new for row in connection.execute(query.order_by(tables.story_aliases.c.old))}


def current(connection: Connection, story_id: str) -> str:
    """Return the story that a story has ended in, or itself."""
    new = connection.scalar(sa.select(tables.story_aliases.c.new).where(tables.story_aliases.c.old == story_id))
    return new or story_id


def several(connection: Connection) -> list[str]:
    """Return the stories with several live articles that have pages of their own."""
    page = tables.articles.alias("page")
    elsewhere = sa.select(tables.doubles.c.article_id).join(page, page.c.id == tables.doubles.c.page)
    elsewhere = elsewhere.where(tables.doubles.c.page != tables.doubles.c.article_id, page.c.state == "live")
    query = (
        sa.select(tables.articles.c.story_id)
        .where(
            tables.articles.c.state == "live",
            tables.articles.c.story_id.is_not(None),
            tables.articles.c.id.not_in(elsewhere),
        )
        .group_by(tables.articles.c.story_id)
        .having(sa.func.count() > 1)
    )
    return sorted(connection.scalars(query))


def told(connection: Connection, ids: Sequence[str], publishers: dict[str, str], pins: Collection[str]) -> Story:
    """Return the story that the articles make, led by what a person pinned; ``publishers`` names each feed's."""
    return tell(members(connection, ids, publishers), pins)


def reasons(connection: Connection, ids: Sequence[str]) -> dict[str, list[Match]]:
    """Return why other articles belong to each of these, of those that have any."""
    found: dict[str, list[Match]] = defaultdict(list)
    for step in chunks(ids, _EITHER):
        query = sa.select(tables.matches.c.data).where(
            sa.or_(tables.matches.c.a.in_(step), tables.matches.c.b.in_(step))
        )
        for row in connection.scalars(query.order_by(tables.matches.c.a, tables.matches.c.b)):
            match = msgspec.json.decode(row, type=Match)
            for article_id in {match.a, match.b} & set(step):
                found[article_id].append(match)
    return dict(found)
