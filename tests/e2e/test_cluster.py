"""A run on a cluster that is cut off: the next one does the rest, and only the rest."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from broadsheet.newspaper import Newspaper
from tests.conftest import Answer, Web, item, rss
from tests.servers import Cluster

COUNT = 150


def _saved(folder: Path) -> dict[str, int]:
    """Return the articles whose extraction is recorded, with when."""
    database = folder / ".broadsheet" / "broadsheet.db"
    if not database.exists():
        return {}
    try:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)
        rows = connection.execute("SELECT item, at FROM ledger WHERE stage = 'extract'").fetchall()
        connection.close()
    except sqlite3.OperationalError:  # not there yet
        return {}
    return dict(rows)


def test_the_driver_is_killed_and_the_next_run_does_the_rest(
    paper: Callable[..., Newspaper], web: Web, cluster: Cluster
) -> None:
    web.pages["/feed"] = Answer(rss("One", "".join(item(number) for number in range(COUNT))))
    made = paper(f"{web.url}/feed")
    made.close()
    environment = os.environ | {
        "BROADSHEET_ENGINE_KIND": "dask", "BROADSHEET_ENGINE_ADDRESS": cluster.address, "BROADSHEET_POLL_MAX_INTERVAL": "0",
    }  # fmt: skip
    command = [sys.executable, "-m", "broadsheet", "-C", str(made.folder), "update", "--json"]
    driver = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(3000):
        if len(_saved(made.folder)) >= 20:
            break
        time.sleep(0.01)
    driver.send_signal(signal.SIGKILL)
    driver.wait(30)
    before = _saved(made.folder)
    assert 20 <= len(before) < COUNT, "killed in the middle"
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    after = _saved(made.folder)
    assert len(after) == COUNT
    assert {name: after[name] for name in before} == before, "what was saved was not done again"
    with Newspaper(made.folder, environ={}) as again:
        assert len({article.id for article in again.articles()}) == COUNT
