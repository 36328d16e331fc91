"""Many rows at once, on the hot paths: a statement is compiled once, and its rows are handed to the driver as they are.

SQLAlchemy takes 4 microseconds to look at the values of one row and 300 to build a statement; here it does the second
once a dialect and the first not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

T = TypeVar("T")
CHUNK = 500
"""Values that one statement names."""


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Yield the values in pieces that one statement can name."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


MANY = "(SELECT value FROM json_each(?))"
"""Stands in a statement for any number of values, which ``many`` puts into one."""


def many(values: Iterable[str]) -> str:
    """Return the values as one parameter of a statement with ``MANY``."""
    return msgspec.json.encode(list(values)).decode()


class Insert:
    """An INSERT into some columns of a table, called with tuples in the order of the columns.

    Where a row is there already, ``conflict`` says what happens: an error, ``nothing``, or ``update`` of the columns
    that are not in the primary key.
    """

    def __init__(
        self, table: sa.Table, columns: Sequence[str], *, conflict: Literal["error", "nothing", "update"] = "error"
    ) -> None:
        statement: Any = insert(table).values({name: sa.bindparam(name) for name in columns})
        if conflict == "nothing":
            statement = statement.on_conflict_do_nothing()
        elif conflict == "update":
            key = [column.name for column in table.primary_key]
            statement = statement.on_conflict_do_update(
                index_elements=key,
                set_={name: statement.excluded[name] for name in columns if name not in key},
            )
        self._columns = tuple(columns)
        self._statement = statement
        self._compiled: dict[str, str] = {}

    def __call__(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert the rows; nothing where there are none."""
        if rows:
            connection.exec_driver_sql(self._sql(connection), list(rows))

    def _sql(self, connection: Connection) -> str:
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            # The columns' order in the statement is the table's: that of the tuples has to be the same.
            ordered = sorted(self._columns, key=list(self._statement.table.c.keys()).index)
            assert tuple(ordered) == self._columns, f"columns of {self._statement.table.name} in the table's order"
            self._compiled[dialect.name] = str(self._statement.compile(dialect=dialect))
        return self._compiled[dialect.name]
