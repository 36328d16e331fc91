"""A campaign of disk faults: ``python -m tests.e2e.faults``, which is ``make faults``.

A newspaper that has printed one edition prints the next one while the k-th system call of a kind fails, as on a disk that is
full or broken (strace injects it). What was published has to stay whole, the error has to be named, and the next run, left
alone, has to end in the site of a newspaper that nobody disturbed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from broadsheet.newspaper import Newspaper
from broadsheet.store.backup import fault_of
from tests.e2e.crash import articles, site
from tests.e2e.victim import Forker
from tests.e2e.world import NOW, World

CALLS = {
    "write": "write,pwrite64", "fsync": "fsync,fdatasync", "syncfs": "syncfs", "rename": "rename,renameat,renameat2",
    "mkdir": "mkdir,mkdirat", "unlink": "unlink,unlinkat", "truncate": "ftruncate,truncate",
}  # fmt: skip
"""What a disk may refuse -> the system calls that ask it."""
ERRORS = ("ENOSPC", "EIO")
_NAMED = re.compile(r"disk is full|disk gives errors|cannot be written|No space left|Input/output|I/O error")


def works() -> bool:
    """Return whether system calls can be made to fail here."""
    if shutil.which("strace") is None:
        return False
    command = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO:when=1", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Volume:
    """A small disk in memory."""

    def __init__(self, place: Path, size: str) -> None:
        self.place = place
        self.filler = place / "filler"
        self._size = size

    @classmethod
    def works(cls, folder: Path) -> bool:
        """Return whether a disk can be mounted here."""
        try:
            with cls(folder / "probe", "1m"):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False

    def __enter__(self) -> Self:
        self.place.mkdir(parents=True, exist_ok=True)
        self._mount(f"size={self._size}", "-t", "tmpfs", "tmpfs")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["umount", self.place], check=True)

    def resize(self, size: str) -> None:
        """Change the size, and what else mount options say."""
        self._mount(f"remount,size={size}")

    def fill(self, left: int) -> None:
        """Take all the room but so many bytes."""
        free = shutil.disk_usage(self.place).free
        with self.filler.open("wb") as handle:
            for _ in range((free - left) // 4096):
                handle.write(bytes(4096))

    def _mount(self, options: str, *more: str) -> None:
        subprocess.run(["mount", "-o", options, *more, self.place], check=True, capture_output=True)


@dataclass
class Tally:
    """What a campaign found."""

    injected: Counter[str] = field(default_factory=Counter)
    """By kind of call and error: runs in which it came."""
    ended: Counter[str] = field(default_factory=Counter)
    """How these runs ended: ``named`` an error, or ``went on``, where the call was none that counts."""
    faults: list[str] = field(default_factory=list)


class Faults:
    """Newspapers over one world whose disk fails."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._world = World()
        self._forker = Forker()
        self._origin = folder / "origin"
        self._sites: list[dict[str, bytes]] = []
        self._articles: list[list[tuple[Any, ...]]] = []
        self.counts: dict[str, int] = {}
        """Kind of call -> how often an undisturbed second edition makes the commonest of its calls."""
        self.tally = Tally()

    def __enter__(self) -> Self:
        self._origin.mkdir(parents=True)
        (self._origin / "broadsheet.toml").write_text(self._world.config(), "utf-8")
        assert self._run(self._origin, 0)["code"] == 0
        self._sites.append(site(self._origin))
        self._articles.append(articles(self._origin))
        self._rename(self._origin)
        undisturbed = self._copy("undisturbed")
        log = self._folder / "calls"
        traced = ",".join(CALLS.values())
        assert self._run(undisturbed, 1, strace=("-o", str(log), "-e", f"trace={traced}"))["code"] == 0
        made = Counter(re.findall(r"^(\d+) +(\w+)\(", log.read_text("utf-8", "replace"), re.MULTILINE))
        # strace counts each call of each thread by itself.
        self.counts = {
            kind: max((count for (_, call), count in made.items() if call in calls.split(",")), default=0)
            for kind, calls in CALLS.items()
        }
        assert all(self.counts.values()), f"a run that makes all calls: {self.counts}"
        self._sites.append(site(undisturbed))
        self._articles.append(articles(undisturbed))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forker.close()
        self._world.close()

    def fail(self, kind: str, error: str, nth: int) -> None:
        """Let the n-th call of a kind fail in a run, and judge that run and the next one."""
        name = f"{kind} {nth} {error}"
        paper = self._copy("disturbed")
        log = self._folder / "log"
        options = ("-o", str(log), "-e", f"trace={CALLS[kind]}", "-e", f"inject={CALLS[kind]}:error={error}:when={nth}")
        ended = self._run(paper, 1, strace=options)
        if "(INJECTED)" in log.read_text("utf-8", "replace"):
            self.tally.injected[f"{kind} {error}"] += 1
            self._judge(name, ended)
            self._intact(name, paper)
        self._goes_on(name, paper)
        shutil.rmtree(paper)

    def small(self, mebibytes: int) -> None:
        """Print both editions on a disk of so many mebibytes, make it larger, and print again."""
        name = f"a disk of {mebibytes} MiB"
        with Volume(self._folder / "volume", f"{mebibytes}m") as volume:
            paper = volume.place / "paper"
            paper.mkdir()
            (paper / "broadsheet.toml").write_text(self._world.config(), "utf-8")
            ended = self._run(paper, 0)
            self._judge(name, ended)
            volume.resize("256m")
            again = self._run(paper, 0)
            self._fault(again["code"] != 0 or articles(paper) != self._articles[0], f"{name}: the next run: {again}")
            other = [path for path, body in site(paper).items() if body != self._sites[0].get(path)]
            self._fault(bool(other), f"{name}: other than undisturbed: {other[:3]}")
            self._rename(paper)
            self._goes_on(name, paper)

    def filled(self, kibibytes: int) -> None:
        """Print the second edition on a disk that has so much room left, make room, and print again."""
        name = f"{kibibytes} KiB left"
        with Volume(self._folder / "volume", "64m") as volume:
            paper = volume.place / "paper"
            shutil.copytree(self._origin, paper)
            volume.fill(kibibytes * 1024)
            ended = self._run(paper, 1)
            self._judge(name, ended)
            volume.filler.unlink()
            self._intact(name, paper)
            self._goes_on(name, paper)

    def read_only(self) -> None:
        """Print the second edition on a disk that takes nothing, then on one that does."""
        with Volume(self._folder / "volume", "64m") as volume:
            paper = volume.place / "paper"
            shutil.copytree(self._origin, paper)
            volume.resize("64m,ro")
            ended = self._run(paper, 1)
            self._judge("a disk that takes nothing", ended)
            self._fault(ended["code"] != 1, f"a disk that takes nothing: {ended}")
            volume.resize("64m,rw")
            self._intact("a disk that took nothing", paper)
            self._goes_on("a disk that took nothing", paper)

    def _rename(self, paper: Path) -> None:
        """Give the newspaper another title, so that its next edition changes every page: many at once are synced in one go."""
        config = self._world.config()
        renamed = config.replace('title = "The Disturbed"', 'title = "The Disturbed Post"')
        assert renamed != config
        (paper / "broadsheet.toml").write_text(renamed, "utf-8")

    def _copy(self, name: str) -> Path:
        paper = self._folder / name
        shutil.copytree(self._origin, paper)
        return paper

    def _run(self, paper: Path, edition: int, strace: Iterable[str] = ()) -> dict[str, Any]:
        self._world.edition = edition
        return self._forker.run(paper, NOW[edition], strace=tuple(strace))

    def _judge(self, name: str, ended: dict[str, Any]) -> None:
        if ended["code"] == 0:
            self.tally.ended["went on"] += 1
            return
        self.tally.ended["named"] += 1
        self._fault(ended["code"] != 1, f"{name}: ended with {ended}")
        self._fault(not _NAMED.search(ended["error"]), f"{name}: the error is told as {ended['error']!r}")
        self._fault("/" not in ended["error"], f"{name}: no file in {ended['error']!r}")

    def _intact(self, name: str, paper: Path) -> None:
        """Compare what is published with the old edition and the new one: each file is one of theirs, whole."""
        old, new = self._sites
        found = {path: body for path, body in site(paper).items() if not path.endswith(".tmp")}
        lost = [path for path in old if path in new and path not in found]
        torn = [path for path, body in found.items() if body not in (old.get(path), new.get(path))]
        self._fault(bool(lost), f"{name}: lost {lost[:3]}")
        self._fault(bool(torn), f"{name}: neither old nor new: {torn[:3]}")
        fault = fault_of(paper / ".broadsheet" / "broadsheet.db", thorough=True)
        self._fault(bool(fault), f"{name}: {fault}")

    def _goes_on(self, name: str, paper: Path) -> None:
        ended = self._run(paper, 1)
        self._fault(ended["code"] != 0, f"{name}: the next run ended with {ended}")
        found, expected = site(paper), self._sites[1]
        self._fault(articles(paper) != self._articles[1], f"{name}: other articles after the next run")
        other = [path for path in {*found, *expected} if found.get(path) != expected.get(path)]
        self._fault(bool(other), f"{name}: after the next run other than undisturbed: {sorted(other)[:3]}")
        left = [path for path in paper.rglob("*.tmp") if path.is_file()]
        self._fault(bool(left), f"{name}: left {left[:3]}")
        with Newspaper(paper, environ={}) as opened:
            self._fault(bool(opened.damage()), f"{name}: {opened.damage()}")

    def _fault(self, wrong: bool, what: str) -> None:
        if wrong:
            self.tally.faults.append(what)


def main() -> int:
    """Let the first calls of each kind fail, and others all through the run; return 1 where a fault was found."""
    parser = argparse.ArgumentParser(description="Let system calls of runs fail and compare what comes of them.")
    parser.add_argument("--first", type=int, default=20, help="so many first calls of each kind")
    parser.add_argument("--spread", type=int, default=20, help="and so many spread over the rest of the run")
    given = parser.parse_args()
    if not works():
        sys.stdout.write("strace cannot make system calls fail here; nothing was tried\n")
        return 1
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Faults(Path(folder) / "faults") as campaign:
        for kind, count in campaign.counts.items():
            step = max(1, (count - given.first) // given.spread)
            numbers = sorted({*range(1, min(given.first, count) + 1), *range(given.first, count + 1, step)})
            for error in ERRORS:
                for nth in numbers:
                    campaign.fail(kind, error, nth)
            sys.stdout.write(f"{kind}: {count} calls in an undisturbed run, {len(numbers)} failed with each error\n")
            sys.stdout.flush()
        if Volume.works(Path(folder)):
            for size in (1, 2, 3, 4, 6, 8, 12, 16, 32, 64):
                campaign.small(size)
            for left in (0, 16, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096, 8192):
                campaign.filled(left)
            campaign.read_only()
            sys.stdout.write("27 small, full and read-only disks\n")
        else:
            sys.stdout.write("no disk can be mounted here; small ones were not tried\n")
    tally = campaign.tally
    sys.stdout.write(
        f"{tally.injected.total()} failing calls, {dict(tally.injected)}; {dict(tally.ended)}; {len(tally.faults)} faults; "
        f"{time.monotonic() - started:.0f} s in all\n"
    )
    for fault in tally.faults:
        sys.stdout.write(f"{fault}\n")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
