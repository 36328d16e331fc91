"""Opening the store: the database with its migrations, one writer, and the lock that keeps it one."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from broadsheet.errors import LockedError, StoreError
from broadsheet.store import schema
from broadsheet.store.blobs import Blobs

HEAD = "0004"
"""The newest migration; a store at another revision is migrated or, when newer, refused."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_micros(instant: datetime) -> int:
    """Return microseconds since 1970 of an aware instant."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    """Return the instant (UTC) of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=value)


def place_of(url: str, folder: Path) -> Path:
    """Return the database's file; relative paths are below ``folder``."""
    return folder / url.removeprefix("sqlite:///")


_WORDS = (
    (("full", "No space left", "quota"), "the disk is full. Make room and run again: what was taken in is kept"),
    (
        ("readonly", "Read-only", "Permission denied", "unable to open"),
        "cannot be written. Check the rights of the folder",
    ),
    (("locked", "busy"), "another program holds the database. Run again when it has let go"),
    (("I/O error", "Input/output"), "the disk gives errors. Check it, then run 'broadsheet doctor'"),
)


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turn errors of the disk and of the database at ``path`` into ``StoreError``, with the file and what to do."""
    try:
        yield
    except BrokenPipeError:  # who reads what we print has gone: no matter of the store
        raise
    except (sa.exc.IntegrityError, sa.exc.ProgrammingError):  # a fault of ours, not of the disk
        raise
    except (sa.exc.DatabaseError, OSError) as error:
        raise _explained(error, path) from error


def _explained(error: sa.exc.DatabaseError | OSError, path: Path) -> StoreError:
    if isinstance(error, OSError):
        file, said, otherwise = error.filename or path, str(error.strerror or error), ""
    else:
        file, said = path, str(error.orig)
        otherwise = "'broadsheet doctor --repair' mends what can be mended; a damaged file is never overwritten"
    words = next((words for signs, words in _WORDS if any(sign in said for sign in signs)), "")
    if words:
        return StoreError(f"{file}: {words} ({said})")
    return StoreError(". ".join(filter(None, (f"{file}: {said}", otherwise))))


class Store:
    """A newspaper's store. Use ``begin`` to write in one transaction and ``read`` to look."""

    def __init__(self, engine: sa.Engine, path: Path) -> None:
        self.engine = engine
        self.path = path
        self.state_dir = path.parent
        self.blobs = Blobs(self.state_dir / "blobs", self.begin, self.read)

    @classmethod
    def open(cls, url: str, folder: Path, *, anew: bool = False) -> Store:
        """Open (and create or migrate) the store at ``url``; relative paths are below ``folder``.

        A database that is missing though bodies lie beside it is not made anew, unless ``anew`` says so.

        Raises ``StoreError`` where the database is damaged, cannot be written, or is newer than this program.
        """
        path = place_of(url, folder)
        if not anew and not (path.exists() and path.stat().st_size) and (path.parent / "blobs").exists():
            raise StoreError(
                f"{path}: missing or empty, though documents that it knew lie beside it. 'broadsheet doctor --repair' brings "
                f"back the last good copy; to begin anew, remove {path.parent}"
            )
        with explaining(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
        sa.event.listen(engine, "connect", _set_pragmas)
        sa.event.listen(engine, "begin", _begin)
        store = cls(engine, path)
        try:
            with explaining(path), engine.connect() as connection:
                _migrate(connection, path)
        except StoreError:
            engine.dispose()
            raise
        return store

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that is written to disk at the end, or undone by an exception."""
        with self.engine.connect() as connection:
            connection = connection.execution_options(immediate=True)
            with connection.begin():
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the store."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def lock(self, command: str) -> Iterator[None]:
        """Hold the newspaper's lock; raise ``LockedError`` when another process has it."""
        with hold(self.state_dir, command):
            yield

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def hold(state_dir: Path, command: str) -> Iterator[None]:
    """Hold the lock of a store's folder; raise ``LockedError`` when another process has it. Death frees it."""
    path = state_dir / "lock"
    with explaining(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(handle, 200, 0).decode("utf-8", "replace").strip() or "another run"
            raise LockedError(f"{path} is held by {holder}. Wait for it to end, or stop it.") from None
        with suppress(OSError):  # on a full disk the lock holds without a name
            os.truncate(handle, 0)
            os.pwrite(handle, f"broadsheet {command} (process {os.getpid()})\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _set_pragmas(connection: Any, _record: object) -> None:
    # Transactions are begun by ``_begin``; the driver must not begin its own.
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # NORMAL lost acknowledged rows in 21 of 30 power cuts, FULL in none.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA temp_store=MEMORY")
        # What is taken down is overwritten, not only unlinked.
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.close()


def _begin(connection: Connection) -> None:
    # A writer takes its place at once: a reader that turns into a writer later could be refused.
    writes = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(connection: Connection, path: Path) -> None:
    tables = sa.inspect(connection).get_table_names()
    if not tables:
        connection.commit()
        connection = connection.execution_options(immediate=True)
        with connection.begin():
            if not sa.inspect(connection).get_table_names():  # nobody was quicker
                schema.create(connection)
                connection.exec_driver_sql(
                    "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY NOT NULL)"
                )
                connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD,))
        return
    known = "alembic_version" in tables
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() if known else None
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise StoreError(
            f"{path} was written by a newer Broadsheet (schema {found}, this one knows {HEAD}); upgrade it"
        )
    migrate(connection)


def migrate(connection: Connection) -> None:
    """Bring the tables to the newest revision. Imports Alembic, which takes longer than the rest of a small run."""
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    configuration.attributes["connection"] = connection
    connection.commit()
    connection = connection.execution_options(immediate=True)
    command.upgrade(configuration, "head")
    connection.commit()
