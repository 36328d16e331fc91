"""A store on a PostgreSQL server (14 and later, psycopg 3): writers one after the other, readers beside them.

A newspaper has a database, or a schema of one (``?options=-csearch_path%3DNAME``), to itself.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa

from broadsheet.errors import LockedError, StoreError
from broadsheet.store.connection import Connection
from broadsheet.store.faults import explaining

OLDEST = 14
"""Version of the server that we are tested with, at least."""
_ADVICE = "Check that the server runs and that [store] url names its host, database and user"
_LOCK = "hashtext('broadsheet'), hashtext(current_schema() || '/{}')"
"""Two numbers that stand for a lock of this newspaper: of its runs, and of its transactions."""


class Postgresql:
    """The database on a server. Other files of the newspaper lie in ``.broadsheet`` below its folder."""

    def __init__(self, url: str, folder: Path) -> None:
        try:
            import psycopg
        except ImportError:
            raise StoreError(
                "[store] url names PostgreSQL, whose driver is missing. Install it: pip install 'broadsheet[postgres]'"
            ) from None
        try:
            address = sa.make_url(url).set(drivername="postgresql+psycopg")
        except (sa.exc.ArgumentError, ValueError) as error:
            raise StoreError(f"[store] url cannot be read ({error}); write postgresql://user@host/database") from None
        self.name = address.set(drivername="postgresql").render_as_string(hide_password=True)
        self.state_dir = folder / ".broadsheet"
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self.engine = sa.create_engine(
            address, connect_args={"application_name": "broadsheet", "connect_timeout": 10}, pool_pre_ping=True
        )
        self._held: sa.Connection | None = None

        sa.event.listen(self.engine, "begin", _begin)

        @sa.event.listens_for(self.engine, "connect")
        def prepare(connection: psycopg.Connection[Any], _record: object) -> None:
            connection.adapters.register_dumper(str, _dumper())

        self._check_version()

    def _check_version(self) -> None:
        with self.explaining(), self.engine.connect() as connection:
            found = int(connection.exec_driver_sql("SHOW server_version_num").scalar() or 0) // 10_000
        if found < OLDEST:
            raise StoreError(f"{self.name}: the server is PostgreSQL {found}; {OLDEST} or later is needed")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that sees one state of the store, whatever others write meanwhile."""
        with self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a connection in a transaction beside which nobody else writes.

        While the lock is held it is the lock's own: what has lost the lock with its connection writes nothing more.
        """
        if self._held is not None:
            with self._held.begin():
                yield self._held
            return
        with self.migrating() as connection, connection.begin():
            yield connection

    def create(self, connection: Connection) -> None:
        """Make all tables of an empty database."""
        from broadsheet.store import schema

        schema.create(cast("sa.Connection", connection))

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """Open a connection that begins and ends its transactions itself."""
        with self.engine.connect() as connection:
            yield connection.execution_options(immediate=True)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def lock(self, command: str) -> Iterator[None]:
        """Hold the lock, an advisory one of the server; raise ``LockedError`` when another has it. Death frees it."""
        numbers = _LOCK.format("run")
        with self.engine.connect() as connection:
            if not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({numbers})").scalar():
                holder = connection.exec_driver_sql(_HOLDER.format(numbers)).scalar() or "another run"
                raise LockedError(f"{self.name} is held by {holder}. Wait for it to end, or stop it.")
            name = f"broadsheet {command} (process {os.getpid()} on {socket.gethostname()})"
            connection.execute(sa.select(sa.func.set_config("application_name", name[:63], False)))
            connection.commit()
            self._held = connection.execution_options(immediate=True)
            try:
                yield
            finally:
                self._held = None
                # The session ends with its lock and its name, instead of going back to the pool.
                connection.invalidate()

    def explaining(self) -> AbstractContextManager[None]:
        """Turn errors of the disk and of the server into ``StoreError``, with the address and what to do."""
        return explaining(self.name, _ADVICE)

    def keep_copy(self, now: datetime, hours: float, *, afresh: bool = False) -> str:  # noqa: ARG002 - SQLite's
        """Nothing: a server has backups of its own."""
        return ""

    def signs(self) -> list[tuple[str, int, int]]:
        """Return how many articles wait to be printed."""
        with self.reading() as connection:
            count = connection.exec_driver_sql("SELECT count(*) FROM articles WHERE dirty AND state <> 'new'").scalar()
        return [(self.name, int(count or 0), 0)]


_HOLDER = """SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE locktype = 'advisory' AND granted AND (classid::bigint, objid::bigint) = (
    SELECT a::bigint & 4294967295, b::bigint & 4294967295 FROM (SELECT {}) AS lock (a, b))"""


def _begin(connection: sa.Connection) -> None:
    # Numbers are given by the writer: two at once would give the same. SQLite has it so by itself.
    if connection.get_execution_options().get("immediate", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK.format('write')})")


def _dumper() -> type[Any]:
    """Return how text is handed to the driver: without the character NUL, which PostgreSQL does not take."""
    from psycopg.types.string import StrDumperUnknown

    class Text(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\x00", "\ufffd") if "\x00" in obj else obj)

    return Text
