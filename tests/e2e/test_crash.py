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
from tests.e2e.crash import Campaign, Reader
from tests.e2e.victim import STAGES

SEED = int(os.environ.get("SEED", "20260315"))
KILLS = 5
MANY = 100


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


def test_a_hundred_kills_in_all_stages_lose_nothing_and_a_reader_sees_nothing(tmp_path: Path) -> None:
    """At statements, commits, files and connections of each stage; see ``tests/e2e/crash.py``, or ``make crash N=1000``."""
    with Campaign(tmp_path, SEED) as campaign:
        tally = campaign.tally
        while tally.kills.total() < MANY and not tally.faults:
            campaign.round(12)
    assert tally.faults == [], f"seed {SEED}"
    assert set(tally.kills) == set(STAGES)
    assert tally.pages > 1000, "a reader was there"


def test_the_reader_sees_what_is_half(tmp_path: Path) -> None:
    """Without this, a reader that sees nothing at all would pass."""
    (tmp_path / "a.html").write_text("<html>cut o", "utf-8")
    (tmp_path / "index.html").write_text('<a href="/a.html"></a><a href="/b.html"></a></html>\n', "utf-8")
    with Reader(tmp_path) as reader:
        deadline = time.monotonic() + 20
        while len(set(reader.faults)) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert set(reader.faults) == {"/a.html ends with b'<html>cut o'", "/b.html answered 404"}
