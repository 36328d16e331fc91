"""Bytes by their digest: raw feed documents and pages, compressed, written once."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

import zstandard

from broadsheet.errors import StoreError


class Blobs:
    """A folder of zstd-compressed bodies, each named by the BLAKE2b digest (20 bytes, hex) of what it holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, digest: str) -> Path:
        """Return the file of a digest."""
        return self._folder / digest[:2] / f"{digest[2:]}.zst"

    def put(self, data: bytes) -> str:
        """Keep the bytes and return their digest. When it returns they are on disk."""
        digest = blake2b(data, digest_size=20).hexdigest()
        path = self.path(digest)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(path, zstandard.ZstdCompressor(level=6).compress(data))
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest; raise ``StoreError`` when they are missing or not what they were."""
        path = self.path(digest)
        try:
            data = zstandard.ZstdDecompressor().decompress(path.read_bytes())
        except (OSError, zstandard.ZstdError) as error:
            raise StoreError(f"{path}: cannot be read back ({error}); restore it from a backup") from None
        if blake2b(data, digest_size=20).hexdigest() != digest:
            raise StoreError(f"{path}: the content is not what was written; restore it from a backup")
        return data


def write_durably(path: Path, data: bytes) -> None:
    """Write a file so that a crash or power cut leaves the old one or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
