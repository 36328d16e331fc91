"""A campaign of power cuts: ``python -m tests.e2e.power --cuts 100 --seed 7``, which is ``make power N=100 SEED=7``.

A newspaper lies on an ext4 in an image file. At a random moment of a run its process is stopped and the image is copied as it
is: what the file system had not brought to the image is lost, as in a power cut. The copy is mounted (which replays its
journal), and has to hold every row that could be read before the cut, and whole files only; the run after that has to end in
the site of a newspaper that nobody disturbed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from broadsheet.store.backup import fault_of
from tests.e2e.crash import articles, site
from tests.e2e.victim import Forker
from tests.e2e.world import NOW, World

_TABLES = ("articles", "entries", "responses")
_LIES = ("-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync,fdatasync,syncfs,sync:retval=0")
"""A disk that says it has written and has not."""


def works() -> bool:
    """Return whether a file system in a file can be made and mounted here."""
    if shutil.which("mkfs.ext4") is None or os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            Disk.make(Path(folder) / "image", 8).mount(Path(folder) / "disk").unmount()
        except subprocess.CalledProcessError:
            return False
    return True


class Disk:
    """An ext4 in a file."""

    def __init__(self, image: Path) -> None:
        self.image = image
        self.place = image

    @classmethod
    def make(cls, image: Path, mebibytes: int) -> Disk:
        """Make an empty one."""
        with image.open("wb") as handle:
            handle.truncate(mebibytes * 1024**2)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True, capture_output=True)
        return cls(image)

    def mount(self, place: Path) -> Disk:
        """Mount it there; a file that was replaced by a rename has no special protection."""
        place.mkdir(exist_ok=True)
        subprocess.run(["mount", "-o", "loop,noauto_da_alloc", self.image, place], check=True, capture_output=True)
        self.place = place
        return self

    def unmount(self) -> None:
        """Unmount it; what is open there is over."""
        subprocess.run(["umount", self.place], check=True)


@dataclass
class Tally:
    """What a campaign found."""

    cuts: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    """That could be read before a cut."""
    behind: int = 0
    """Cuts after which the disk lacked something that the system still had in memory: that cost anything, then."""
    faults: list[str] = field(default_factory=list)


class Cuts:
    """Newspapers over one world whose power fails."""

    def __init__(self, folder: Path, seed: int, *, lying: bool = False) -> None:
        """``lying``: the disk says that it has written what it has not, so that the campaign must find faults."""
        self._folder = folder
        self._lying = lying
        self._chance = random.Random(seed)
        self._world = World()
        self._forker = Forker()
        self.tally = Tally()
        origin = folder / "undisturbed"
        origin.mkdir()
        (origin / "broadsheet.toml").write_text(self._world.config(), "utf-8")
        self._sites, self._articles, self._seconds = [], [], []
        for edition in (0, 1):
            started = time.monotonic()
            assert self._run(origin, edition)["code"] == 0
            self._seconds.append(time.monotonic() - started)
            self._sites.append(site(origin))
            self._articles.append(articles(origin))

    def close(self) -> None:
        """End the world and the forker."""
        self._forker.close()
        self._world.close()

    def cut(self, edition: int) -> None:
        """Cut the power once in a run of an edition, and judge what the disk holds."""
        self.tally.cuts += 1
        name = f"cut {self.tally.cuts}"
        disk = Disk.make(self._folder / "image", 64).mount(self._folder / "disk")
        paper = disk.place / "paper"
        paper.mkdir()
        (paper / "broadsheet.toml").write_text(self._world.config(), "utf-8")
        if edition:
            assert self._run(paper, 0)["code"] == 0
        os.sync()
        before, stage = self._stop(
            paper, edition, self._chance.uniform(0.02, 0.9) * self._seconds[edition] * (2 if self._lying else 1)
        )
        self.tally.stages[stage] += 1
        self.tally.rows += len(before)
        held = {path: body for path, body in site(paper).items() if not path.endswith(".tmp")}
        disk.unmount()
        self._judge(name, edition, before, held)
        for image in ("image", "cut"):
            (self._folder / image).unlink()

    def _judge(self, name: str, edition: int, before: set[tuple[str, Any]], held: dict[str, bytes]) -> None:
        after = Disk(self._folder / "cut").mount(self._folder / "after")
        try:
            paper = after.place / "paper"
            found = {path: body for path, body in site(paper).items() if not path.endswith(".tmp")}
            self.tally.behind += found != held or rows(paper) != before
            if edition or (paper / ".broadsheet" / "broadsheet.db").exists():
                self._fault(name, bool(lost := before - rows(paper)), f"lost {sorted(lost, key=str)[:3]}")
            for path, body in found.items():
                torn = body not in (self._sites[0].get(path), self._sites[1].get(path))
                self._fault(name, torn, f"{path} is torn: {len(body)} bytes")
            if self._lying:
                return
            again = self._run(paper, edition)
            self._fault(name, again["code"] != 0, f"the next run ended with {again}")
            self._fault(name, bool(fault := fault_of(paper / ".broadsheet" / "broadsheet.db", thorough=True)), fault)
            self._fault(name, articles(paper) != self._articles[edition], "other articles than undisturbed")
            other = [path for path, body in self._sites[edition].items() if site(paper).get(path) != body]
            self._fault(name, bool(other), f"other pages than undisturbed: {other[:3]}")
        finally:
            after.unmount()

    def _stop(self, paper: Path, edition: int, delay: float) -> tuple[set[tuple[str, Any]], str]:
        """Stop a run after so many seconds, copy the disk as it is, and end the run; return the rows that there were."""
        ended: dict[str, Any] = {}
        running = threading.Thread(target=lambda: ended.update(self._run(paper, edition, _LIES if self._lying else ())))
        pids = self._forker.children()
        running.start()
        while not (new := self._forker.children() - pids) and running.is_alive():
            time.sleep(0.001)
        time.sleep(delay)
        before = self._acknowledged(paper, new)
        shutil.copyfile(self._folder / "image", self._folder / "cut")
        for pid in new:
            _signal(pid, signal.SIGKILL)
        running.join()
        return before, ended["stage"] if ended["code"] else "was over"

    def _acknowledged(self, paper: Path, pids: set[int]) -> set[tuple[str, Any]]:
        """Stop the processes, and return the rows that there are from another one's view: what a reader sees was acknowledged.

        Stopped while it has the whole database to itself, as when it opens it, a run is let on for another moment.
        """
        while True:
            for pid in pids:
                _signal(pid, signal.SIGSTOP)
            try:
                return rows(paper, patience=0.1)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
            for pid in pids:
                _signal(pid, signal.SIGCONT)
            time.sleep(0.002)

    def _run(self, paper: Path, edition: int, strace: tuple[str, ...] = ()) -> dict[str, Any]:
        self._world.edition = edition
        return self._forker.run(paper, NOW[edition], strace=strace)

    def _fault(self, name: str, wrong: bool, what: str) -> None:
        if wrong:
            self.tally.faults.append(f"{name}: {what}")


def rows(paper: Path, patience: float = 5.0) -> set[tuple[str, Any]]:
    """Return (table, id) of the rows of the tables that nothing can fetch again; wait so many seconds for a lock."""
    path = paper / ".broadsheet" / "broadsheet.db"
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path, timeout=patience)) as connection:
        known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        return {
            (table, number)
            for table in _TABLES
            if table in known
            for (number,) in connection.execute(f"SELECT id FROM {table}")
        }


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it was over
        os.kill(pid, number)


def main() -> int:
    """Run a campaign and print what it found; return 1 where it found a fault."""
    parser = argparse.ArgumentParser(description="Cut the power of runs at random moments.")
    parser.add_argument("--cuts", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20260315)
    parser.add_argument("--lying", action="store_true", help="the disk does not keep its word: faults must be found")
    given = parser.parse_args()
    if not works():
        sys.stdout.write("no file system can be mounted here; nothing was tried\n")
        return 1
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        campaign = Cuts(Path(folder), given.seed, lying=given.lying)
        for number in range(given.cuts):
            campaign.cut(number % 2)
        campaign.close()
    tally = campaign.tally
    sys.stdout.write(
        f"seed {given.seed}: {tally.cuts} cuts, {dict(tally.stages)}; {tally.behind} of them cost what was in memory only; "
        f"{tally.rows} rows could be read before; {len(tally.faults)} faults; {time.monotonic() - started:.0f} s in all\n"
    )
    for fault in tally.faults:
        sys.stdout.write(f"{fault}\n")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
