"""What is published: lists that only grow, and the digest of each file that was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from broadsheet.model import ListSpec, Place
from broadsheet.store import sa, tables
from broadsheet.store.bulk import Insert, Query, Update, chunks
from broadsheet.store.connection import Connection

# A page asks for some of these: SQLAlchemy would take longer to put them together than the database to answer.
_ITEMS = Query("""SELECT position, article_id FROM list_items WHERE list_id = (SELECT id FROM lists WHERE path = ?)
AND position >= ? AND position < ? ORDER BY position""")
_AROUND = Query("""SELECT (SELECT max(key) FROM lists WHERE kind = 'day' AND key < ?),
(SELECT min(key) FROM lists WHERE kind = 'day' AND key > ?)""")
_KNOWN = Query("SELECT path, digest FROM outputs WHERE path IN ?*")
_NUMBERED = Query("SELECT seq, id FROM articles WHERE seq IN ?*")
_NUMBER = Update("articles", "id", "seq")
_SIZE = Update("lists", "path", "size")
_ITEM = Insert("list_items", ("list_id", "position", "article_id"))
_LIST = Insert("lists", ("kind", "key", "path", "size", "data"), conflict="nothing")
_SAVE = Insert("outputs", ("path", "digest"), conflict="update", key=("path",))


def ensure(connection: Connection, specs: Iterable[ListSpec]) -> None:
    """Make lists that have no articles yet, so that what leads to them leads somewhere."""
    _LIST(connection, [(spec.kind, spec.key, spec.path, 0, msgspec.json.encode(spec)) for spec in specs])


def append(connection: Connection, new: Sequence[tuple[str, Sequence[ListSpec]]]) -> None:
    """Give (article, its lists) pairs the next numbers in the order of publication, and places at their lists' ends."""
    first = published(connection) + 1
    _NUMBER(connection, [(article_id, number) for number, (article_id, _) in enumerate(new, first)])
    enter(connection, new)


def enter(connection: Connection, new: Sequence[tuple[str, Sequence[ListSpec]]]) -> None:
    """Give (article, lists) pairs places at the lists' ends."""
    ensure(connection, {spec.path: spec for _, specs in new for spec in specs}.values())
    sizes = {
        row.path: (row.id, row.size)
        for row in connection.execute(sa.select(tables.lists.c.id, tables.lists.c.path, tables.lists.c.size))
    }
    items = []
    for article_id, specs in new:
        for spec in specs:
            list_id, size = sizes[spec.path]
            sizes[spec.path] = (list_id, size + 1)
            items.append((list_id, size + 1, article_id))
    _ITEM(connection, items)
    touched = {spec.path for _, specs in new for spec in specs}
    _SIZE(connection, [(path, sizes[path][1]) for path in sorted(touched)])


def published(connection: Connection) -> int:
    """Return how many articles were ever given a number in the order of publication."""
    return connection.scalar(sa.select(sa.func.max(tables.articles.c.seq))) or 0


def numbers(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Return the number in the order of publication, from 0, of those of the articles that have one."""
    found: dict[str, int] = {}
    for some in chunks(ids):
        query = sa.select(tables.articles.c.id, tables.articles.c.seq).where(
            tables.articles.c.id.in_(some), tables.articles.c.seq.is_not(None)
        )
        found |= {row.id: row.seq - 1 for row in connection.execute(query)}
    return found


def numbered(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """Return the articles with these numbers (from 0), by number."""
    return {seq - 1: article for seq, article in _NUMBERED(connection, [number + 1 for number in numbers]).all()}


def places(connection: Connection, ids: Sequence[str]) -> dict[str, list[Place]]:
    """Return where each of the articles stands."""
    specs = {
        row.id: (msgspec.json.decode(row.data, type=ListSpec), row.size)
        for row in connection.execute(sa.select(tables.lists))
    }
    found: dict[str, list[Place]] = {}
    for some in chunks(ids):
        query = sa.select(tables.list_items).where(tables.list_items.c.article_id.in_(some))
        for row in connection.execute(query.order_by(tables.list_items.c.list_id)):
            spec, size = specs[row.list_id]
            found.setdefault(row.article_id, []).append(Place(spec=spec, position=row.position, size=size))
    return found


def all_lists(connection: Connection, kind: str = "") -> list[tuple[ListSpec, int]]:
    """Return (list, size) of all lists, or of those of a kind, by key."""
    query = sa.select(tables.lists.c.data, tables.lists.c.size).order_by(tables.lists.c.kind, tables.lists.c.key)
    if kind:
        query = query.where(tables.lists.c.kind == kind)
    return [(msgspec.json.decode(row.data, type=ListSpec), row.size) for row in connection.execute(query)]


def get_list(connection: Connection, path: str) -> tuple[ListSpec, int]:
    """Return a list and its size."""
    row = connection.execute(
        sa.select(tables.lists.c.data, tables.lists.c.size).where(tables.lists.c.path == path)
    ).one()
    return msgspec.json.decode(row.data, type=ListSpec), row.size


def items(connection: Connection, path: str, positions: range) -> list[tuple[int, str]]:
    """Return (position, article) of a list, oldest first."""
    return [(place, article) for place, article in _ITEMS(connection, path, positions.start, positions.stop).all()]


def page_ends(connection: Connection, per_page: int) -> dict[tuple[str, int], int]:
    """Return the number, in the order of publication, of the last article of each full page: by list and page."""
    query = (
        sa.select(tables.lists.c.path, tables.list_items.c.position, tables.articles.c.seq)
        .join(tables.lists, tables.lists.c.id == tables.list_items.c.list_id)
        .join(tables.articles, tables.articles.c.id == tables.list_items.c.article_id)
        .where(tables.list_items.c.position % per_page == 0)
    )
    return {(row.path, row.position // per_page): row.seq for row in connection.execute(query)}


def days_around(connection: Connection, key: str) -> tuple[str, str]:
    """Return the keys of the days with articles before and after a day, empty where there is none."""
    before, after = _AROUND(connection, key, key).one()
    return before or "", after or ""


def known(connection: Connection, paths: Sequence[str]) -> dict[str, str]:
    """Return the digest under which each of the paths was written last, of those that were."""
    return dict(map(tuple, _KNOWN(connection, list(paths)).all()))


def addresses(connection: Connection) -> dict[str, str]:
    """Return every address that an article was given, with that of the page that tells it, of those that are printed.

    The second is empty where nothing of ours need be told there: what was taken down.
    """
    page = tables.articles.alias("page")
    query = (
        sa.select(tables.articles.c.permalink, tables.articles.c.state, page.c.permalink.label("told_at"))
        .outerjoin(
            tables.doubles,
            sa.and_(tables.doubles.c.article_id == tables.articles.c.id, tables.doubles.c.page != tables.articles.c.id),
        )
        .outerjoin(page, sa.and_(page.c.id == tables.doubles.c.page, page.c.state == "live"))
        .where(tables.articles.c.seq.is_not(None), sa.not_(tables.articles.c.dirty))
        .order_by(tables.articles.c.permalink)
    )
    rows = connection.execute(query)
    return {row.permalink: (row.told_at or row.permalink) if row.state == "live" else "" for row in rows}


def everything(connection: Connection) -> dict[str, str]:
    """Return every path that was written and not removed, with the digest under which it was written last."""
    return {
        row.path: row.digest for row in connection.execute(sa.select(tables.outputs.c.path, tables.outputs.c.digest))
    }


def known_below(connection: Connection, folder: str) -> set[str]:
    """Return every path below a folder that was written and not removed."""
    return set(
        connection.scalars(
            sa.select(tables.outputs.c.path).where(tables.outputs.c.path.startswith(folder, autoescape=True))
        )
    )


def save_outputs(connection: Connection, written: Mapping[str, str], removed: Iterable[str] = ()) -> None:
    """Remember what lies at which path."""
    _SAVE(connection, list(written.items()))
    gone: Sequence[dict[str, str]] = [{"gone": path} for path in removed]
    if gone:
        connection.execute(sa.delete(tables.outputs).where(tables.outputs.c.path == sa.bindparam("gone")), gone)
