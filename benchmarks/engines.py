"""Engines: pages extracted by two processes, and by a Dask cluster of two workers, in turn in one run.

``PAGES=20000`` sets how many, each of ``ROUNDS=3`` times. Needs the ``cluster`` extra.
"""

from __future__ import annotations

import os
import pickle
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Row
from broadsheet.articles.template import learn_template
from broadsheet.engine import Engine
from broadsheet.engine.dask import DaskEngine
from broadsheet.engine.pool import PoolEngine
from broadsheet.model import Done, Entry
from broadsheet.pipeline import work

PAGES = int(os.environ.get("PAGES", "4000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
_BATCH = 10
PUBLISHED = datetime(2026, 3, 1, tzinfo=UTC)
CLUSTER = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False", "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "500ms",
    "MALLOC_ARENA_MAX": "1",
}  # fmt: skip
"""What the guide says that the scheduler and the workers are started with."""


def page(number: int) -> bytes:
    """Return a page of a made site: a menu, an article of some 3,000 characters, related links, a footer."""
    chance = random.Random(number)
    words = [f"w{chance.randrange(5000)}" for _ in range(520)]
    text = "".join(f"<p>{' '.join(words[start : start + 40])}.</p>" for start in range(0, 520, 40))
    menu = "".join(f'<li><a href="/section/{item}">Section {item}</a></li>' for item in range(40))
    links = "".join(
        f'<li><a href="/a/{chance.randrange(10**6)}">A headline of six words here</a></li>' for _ in range(30)
    )
    return (
        f"<html><head><title>Report {number} - Site</title></head><body><nav><ul>{menu}</ul></nav>"
        f"<main><h1>Report {number} of the day</h1><article>{text}</article></main>"
        f"<aside><ul>{links}</ul></aside><footer>Imprint, terms, and so on.</footer></body></html>"
    ).encode()


def inputs(first: int, last: int) -> list[work.ExtractInput]:
    """Return pages as the extract stage hands them to an engine."""
    template = learn_template([(page(number), f"https://site.example/{number}") for number in range(-20, 0)])
    return [
        work.ExtractInput(
            key=str(number), url=f"https://site.example/{number}", page=page(number), language="en", template=template,
            entry=Entry(title=f"Report {number}", published=PUBLISHED), digest="",
        )
        for number in range(first, last)
    ]  # fmt: skip


def rate(engine: Engine, items: Sequence[work.ExtractInput]) -> float:
    """Return the pages a second of wall time that an engine extracts."""
    started = time.monotonic()
    batches = (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
    done = sum(isinstance(outcome, Done) for outcome in engine.map(work.extract_batch, batches))
    if done != len(items):
        raise RuntimeError(f"{done} of {len(items)} pages were extracted")
    return len(items) / (time.monotonic() - started)


def run() -> Iterator[Row]:
    """Compare the engines."""
    with tempfile.TemporaryDirectory() as folder:
        file, log = Path(folder, "scheduler.json"), subprocess.DEVNULL
        dask = [sys.executable, "-m", "dask"]
        common = ["--scheduler-file", str(file), "--no-dashboard", "--host", "127.0.0.1"]
        environment = os.environ | CLUSTER
        scheduler = subprocess.Popen(
            [*dask, "scheduler", "--port", "0", "--no-show", *common], stdout=log, stderr=log, env=environment
        )
        while not file.exists():
            time.sleep(0.1)
        workers = subprocess.Popen(
            [*dask, "worker", "--nworkers", "2", "--nthreads", "1", "--local-directory", folder, *common],
            stdout=log, stderr=log, env=environment,
        )  # fmt: skip
        import json

        engines: dict[str, Engine] = {
            "pool": PoolEngine(2),
            "dask": DaskEngine(json.loads(file.read_text())["address"]),
        }
        try:
            for engine in engines.values():
                rate(engine, inputs(0, 200))  # everything is imported
            rates: dict[str, list[float]] = {name: [] for name in engines}
            items = inputs(0, PAGES)
            for _ in range(ROUNDS):
                for name, engine in engines.items():
                    rates[name].append(rate(engine, items))
        finally:
            for engine in engines.values():
                engine.close()
            for process in (workers, scheduler):
                process.terminate()
                process.wait()
    pool, cluster = (statistics.median(rates[name]) for name in ("pool", "dask"))
    ratio = statistics.median(ours / theirs for ours, theirs in zip(rates["dask"], rates["pool"], strict=True))
    yield Row(
        f"{PAGES:,} pages on two Dask workers",
        f"{cluster:.0f} a second",
        f"two processes, {pool:.0f} a second",
        ratio,
        "as fast",
        ">= 0.9",
    )
    batch = inputs(0, _BATCH)
    size, alone = len(pickle.dumps(batch)), len(pickle.dumps(batch[0].template))
    yield Row(
        "a batch of ten pages",
        f"{size / 1000:.0f} kB",
        f"its template, {alone / 1000:.1f} kB",
        size / alone,
        "times",
        "-",
    )
