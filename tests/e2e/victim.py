"""Runs of a newspaper that end by SIGKILL at a given point. ``python -m tests.e2e.victim`` forks one for each line on stdin.

A point is the n-th thing that a stage does outside of its own memory: a statement or commit of the database, a file
opened for writing, renamed or removed, a connection. Or it is a moment, so many seconds after the stage began.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from broadsheet.errors import BroadsheetError
from broadsheet.newspaper import Newspaper
from broadsheet.pipeline import (
    addresses,
    affected,
    backfill,
    doubles,
    extract,
    fetch,
    media,
    merge,
    pages,
    poll,
    publish,
    relate,
    searchindex,
    work,
    zones,
)
from broadsheet.store.sqlite import Sqlite
from broadsheet.text import language

LOADED = (
    addresses, affected, backfill, doubles, extract, fetch, media, merge, pages, poll, publish, relate, searchindex, work, zones,
)  # fmt: skip
"""Imported before the fork, so that a run takes no longer than its work."""
UNEXPECTED = 70
"""Exit code of a run that ended with an exception that is none of ours."""
STAGES = ("poll", "fetch", "extract", "media", "relate", "plan", "build", "report")
_FILES = frozenset(("os.rename", "os.remove", "os.mkdir", "os.truncate", "socket.connect"))


def tell(pipe: int, line: str) -> None:
    """Tell the forker something, by a system call that no test lets fail."""
    os.writev(pipe, [line.encode(), b"\n"])


class Executioner:
    """Counts what each stage does, and kills its process at the point that was asked for. A ``Progress`` of the run."""

    def __init__(self, stage: str, nth: int, delay: float, told: int) -> None:
        self._stage, self._nth, self._delay, self._told = stage, nth, delay, told
        self._now = "poll"
        self._said = ""
        self.counts = dict.fromkeys(STAGES, 0)
        self._enter("poll")

    def start(self, stage: str, total: int) -> None:
        self._enter(stage)

    def advance(self, stage: str, count: int = 1) -> None:
        pass

    def end(self, stage: str) -> None:
        if stage in ("relate", "build"):
            self._enter("plan" if stage == "relate" else "report")

    def point(self) -> None:
        """Note that the stage did something; die where that was the thing to die at."""
        self.counts[self._now] += 1
        if self._now == self._stage and self.counts[self._now] == self._nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take part in Python's audit events: what happens to files and sockets, before it happens."""
        writes = event == "open" and isinstance(arguments[1], str) and arguments[1][:1] in "wax"
        if writes or event in _FILES:
            self.point()

    def statement(self, sql: str) -> None:
        """Note a statement before it is executed: one point, however many rows it is executed with."""
        head = sql.partition(" VALUES")[0]
        if head != self._said and not sql.startswith("--"):  # what a trigger says
            self.point()
        self._said = head

    def _enter(self, stage: str) -> None:
        tell(self._told, stage)
        late = STAGES.index(self._now) <= STAGES.index(self._stage) < STAGES.index(stage) if self._stage else False
        self._now = stage
        if late and not self._delay:  # the stage had less to do than thought: die at its end
            os.kill(os.getpid(), signal.SIGKILL)
        if self._stage == stage and self._delay:
            threading.Thread(target=self._later, daemon=True).start()

    def _later(self) -> None:
        time.sleep(self._delay)
        os.kill(os.getpid(), signal.SIGKILL)


class Watched(Sqlite):
    """A database of which the executioner hears every statement."""

    def __init__(self, url: str, folder: Path, killer: Executioner) -> None:
        super().__init__(url, folder)
        self._killer = killer

    @contextmanager
    def _lent(self, begin: str, end: str) -> Iterator[Any]:
        with super()._lent(begin, end) as connection:
            connection.driver.set_trace_callback(self._killer.statement)
            yield connection


def run(order: dict[str, Any], told: int) -> None:
    """Run the newspaper of the order, and tell stages and counts."""
    killer = Executioner(order["stage"], order["nth"], order["delay"], told)
    sys.addaudithook(killer.audit)
    now = datetime.fromisoformat(order["now"])
    with Newspaper(Path(order["folder"]), environ={}, clock=lambda: now) as paper:
        paper.store.database.close()
        paper.store.database = Watched(paper.config.store.url, paper.folder, killer)
        paper.save_report(paper.run(progress=killer))
    tell(told, json.dumps(killer.counts))


def obey(order: dict[str, Any]) -> dict[str, Any]:
    """Fork a run and return how it ended: signal or exit code, error of ours, last stage, counts, seconds, peak memory."""
    reading, writing = os.pipe()
    waiting, go = os.pipe()
    child = os.fork()
    if not child:
        code, error = 1, ""
        try:
            os.close(reading)
            os.close(go)
            os.read(waiting, 1)
            run(order, writing)
            code = 0
        except BroadsheetError as failure:
            code, error = failure.exit_code, str(failure)
        except BaseException:  # noqa: BLE001 - whatever it is, the parent reads the code and a person reads this
            traceback.print_exc()
            code = UNEXPECTED
        tell(writing, f"error {json.dumps(error)}")
        os._exit(code)
    os.close(writing)
    os.close(waiting)
    tracer = trace(child, order["strace"]) if order["strace"] else None
    os.close(go)
    with os.fdopen(reading) as told:
        lines = told.read().split("\n")[:-1]
    _, status, used = os.wait4(child, 0)
    if tracer:
        tracer.wait()
    counts = next((line for line in lines if line.startswith("{")), "{}")
    error = next((line.removeprefix("error ") for line in lines if line.startswith("error ")), '""')
    return {
        "code": os.waitstatus_to_exitcode(status), "error": json.loads(error),
        "stage": next((line for line in reversed(lines) if line in STAGES), ""), "counts": json.loads(counts),
        "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss * 1024,
    }  # fmt: skip


def trace(child: int, options: list[str]) -> subprocess.Popen[str]:
    """Attach strace to a process, and return when it has taken hold."""
    tracer = subprocess.Popen(["strace", "-f", "-p", str(child), *options], stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    while "attached" not in (line := tracer.stderr.readline()):
        assert line, "strace ended"
    return tracer


class Forker:
    """The process that forks runs, from outside."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.victim"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self,
        paper: Path,
        now: datetime,
        *,
        stage: str = "",
        nth: int = 0,
        delay: float = 0.0,
        strace: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Run a newspaper, killed at the point that is named if one is, and return how it ended; see ``obey``.

        With ``strace``, these are the options under which its system calls are watched, and may be made to fail.
        """
        order = {
            "folder": str(paper), "now": now.isoformat(), "stage": stage, "nth": nth, "delay": delay, "strace": list(strace),
        }  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        ended: dict[str, Any] = json.loads(self._process.stdout.readline())
        return ended

    def children(self) -> set[int]:
        """Return the processes of runs that are at work."""
        told = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text("ascii")
        return set(map(int, told.split()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)


if __name__ == "__main__":
    language("A sentence that loads the model of languages before the fork.")
    for line in sys.stdin:
        sys.stdout.write(json.dumps(obey(json.loads(line))) + "\n")
        sys.stdout.flush()
