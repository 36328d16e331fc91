"""Opening the store: the database with its migrations, one writer, and the lock that keeps it one."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
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


class Store:
    """A newspaper's store. Use ``begin`` to write in one transaction and ``read`` to look."""

    def __init__(self, engine: sa.Engine, state_dir: Path) -> None:
        self.engine = engine
        self.blobs = Blobs(state_dir / "blobs", self.begin, self.read)
        self.state_dir = state_dir

    @classmethod
    def open(cls, url: str, folder: Path) -> Store:
        """Open (and create or migrate) the store at ``url``; relative paths are below ``folder``.

        Raises ``StoreError`` where the database is damaged, cannot be written, or is newer than this program.
        """
        path = folder / url.removeprefix("sqlite:///")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path.parent}: cannot be made ({error.strerror}); check the folder's rights") from None
        engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
        sa.event.listen(engine, "connect", _set_pragmas)
        sa.event.listen(engine, "begin", _begin)
        store = cls(engine, path.parent)
        try:
            with engine.connect() as connection:
                _migrate(connection, path)
        except sa.exc.DatabaseError as error:
            engine.dispose()
            raise StoreError(
                f"{path}: {error.orig}. Run 'broadsheet doctor' to see what can be done; a damaged file is never overwritten."
            ) from None
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
        """Hold the newspaper's lock; raise ``LockedError`` when another process has it. Death frees it."""
        path = self.state_dir / "lock"
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = os.pread(handle, 200, 0).decode("utf-8", "replace").strip() or "another run"
                raise LockedError(f"{path} is held by {holder}. Wait for it to end, or stop it.") from None
            os.truncate(handle, 0)
            os.pwrite(handle, f"broadsheet {command} (process {os.getpid()})\n".encode(), 0)
            yield
        finally:
            os.close(handle)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


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
