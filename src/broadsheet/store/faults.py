"""Errors of disks and databases in words: the file, what is wrong, and what to do."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from broadsheet.errors import StoreError

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
def explaining(name: object, advice: str) -> Iterator[None]:
    """Turn errors of the disk and of the database ``name`` into ``StoreError``, with the file and what to do.

    ``advice`` is what to do about the database where nothing better is known.
    """
    try:
        yield
    except BrokenPipeError:  # who reads what we print has gone: no matter of the store
        raise
    except OSError as error:
        raise _explained(error, name, advice) from error
    except Exception as error:
        if not _of_disk(error):
            raise
        raise _explained(error, name, advice) from error


def _of_disk(error: Exception) -> bool:
    """Return whether an error is the database's and no fault of ours."""
    loaded = sys.modules.get("sqlalchemy.exc")  # where SQLAlchemy was not loaded, nothing has failed in it
    return any(
        isinstance(error, kinds.DatabaseError) and not isinstance(error, kinds.IntegrityError | kinds.ProgrammingError)
        for kinds in (sqlite3, loaded)
        if kinds
    )


def _explained(error: Exception, name: object, advice: str) -> StoreError:
    if isinstance(error, OSError):
        file, said, otherwise = error.filename or name, str(error.strerror or error), ""
    else:
        file, said, otherwise = name, " ".join(str(getattr(error, "orig", error)).split()), advice
    words = next((words for signs, words in _WORDS if any(sign in said for sign in signs)), "")
    if words:
        return StoreError(f"{file}: {words} ({said})")
    return StoreError(". ".join(filter(None, (f"{file}: {said}", otherwise))))
