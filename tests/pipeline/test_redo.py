"""Extraction done again over all that is kept: by every worker process, and with the pages a second told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from broadsheet import pipeline
from broadsheet.engine import Work
from broadsheet.engine.futures import Promise
from broadsheet.engine.pool import PoolEngine
from broadsheet.model import Outcome
from broadsheet.newspaper import Newspaper
from broadsheet.pipeline.run import Report, Run
from tests.conftest import NOW, Answer, Web, item, rss

COUNT = 150


def noted(folder: str, work: Work, batch: Sequence[Any]) -> Iterator[Outcome[Any]]:
    """Do the work and note which process did it; a process waits until another has some, too, or for half a minute."""
    with Path(folder, str(os.getpid())).open("a") as notes:
        notes.writelines(f"{one.key}\n" for one in batch)
    for _ in range(300):
        if len(list(Path(folder).iterdir())) > 1:
            break
        time.sleep(0.1)
    yield from work(batch)


class NotedEngine(PoolEngine):
    """Two processes that say what each of them has done."""

    def __init__(self, folder: Path) -> None:
        super().__init__(2)
        self._folder = str(folder)

    def submit(self, work: Work, batch: Sequence[Any]) -> Promise:
        return super().submit(partial(noted, self._folder, work), batch)


def filled(web: Web, paper: Callable[..., Newspaper]) -> Newspaper:
    web.pages["/feed"] = Answer(rss("News", "".join(map(item, range(COUNT)))))
    made = paper(f"{web.url}/feed")
    made.run()
    web.hits.clear()
    return made


def test_both_workers_extract_again_what_is_kept(web: Web, paper: Callable[..., Newspaper], tmp_path: Path) -> None:
    made = filled(web, paper)
    notes = tmp_path / "notes"
    notes.mkdir()
    engine = NotedEngine(notes)
    report = Report(id="x", command="update", started=NOW)
    try:
        with made.store.lock("update"):
            run = Run(
                folder=made.folder, config=made.config, store=made.store, engine=engine, now=NOW, report=report,
                clock=lambda: NOW,
            )  # fmt: skip
            pipeline.update(run, redo="extract")
    finally:
        engine.close()
    done = {path.name: path.read_text().split() for path in notes.iterdir()}
    articles = {article.id for article in made.articles()}
    shares = Counter({name: len(articles.intersection(keys)) for name, keys in done.items()})
    assert report.stages["extract"].done == COUNT == len(articles)
    assert len(shares) == 2
    assert all(shares.values())
    assert sum(shares.values()) == COUNT
    assert str(os.getpid()) not in shares
    assert not web.hits


def test_the_pages_a_second_are_told(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = filled(web, paper)
    made.close()
    file = made.folder / "broadsheet.toml"
    file.write_text(file.read_text("utf-8").replace('"inline"', '"processes"\nworkers = 2'), "utf-8")
    words = [sys.executable, "-m", "broadsheet", "-C", str(made.folder), "update", "--redo", "extract"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stderr
    found = re.search(r"(\d+) articles made of feeds and pages in ([\d.]+) seconds: (\d+) a second\.", told)
    assert found is not None, told
    assert int(found[1]) == COUNT
    assert int(found[3]) > 0
    assert not web.hits
