"""What the store's functions are given: a connection in a transaction, whatever the database is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import sqlalchemy as sa


class Rows(Protocol):
    """What a statement in plain SQL gives: rows, each a tuple in the order of the columns."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows as they are read."""
        ...

    def all(self) -> Any:
        """Return all rows."""
        ...

    def one(self) -> Any:
        """Return the one row that there is."""
        ...

    def scalar(self) -> Any:
        """Return the first value of the first row, None where there is no row."""
        ...

    def scalars(self) -> Any:
        """Return the first value of every row."""
        ...


class Connection(Protocol):
    """SQLAlchemy's connection, or SQLite's, which loads SQLAlchemy when a statement of SQLAlchemy's comes."""

    @property
    def dialect(self) -> Any:
        """The kind of database; its ``name`` is ``sqlite`` or ``postgresql``."""
        ...

    def exec_driver_sql(self, statement: str, parameters: Any = None, execution_options: Any = None) -> Rows:
        """Execute plain SQL with a tuple of values, or once for each tuple of a list."""
        ...

    def execute(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[*tuple[Any, ...]]:
        """Execute a statement of SQLAlchemy's."""
        ...

    def scalar(self, statement: sa.Executable, parameters: Any = None) -> Any:
        """Return the first value of the first row of a statement of SQLAlchemy's, None where there is no row."""
        ...

    def scalars(self, statement: sa.Executable, parameters: Any = None) -> sa.ScalarResult[Any]:
        """Return the first value of every row of a statement of SQLAlchemy's."""
        ...
