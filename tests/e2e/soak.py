"""A soak: ``python -m tests.e2e.soak --runs 200``, which is ``make soak RUNS=200``.

One process runs a newspaper again and again, an hour apart, while its feeds bring, change and drop items, fail, move, and one in
twenty sends what is hostile. Memory, open files and threads have to stay as they were when half of the runs that warm it up were
over, the write-ahead log small, every run without an error that is none of ours, and the store has to grow with what is taken in:
runs that bring nothing add no row to it and write no file.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from broadsheet.newspaper import Newspaper
from tests.conftest import Answer, Web, item, rss
from tests.e2e.crash import rows, site
from tests.e2e.world import NOW, WORDS

MIB = 1024**2
HOSTILE: dict[str, Answer] = {
    "no feed": Answer(b"<!doctype html><title>Sign in</title>", headers={"Content-Type": "text/html"}),
    "deep": Answer(b"<rss version='2.0'><channel>" + b"<a>" * 50_000),
    "attributes": Answer(b"<rss " + b"".join(b"a%d='' " % number for number in range(20_000)) + b"/>"),
    "cut off": Answer(b"<rss version='2.0'><channel><item><title>Half", headers={"Content-Length": "100000"}),
    "packed": Answer(bytes(30 * MIB), headers={"Content-Encoding": "gzip"}),
    "error": Answer(b"", 500),
    "loop": Answer(b"", 302, {"Location": "/loop"}),
    "markup": Answer(rss("Markup", item(1, text="<svg onload=alert(1)>" * 300 + "<div>" * 5_000 + "The end"))),
}


class Changing(Web):
    """Feeds that change from step to step as chance has it; the same seed, the same steps."""

    def __init__(self, feeds: int, seed: int) -> None:
        super().__init__()
        self._chance = random.Random(seed)
        self._items: list[dict[int, str]] = [{} for _ in range(feeds)]
        self._number = 0
        self._marked: set[int] = set()
        self.published = 0
        """Items that were ever new in a feed that could be read."""
        self.step(quiet=False)

    def step(self, *, quiet: bool) -> None:
        """Let an hour pass. In a quiet one nothing is new and what fails is the same as before."""
        if quiet:
            return
        for feed, items in enumerate(self._items):
            hostile = self._chance.random() < 0.05
            if hostile:
                kind = self._chance.choice(list(HOSTILE))
                self.pages[f"/{feed}.xml"] = HOSTILE[kind]
                self.published += kind == "markup" and feed not in self._marked
                self._marked |= {feed} if kind == "markup" else set()
                continue
            for _ in range(self._chance.choice((0, 0, 1, 2))):
                self._number += 1
                items[self._number] = self._text(self._number)
                self.published += 1
            if items and self._chance.random() < 0.2:
                number = self._chance.choice(list(items))
                items[number] = self._text(number, " Corrected, it says.")
            while len(items) > 12:
                del items[min(items)]
            body = "".join(self._item(feed, number, text) for number, text in reversed(items.items()))
            self.pages[f"/{feed}.xml"] = Answer(rss(f"Paper {feed}", body))

    def _text(self, number: int, more: str = "") -> str:
        chance = random.Random(number)
        sentences = (
            f"<p>{' '.join(chance.choices(WORDS, k=18)).capitalize()} in report {number}, part {part}.{more}</p>"
            for part in range(10)
        )
        return "".join(sentences)

    def _item(self, feed: int, number: int, text: str) -> str:
        title = f"{' '.join(random.Random(number).choices(WORDS, k=5)).capitalize()} {number}"
        date = NOW[0] + timedelta(minutes=number)
        return item(
            number, title=title, text=text, date=f"{date:%a, %d %b %Y %H:%M:%S} GMT", link=f"{self.url}/{feed}/{number}",
            guid=f"urn:{feed}:{number}",
        )  # fmt: skip

    def config(self, *, max_bytes: int = 4 * MIB) -> str:
        """Return the configuration of a newspaper of these feeds."""
        tables = "".join(
            f'[[feeds]]\nurl = "{self.url}/{feed}.xml"\nsection = "News/Paper {feed}"\nmode = "full"\nfull_text = "never"\n'
            for feed in range(len(self._items))
        )
        return (
            '[site]\ntitle = "The Soaked"\nurl = "https://paper.example/"\n[poll]\ndelay = 0\nper_host = 8\ntimeout = 10\n'
            f'max_interval = 0\nmax_bytes = {max_bytes}\nallow_private = ["{self.address}"]\n[engine]\nkind = "inline"\n{tables}'
        )


@dataclass
class Sample:
    """What was seen after a run."""

    resident: int
    """Bytes of memory."""
    files: int
    threads: int
    log: int
    """Bytes of the write-ahead log."""
    rows: int
    """Of all tables."""
    articles: int
    store: int
    """Bytes of the state, its reports and copies of the database aside."""
    written: int
    """Files of the site that the run wrote."""
    quiet: bool


@dataclass
class Soak:
    """What a soak found."""

    samples: list[Sample] = field(default_factory=list)
    outcomes: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def judge(self, published: int) -> None:
        """Compare the end with the time when a quarter of the runs was over."""
        warm, end = self.samples[len(self.samples) // 4], self.samples[-1]
        # The highest of the last ones: a leak shows in all of them.
        last = max(sample.resident for sample in self.samples[-5:])
        self.fault(last > 1.1 * warm.resident, f"memory grew from {warm.resident // MIB} to {last // MIB} MiB")
        self.fault(end.files > warm.files, f"open files grew from {warm.files} to {end.files}")
        self.fault(end.threads > warm.threads, f"threads grew from {warm.threads} to {end.threads}")
        highest = max(sample.log for sample in self.samples)
        self.fault(highest > 64 * MIB, f"the write-ahead log reached {highest // MIB} MiB")
        for number, (before, after) in enumerate(pairwise(self.samples), start=1):
            if after.quiet and before.quiet:
                self.fault(
                    after.rows != before.rows,
                    f"run {number} brought nothing and changed the rows by {after.rows - before.rows}",
                )
                self.fault(after.written > 0, f"run {number} brought nothing and wrote {after.written} files")
        self.fault(end.articles > published, f"{end.articles} articles of {published} items")
        self.fault(end.articles < 0.95 * published, f"only {end.articles} articles of {published} items")
        per_article = [sample.store / max(1, sample.articles) for sample in (warm, end)]
        self.fault(
            per_article[1] > 1.1 * per_article[0],
            f"an article took {per_article[0]:.0f} bytes and takes {per_article[1]:.0f}",
        )

    def fault(self, wrong: bool, what: str) -> None:
        """Note what is wrong, if it is."""
        if wrong:
            self.faults.append(what)


def soak(folder: Path, runs: int, feeds: int, seed: int, told: Callable[[str], None] = lambda line: None) -> Soak:
    """Run a newspaper so many times and return what was found. Three hours in ten bring nothing."""
    web, found = Changing(feeds, seed), Soak()
    (folder / "broadsheet.toml").write_text(web.config(), "utf-8")
    now = NOW[1]
    for number in range(runs):
        quiet = number % 10 in (7, 8, 9)
        web.step(quiet=quiet)
        now += timedelta(hours=1)
        stamps = _stamps(folder)
        log = _run(folder, now, found)
        written = len(_stamps(folder).items() - stamps.items())
        found.samples.append(_sample(folder, quiet=quiet, written=written, log=log))
        web.hits.clear()
        if number % 20 == 19:
            last = found.samples[-1]
            told(f"{number + 1} runs: {last.resident // MIB} MiB, {last.files} files, {last.articles} articles\n")
    found.judge(web.published)
    web.close()
    return found


def _run(folder: Path, now: datetime, found: Soak) -> int:
    """Run once and return how long the write-ahead log was at the end."""
    try:
        with Newspaper(folder, environ={}, clock=lambda: now) as paper:
            report = paper.run()
            paper.save_report(report)
            found.outcomes |= {line.outcome for line in report.feeds.values()}
            unexpected = [line.why for line in report.feeds.values() if "WorkerError" in line.why]
            found.fault(bool(unexpected), f"{now}: {unexpected[:1]}")
            log = folder / ".broadsheet" / "broadsheet.db-wal"
            return log.stat().st_size if log.exists() else 0
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        found.fault(True, f"{now}: {type(error).__name__}: {error}")
        return 0


def _stamps(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in (folder / "public").rglob("*") if path.is_file()}


def _sample(folder: Path, *, quiet: bool, written: int, log: int) -> Sample:
    gc.collect()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)  # what is free and only kept by the allocator is no leak
    state = folder / ".broadsheet"
    counts = rows(folder)
    kept = [
        path
        for path in state.rglob("*")
        if path.is_file() and not {"runs", "backup"} & set(path.relative_to(state).parts)
    ]
    return Sample(
        resident=int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize(),
        files=_count("/proc/self/fd"), threads=_count("/proc/self/task"),
        log=log, rows=sum(counts.values()), articles=counts["articles"],
        store=sum(path.stat().st_size for path in kept), written=written, quiet=quiet,
    )  # fmt: skip


def _count(folder: str) -> int:
    return sum(1 for _ in Path(folder).iterdir())


def main() -> int:
    """Soak a newspaper and print what came of it; return 1 where a fault was found."""
    parser = argparse.ArgumentParser(description="Run a newspaper again and again over feeds that change.")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--feeds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=20260315)
    given = parser.parse_args()
    if "MALLOC_ARENA_MAX" not in os.environ:
        # glibc keeps what threads gave back in up to 8 arenas a core: bounded, but it would hide a leak of ours for long.
        command = [sys.executable, "-m", "tests.e2e.soak", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, "MALLOC_ARENA_MAX": "1"})
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = soak(Path(folder), given.runs, given.feeds, given.seed, sys.stdout.write)
        pages = len(site(Path(folder)))
    first, warm, end = (found.samples[number] for number in (0, len(found.samples) // 4, -1))
    log = max(sample.log for sample in found.samples)
    sys.stdout.write(
        f"seed {given.seed}: {given.runs} runs of {given.feeds} feeds, {end.articles} articles, {pages} files of the site; memory "
        f"{first.resident // MIB} MiB after the first run, {warm.resident // MIB} after a quarter, {end.resident // MIB} at "
        f"the end; open files {warm.files} and {end.files}, threads {warm.threads} and {end.threads}; the write-ahead log "
        f"{log // 1024} KiB at most; {end.store // max(1, end.articles)} bytes of store an article "
        f"({warm.store // max(1, warm.articles)} after a quarter); feeds were {', '.join(sorted(found.outcomes))}; "
        f"{len(found.faults)} faults; {time.monotonic() - started:.0f} s\n"
    )
    for fault in found.faults[:20]:
        sys.stdout.write(f"{fault}\n")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
