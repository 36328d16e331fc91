"""Bytes by their digest: raw feed documents and pages, compressed, written once, many to a file.

A group of bodies is one pack: their zstd frames one behind the other, in a file that is written once and named by its
own digest. Where each frame lies stands in the table ``blobs``. So a group costs one synced file, not one a body, and
a million small bodies are not a million files. A frame that no row leads to (a run was cut off) is never read.
Stores made before there were packs have a file a body, ``<digest>.zst``, which is read as it lies.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from hashlib import blake2b
from pathlib import Path

import sqlalchemy as sa
import zstandard
from sqlalchemy.engine import Connection

from broadsheet.disk import naming, write_durably
from broadsheet.errors import StoreError
from broadsheet.store.bulk import Insert, chunks
from broadsheet.store.schema import blobs

Transaction = Callable[[], AbstractContextManager[Connection]]
_PLACE = Insert(blobs, ("digest", "pack", "start", "size"), conflict="nothing")


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=20).hexdigest()


class Blobs:
    """A folder of packs. Each body is named by the BLAKE2b digest (20 bytes, hex) of what it holds."""

    def __init__(self, folder: Path, begin: Transaction, read: Transaction) -> None:
        self._folder = folder
        self._begin = begin
        self._read = read

    def put(self, data: bytes) -> str:
        """Keep the bytes and return their digest. When it returns they are on disk."""
        return self.put_many([data])[0]

    def put_many(self, bodies: Sequence[bytes]) -> list[str]:
        """Keep the bodies in one pack and return their digests. When it returns they are on disk.

        Takes a transaction of its own: not to be called inside one.
        """
        digests = [_digest(body) for body in bodies]
        fresh = dict(zip(digests, bodies, strict=True))
        for digest in self._known(list(fresh)):
            del fresh[digest]
        if not fresh:
            return digests
        compressor = zstandard.ZstdCompressor(level=6)
        frames = [compressor.compress(body) for body in fresh.values()]
        content = b"".join(frames)
        pack = _digest(content)
        path = self._path(pack)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, content)
        rows, start = [], 0
        for digest, frame in zip(fresh, frames, strict=True):
            rows.append((digest, pack, start, len(frame)))
            start += len(frame)
        with self._begin() as connection:
            _PLACE(connection, rows)
        return digests

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest; raise ``StoreError`` when they are missing or not what they were."""
        place = self._place(digest)
        if place is None:
            raise StoreError(f"{self._folder}: holds nothing under {digest}; restore it from a backup")
        path, start, size = place
        try:
            with path.open("rb") as handle:
                handle.seek(start)
                data = zstandard.ZstdDecompressor().decompress(handle.read(size))
        except (OSError, zstandard.ZstdError) as error:
            raise StoreError(f"{path}: cannot be read back ({error}); restore it from a backup") from None
        if _digest(data) != digest:
            raise StoreError(f"{path}: the content is not what was written; restore it from a backup")
        return data

    def remove(self, digests: Sequence[str]) -> None:
        """Forget bodies: their bytes are overwritten, and a pack in which nothing is left is deleted."""
        for digest in digests:
            place = self._place(digest)
            if place is None:
                continue
            path, start, size = place
            if size < 0:
                path.unlink()
                continue
            if path.exists():
                with naming(path), path.open("r+b") as handle:
                    handle.seek(start)
                    handle.write(bytes(size))
                    handle.flush()
                    os.fsync(handle.fileno())
            with self._begin() as connection:
                connection.execute(sa.delete(blobs).where(blobs.c.digest == digest))
                left = connection.scalar(sa.select(sa.func.count()).where(blobs.c.pack == path.stem))
            if not left:
                path.unlink(missing_ok=True)

    def _path(self, pack: str) -> Path:
        return self._folder / pack[:2] / f"{pack}.pack"

    def _known(self, digests: Sequence[str]) -> set[str]:
        with self._read() as connection:
            return {
                digest
                for some in chunks(digests)
                for digest in connection.scalars(sa.select(blobs.c.digest).where(blobs.c.digest.in_(some)))
            }

    def _place(self, digest: str) -> tuple[Path, int, int] | None:
        with self._read() as connection:
            row = connection.execute(sa.select(blobs).where(blobs.c.digest == digest)).one_or_none()
        if row is not None:
            return self._path(row.pack), row.start, row.size
        alone = self._folder / digest[:2] / f"{digest[2:]}.zst"
        return (alone, 0, -1) if alone.exists() else None
