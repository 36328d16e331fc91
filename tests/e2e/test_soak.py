"""Many runs of one process over feeds that change: nothing grows but what is kept. Many more: ``make soak RUNS=200``."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.e2e.soak import MIB, Sample, Soak


def test_run_after_run_nothing_grows_but_what_is_kept() -> None:
    """In a process of its own, where no other test holds memory or files."""
    command = [sys.executable, "-m", "tests.e2e.soak", "--runs", "15", "--feeds", "6"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed" in done.stdout, "some feeds were hostile"


GOOD = Sample(
    resident=100 * MIB, files=7, threads=3, log=0, rows=100, articles=50, store=50_000, written=0, quiet=True
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"resident": 120 * MIB}, "memory grew"), ({"files": 8}, "open files"), ({"threads": 4}, "threads"),
        ({"log": 65 * MIB}, "write-ahead log"), ({"rows": 101}, "changed the rows by 1"), ({"written": 1}, "wrote 1 files"),
        ({"store": 60_000}, "an article took"), ({"articles": 40}, "only 40 articles"), ({"articles": 60}, "60 articles of 50"),
    ],
)  # fmt: skip
def test_what_grows_is_found(changed: dict[str, int], words: str) -> None:
    """Without this, a soak that finds nothing at all would pass."""
    found = Soak(samples=[GOOD] * 8)
    found.judge(50)
    assert found.faults == []
    found = Soak(samples=[*[GOOD] * 7, replace(GOOD, **changed)])
    found.judge(50)
    assert words in " ".join(found.faults)
