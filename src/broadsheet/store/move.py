"""A newspaper from one store to another, of either kind, row by row and body by body, compared at the end.

All rows are written in one transaction, which is kept only where every table has as many rows as before and the same digest.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any

import msgspec
import sqlalchemy as sa

from broadsheet.errors import StoreError, UsageError
from broadsheet.model import Article, Record
from broadsheet.store import search
from broadsheet.store.bulk import Insert
from broadsheet.store.connection import Connection
from broadsheet.store.database import Store
from broadsheet.store.packs import Folder
from broadsheet.store.schema import articles, blobs, bodies, metadata, tallies

_TABLES = [table for table in metadata.sorted_tables if table is not tallies]
"""What is copied. Tallies are kept by the target's own triggers."""
_AT_ONCE = 1000
_SUM = (1 << 128) - 1
Tell = Callable[[str, int], None]


class Moved(Record, frozen=True, kw_only=True):
    """What was copied of a table, or of the bodies."""

    name: str
    count: int
    digest: str
    """Of all rows together, whatever their order: the sum of their digests."""


def copy(source: Store, target: Store, tell: Tell = lambda _name, _count: None) -> list[Moved]:
    """Copy everything from one store to an empty one and return what was copied.

    ``tell`` is told the name of each table, and how many of its rows are there. Raises ``UsageError`` where the target
    is not empty, ``StoreError`` where what was written is not what was read; the target is as before then.
    """
    with source.lock("store copy"), target.lock("store copy"), source.read() as reader:
        _demand_empty(target)
        count = _copy_packs(reader, source, target, tell)
        with target.begin() as writer:
            found = [_copy_table(reader, writer, table, tell) for table in _TABLES]
            for moved in found:
                _demand_same(moved, _summed(writer, metadata.tables[moved.name]), target)
            _index(writer, tell)
            _restart_numbers(writer)
        _copy_files(source, target)
        return [*found, _check_bodies(target, count, tell)]


def _demand_empty(target: Store) -> None:
    with target.read() as connection:
        for table in _TABLES:
            if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                raise UsageError(f"{target.database.name} holds a newspaper already; name an empty database")


def _copy_table(reader: Connection, writer: Connection, table: sa.Table, tell: Tell) -> Moved:
    insert = Insert(str(table.name), [column.name for column in table.columns])
    total = count = 0
    for rows in _rows(reader, table):
        insert(writer, rows)
        total, count = _add(total, rows), count + len(rows)
        tell(table.name, count)
    return Moved(name=str(table.name), count=count, digest=f"{total:032x}")


def _summed(connection: Connection, table: sa.Table) -> Moved:
    total = count = 0
    for rows in _rows(connection, table):
        total, count = _add(total, rows), count + len(rows)
    return Moved(name=str(table.name), count=count, digest=f"{total:032x}")


def _rows(connection: Connection, table: sa.Table) -> Iterator[list[tuple[Any, ...]]]:
    result = connection.execute(sa.select(table).execution_options(yield_per=_AT_ONCE))
    for part in result.partitions():
        yield [tuple(map(_plain, row)) for row in part]


def _plain(value: Any) -> Any:
    # PostgreSQL takes no NUL; what holds one is the same on both sides.
    return value.replace("\x00", "\ufffd") if isinstance(value, str) and "\x00" in value else value


def _add(total: int, rows: list[tuple[Any, ...]]) -> int:
    for row in rows:
        total += int.from_bytes(blake2b(msgspec.msgpack.encode(row), digest_size=16).digest())
    return total & _SUM


def _demand_same(read: Moved, written: Moved, target: Store) -> None:
    if read != written:
        raise StoreError(
            f"{target.database.name}: of table {read.name}, {read.count} rows ({read.digest}) were read and "
            f"{written.count} ({written.digest}) are there; nothing was kept. Report this, please"
        )


def _index(writer: Connection, tell: Tell) -> None:
    """Make every published article findable: each kind of database has an index of its own."""
    query = (
        sa.select(articles.c.number, articles.c.data, bodies.c.text)
        .join(bodies, bodies.c.article_id == articles.c.id)
        .where(articles.c.state == "live")
    )
    count = 0
    for part in writer.execute(query.execution_options(yield_per=_AT_ONCE)).partitions():
        search.index_many(
            writer, [(row.number, msgspec.json.decode(row.data, type=Article).title, row.text) for row in part]
        )
        count += len(part)
        tell("search", count)


def _restart_numbers(writer: Connection) -> None:
    """Let numbers that PostgreSQL gives go on behind those that were copied; SQLite does so by itself."""
    if writer.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            highest = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
            writer.execute(sa.select(sa.func.setval(sequence, highest, False)))


# ------------------------------------------------------------------------------------------------------ bodies


def _is_one_place(source: Store, target: Store) -> bool:
    one, other = source.blobs.packs, target.blobs.packs
    if isinstance(one, Folder) and isinstance(other, Folder):
        return one.folder.resolve() == other.folder.resolve()
    return one.name == other.name


def _copy_packs(reader: Connection, source: Store, target: Store, tell: Tell) -> int:
    """Copy the packs to where the target has its own, before the rows that lead to them; return the number of bodies."""
    if not _is_one_place(source, target):
        ends = sa.select(blobs.c.pack, sa.func.max(blobs.c.start + blobs.c.size)).group_by(blobs.c.pack)
        for number, (pack, end) in enumerate(reader.execute(ends).all(), 1):
            (content,) = source.blobs.packs.read([(pack, 0, int(end))])
            if isinstance(content, OSError):
                raise StoreError(f"{source.blobs.packs.name}: {pack}: cannot be read ({content})")
            target.blobs.packs.write(pack, content)
            tell("packs", number)
    return reader.scalar(sa.select(sa.func.count()).select_from(blobs)) or 0


def _copy_files(source: Store, target: Store) -> None:
    """Copy what lies in files of its own: pictures, and bodies of stores from before there were packs."""
    if source.state_dir.resolve() != target.state_dir.resolve() and (source.state_dir / "m").is_dir():
        shutil.copytree(source.state_dir / "m", target.state_dir / "m", dirs_exist_ok=True)
    packs = source.blobs.packs
    if isinstance(packs, Folder) and not _is_one_place(source, target):
        for path in sorted(packs.folder.glob("??/*.zst")):
            target.blobs.put(source.blobs.get(path.parent.name + path.stem))


def _check_bodies(target: Store, expected: int, tell: Tell) -> Moved:
    """Read every body back from where it lies now; each is checked against its digest."""
    with target.read() as connection:
        digests = list(connection.scalars(sa.select(blobs.c.digest).order_by(blobs.c.pack, blobs.c.start)))
    total = 0
    for start in range(0, len(digests), 100):
        for digest, body in target.blobs.get_many(digests[start : start + 100]).items():
            if isinstance(body, StoreError):
                raise body
            total += int(digest, 16)
        tell("bodies", min(start + 100, len(digests)))
    if len(digests) < expected:
        raise StoreError(f"{target.database.name}: {len(digests)} of {expected} bodies are there")
    return Moved(name="bodies", count=len(digests), digest=f"{total & _SUM:032x}")
