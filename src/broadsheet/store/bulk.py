"""Plain SQL on the hot paths: a statement is put together once a dialect, and rows go to the driver as they are.

SQLAlchemy takes 4 microseconds to look at the values of one row and 300 to build a statement; here it does the second
once a dialect and the first not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Literal, TypeVar

import msgspec

from broadsheet.store import sa, tables
from broadsheet.store.connection import Connection, Rows

T = TypeVar("T")
CHUNK = 500
"""Values that one statement names."""
_VALUES = 999
"""Values that any SQLite takes in one statement."""
_ARRAYS = {str: "text", int: "bigint", bytes: "bytea", bool: "boolean"}
"""PostgreSQL's type of a column's values, by Python's."""


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Yield the values in pieces that one statement can name."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


@lru_cache(maxsize=256)
def _arrays(table: str, columns: tuple[str, ...]) -> str:
    """Return places for an array a column, each of its PostgreSQL type."""
    kinds = tables.metadata.tables[table].c
    return ", ".join(f"%s::{_ARRAYS[kinds[name].type.python_type]}[]" for name in columns)


def as_text(connection: Connection, column: sa.Column[bytes]) -> sa.ColumnElement[str]:
    """Return an expression for the text in a column of bytes."""
    if connection.dialect.name == "postgresql":
        return sa.func.convert_from(column, "UTF8", type_=sa.Text)
    return sa.cast(column, sa.Text)


class Query:
    """A statement in plain SQL, called with its values in order.

    ``?`` stands for a value, ``IN ?*`` for membership in a list of any length, which is one value. Texts of a list hold no
    character NUL.
    """

    def __init__(self, sql: str) -> None:
        assert "%" not in sql, sql
        self._sql = {
            "sqlite": sql.replace("?*", "(SELECT value FROM json_each(?))"),
            "postgresql": sql.replace("IN ?*", "= ANY(?)").replace("?", "%s"),
        }

    def __call__(self, connection: Connection, *values: Any, at_once: int | None = None) -> Rows:
        """Execute the statement and return its rows. PostgreSQL sends all, or ``at_once`` at a time; SQLite each when asked."""
        name = connection.dialect.name
        if name == "sqlite":
            values = tuple(msgspec.json.encode(one).decode() if isinstance(one, list) else one for one in values)
        options = {"yield_per": at_once} if at_once else {}
        return connection.exec_driver_sql(self._sql[name], values, execution_options=options)


class Insert:
    """An INSERT into some columns of a table, called with tuples in the order of the columns.

    Where a row is there already, ``conflict`` says what happens: an error, ``nothing``, or ``update`` of the columns
    that are not in the primary key.
    """

    def __init__(
        self, table: str, columns: Sequence[str], *, conflict: Literal["error", "nothing", "update"] = "error",
        key: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """``key`` is the table's primary key, where ``conflict`` is ``update``."""
        assert (conflict == "update") == bool(key), table
        names, places = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
        tail = " ON CONFLICT DO NOTHING" if conflict == "nothing" else ""
        if conflict == "update":
            changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in key)
            tail = f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
        head = f"INSERT INTO {table} ({names})"
        # A row a statement takes half as long again: triggers are set up and other threads let in for each.
        self._together = _VALUES // len(columns)
        self.statements = [f"{head} VALUES {', '.join([f'({places})'] * count)}{tail}" for count in (1, self._together)]
        """SQLite's: for one row, and for as many as go into one statement."""
        # All rows in one statement, a column an array: its text is the same for any number of rows.
        self._postgresql: Callable[[], str] = lambda: (
            f"{head} SELECT * FROM unnest({_arrays(table, tuple(columns))}){tail}"  # noqa: S608 - names of ours
        )
        self._key = [columns.index(name) for name in key]

    def __call__(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert the rows; nothing where there are none. Of several with one key the last is the one that stays."""
        if not rows:
            return
        if connection.dialect.name == "sqlite":
            one, many = self.statements
            whole = len(rows) - len(rows) % self._together
            for some in chunks(rows[:whole], self._together):
                connection.exec_driver_sql(many, tuple(chain.from_iterable(some)))
            if whole < len(rows):
                connection.exec_driver_sql(one, list(rows[whole:]))
            return
        if self._key:  # PostgreSQL updates a row once a statement
            rows = list({tuple(row[place] for place in self._key): row for row in rows}.values())
        for some in chunks(rows, 10 * CHUNK):
            connection.exec_driver_sql(self._postgresql(), tuple(map(list, zip(*some, strict=True))))


class Update:
    """An UPDATE of one column of the rows that a unique column names, called with (name, value) tuples."""

    def __init__(self, table: str, key: str, column: str) -> None:
        self._sqlite = f'UPDATE {table} SET "{column}" = ?2 WHERE "{key}" = ?1'  # noqa: S608 - names of ours
        self._postgresql: Callable[[], str] = lambda: (
            f'UPDATE {table} SET "{column}" = given.value '  # noqa: S608 - names of ours
            f"FROM unnest({_arrays(table, (key, column))}) AS given(name, value) "
            f'WHERE {table}."{key}" = given.name'
        )

    def __call__(self, connection: Connection, rows: Sequence[tuple[Any, Any]]) -> None:
        """Change the rows that are there; nothing where none is given."""
        if not rows:
            return
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(self._sqlite, list(rows))
            return
        for some in chunks(rows, 10 * CHUNK):
            connection.exec_driver_sql(self._postgresql(), tuple(map(list, zip(*some, strict=True))))
