"""A store in a file: SQLite with a write-ahead log, a writer at a time, readers beside it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from broadsheet.errors import LockedError, StoreError
from broadsheet.store.faults import explaining

ADVICE = "'broadsheet doctor --repair' mends what can be mended; a damaged file is never overwritten"


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
        self.engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
        sa.event.listen(self.engine, "connect", _set_pragmas)
        sa.event.listen(self.engine, "begin", _begin)

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a connection that sees one state of the store."""
        return self.engine.connect()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a connection for a transaction beside which nobody else writes."""
        with self.engine.connect() as connection:
            yield connection.execution_options(immediate=True)

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
