"""The folder of an export: what changed is written, what is no longer there is removed, nothing else is touched.

A manifest in the folder says which files are ours. Before a file is written its path goes into a journal, so that an
export that was killed knows its own files again. Files are written beside the old ones and renamed; a file that holds
what it should is not touched.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from broadsheet.errors import LockedError, StoreError, UsageError
from broadsheet.export.base import Kept, Manifest, Target

MANIFEST = ".broadsheet-export.json"
"""Hidden, so that no tool takes it for a page."""
JOURNAL = ".broadsheet-export.log"
_TEMPORARY = ".broadsheet-tmp"
_BYSTANDERS = frozenset((".DS_Store", "Thumbs.db", "desktop.ini", ".gitignore", ".gitattributes", ".gitkeep"))
"""Files that systems and people leave in any folder."""
_CHUNK = 1 << 20


class Folder:
    """A folder that holds an export of one format. Use it in a ``with`` statement and call ``finish`` at the end.

    ``owned`` are the folders below it that the export fills where it is the folder of a site of that tool, which
    ``signs`` (the tool's configuration files) tell; elsewhere the whole folder is the export's. Raises ``UsageError``
    when files lie there that the export did not write, ``LockedError`` when another export is at work in it.
    """

    def __init__(self, target: Target, name: str, *, owned: Sequence[str] = (), signs: Sequence[str] = ()) -> None:
        self.root = target.folder
        self._format = name
        if self.root.exists() and not self.root.is_dir():
            raise UsageError(f"{self.root} is not a folder")
        self.site = next((self.root / sign for sign in signs if (self.root / sign).is_file()), None)
        """The configuration of the site that the folder is, if it is one."""
        self._before = _read(self.root / MANIFEST, name)
        journal = self.root / JOURNAL
        known = set(journal.read_text("utf-8", "replace").splitlines()) if journal.exists() else set()
        self._ours = known | set(self._before.files)
        self._refuse_strangers([self.root / part for part in owned] if self.site else [self.root])
        self.root.mkdir(parents=True, exist_ok=True)
        self._journal = journal.open("a", encoding="utf-8")
        try:
            fcntl.flock(self._journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._journal.close()
            raise LockedError(f"another export is at work in {self.root}") from None
        self.names = dict(self._before.names)
        """Names that were given before; what is added to them is remembered."""
        self._files: dict[str, Kept] = {}
        self._written: list[str] = []
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._journal.close()

    def _refuse_strangers(self, places: list[Path]) -> None:
        found = sorted(path for place in places for path in _files_below(place))
        for path in found:
            name = path.relative_to(self.root).as_posix()
            if path.is_symlink():
                raise UsageError(f"{path} is a symbolic link; exports are written into real folders only")
            if name in self._ours or name in (MANIFEST, JOURNAL) or path.name.endswith(_TEMPORARY):
                continue
            raise UsageError(f"{path} was not written by this export; move it away, or export to a folder of its own")

    @property
    def before(self) -> dict[str, Kept]:
        """What the last export left."""
        return dict(self._before.files)

    def put(self, path: str, body: bytes, *articles: str) -> None:
        """Make these bytes the file at a path below the folder; ``articles`` are the ids of what it holds."""
        place = self._claim(path, blake2b(body, digest_size=16).hexdigest(), articles)
        if place.is_file() and place.stat().st_size == len(body) and place.read_bytes() == body:
            return
        beside = self._beside(place, path)
        beside.write_bytes(body)
        self._settle(beside, place, path)

    @contextmanager
    def stream(self, path: str) -> Iterator[tuple[IO[bytes], list[str]]]:
        """Yield a file to write a path's bytes to as they come, and a list for the ids of what it holds."""
        place = self._place(path)
        articles: list[str] = []
        beside = self._beside(place, path)
        with beside.open("wb") as handle:
            yield handle, articles
        digest = _digest(beside)
        self._claim(path, digest, articles)
        if place.is_file() and place.stat().st_size == beside.stat().st_size and _digest(place) == digest:
            beside.unlink()
        else:
            self._settle(beside, place, path)

    def keep(self, path: str) -> None:
        """Leave a file of the last export as it is."""
        self._files[path] = self._before.files[path]

    def has(self, path: str) -> bool:
        """Return whether the path is already part of this export."""
        return path in self._files

    def start(self, path: str, body: bytes) -> None:
        """Write a file that is the user's from now on: only where there is none, and never again."""
        place = self._place(path)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(body)

    def finish(self) -> Manifest:
        """Remove what is no longer part of the export, write the manifest, and return it."""
        removed = sorted(path for path in self._ours - set(self._files) if self._remove(path))
        made = Manifest(
            format=self._format, files=dict(sorted(self._files.items())), names=dict(sorted(self.names.items()))
        )
        body = msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"
        place = self.root / MANIFEST
        if not place.exists() or place.read_bytes() != body:
            beside = self.root / f"{MANIFEST}{_TEMPORARY}"
            beside.write_bytes(body)
            beside.replace(place)
        (self.root / JOURNAL).unlink(missing_ok=True)
        return msgspec.structs.replace(
            made, written=tuple(self._written), removed=tuple(removed), notes=tuple(self.notes)
        )

    # ------------------------------------------------------------------------------------------- inside

    def _place(self, path: str) -> Path:
        """Return where a path lies; refuse whatever would leave the folder or follow a link out of it."""
        parts = path.split("/")
        if any(part in ("", ".", "..") or "\\" in part or "\0" in part or "\n" in part for part in parts):
            raise StoreError(f"{path!r} is no path inside the export")
        place = self.root.joinpath(*parts)
        for step in (place, *place.parents):
            if step == self.root:
                break
            if step.is_symlink():
                raise UsageError(f"{step} is a symbolic link; exports are written into real folders only")
        return place

    def _claim(self, path: str, digest: str, articles: Sequence[str]) -> Path:
        place = self._place(path)
        kept = self._files.get(path)
        if kept is not None and kept.digest != digest:
            raise StoreError(f"{path} would be two different files of one export")
        together = set(articles) | set(kept.articles if kept else ())
        self._files[path] = Kept(digest=digest, articles=tuple(sorted(together)))
        return place

    def _beside(self, place: Path, path: str) -> Path:
        self._journal.write(f"{path}\n")
        self._journal.flush()
        self._ours.add(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        # Not the file's own name with something behind it: that may be as long as a name can be.
        name = blake2b(path.encode(), digest_size=10).hexdigest()
        return place.with_name(f".{name}{_TEMPORARY}")

    def _settle(self, beside: Path, place: Path, path: str) -> None:
        beside.replace(place)
        self._written.append(path)

    def _remove(self, path: str) -> bool:
        place = self._place(path)
        there = place.is_file()
        place.unlink(missing_ok=True)
        for parent in place.parents:
            if parent == self.root or not parent.is_dir() or any(parent.iterdir()):
                break
            parent.rmdir()
        return there


def _read(path: Path, name: str) -> Manifest:
    if not path.exists():
        return Manifest(format=name, files={})
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}); export to an empty folder") from None
    if found.format != name:
        raise UsageError(f"{path.parent} holds an export for {found.format}; give {name} a folder of its own")
    return found


def _files_below(place: Path) -> Iterator[Path]:
    """Yield what lies below a folder, links not followed, version control and what anybody leaves about aside."""
    if place.is_symlink():
        yield place
    elif place.is_dir():
        for path in place.iterdir():
            if path.name in _BYSTANDERS or path.name == ".git":
                continue
            if path.is_dir() and not path.is_symlink():
                yield from _files_below(path)
            else:
                yield path


def _digest(path: Path) -> str:
    state = blake2b(digest_size=16)
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            state.update(chunk)
    return state.hexdigest()
