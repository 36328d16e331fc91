"""A store in a file: SQLite with a write-ahead log, a writer at a time, readers beside it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from broadsheet.errors import LockedError, StoreError
from broadsheet.store.connection import Connection
from broadsheet.store.faults import explaining

if TYPE_CHECKING:
    import sqlalchemy as sa

ADVICE = "'broadsheet doctor --repair' mends what can be mended; a damaged file is never overwritten"
_TABLES = Path(__file__).with_name("sqlite.sql")
"""Statements, a blank line between two, that make the tables of ``schema``; written by ``scripts/schema.py``."""
_PATIENCE = 30
"""Seconds that a writer waits for another."""


def place_of(url: str, folder: Path) -> Path:
    """Return the database's file; relative paths are below ``folder``."""
    return folder / url.removeprefix("sqlite:///")


@contextmanager
def hold(state_dir: Path, command: str) -> Iterator[None]:
    """Hold the lock of a store's folder; raise ``LockedError`` when another process has it. Death frees it."""
    path = state_dir / "lock"
    with explaining(path, ADVICE):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(handle, 200, 0).decode("utf-8", "replace").partition("\n")[0] or "another run"
            raise LockedError(f"{path} is held by {holder}. Wait for it to end, or stop it.") from None
        with suppress(OSError):  # on a full disk the lock holds without a name
            # Cut after it is written: there is a name at any moment.
            os.truncate(handle, os.pwrite(handle, f"broadsheet {command} (process {os.getpid()})\n".encode(), 0))
        yield
    finally:
        os.close(handle)


class Sqlite:
    """The database in a file. Other files of the newspaper lie beside it.

    One that is missing though bodies lie beside it is not made anew, unless ``anew`` says so.
    """

    def __init__(self, url: str, folder: Path, *, anew: bool = False) -> None:
        path = place_of(url, folder)
        if not anew and not (path.exists() and path.stat().st_size) and (path.parent / "blobs").exists():
            raise StoreError(
                f"{path}: missing or empty, though documents that it knew lie beside it. 'broadsheet doctor --repair' brings "
                f"back the last good copy; to begin anew, remove {path.parent}"
            )
        with explaining(path, ADVICE):
            path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.name = str(path)
        self.state_dir = path.parent
        self._idle: list[_Connection] = []

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that sees one state of the store."""
        with self._lent("BEGIN", "ROLLBACK") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a connection in a transaction beside which nobody else writes."""
        # A writer takes its place at once: a reader that turns into a writer later could be refused.
        with self._lent("BEGIN IMMEDIATE", "COMMIT") as connection:
            yield connection

    @contextmanager
    def _lent(self, begin: str, end: str) -> Iterator[_Connection]:
        """Lend a connection for a transaction. One in which something failed is not used again."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = _Connection(self.path)
        try:
            connection.driver.execute(begin)
            yield connection
            connection.release(end)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def create(self, connection: Connection) -> None:
        """Make all tables of an empty database."""
        for statement in _TABLES.read_text("utf-8").split("\n\n"):
            connection.exec_driver_sql(statement)

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """Open a connection of SQLAlchemy's own, which begins and ends its transactions itself."""
        import sqlalchemy as sa

        engine = sa.create_engine(f"sqlite:///{self.path}", connect_args={"timeout": _PATIENCE})
        sa.event.listen(engine, "connect", _set_pragmas)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def close(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.pop().close()

    def lock(self, command: str) -> AbstractContextManager[None]:
        """Hold the lock, a file; raise ``LockedError`` when another process has it."""
        return hold(self.state_dir, command)

    def explaining(self) -> AbstractContextManager[None]:
        """Turn errors of the disk and of the database into ``StoreError``, with the file and what to do."""
        return explaining(self.path, ADVICE)

    def keep_copy(self, now: datetime, hours: float, *, afresh: bool = False) -> str:
        """Keep a copy beside the database, unless there is one that is younger; return why that was not possible.

        With ``afresh``, a copy that there is is made anew: it is not to hold any longer what was taken down.
        """
        from broadsheet.store.backup import keep_last_good, last_good

        if afresh:
            copy = last_good(self.path)
            if not copy.exists():
                return ""
            copy.unlink()
        return keep_last_good(self.path, now, hours)

    def signs(self) -> list[tuple[str, int, int]]:
        """Return name, size and time of change of the database's files."""
        found = []
        # The shared-memory file changes with every reader.
        for path in sorted(self.state_dir.glob("*.db*")):
            if not path.name.endswith("-shm") and path.exists():
                status = path.stat()
                found.append((str(path), status.st_size, status.st_mtime_ns))
        return found


class _Driver(sqlite3.Connection):
    """The driver's connection as SQLAlchemy gets it, which would end transactions of the store: here it cannot."""

    def commit(self) -> None:
        """Nothing: the store does."""

    def rollback(self) -> None:
        """Nothing: the store does."""

    def close(self) -> None:
        """Nothing: the store does."""

    def create_function(self, *_given: Any, **_options: Any) -> None:
        """Nothing: SQLite refuses while rows are being read, and no statement of ours uses a function of SQLAlchemy's."""


class _Dialect(NamedTuple):
    name: str


class _Connection:
    """A connection in which plain SQL goes to the driver as it is, and a statement of SQLAlchemy's through SQLAlchemy."""

    dialect = _Dialect("sqlite")

    def __init__(self, path: Path) -> None:
        self.driver = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False, factory=_Driver)
        self._engine: sa.Engine | None = None
        self._opened: sa.Connection | None = None
        try:
            _set_pragmas(self.driver, None)
        except sqlite3.Error:
            self.close()
            raise

    def exec_driver_sql(self, statement: str, parameters: Any = (), execution_options: Any = None) -> _Rows:  # noqa: ARG002
        """Execute plain SQL with a tuple of values, or once for each tuple of a list; rows are read as they are asked for."""
        if isinstance(parameters, list):
            return _Rows(self.driver.executemany(statement, parameters))
        return _Rows(self.driver.execute(statement, parameters or ()))

    def execute(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[*tuple[Any, ...]]:
        """Execute a statement of SQLAlchemy's."""
        return self._sqlalchemy().execute(statement, parameters)

    def scalar(self, statement: sa.Executable, parameters: Any = None) -> Any:
        """Return the first value of the first row of a statement of SQLAlchemy's."""
        return self._sqlalchemy().scalar(statement, parameters)

    def scalars(self, statement: sa.Executable, parameters: Any = None) -> sa.ScalarResult[Any]:
        """Return the first value of every row of a statement of SQLAlchemy's."""
        return self._sqlalchemy().scalars(statement, parameters)

    def _sqlalchemy(self) -> sa.Connection:
        if self._opened is None:
            import sqlalchemy as sa

            if self._engine is None:
                self._engine = sa.create_engine("sqlite://", creator=lambda: self.driver, poolclass=sa.StaticPool)
            self._opened = self._engine.connect()
        return self._opened

    def release(self, end: str) -> None:
        """End the transaction."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None
        self.driver.execute(end)

    def close(self) -> None:
        """Close the connection; what was not committed is undone."""
        if self._opened is not None:
            self._opened.close()
        if self._engine is not None:
            self._engine.dispose()
        sqlite3.Connection.close(self.driver)


class _Rows:
    """The rows of a statement in plain SQL."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows as they are read."""
        return iter(self._cursor)

    def all(self) -> list[tuple[Any, ...]]:
        """Return all rows."""
        return self._cursor.fetchall()

    def one(self) -> tuple[Any, ...]:
        """Return the one row that there is."""
        (row,) = self.all()
        return row

    def scalar(self) -> Any:
        """Return the first value of the first row, None where there is no row."""
        row = self._cursor.fetchone()
        self._cursor.close()
        return row[0] if row else None

    def scalars(self) -> _Values:
        """Return the first value of every row."""
        return _Values(row[0] for row in self._cursor)


class _Values(list[Any]):
    """The first value of every row."""

    def all(self) -> list[Any]:
        """Return them as a list."""
        return self


def _set_pragmas(connection: Any, _record: object) -> None:
    # Transactions are begun by the store; the driver must not begin its own.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Of a new database. Entries and articles are of some kilobytes: of 4,096 bytes a page is half empty or has to be continued
    # by others, and a first poll writes half as many bytes again.
    cursor.execute("PRAGMA page_size=8192")
    cursor.execute("PRAGMA journal_mode=WAL")
    # NORMAL lost acknowledged rows in 21 of 30 power cuts, FULL in none.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA temp_store=MEMORY")
    # What is taken down is overwritten, not only unlinked.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()
