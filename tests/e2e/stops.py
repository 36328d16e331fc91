"""A campaign of polite ends: ``python -m tests.e2e.stops --stops 100 --seed 7``, which is ``make stops N=100 SEED=7``.

A run is told to end (SIGTERM, SIGINT) at random moments, workers and all. It has to end soon and in good order, with nothing
to repair, and the run after it has to end in the site of a newspaper that nobody disturbed. Then fifty runs start at once.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from broadsheet.errors import LockedError
from broadsheet.newspaper import Newspaper
from broadsheet.pipeline.run import Run
from tests.e2e.crash import articles, site
from tests.e2e.world import World

CODES = {signal.SIGTERM: 0, signal.SIGINT: 130}


@dataclass
class Tally:
    """What a campaign found."""

    ended: Counter[str] = field(default_factory=Counter)
    """Runs by how they ended: ``in order``, ``before it began``, ``was over``."""
    longest: float = 0.0
    """Seconds from the signal to the end."""
    faults: list[str] = field(default_factory=list)


class Stops:
    """Newspapers over one world, run as people run them: the command, with workers."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._chance = random.Random(seed)
        self._world = World()
        self.tally = Tally()
        undisturbed = self._new("undisturbed")
        started = time.monotonic()
        assert self._start(undisturbed).wait(120) == 0
        self._seconds = time.monotonic() - started
        self._articles = [row[:2] for row in articles(undisturbed)]
        self._paths = sorted(site(undisturbed))

    def close(self) -> None:
        """End the world."""
        self._world.close()

    def round(self, count: int) -> None:
        """Stop runs of one newspaper so many times, then let it through and compare."""
        paper = self._new(f"round-{self._chance.random()}")
        for _ in range(count):
            number = self._chance.choice(list(CODES))
            moment = self._chance.uniform(0.05, self._seconds)
            process = self._start(paper)
            time.sleep(moment)
            told = time.monotonic()
            process.send_signal(number)
            try:
                code = process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            self.tally.longest = max(self.tally.longest, time.monotonic() - told)
            lock = paper / ".broadsheet" / "lock"
            began = lock.exists() and f"(process {process.pid})" in lock.read_text("utf-8")
            self._judge(f"{number.name} after {moment:.3f} s", number, code, began=began)
            with Newspaper(paper, environ={}) as opened:
                self._fault(bool(opened.damage()), f"to repair: {opened.damage()}")
        self._fault(self._start(paper).wait(120) != 0, "the last run failed")
        self._fault(
            [row[:2] for row in articles(paper)] != self._articles, "not the articles of the undisturbed newspaper"
        )
        self._fault(sorted(site(paper)) != self._paths, "not the pages of the undisturbed newspaper")

    def _judge(self, name: str, number: signal.Signals, code: int, *, began: bool) -> None:
        if code == CODES[number]:
            self.tally.ended["in order" if began else "before it began"] += 1
        elif code == 0:
            self.tally.ended["was over"] += 1
        elif code == -number and not began:  # an interpreter that starts is ended by the signal itself
            self.tally.ended["before it began"] += 1
        else:
            self.tally.faults.append(f"{name}: ended with {code}")

    def _new(self, name: str) -> Path:
        paper = self._folder / name
        paper.mkdir()
        config = self._world.config().replace('kind = "inline"', 'kind = "processes"\nworkers = 2')
        (paper / "broadsheet.toml").write_text(config, "utf-8")
        return paper

    @staticmethod
    def _start(paper: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "broadsheet", "-q", "-C", str(paper), "run"]
        return subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def _fault(self, wrong: bool, what: str) -> None:
        if wrong:
            self.tally.faults.append(what)


def together(paper: Path, count: int) -> list[tuple[str, float]]:
    """Start so many runs of a newspaper at once and return what each said and after how many seconds.

    Each is a process forked from this one, so that their start takes less than a second together. The one that gets the
    newspaper holds it until all others have spoken, or a minute is over, and says ``worked``.
    """
    reading, writing = os.pipe()
    waiting, go = os.pipe()
    started = time.monotonic()
    children = []
    for _ in range(count):
        child = os.fork()
        if not child:
            try:
                os.close(go)
                said = _once(paper, lambda run: select.select([waiting], [], [], 60))
                os.write(writing, f"{time.monotonic() - started:.3f} {said}\n".encode())
            finally:
                os._exit(0)
        children.append(child)
    os.close(writing)
    lines = []
    with os.fdopen(reading) as told:
        for line in told:
            lines.append(line.rstrip("\n"))
            if len(lines) == count - 1:
                os.close(go)
    for child in children:
        os.waitpid(child, 0)
    os.close(waiting)
    return [(said, float(seconds)) for seconds, _, said in (line.partition(" ") for line in lines)]


def _once(paper: Path, held: Callable[[Run], object]) -> str:
    try:
        with Newspaper(paper, environ={}) as opened:
            opened._run("run", held, None)
    except LockedError as error:
        return str(error)
    except BaseException as error:  # noqa: BLE001 - told to the test
        return repr(error)
    return "worked"


def main() -> int:
    """Run a campaign and print what it found; return 1 where it found a fault."""
    parser = argparse.ArgumentParser(description="End runs at random moments, and start many at once.")
    parser.add_argument("--stops", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20260315)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        campaign = Stops(Path(folder), given.seed)
        while campaign.tally.ended.total() < given.stops and not campaign.tally.faults:
            campaign.round(10)
        campaign.close()
        paper = Path(folder) / "together"
        paper.mkdir()
        (paper / "broadsheet.toml").write_text("", "utf-8")
        Newspaper(paper, environ={}).store.close()
        said = together(paper, 50)
    tally = campaign.tally
    refused = [seconds for line, seconds in said if "is held by broadsheet run (process" in line]
    worked = sum(line == "worked" for line, _ in said)
    sys.stdout.write(
        f"seed {given.seed}: {tally.ended.total()} stops, {dict(tally.ended)}, the slowest took {tally.longest:.2f} s; "
        f"{len(tally.faults)} faults\n50 starts at once: {worked} worked, {len(refused)} were refused by name, the last after "
        f"{max(refused):.2f} s\n"
    )
    others = sorted({line for line, _ in said if line != "worked" and "is held by broadsheet run (process" not in line})
    for fault in (*tally.faults, *others):
        sys.stdout.write(f"{fault}\n")
    return 1 if tally.faults or (worked, len(refused)) != (1, 49) else 0


if __name__ == "__main__":
    sys.exit(main())
