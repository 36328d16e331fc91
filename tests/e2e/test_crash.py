"""Killed at random moments, a run loses nothing: the next one ends in the same site, byte for byte."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from broadsheet.demo import DemoServer, config, subscriptions

SEED = int(os.environ.get("SEED", "20260315"))
KILLS = 5


def prepare(folder: Path, url: str) -> None:
    folder.mkdir()
    (folder / "broadsheet.toml").write_text(config(url), "utf-8")
    (folder / "feeds.opml").write_bytes(subscriptions(url, configured=False))


def start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "broadsheet", "-q", "-C", str(folder), "run"])


def site(folder: Path) -> dict[str, bytes]:
    root = folder / "public"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory):
    """The feeds, the site of a run that nobody disturbed, and the seconds that it took."""
    folder = tmp_path_factory.mktemp("undisturbed") / "paper"
    with DemoServer(slow=0.2) as server:
        prepare(folder, server.url)
        assert start(folder).wait(120) == 0  # pictures are drawn now, so that the measured run is like the killed ones
        again = folder.with_name("again")
        prepare(again, server.url)
        began = time.monotonic()
        assert start(again).wait(120) == 0
        seconds = time.monotonic() - began
        assert site(folder) == site(again), "two undisturbed runs print the same bytes"
        yield server, site(folder), seconds


@pytest.mark.parametrize("round_", range(2))
def test_killed_runs_end_in_the_same_site(undisturbed, tmp_path: Path, round_: int) -> None:
    server, expected, seconds = undisturbed
    chance = random.Random(SEED + round_)
    folder = tmp_path / "paper"
    prepare(folder, server.url)
    moments = [chance.uniform(0.1, seconds) for _ in range(KILLS)]
    for moment in moments:
        process = start(folder)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert start(folder).wait(120) == 0
    found = site(folder)
    told = f"seed {SEED + round_}, killed at {[round(moment, 2) for moment in moments]}"
    assert sorted(found) == sorted(expected), told
    assert [path for path in expected if found[path] != expected[path]] == [], told
