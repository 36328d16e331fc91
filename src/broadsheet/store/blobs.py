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


class Blobs:
    """Bodies in packs. Each body is named by the BLAKE2b digest (20 bytes, hex) of what it holds."""

    def __init__(self, packs: Packs, begin: Transaction, read: Transaction) -> None:
        self.packs = packs
        self._begin = begin
        self._read = read

    def put(self, data: bytes) -> str:
        """Keep the bytes and return their digest. When it returns they are on disk."""
        return self.put_many([data])[0]

    def put_many(self, bodies: Sequence[bytes], connection: Connection | None = None) -> list[str]:
        """Keep the bodies in one pack and return their digests. What is kept in a transaction is known when that is written.

        Without ``connection`` it takes a transaction of its own, and is not to be called inside one; the bodies are on disk
        when it returns. Raises ``OSError`` or ``StoreError`` where they cannot be kept.
        """
        if not bodies:
            return []
        if connection is not None:
            return self._put(connection, bodies)
        with self._begin() as own:
            return self._put(own, bodies)

    def _put(self, connection: Connection, bodies: Sequence[bytes]) -> list[str]:
        digests = [_digest(body) for body in bodies]
        fresh = dict(zip(digests, bodies, strict=True))
        for digest in _KNOWN(connection, list(fresh)).scalars():
            del fresh[digest]
        if not fresh:
            return digests
        compressor = zstandard.ZstdCompressor(level=6)
        frames = [compressor.compress(body) for body in fresh.values()]
        content = b"".join(frames)
        pack = _digest(content)
        self.packs.write(pack, content)
        rows, start = [], 0
        for digest, frame in zip(fresh, frames, strict=True):
            rows.append((digest, pack, start, len(frame)))
            start += len(frame)
        _PLACE(connection, rows)
        return digests

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
