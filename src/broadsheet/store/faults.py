"""Errors of disks and databases in words: the file, what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

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
    except (sa.exc.IntegrityError, sa.exc.ProgrammingError):  # a fault of ours, not of the disk
        raise
    except (sa.exc.DatabaseError, OSError) as error:
        raise _explained(error, name, advice) from error


def _explained(error: sa.exc.DatabaseError | OSError, name: object, advice: str) -> StoreError:
    if isinstance(error, OSError):
        file, said, otherwise = error.filename or name, str(error.strerror or error), ""
    else:
        file, said, otherwise = name, " ".join(str(error.orig).split()), advice
    words = next((words for signs, words in _WORDS if any(sign in said for sign in signs)), "")
    if words:
        return StoreError(f"{file}: {words} ({said})")
    return StoreError(". ".join(filter(None, (f"{file}: {said}", otherwise))))
