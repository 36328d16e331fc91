"""A copy of the store that is one state of it, made while a run is at work.

The database is copied first, in one step and so from one snapshot (copied in several, the copy would begin again after each
write of a run). What its rows lead to, packs of bodies and pictures, was there before the rows and is copied afterwards;
the copy of the database gets its name last. A copy that was cut off leaves the one before.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from broadsheet.disk import naming, sync_around, sync_folder
from broadsheet.errors import StoreError, UsageError
from broadsheet.model import Record
from broadsheet.store.sqlite import hold

MARK = "BACKUP.txt"
"""Tells a folder that holds a copy from one that holds something else."""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""Among SQLite's codes, those that speak of the file and not of the disk or of other programs."""
_MARKED = (
    "A copy of a newspaper, made by 'broadsheet backup'. The next one brings it up to date: what else lies in its store's folder "
    "is removed.\nIt is a whole newspaper itself: 'broadsheet build' prints it from here.\n"
)


class Copied(Record, frozen=True, kw_only=True):
    """What a backup did."""

    files: int
    """That were copied; what was there already is not."""
    bytes: int
    missing: tuple[str, ...]
    """Files that rows lead to and that are not there."""


def claim(folder: Path) -> None:
    """Make a folder one for copies; raise ``UsageError`` where something else lies in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / MARK).exists():
            if any(folder.iterdir()):
                raise UsageError(f"{folder} holds something else than a backup; name an empty folder or a new one")
            (folder / MARK).write_text(_MARKED, "utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from None


def back_up(database: Path, target: Path, others: Iterable[tuple[Path, Path]] = ()) -> Copied:
    """Bring a copy of the store up to date. ``target`` becomes the copy of ``database``, what belongs to it lies beside it.

    ``others`` are files (place, copy) that are copied too. What was taken down goes from the copy. Raises ``StoreError``
    where the database is damaged (the copy stays as it was) or the copy cannot be written.
    """
    beside = target.with_name(f".{target.name}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with hold(target.parent, "backup"):
            copy_database(database, beside, thorough=True)
            leads = led_to(beside)
            wanted = [(database.parent / path, target.parent / path) for path in leads]
            pairs = [*others, *((place, copy) for place, copy in wanted if not _same(place, copy))]
            copied, missing = _copy_files(pairs)
            size = beside.stat().st_size + sum(copy.stat().st_size for copy in copied)
            settle(beside, target)
            for path in list(_files(target.parent)):
                if path.relative_to(target.parent).as_posix() not in leads:
                    path.unlink()
    except OSError as error:
        raise _unwritable(target.parent, error) from None
    finally:
        beside.unlink(missing_ok=True)
    return Copied(files=len(copied) + 1, bytes=size, missing=tuple(map(str, missing)))


def keep_last_good(database: Path, now: datetime, hours: float) -> str:
    """Keep a copy of the database beside it, unless there is one that is younger; return why that was not possible.

    Raises ``StoreError`` where the database is damaged: the copy that there is stays.
    """
    place = last_good(database)
    if not hours or (place.exists() and 0 <= now.timestamp() - place.stat().st_mtime < hours * 3600):
        return ""
    beside = place.with_name(f".{place.name}.tmp")
    try:
        place.parent.mkdir(exist_ok=True)
        copy_database(database, beside)
        os.utime(beside, (now.timestamp(), now.timestamp()))
        settle(beside, place)
    except OSError as error:
        return f"{place}: no copy of the database was kept ({error.strerror or error})"
    finally:
        beside.unlink(missing_ok=True)
    return ""


def last_good(database: Path) -> Path:
    """Return where the last good copy of a database lies, if there is one."""
    return database.parent / "backup" / database.name


def copy_database(database: Path, target: Path, *, thorough: bool = False) -> None:
    """Write a copy that is one state of the database.

    Raises ``StoreError`` where that is damaged, ``OSError`` where the copy cannot be written.
    """
    target.unlink(missing_ok=True)
    try:
        with closing(connect(database)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a journal beside it
        fault = fault_of(target, thorough=thorough)
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF not in _DAMAGE:
            with suppress(OSError):
                target.unlink(missing_ok=True)
            raise OSError(None, str(error), str(target)) from None
        fault = str(error)
    if fault:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise StoreError(f"{database}: {fault}; no copy was made. Run 'broadsheet doctor --repair'")
    _sync(target)


def fault_of(database: Path, *, thorough: bool = False) -> str:
    """Return what is wrong with a database file in SQLite's words, or nothing where it is whole.

    ``thorough`` compares tables with their indexes too, which takes several times as long. Raises ``sqlite3.Error`` where
    that cannot be found out now: a disk that is full or cannot be read, another program that holds the database.
    """
    if not database.exists():
        return "it is missing"
    try:
        with closing(connect(database)) as connection:
            answer = connection.execute(f"PRAGMA {'integrity' if thorough else 'quick'}_check(1)").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'articles'").fetchone()[0]
            if tables and connection.execute("PRAGMA foreign_key_check").fetchone():
                return "rows lead to rows that are missing"
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF not in _DAMAGE:
            raise
        return str(error)
    if answer != "ok":
        return str(answer).splitlines()[-1]
    return "" if tables else "it holds no newspaper"


def connect(database: Path) -> sqlite3.Connection:
    """Return a connection that cannot write."""
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=30)


def led_to(database: Path) -> set[str]:
    """Return the files that rows lead to, as paths below the folder of the database."""
    with closing(connect(database)) as connection:
        packs = {pack for (pack,) in connection.execute("SELECT DISTINCT pack FROM blobs")}
        alone = connection.execute("SELECT DISTINCT body FROM responses EXCEPT SELECT digest FROM blobs")
        bodies = {body for (body,) in alone if body}
        pictures = {path for (path,) in connection.execute("SELECT path FROM media WHERE path <> ''")}
    return (
        {f"blobs/{pack[:2]}/{pack}.pack" for pack in packs}
        | {f"blobs/{body[:2]}/{body[2:]}.zst" for body in bodies}
        | pictures
    )


def settle(beside: Path, place: Path) -> None:
    """Give a database that is written its name, on disk; the journal of the one before goes first."""
    _sync(beside)
    for suffix in ("-wal", "-shm"):
        place.with_name(place.name + suffix).unlink(missing_ok=True)
    beside.replace(place)
    sync_folder(place.parent)


def _sync(path: Path) -> None:
    with naming(path), path.open("rb") as handle:
        os.fsync(handle.fileno())


def _files(folder: Path) -> Iterator[Path]:
    for name in ("blobs", "m"):
        yield from (path for path in (folder / name).rglob("*") if path.is_file())


def _same(place: Path, copy: Path) -> bool:
    """Return whether a file was copied already. (A body that is taken down is overwritten in its pack.)"""
    try:
        ours, theirs = place.stat(), copy.stat()
    except OSError:
        return False
    return (ours.st_size, ours.st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns)


def _copy_files(pairs: Iterable[tuple[Path, Path]]) -> tuple[list[Path], list[Path]]:
    """Copy files under temporary names, bring them to disk together, rename them; return the copies and what was missing."""
    written: list[tuple[Path, Path]] = []
    missing: list[Path] = []
    for place, copy in pairs:
        copy.parent.mkdir(parents=True, exist_ok=True)
        beside = copy.with_name(f".{copy.name}.tmp")
        try:
            shutil.copyfile(place, beside)
            shutil.copystat(place, beside)
        except FileNotFoundError:
            missing.append(place)
        else:
            written.append((beside, copy))
    if written:
        sync_around(written[0][0].parent)
    for beside, copy in written:
        beside.replace(copy)
    return [copy for _, copy in written], missing


def _unwritable(folder: Path, error: OSError) -> StoreError:
    return StoreError(f"{error.filename or folder}: the copy cannot be written ({error.strerror or error})")
