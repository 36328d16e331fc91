"""What is published: lists that only grow, and the digest of each file that was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from broadsheet.model import ListSpec, Place
from broadsheet.store.schema import articles, list_items, lists, outputs


def number(connection: Connection, article_id: str) -> None:
    """Give an article the next number in the order of publication."""
    highest = connection.scalar(sa.select(sa.func.max(articles.c.seq))) or 0
    connection.execute(sa.update(articles).where(articles.c.id == article_id).values(seq=highest + 1))


def ensure(connection: Connection, spec: ListSpec) -> None:
    """Make a list that has no articles yet, so that what leads to it leads somewhere."""
    if connection.execute(sa.select(lists.c.id).where(lists.c.path == spec.path)).one_or_none() is None:
        connection.execute(
            sa.insert(lists).values(
                kind=spec.kind, key=spec.key, path=spec.path, size=0, data=msgspec.json.encode(spec)
            )
        )


def append(connection: Connection, spec: ListSpec, article_id: str) -> None:
    """Put an article at the end of a list, which is made when it does not exist."""
    ensure(connection, spec)
    row = connection.execute(sa.select(lists.c.id, lists.c.size).where(lists.c.path == spec.path)).one()
    connection.execute(sa.update(lists).where(lists.c.id == row.id).values(size=row.size + 1))
    connection.execute(sa.insert(list_items).values(list_id=row.id, position=row.size + 1, article_id=article_id))


def places(connection: Connection, article_id: str) -> list[Place]:
    """Return where an article stands."""
    query = (
        sa.select(lists.c.data, lists.c.size, list_items.c.position)
        .join(list_items, list_items.c.list_id == lists.c.id)
        .where(list_items.c.article_id == article_id)
        .order_by(lists.c.id)
    )
    return [
        Place(spec=msgspec.json.decode(row.data, type=ListSpec), position=row.position, size=row.size)
        for row in connection.execute(query)
    ]


def all_lists(connection: Connection, kind: str = "") -> list[tuple[ListSpec, int]]:
    """Return (list, size) of all lists, or of those of a kind, by key."""
    query = sa.select(lists.c.data, lists.c.size).order_by(lists.c.kind, lists.c.key)
    if kind:
        query = query.where(lists.c.kind == kind)
    return [(msgspec.json.decode(row.data, type=ListSpec), row.size) for row in connection.execute(query)]


def get_list(connection: Connection, path: str) -> tuple[ListSpec, int]:
    """Return a list and its size."""
    row = connection.execute(sa.select(lists.c.data, lists.c.size).where(lists.c.path == path)).one()
    return msgspec.json.decode(row.data, type=ListSpec), row.size


def items(connection: Connection, path: str, positions: range) -> list[str]:
    """Return the articles at the positions of a list, oldest first."""
    query = (
        sa.select(list_items.c.article_id)
        .join(lists, lists.c.id == list_items.c.list_id)
        .where(lists.c.path == path, list_items.c.position >= positions.start, list_items.c.position < positions.stop)
        .order_by(list_items.c.position)
    )
    return list(connection.scalars(query))


def days_around(connection: Connection, key: str) -> tuple[str, str]:
    """Return the keys of the days with articles before and after a day, empty where there is none."""
    before = connection.scalar(sa.select(sa.func.max(lists.c.key)).where(lists.c.kind == "day", lists.c.key < key))
    after = connection.scalar(sa.select(sa.func.min(lists.c.key)).where(lists.c.kind == "day", lists.c.key > key))
    return before or "", after or ""


def known(connection: Connection, path: str) -> str:
    """Return the digest under which a path was written last."""
    return connection.scalar(sa.select(outputs.c.digest).where(outputs.c.path == path)) or ""


def known_paths(connection: Connection) -> set[str]:
    """Return every path that was written and not removed."""
    return set(connection.scalars(sa.select(outputs.c.path)))


def save_outputs(connection: Connection, written: Mapping[str, str], removed: Iterable[str] = ()) -> None:
    """Remember what lies at which path."""
    rows = [{"path": path, "digest": digest} for path, digest in written.items()]
    if rows:
        statement = insert(outputs)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["path"], set_={"digest": statement.excluded.digest}), rows
        )
    gone: Sequence[dict[str, str]] = [{"gone": path} for path in removed]
    if gone:
        connection.execute(sa.delete(outputs).where(outputs.c.path == sa.bindparam("gone")), gone)
