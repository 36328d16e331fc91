"""The site -> where readers find it: what changed since the last time, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import zstandard

from broadsheet.config import Config
from broadsheet.deploy import plan
from broadsheet.deploy.git import GitBranch
from broadsheet.deploy.plan import Changes
from broadsheet.deploy.rsync import Rsync
from broadsheet.deploy.storage import Storage
from broadsheet.disk import write_durably
from broadsheet.errors import UsageError
from broadsheet.model import Output
from broadsheet.pipeline.run import Progress
from broadsheet.site.write import Writer, digest_of
from broadsheet.store import site
from broadsheet.store.database import Store

_AT_ONCE = 1_000
"""Files sent in one go; after each, what was sent is remembered."""


class Deployed(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent, or would be with ``--dry-run``."""

    target: str
    sent: tuple[str, ...]
    removed: tuple[str, ...]
    bytes: int
    """Of the files that were sent."""
    near: tuple[tuple[str, int, int, str], ...] = ()
    """Limits of the host that are near or broken: (what, how much, limit, path)."""


class _Target(Protocol):
    def send(self, paths: Sequence[str]) -> None:
        """Send files of the site."""

    def remove(self, paths: Sequence[str]) -> None:
        """Remove files that were sent."""


class _Folder:
    def __init__(self, root: Path, target: Path) -> None:
        self._root = root
        self._writer = Writer(target, lambda _: {})

    def send(self, paths: Sequence[str]) -> None:
        self._writer.write(Output(path=path, body=(self._root / path).read_bytes()) for path in paths)

    def remove(self, paths: Sequence[str]) -> None:
        self._writer.remove(paths)


def deploy(
    store: Store, config: Config, folder: Path, progress: Progress, *, to: str = "", dry_run: bool = False, full: bool = False
) -> Deployed:  # fmt: skip
    """Send the site to ``to``, or to where the settings say; with ``full``, all of it, whatever was sent before.

    Raises ``UsageError`` where there is no site or no place to send it to, ``DeployError`` where the place cannot be reached.
    """
    root, settings = folder / config.site.output, config.deploy
    target = to or settings.to
    if not target:
        raise UsageError('Nothing says where the site is to go. Name it: broadsheet deploy TO, or [deploy] to = "…"')
    with store.read() as connection:
        now = site.everything(connection)
    if not (root / "index.html").exists():
        raise UsageError(f"There is no site in {root}. Build it with: broadsheet build")
    near = _near(settings.host, root, now)
    kind = plan.kind_of(target)
    if kind == "git":
        branch = GitBranch(root, store.state_dir, target, settings.branch, squash=settings.squash)
        changes = branch.deploy(f"{config.site.title}: {len(now)} files", dry_run=dry_run)
        return _told(target, root, changes, near)
    memory = _Memory(store.state_dir / "deployed" / f"{digest_of(target.encode())}.json.zst")
    then = {} if full else memory.load()
    changes = plan.changes(now, then)
    if not dry_run:
        _send(_target(kind, target, root, folder, settings.endpoint), changes, now, then, memory, progress)
    return _told(target, root, changes, near)


def _target(kind: plan.Kind, target: str, root: Path, folder: Path, endpoint: str) -> _Target:
    if kind == "rsync":
        return Rsync(root, target)
    if kind == "storage":
        return Storage(root, target, endpoint)
    place = (folder / Path(target).expanduser()).resolve()
    if place == root.resolve() or root.resolve() in place.parents or place in root.resolve().parents:
        raise UsageError(f"{place} is the site's own folder, or lies in or around it. Name another one")
    return _Folder(root, place)


def _send(
    target: _Target, changes: Changes, now: Mapping[str, str], then: dict[str, str], memory: _Memory, progress: Progress
) -> None:  # fmt: skip
    progress.start("deploy", len(changes.send))
    for group in plan.groups(changes.send, _AT_ONCE):
        target.send(group)
        then |= {path: now[path] for path in group}
        memory.save(then)
        progress.advance("deploy", len(group))
    if changes.remove:
        target.remove(changes.remove)
        memory.save({path: digest for path, digest in then.items() if path in now})
    progress.end("deploy")


def _near(host: str, root: Path, now: Mapping[str, str]) -> tuple[tuple[str, int, int, str], ...]:
    if host not in plan.HOSTS:
        return ()
    sizes = {path: (root / path).stat().st_size for path in now if (root / path).exists()}
    return tuple(plan.warnings(plan.HOSTS[host], sizes))


def _told(target: str, root: Path, changes: Changes, near: tuple[tuple[str, int, int, str], ...]) -> Deployed:
    size = sum((root / path).stat().st_size for path in changes.send)
    shown = plan.without_secrets(target)
    return Deployed(target=shown, sent=changes.send, removed=changes.remove, bytes=size, near=near)


class _Memory:
    """What was sent to one place: path -> digest. Without it all is sent once more, which harms nobody."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        return msgspec.json.decode(zstandard.decompress(self._path.read_bytes()), type=dict[str, str])

    def save(self, sent: Mapping[str, str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self._path, zstandard.compress(msgspec.json.encode(sent)))
