"""Disks that are full, broken or small, and readers that go away: what is published stays, and the next run goes on.

All of these, and many more, come with ``make faults``; see ``tests/e2e/faults.py``.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Answer, Web, item, rss
from tests.e2e.faults import Faults, Volume, works


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    """Newspapers whose disk fails."""
    with Faults(tmp_path_factory.mktemp("faults") / "faults") as made:
        yield made


@pytest.fixture
def traced() -> None:
    if not works():
        pytest.skip("strace cannot make system calls fail here")


@pytest.fixture
def mounted(tmp_path: Path) -> None:
    if not Volume.works(tmp_path):
        pytest.skip("no small disk can be mounted here")


def passed(campaign: Faults) -> None:
    found, campaign.tally.faults = campaign.tally.faults, []
    assert found == []


@pytest.mark.parametrize(
    ("kind", "error", "share"),
    [
        ("write", "ENOSPC", 0.1), ("write", "ENOSPC", 0.6), ("write", "EIO", 0.95), ("fsync", "EIO", 0.05), ("fsync", "EIO", 0.4),
        ("fsync", "ENOSPC", 0.9), ("syncfs", "EIO", 1.0), ("rename", "ENOSPC", 0.2), ("rename", "EIO", 0.8),
        ("mkdir", "ENOSPC", 0.7),
    ],
)  # fmt: skip
def test_a_failing_call_is_named_and_costs_nothing(
    traced: None, campaign: Faults, kind: str, error: str, share: float
) -> None:
    campaign.fail(kind, error, max(1, round(share * campaign.counts[kind])))
    assert campaign.tally.injected[f"{kind} {error}"], "the call was made, and failed"
    passed(campaign)


@pytest.mark.parametrize("mebibytes", [1, 2])
def test_a_newspaper_outgrows_its_disk(mounted: None, campaign: Faults, mebibytes: int) -> None:
    before = campaign.tally.ended["named"]
    campaign.small(mebibytes)
    passed(campaign)
    assert campaign.tally.ended["named"] == before + 1, "it was too small"


@pytest.mark.parametrize("kibibytes", [0, 128, 768])
def test_a_full_disk_leaves_the_old_edition(mounted: None, campaign: Faults, kibibytes: int) -> None:
    before = campaign.tally.ended["named"]
    campaign.filled(kibibytes)
    passed(campaign)
    assert campaign.tally.ended["named"] == before + 1, "it was too full"


def test_a_disk_that_takes_nothing_is_named(mounted: None, campaign: Faults) -> None:
    campaign.read_only()
    passed(campaign)


@pytest.fixture
def folder(tmp_path: Path, web: Web) -> Path:
    """A newspaper with one article."""
    web.pages["/feed.xml"] = Answer(rss("News", item(1)))
    text = f'[poll]\nallow_private = ["{web.address}"]\n[[feeds]]\nurl = "{web.url}/feed.xml"\n'
    (tmp_path / "broadsheet.toml").write_text(text, "utf-8")
    return tmp_path


@pytest.mark.parametrize("words", [("status",), ("run",), ("run", "--json"), ("search", "works"), ("doctor",)])
def test_a_reader_that_goes_away_is_no_error(folder: Path, words: tuple[str, ...]) -> None:
    """As with ``broadsheet status | head -0``: no trace, and what was to be done is done."""
    command = [sys.executable, "-m", "broadsheet", "-C", str(folder), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        told = process.stderr.read()
    assert process.returncode in (0, 1)
    assert "Traceback" not in told
    assert "Exception" not in told
    assert (folder / "public" / "index.html").exists() == (words[0] == "run")


def test_messages_that_nobody_reads_stop_no_run(folder: Path) -> None:
    command = f"{sys.executable} -m broadsheet -C {folder} run 2>&1 | true; exit ${{PIPESTATUS[0]}}"
    assert subprocess.run(["bash", "-c", command], check=False, timeout=60).returncode == 0
    assert (folder / "public" / "index.html").exists()


@pytest.mark.parametrize("words", ["status", "run --json"])
def test_an_output_that_takes_nothing_is_named(folder: Path, words: str) -> None:
    command = f"{sys.executable} -m broadsheet -C {folder} {words} > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
