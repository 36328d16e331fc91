"""A campaign of kills: ``python -m tests.e2e.crash --kills 1000 --seed 7``, which is ``make crash N=1000 SEED=7``.

A newspaper is killed at points and moments of every stage, again and again, until it has been let through; then its
site is compared with that of a newspaper that nobody disturbed. A reader follows the links of its front page meanwhile.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from broadsheet.store.database import Store
from tests.e2e.victim import STAGES, Forker
from tests.e2e.world import NOW, World

_LINK = re.compile(rb'(?:href|src)="(/[^"#?]*)')
_ENDS = {".html": b"</html>\n", ".xml": b">\n", ".json": b"}\n"}


class Reader:
    """Reads a site over HTTP without a pause: its front page, then all that this links to. ``faults`` is what it met.

    With ``deep`` it follows the links of those pages too, until it has read the whole site, and begins anew.
    """

    def __init__(self, root: Path, *, deep: bool = False) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.faults: list[str] = []
        self.pages = 0
        self.rounds = 0
        """How often it has read the site to its end."""
        self._deep = deep
        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(root)))
        self._server.daemon_threads = True
        self._url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True),
            threading.Thread(target=self._read, daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._threads[1].join()
        self._server.shutdown()
        self._server.server_close()
        self._threads[0].join()

    def _read(self) -> None:
        published = False
        while not self._ended.is_set():
            status, body = self._get("/")
            if status == 404 and not published:  # nothing was ever printed
                time.sleep(0.005)
                continue
            published = True
            self._judge("/", status, body)
            known = {"/"} | {link.decode() for link in _LINK.findall(body)}
            waiting = sorted(known - {"/"})
            while waiting:
                if self._ended.is_set():
                    return
                path = waiting.pop()
                status, body = self._get(path)
                self._judge(path, status, body)
                if self._deep and path.endswith(("/", ".html")):
                    fresh = {link.decode() for link in _LINK.findall(body)} - known
                    known |= fresh
                    waiting += sorted(fresh)
            self.rounds += 1

    def _get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(self._url + path, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, b""

    def _judge(self, path: str, status: int, body: bytes) -> None:
        self.pages += 1
        suffix = ".html" if path.endswith("/") else Path(path).suffix
        if status != 200:
            self.faults.append(f"{path} answered {status}")
        elif not body or not body.endswith(_ENDS.get(suffix, b"")):
            self.faults.append(f"{path} ends with {body[-40:]!r}")


class _Quiet(SimpleHTTPRequestHandler):
    def list_directory(self, path: Any) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


@dataclass
class Tally:
    """What a campaign found."""

    kills: Counter[str] = field(default_factory=Counter)
    """By the stage in which they came."""
    rounds: int = 0
    pages: int = 0
    """That the reader read."""
    longest: float = 0.0
    """Seconds of the longest run that came after a kill and was let through."""
    faults: list[str] = field(default_factory=list)


class Campaign:
    """Newspapers over one world, and the process that forks their runs."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._chance = random.Random(seed)
        self._world = World()
        self._forker = Forker()
        self.tally = Tally()
        self._sites: list[dict[str, bytes]] = []
        self._articles: list[list[tuple[Any, ...]]] = []
        self._counts: list[dict[str, int]] = []
        self._seconds = 0.0

    def __enter__(self) -> Self:
        paper = self._new("undisturbed")
        for edition in (0, 1):
            started = time.monotonic()
            ended = self._run(paper, edition)
            self._seconds = time.monotonic() - started
            assert ended["code"] == 0
            self._counts.append(ended["counts"])
            self._sites.append(site(paper))
            self._articles.append(articles(paper))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forker.close()
        self._world.close()

    def round(self, kills: int) -> None:
        """Bring one newspaper through both editions, killed about so many times in each, and judge what is left."""
        self.tally.rounds += 1
        paper = self._new(f"round-{self.tally.rounds}")
        with Reader(paper / "public") as reader:
            for edition in (0, 1):
                stages = sorted(self._chance.choices(STAGES, k=kills), key=STAGES.index)
                for stage in stages:
                    before = articles(paper)
                    self._kill(paper, edition, stage)
                    self._survived(paper, before)
                started = time.monotonic()
                ended = self._run(paper, edition)
                self.tally.longest = max(self.tally.longest, time.monotonic() - started)
                self._fault(ended["code"] != 0, f"the last run ended with {ended}")
                self._compare(paper, edition)
        self.tally.pages += reader.pages
        self.tally.faults += [
            f"round {self.tally.rounds}: a reader met: {fault}" for fault in sorted(set(reader.faults))
        ]

    def stage(self, edition: int, stage: str, kills: int) -> None:
        """Kill runs of new newspapers at so many points of one stage, from its first to its last, each followed by one run."""
        count = max(self._counts[edition][stage], 1)
        for nth in sorted({1 + (count - 1) * step // max(kills - 1, 1) for step in range(kills)}):
            self.tally.rounds += 1
            paper = self._new(f"round-{self.tally.rounds}")
            if edition:
                self._run(paper, 0)
            before = articles(paper)
            ended = self._run(paper, edition, stage=stage, nth=nth)
            if ended["code"] == -signal.SIGKILL:
                self.tally.kills[ended["stage"]] += 1
            self._survived(paper, before)
            self._fault(self._run(paper, edition)["code"] != 0, f"the run after a kill at {nth} of {stage} failed")
            self._compare(paper, edition)
            shutil.rmtree(paper)

    def _new(self, name: str) -> Path:
        paper = self._folder / name
        paper.mkdir()
        (paper / "broadsheet.toml").write_text(self._world.config(), "utf-8")
        return paper

    def _run(self, paper: Path, edition: int, **point: Any) -> dict[str, Any]:
        self._world.edition = edition
        return self._forker.run(paper, NOW[edition], **point)

    def _kill(self, paper: Path, edition: int, stage: str) -> None:
        count = self._counts[edition][stage]
        if self._chance.random() < 0.3:
            ended = self._run(paper, edition, stage=stage, delay=self._chance.uniform(0.0005, self._seconds / 3))
        else:
            ended = self._run(paper, edition, stage=stage, nth=self._chance.randint(1, max(count, 1)))
        if ended["code"] == -signal.SIGKILL:
            self.tally.kills[ended["stage"]] += 1
        self._fault(ended["code"] not in (0, -signal.SIGKILL), f"a run in {stage} ended with {ended}")

    def _survived(self, paper: Path, before: list[tuple[Any, ...]]) -> None:
        database = paper / ".broadsheet" / "broadsheet.db"
        if not database.exists():  # killed before there was any
            return
        with sqlite3.connect(database) as connection:
            answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
            self._fault(answer != "ok", f"integrity: {answer}")
            self._fault(bool(connection.execute("PRAGMA foreign_key_check").fetchall()), "rows that lead nowhere")
        connection.close()
        now = {row[0]: row for row in articles(paper)}
        for row in before:
            kept = now.get(row[0])
            self._fault(kept is None, f"article {row[0]} was there before the kill")
            moved = kept is not None and row[1:] != kept[1:] and None not in row[1:]
            self._fault(moved, f"article {row[0]} had {row[1:]} before the kill and has {kept} after it")

    def _compare(self, paper: Path, edition: int) -> None:
        expected, found = self._sites[edition], site(paper)
        self._fault(articles(paper) != self._articles[edition], "not the articles of the undisturbed newspaper")
        self._fault(sorted(found) != sorted(expected), f"files: {sorted(set(found) ^ set(expected))[:5]}")
        different = [path for path in expected if found.get(path) != expected[path]]
        self._fault(bool(different), f"other bytes in {different[:5]}")
        self._bodies(paper)

    def _bodies(self, paper: Path) -> None:
        """Read back every body that a row leads to."""
        store = Store.open("sqlite:///.broadsheet/broadsheet.db", paper)
        with store.read() as connection:
            digests = [row[0] for row in connection.exec_driver_sql("SELECT body FROM responses")]
        for digest in digests:
            store.blobs.get(digest)
        store.close()

    def _fault(self, wrong: bool, what: str) -> None:
        if wrong:
            self.tally.faults.append(f"round {self.tally.rounds}: {what}")


def site(paper: Path) -> dict[str, bytes]:
    """Return what is published, by path."""
    root = paper / "public"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def articles(paper: Path) -> list[tuple[Any, ...]]:
    """Return (id, permalink, number) of every article of the store, in order."""
    path = paper / ".broadsheet" / "broadsheet.db"
    if not path.exists():
        return []
    with sqlite3.connect(path) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'articles'").fetchone()[0]
        found = connection.execute("SELECT id, permalink, seq FROM articles ORDER BY id").fetchall() if tables else []
    connection.close()
    return found


def rows(paper: Path) -> dict[str, int]:
    """Return how many rows each table of the store has."""
    with closing(sqlite3.connect(paper / ".broadsheet" / "broadsheet.db")) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
        names = [name for (name,) in connection.execute(query)]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def main() -> int:
    """Run a campaign and print what it found; return 1 where it found a fault."""
    parser = argparse.ArgumentParser(description="Kill runs at random points and compare what comes of them.")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20260315)
    parser.add_argument(
        "--each", type=int, default=0, help="instead, kill at so many points of each stage of each edition"
    )
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Campaign(Path(folder), given.seed) as campaign:
        tally = campaign.tally
        for edition, stage in product((0, 1), STAGES if given.each else ()):
            campaign.stage(edition, stage, given.each)
        while not given.each and tally.kills.total() < given.kills and not tally.faults:
            campaign.round(12)
    sys.stdout.write(
        f"seed {given.seed}: {tally.kills.total()} kills in {tally.rounds} newspapers, {dict(tally.kills)}; the reader read "
        f"{tally.pages} pages; the longest run after a kill took {tally.longest:.1f} s; {len(tally.faults)} faults; "
        f"{time.monotonic() - started:.0f} s in all\n"
    )
    for fault in tally.faults:
        sys.stdout.write(f"{fault}\n")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
