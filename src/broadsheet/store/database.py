"""Opening the store: the database with its migrations, one writer, and the lock that keeps it one.

What SQLite and PostgreSQL do differently is in ``sqlite`` and ``postgresql``; all else says the same to both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from broadsheet.errors import StoreError
from broadsheet.store.blobs import Blobs
from broadsheet.store.connection import Connection
from broadsheet.store.packs import Packs, open_packs

if TYPE_CHECKING:
    import sqlalchemy as sa

HEAD = "0005"
"""The newest migration; a store at another revision is migrated or, when newer, refused."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_micros(instant: datetime) -> int:
    """Return microseconds since 1970 of an aware instant."""
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_micros(value: int) -> datetime:
    """Return the instant (UTC) of microseconds since 1970."""
    return _EPOCH + timedelta(0, 0, value)


class Database(Protocol):
    """What a kind of database does in its own way."""

    name: str
    """Path or address, as messages say it; without the password."""
    state_dir: Path
    """Where what is no row lies: bodies, pictures, reports."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a connection that sees one state of the store."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """Open a connection in a transaction beside which nobody else writes."""
        ...

    def create(self, connection: Connection) -> None:
        """Make all tables of an empty database, as the migrations would, without the time that they take."""
        ...

    def migrating(self) -> AbstractContextManager[sa.Connection]:
        """Open a connection of SQLAlchemy's own, which begins and ends its transactions itself."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...

    def lock(self, command: str) -> AbstractContextManager[None]:
        """Hold the newspaper's lock; raise ``LockedError`` when another process has it."""
        ...

    def explaining(self) -> AbstractContextManager[None]:
        """Turn errors of the disk and of the database into ``StoreError``, with the file and what to do."""
        ...

    def keep_copy(self, now: datetime, hours: float, *, afresh: bool = False) -> str:
        """Keep a copy of the database, unless there is one that is younger; return why that was not possible.

        With ``afresh``, a copy that there is is made anew.
        """
        ...

    def signs(self) -> list[tuple[str, int, int]]:
        """Return values that change when the newspaper does."""
        ...


class Store:
    """A newspaper's store. Use ``begin`` to write in one transaction and ``read`` to look."""

    def __init__(self, database: Database, packs: Packs) -> None:
        self.database = database
        self.state_dir = database.state_dir
        self.blobs = Blobs(packs, self.begin, self.read)

    @classmethod
    def open(cls, url: str, folder: Path, blobs: str = "", *, anew: bool = False) -> Store:
        """Open (and create or migrate) the store at ``url``; relative paths are below ``folder``.

        Bodies lie at the address ``blobs``, or in a folder of that name beside the store's other files. A database file that
        is missing though bodies lie beside it is not made anew, unless ``anew`` says so.

        Raises ``StoreError`` where the database is damaged or not there, cannot be written, or is newer than this program.
        """
        database = _database(url, folder, anew=anew)
        packs = open_packs(blobs, database.state_dir / "blobs")
        try:
            with database.explaining():
                _migrate(database)
        except StoreError:
            database.close()
            raise
        return cls(database, packs)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that is written to disk at the end, or undone by an exception."""
        with self.database.writing() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the store."""
        with self.database.reading() as connection:
            yield connection

    @contextmanager
    def lock(self, command: str) -> Iterator[None]:
        """Hold the newspaper's lock; raise ``LockedError`` when another process has it. Death frees it."""
        with self.database.lock(command):
            yield

    def close(self) -> None:
        """Close all connections."""
        self.database.close()


def _database(url: str, folder: Path, *, anew: bool) -> Database:
    """Return the database at a store's address."""
    if url.startswith("sqlite:"):
        from broadsheet.store.sqlite import Sqlite

        return Sqlite(url, folder, anew=anew)
    from broadsheet.store.postgresql import Postgresql

    return Postgresql(url, folder)


def _migrate(database: Database) -> None:
    with database.reading() as connection:
        tables = _tables(connection)
        known = "alembic_version" in tables
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() if known else None
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise StoreError(
            f"{database.name} was written by a newer Broadsheet (schema {found}, this one knows {HEAD}); upgrade it"
        )
    if tables:
        with database.migrating() as migrating:
            migrate(migrating)
        return
    with database.writing() as connection:
        if not _tables(connection):  # nobody was quicker
            database.create(connection)
            connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY NOT NULL)")
            connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{HEAD}')")  # noqa: S608 - ours


def _tables(connection: Connection) -> set[str]:
    return set(connection.exec_driver_sql(_NAMES[connection.dialect.name]).scalars())


_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}
"""Asks each kind of database for the names of its tables."""


def migrate(connection: sa.Connection) -> None:
    """Bring the tables to the newest revision. Imports Alembic, which takes longer than the rest of a small run."""
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    configuration.attributes["connection"] = connection
    connection.commit()
    command.upgrade(configuration, "head")
    connection.commit()
