"""Runs that are told to end, and many that start at once. All moments: ``make stops``."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from broadsheet.newspaper import Newspaper
from tests.e2e.stops import Stops, together


def test_runs_that_are_told_to_end_do_so_in_order(tmp_path: Path) -> None:
    campaign = Stops(tmp_path, 20260315)
    try:
        campaign.round(8)
    finally:
        campaign.close()
    assert campaign.tally.faults == []
    assert campaign.tally.ended["in order"] >= 2, "some of them had begun"


LATE = """
import os, sys

class Late:
    def __del__(self, kill=os.kill, process=os.getpid(), number=int(sys.argv[1])):
        kill(process, number)

late = Late()
sys.argv[1:] = ["--version"]
from broadsheet.cli import main
main()
"""
"""Is told to end when Python takes its own modules apart, by when it has forgotten who handles signals."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_is_told_to_end_when_all_is_done_has_not_failed(number: signal.Signals) -> None:
    done = subprocess.run([sys.executable, "-c", LATE, str(int(number))], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "broadsheet" in done.stdout


def _fifty(folder: str, answers) -> None:
    answers.put([said for said, _ in together(Path(folder), 50)])


def test_of_fifty_runs_that_start_at_once_one_works(tmp_path: Path) -> None:
    (tmp_path / "broadsheet.toml").write_text("", "utf-8")
    with Newspaper(tmp_path, environ={}) as paper:
        assert paper.damage() == []
        paper.store.close()
    context = multiprocessing.get_context("spawn")  # a process without threads, which can be forked
    answers = context.Queue()
    forker = context.Process(target=_fifty, args=(str(tmp_path), answers))
    forker.start()
    said = answers.get(timeout=120)
    forker.join(30)
    assert sorted(line == "worked" for line in said) == [False] * 49 + [True]
    assert sum("is held by broadsheet run (process" in line for line in said) == 49
