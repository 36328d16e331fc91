"""Where packs lie: a folder of this machine, or a storage that fsspec knows (S3 and what speaks like it).

A pack is written once under the digest of its content. What is read of it is a piece, and only a takedown changes one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

from broadsheet.disk import naming, write_durably
from broadsheet.errors import StoreError
from broadsheet.urls import without_password

Piece = tuple[str, int, int]
"""Name of a pack, where the piece begins in it, and how long it is."""


class Packs(Protocol):
    """What the blob store asks of a storage; each raises ``OSError`` or ``StoreError`` where it cannot."""

    name: str
    """As messages say it."""

    def write(self, pack: str, content: bytes) -> None:
        """Keep a pack. When it returns the pack is there whatever happens next."""
        ...

    def read(self, pieces: Sequence[Piece]) -> list[bytes | OSError]:
        """Return the pieces, or why one cannot be read."""
        ...

    def erase(self, piece: Piece) -> None:
        """Overwrite a piece; nothing where the pack is gone."""
        ...

    def delete(self, pack: str) -> None:
        """Delete a pack; nothing where it is gone."""
        ...


def open_packs(address: str, folder: Path) -> Packs:
    """Return the storage at an address; the folder where there is none."""
    if not address:
        return Folder(folder)
    if address.startswith("file://"):
        return Folder(Path(address.removeprefix("file://")))
    return Remote(address)


class Folder:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = str(folder)

    def path(self, pack: str) -> Path:
        """Return where a pack lies."""
        return self.folder / pack[:2] / f"{pack}.pack"

    def write(self, pack: str, content: bytes) -> None:
        """Keep a pack. When it returns it is on disk."""
        path = self.path(pack)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, content)

    def read(self, pieces: Sequence[Piece]) -> list[bytes | OSError]:
        """Return the pieces, or why one cannot be read."""
        return [self._read(*piece) for piece in pieces]

    def _read(self, pack: str, start: int, size: int) -> bytes | OSError:
        try:
            with self.path(pack).open("rb") as handle:
                handle.seek(start)
                return handle.read(size)
        except OSError as error:
            return error

    def erase(self, piece: Piece) -> None:
        """Overwrite a piece; nothing where the pack is gone."""
        pack, start, size = piece
        if self.path(pack).exists():
            with naming(self.path(pack)), self.path(pack).open("r+b") as handle:
                handle.seek(start)
                handle.write(bytes(size))
                handle.flush()
                os.fsync(handle.fileno())

    def delete(self, pack: str) -> None:
        """Delete a pack; nothing where it is gone."""
        self.path(pack).unlink(missing_ok=True)


class Remote:
    """A storage that fsspec knows, such as ``s3://BUCKET/PREFIX?endpoint_url=https://HOST``."""

    def __init__(self, address: str) -> None:
        base, _, query = address.partition("?")
        self.name = without_password(base)
        try:
            from fsspec.core import url_to_fs

            self._files, root = url_to_fs(base, **dict(parse_qsl(query)))
        except ImportError:
            raise StoreError(
                f"[store] blobs is {self.name!r}, whose client is missing. Install it: pip install 'broadsheet[s3]'"
            ) from None
        except (ValueError, TypeError) as error:
            raise StoreError(f"[store] blobs is {self.name!r}: {error}; S3 is written s3://BUCKET/PREFIX") from None
        self._root = root.rstrip("/")

    def write(self, pack: str, content: bytes) -> None:
        """Keep a pack. When it returns the storage has it."""
        self._do("pipe_file", self._path(pack), content)

    def read(self, pieces: Sequence[Piece]) -> list[bytes | OSError]:
        """Return the pieces, or why one cannot be read; they are asked for at the same time."""
        found = self._do(
            "cat_ranges", [self._path(pack) for pack, _, _ in pieces], [start for _, start, _ in pieces],
            [start + size for _, start, size in pieces], on_error="return",
        )  # fmt: skip
        return [one if isinstance(one, bytes | OSError) else OSError(str(one)) for one in found]

    def erase(self, piece: Piece) -> None:
        """Write the pack anew without a piece; nothing where it is gone."""
        pack, start, size = piece
        if self._do("exists", self._path(pack)):
            content = self._do("cat_file", self._path(pack))
            self.write(pack, content[:start] + bytes(size) + content[start + size :])

    def delete(self, pack: str) -> None:
        """Delete a pack; nothing where it is gone."""
        if self._do("exists", self._path(pack)):
            self._do("rm_file", self._path(pack))

    def _path(self, pack: str) -> str:
        return f"{self._root}/{pack[:2]}/{pack}.pack"

    def _do(self, what: str, *values: Any, **options: Any) -> Any:
        try:
            return getattr(self._files, what)(*values, **options)
        except Exception as error:  # each storage's client has errors of its own
            why = f"{type(error).__name__}: {error}"
            raise StoreError(f"{self.name}: cannot be had ({why}); nothing is lost, run again when it can") from error
