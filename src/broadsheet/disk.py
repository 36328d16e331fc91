"""Files that are whole or not there, whatever happens to the power, and errors that name the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any


def write_durably(path: Path, data: bytes) -> None:
    """Write a file so that a crash or power cut leaves the old one or the new one, never a part.

    What cannot be brought to disk is thrown away: a second fsync after one that failed may succeed without the bytes.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with naming(temporary), temporary.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with naming(folder):
            os.fsync(handle)
    finally:
        os.close(handle)


def sync_around(folder: str | Path) -> None:
    """Bring everything that was written to the folder's file system to disk, in one go.

    Unlike ``sync``, ``syncfs`` reports what could not be written (Linux 5.8), and waits for no other disk.
    """
    syncfs = _syncfs()
    if syncfs is None:
        os.sync()
        return
    import ctypes

    handle = os.open(folder, os.O_RDONLY)
    try:
        if syncfs(handle):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(handle)


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Give errors of writing, which name no file, the name of this one."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


@lru_cache(maxsize=1)
def _syncfs() -> Any:
    import ctypes  # which few runs need

    return getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
