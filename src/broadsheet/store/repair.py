"""A damaged store: what is wrong with it, and the way back to a good one.

The database is put in order or replaced by the last good copy; what can still be read of the damaged one is taken over: raw
documents that came in since (they are merged again by the next run), takedowns, what a person said of stories. Articles that
only the site remembers get the address that they have there when their feeds bring them again. Nothing is deleted: the
damaged database lies beside the new one.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from broadsheet.disk import write_durably
from broadsheet.errors import StoreError
from broadsheet.model import Feed
from broadsheet.store import feeds, queue, schema, takedown
from broadsheet.store.backup import connect, copy_database, fault_of, last_good, settle
from broadsheet.store.bulk import Insert
from broadsheet.store.connection import Connection
from broadsheet.store.database import Store, from_micros
from broadsheet.store.schema import articles, blobs, bodies, media, outputs, responses, tombstones
from broadsheet.store.sqlite import hold

_OF_INDEXES = ("missing from index", "wrong # of entries in index", "non-unique entry in index")
_ADDRESS = re.compile(r"\d{4}/\d\d/\d\d/(?:[\w-]+-)?(\w+)\.html")
_WINDOW = 512
"""Rows that are read at once of a damaged table; halved where one of them cannot be read."""
_BEYOND = 100_000
"""Numbers after the newest known row that are tried where the damaged table cannot tell its last."""
_LARGEST = 2**40
"""Bytes that a database is filled up to at most, whatever its damaged head says."""
_TAKEN_OVER = {
    "feeds": ("id", "url", "active", "position", "data"), "blobs": ("digest", "pack", "start", "size"),
    "tombstones": ("target", "kind", "at", "note"), "story_overrides": ("kind", "a", "b", "at"),
    "media": ("url", "state", "path", "width", "height", "note", "at"),
    "responses": ("id", "kind", "key", "url", "final_url", "status", "headers", "body", "fetched"),
}  # fmt: skip
"""Table -> columns; documents last, after what they lead to."""
_ADD = {name: Insert(name, columns, conflict="nothing") for name, columns in _TAKEN_OVER.items()}


def examine(database: Path) -> list[str]:
    """Return what is damaged: the database, bodies whose pack is not there or too short, pictures that are not there."""
    if not database.exists() and not (database.parent / "blobs").exists():  # a newspaper before its first run
        return []
    fault = _fault_of(database)
    if fault:
        return [f"{database}: {fault}; {_way_back(database)}"]
    with closing(connect(database)) as connection:
        ends = connection.execute("SELECT pack, max(start + size), count(*) FROM blobs GROUP BY pack")
        lost = sum(count for pack, end, count in ends if _size(_pack(database.parent, pack)) < end)
        paths = connection.execute("SELECT path FROM media WHERE path <> ''")
        unseen = sum(not (database.parent / path).exists() for (path,) in paths)
    found = []
    if lost:
        found.append(
            f"{database.parent / 'blobs'}: {lost} bodies cannot be read; 'broadsheet doctor --repair' mends it"
        )
    if unseen:
        found.append(
            f"{database.parent / 'm'}: {unseen} pictures are missing; 'broadsheet doctor --repair' brings them back"
        )
    return found


def mend(database: Path, site: Path, wanted: Sequence[Feed], source: Path | None = None) -> list[str]:
    """Mend the store and return what was done, in words.

    ``source`` is the database of a backup; without it, the copy that runs keep is used where the database cannot be put in
    order. ``wanted`` are the subscriptions. Raises ``StoreError`` where ``source`` is no whole copy.
    """
    if not database.exists() and not (database.parent / "blobs").exists():
        return []
    if source is not None and (fault := _fault_of(source)):
        raise StoreError(f"{source}: {fault}; name another copy with --from")
    with hold(database.parent, "doctor"):
        told = []
        if fault := _fault_of(database):
            told = _mend_database(database, fault, site, wanted, source)
        store = Store.open(f"sqlite:///{database.absolute()}", database.parent)
        try:
            return told + _mend_bodies(store, source) + _mend_pictures(store, site, source)
        finally:
            store.close()


def _fault_of(database: Path) -> str:
    try:
        return fault_of(database, thorough=True)
    except sqlite3.Error as error:
        raise StoreError(f"{database}: cannot be read at the moment ({error}); is the disk full?") from None


def _way_back(database: Path) -> str:
    copy = last_good(database)
    if copy.exists():
        when = from_micros(int(copy.stat().st_mtime * 1_000_000))
        return f"'broadsheet doctor --repair' goes back to the copy of {when:%Y-%m-%d %H:%M} UTC and takes over what came in since"
    return "'broadsheet doctor --repair' takes over what can be read; with --from FOLDER it starts from a backup"


# ------------------------------------------------------------------------------------------------ the database


def _mend_database(database: Path, fault: str, site: Path, wanted: Sequence[Feed], source: Path | None) -> list[str]:
    beside = database.with_name(f".{database.name}.mended")
    try:
        if any(sign in fault for sign in _OF_INDEXES) and _reindexed(database, beside):
            _swap(database, beside)
            return [f"{database}: {fault}; its indexes were made anew, nothing is lost"]
        origin = source or last_good(database)
        whole = not _fault_of(origin)
        if whole:
            copy_database(origin, beside)
        else:
            beside.unlink(missing_ok=True)
        store = Store.open(f"sqlite:///{beside.absolute()}", beside.parent, anew=True)
        try:
            with store.begin() as connection:
                feeds.sync(connection, wanted)
                with _legible(database) as damaged:
                    count = _take_over(connection, damaged) if damaged else 0
                _remember_addresses(connection, site)
        finally:
            store.close()
        aside = _swap(database, beside)
    finally:
        for suffix in ("", "-wal", "-shm"):
            beside.with_name(beside.name + suffix).unlink(missing_ok=True)
    where = f"the copy at {origin} stands in its place" if whole else "there was no copy, so it was begun anew"
    kept = f"; the damaged one lies at {aside}" if aside else ""
    return [
        f"{database}: {fault}; {where}{kept}",
        f"{count} documents that came in since are merged by the next run",
    ]  # fmt: skip


def _reindexed(database: Path, beside: Path) -> bool:
    beside.unlink(missing_ok=True)
    try:
        with closing(connect(database)) as damaged, closing(sqlite3.connect(beside)) as copy:
            damaged.backup(copy)
            copy.execute("REINDEX")
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error:
        return False
    return not _fault_of(beside)


def _swap(database: Path, beside: Path) -> Path | None:
    """Put a database in the place of the damaged one, and return where that lies now, if it was there.

    A kill in between leaves no database at all, which the next repair mends: a journal is never left to another's pages.
    """
    aside = _free_name(database) if database.exists() else None
    for suffix in ("", "-wal", "-shm"):
        there = database.with_name(database.name + suffix)
        if aside and there.exists():
            there.replace(aside.with_name(aside.name + suffix))
    settle(beside, database)
    return aside


def _free_name(database: Path) -> Path:
    names = (database.with_name(f"{database.name}.damaged-{number}") for number in range(1, 1000))
    return next(name for name in names if not name.exists())


@contextmanager
def _legible(database: Path) -> Iterator[sqlite3.Connection | None]:
    """Yield a connection to what is left of a damaged database, or None where nothing of it can be read.

    SQLite reads nothing of a file that is shorter than its head says: a copy is read, its lost pages filled with zeros.
    """
    scratch = database.with_name(f".{database.name}.read")
    names = {suffix: scratch.with_name(scratch.name + suffix) for suffix in ("", "-wal", "-shm")}
    try:
        for suffix in ("", "-wal"):
            place = database.with_name(database.name + suffix)
            if place.exists():
                shutil.copyfile(place, names[suffix])
        if scratch.exists():
            _fill_up(scratch)
        found = _opened(scratch)
        yield found
        if found:
            found.close()
    finally:
        for name in names.values():
            name.unlink(missing_ok=True)


def _fill_up(database: Path) -> None:
    with database.open("r+b") as handle:
        head = handle.read(32).ljust(32, b"\0")
        size = int.from_bytes(head[16:18]) * int.from_bytes(head[28:32])
        if database.stat().st_size < size < _LARGEST:
            handle.truncate(size)


def _opened(database: Path) -> sqlite3.Connection | None:
    try:
        connection = connect(database)
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.Error:
        return None
    return connection


def _take_over(connection: Connection, damaged: sqlite3.Connection) -> int:
    """Take what can be read of a damaged database into a good one; return how many documents that are due again."""
    # The copy may be older than the site: every page is compared anew with what lies there.
    connection.execute(sa.delete(outputs))
    queue.set_meta(connection, "site_key", "")
    newest = connection.scalar(sa.select(sa.func.max(responses.c.id))) or 0
    numbers: list[str] = []
    for table in _TAKEN_OVER:
        rows = list(_rows(damaged, table, newest if table == "responses" else 0))
        if table == "responses":
            rows = _mergeable(connection, rows)
            numbers = [str(row[0]) for row in rows]
        _ADD[table](connection, rows)
    queue.put(connection, "parse", numbers)
    _take_down(connection)
    return len(numbers)


def _mergeable(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return those answers that are documents of a known feed whose bytes are known."""
    known = set(connection.scalars(sa.select(schema.feeds.c.id)))
    held = set(connection.scalars(sa.select(blobs.c.digest)))
    return [row for row in rows if row[1] in ("feed", "archive") and row[2] in known and row[7] in held]


def _take_down(connection: Connection) -> None:
    """Take down again what was taken down after the copy was made."""
    due = (
        sa.select(tombstones)
        .join(articles, articles.c.id == tombstones.c.target)
        .where(tombstones.c.kind == "article", articles.c.state != "gone")
    )
    for row in connection.execute(due).all():
        takedown.remove(connection, [row.target], row.note, from_micros(row.at))


def _rows(damaged: sqlite3.Connection, table: str, after: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows behind a number that can be read of a damaged table."""
    query = f"SELECT {', '.join(_TAKEN_OVER[table])} FROM {table} WHERE rowid BETWEEN ? AND ?"  # noqa: S608 - names of ours
    try:
        last = damaged.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0  # noqa: S608
    except sqlite3.Error:
        last = after + _BEYOND
    windows = [(first, min(first + _WINDOW - 1, last)) for first in range(after + 1, last + 1, _WINDOW)][::-1]
    while windows:
        first, end = windows.pop()
        try:
            rows = damaged.execute(query, (first, end)).fetchall()
        except sqlite3.Error:
            middle = (first + end) // 2
            if first < end:
                windows += [(middle + 1, end), (first, middle)]
        else:
            yield from rows


def _remember_addresses(connection: Connection, site: Path) -> None:
    """Keep the addresses of articles that the site has and the database does not: if they come again, they keep them."""
    known = set(connection.scalars(sa.select(articles.c.id)))
    paths = (path.relative_to(site).as_posix() for path in site.glob("[0-9]*/[0-9]*/[0-9]*/*.html"))
    given = {match[1]: path for path in paths if (match := _ADDRESS.fullmatch(path)) and match[1] not in known}
    given.pop("index", None)
    queue.set_meta(connection, "addresses", msgspec.json.encode(given).decode())


# ----------------------------------------------------------------------------------------- bodies and pictures


def _mend_bodies(store: Store, source: Path | None) -> list[str]:
    """Bring back packs of bodies from a backup; forget bodies that cannot be had, so that they are kept when they come again."""
    with store.read() as connection:
        rows = connection.execute(sa.select(blobs.c.digest, blobs.c.pack).order_by(blobs.c.pack, blobs.c.start)).all()
    lost = [(digest, pack) for digest, pack in rows if not _is_readable(store, digest)]
    if not lost:
        return []
    for pack, count in Counter(pack for _, pack in lost).items():
        copy = _pack(source.parent, pack) if source else None
        held = sum(1 for _, other in rows if other == pack)
        # A pack that was taken down in part differs from its name; one that is whole is what it was.
        if copy and copy.exists() and (count < held or blake2b(copy.read_bytes(), digest_size=20).hexdigest() == pack):
            place = _pack(store.state_dir, pack)
            place.parent.mkdir(parents=True, exist_ok=True)
            write_durably(place, copy.read_bytes())
    gone = [digest for digest, _ in lost if not _is_readable(store, digest)]
    with store.begin() as connection:
        for digest in gone:
            connection.execute(sa.delete(blobs).where(blobs.c.digest == digest))
    told = f"{store.state_dir / 'blobs'}: {len(lost) - len(gone)} bodies came back from the backup"
    return [f"{told}, {len(gone)} are lost: their articles stay as they are, but cannot be made anew from them"]


def _is_readable(store: Store, digest: str) -> bool:
    try:
        store.blobs.get(digest)
    except StoreError:
        return False
    return True


def _mend_pictures(store: Store, site: Path, source: Path | None) -> list[str]:
    """Bring back pictures from a backup or from the site; those that are nowhere are fetched again by the next run."""
    with store.read() as connection:
        paths = connection.scalars(sa.select(media.c.path).where(media.c.path != "").distinct()).all()
    lost = [path for path in paths if not _is_picture(store.state_dir / path)]
    if not lost:
        return []
    gone = []
    for path in lost:
        places = [folder / path for folder in (*([source.parent] if source else []), site)]
        copy = next((place for place in places if _is_picture(place)), None)
        if copy is None:
            gone.append(path)
            continue
        target = store.state_dir / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_durably(target, copy.read_bytes())
    with store.begin() as connection:
        for path in gone:
            connection.execute(sa.delete(media).where(media.c.path == path))
            queue.put(connection, "extract", _showing(connection, path))
    return [
        f"{store.state_dir / 'm'}: {len(lost) - len(gone)} pictures came back, {len(gone)} are fetched again by the next run"
    ]


def _is_picture(place: Path) -> bool:
    """Return whether a picture lies there whole: its name is the digest of its bytes."""
    try:
        return blake2b(place.read_bytes(), digest_size=16).hexdigest() == place.parent.name + place.stem
    except OSError:
        return False


def _showing(connection: Connection, path: str) -> list[str]:
    """Return the articles that show a picture."""
    in_text = sa.select(bodies.c.article_id).where(bodies.c.html.contains(path, autoescape=True))
    as_lead = sa.select(articles.c.id).where(
        articles.c.state != "gone", sa.cast(articles.c.data, sa.Text).contains(path, autoescape=True)
    )
    return sorted({*connection.scalars(in_text), *connection.scalars(as_lead)})


def _pack(folder: Path, pack: str) -> Path:
    return folder / "blobs" / pack[:2] / f"{pack}.pack"


def _size(place: Path) -> int:
    try:
        return place.stat().st_size
    except OSError:
        return -1
