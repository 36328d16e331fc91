"""Bytes by their digest: raw feed documents and pages, compressed, written once, many to a file.

A group of bodies is one pack: their zstd frames one behind the other, in a file (or object) that is written once and
named by its own digest. Where each frame lies stands in the table ``blobs``. So a group costs one synced file, not one a body, and
a million small bodies are not a million files. A frame that no row leads to (a run was cut off) is never read.
Stores made before there were packs have a file a body, ``<digest>.zst``, which is read as it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import zstandard

from broadsheet.errors import StoreError
from broadsheet.store import sa, tables
from broadsheet.store.bulk import Insert, Query, chunks
from broadsheet.store.connection import Connection
from broadsheet.store.packs import Folder, Packs, Piece

Transaction = Callable[[], AbstractContextManager[Connection]]
_PLACE = Insert("blobs", ("digest", "pack", "start", "size"), conflict="nothing")
_KNOWN = Query("SELECT digest FROM blobs WHERE digest IN ?*")


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=20).hexdigest()


def _read(path: Path) -> bytes | OSError:
    try:
        return path.read_bytes()
    except OSError as error:
        return error


class Written(NamedTuple):
    """Bodies that are on disk."""

    digests: list[str]
    """Of all, in their order."""
    places: list[tuple[str, str, int, int]]
    """Of those that were not known: digest, pack, where the frame begins in it, and how long it is."""

    def enter(self, connection: Connection) -> None:
        """Make the bodies known, when the transaction is written."""
        _PLACE(connection, self.places)


class Blobs:
    """Bodies in packs. Each body is named by the BLAKE2b digest (20 bytes, hex) of what it holds."""

    def __init__(self, packs: Packs, begin: Transaction, read: Transaction) -> None:
        self.packs = packs
        self._begin = begin
        self._read = read

    def put(self, data: bytes) -> str:
        """Keep the bytes and return their digest. When it returns they are on disk."""
        return self.put_many([data])[0]

    def put_many(self, bodies: Sequence[bytes]) -> list[str]:
        """Keep the bodies in one pack and return their digests; not to be called inside a transaction."""
        written = self.write(bodies)
        if written.places:
            with self._begin() as connection:
                written.enter(connection)
        return written.digests

    def write(self, bodies: Sequence[bytes]) -> Written:
        """Write the bodies that are new in one pack. They are on disk when it returns, and known once they are entered.

        Not to be called inside a transaction: a storage may be far away, and others wait for the writer. Raises ``OSError`` or
        ``StoreError`` where the bodies cannot be kept.
        """
        digests = [_digest(body) for body in bodies]
        fresh = dict(zip(digests, bodies, strict=True))
        if fresh:
            with self._read() as connection:
                for digest in _KNOWN(connection, list(fresh)).scalars():
                    del fresh[digest]
        if not fresh:
            return Written(digests, [])
        compressor = zstandard.ZstdCompressor(level=6)
        frames = [compressor.compress(body) for body in fresh.values()]
        content = b"".join(frames)
        pack = _digest(content)
        self.packs.write(pack, content)
        rows, start = [], 0
        for digest, frame in zip(fresh, frames, strict=True):
            rows.append((digest, pack, start, len(frame)))
            start += len(frame)
        return Written(digests, rows)

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest; raise ``StoreError`` when they are missing or not what they were."""
        found = self.get_many([digest])[digest]
        if isinstance(found, StoreError):
            raise found
        return found

    def get_many(self, digests: Collection[str]) -> dict[str, bytes | StoreError]:
        """Return the bytes of each digest, or the error of what is missing or not what it was."""
        places = self._places(digests)
        frames = self.packs.read(list(places.values()))
        found: dict[str, bytes | StoreError] = {
            digest: self._body(digest, place[0], frame)
            for (digest, place), frame in zip(places.items(), frames, strict=True)
        }
        for digest in set(digests) - set(places):
            alone = self._alone(digest)
            if alone is None:
                why = f"{self.packs.name}: holds nothing under {digest}; restore it from a backup"
                found[digest] = StoreError(why)
            else:
                found[digest] = self._body(digest, str(alone), _read(alone))
        return found

    def remove(self, digests: Sequence[str]) -> None:
        """Forget bodies: their bytes are overwritten, and a pack in which nothing is left is deleted."""
        for digest in digests:
            place = self._places([digest]).get(digest)
            if place is None:
                if alone := self._alone(digest):
                    alone.unlink()
                continue
            self.packs.erase(place)
            with self._begin() as connection:
                connection.execute(sa.delete(tables.blobs).where(tables.blobs.c.digest == digest))
                left = connection.scalar(sa.select(sa.func.count()).where(tables.blobs.c.pack == place[0]))
            if not left:
                self.packs.delete(place[0])

    def _body(self, digest: str, where: str, frame: bytes | OSError) -> bytes | StoreError:
        """Return a body, checked, of its frame."""
        place = f"{self.packs.name}: {where}"
        if isinstance(frame, OSError):
            return StoreError(f"{place}: cannot be read back ({frame}); restore it from a backup")
        try:
            data = zstandard.ZstdDecompressor().decompress(frame)
        except zstandard.ZstdError as error:
            return StoreError(f"{place}: cannot be read back ({error}); restore it from a backup")
        if _digest(data) != digest:
            return StoreError(f"{place}: the content is not what was written; restore it from a backup")
        return data

    def _places(self, digests: Collection[str]) -> dict[str, Piece]:
        found: dict[str, Piece] = {}
        with self._read() as connection:
            for some in chunks(sorted(digests)):
                for row in connection.execute(sa.select(tables.blobs).where(tables.blobs.c.digest.in_(some))):
                    found[row.digest] = (row.pack, row.start, row.size)
        return found

    def _alone(self, digest: str) -> Path | None:
        """Return the file of a body from before there were packs."""
        if not isinstance(self.packs, Folder):
            return None
        path = self.packs.folder / digest[:2] / f"{digest[2:]}.zst"
        return path if path.exists() else None
