"""Power cuts, and a reader during publishes. More of them: ``make power``, ``make publishes``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.faults import works as traced
from tests.e2e.power import Cuts, works
from tests.e2e.publishes import read_during


@pytest.fixture
def disks() -> None:
    if not works():
        pytest.skip("no file system can be mounted here")


def test_a_power_cut_costs_no_row_and_tears_no_page(disks: None, tmp_path: Path) -> None:
    campaign = Cuts(tmp_path, 20260315)
    try:
        for number in range(4):
            campaign.cut(number % 2)
    finally:
        campaign.close()
    assert campaign.tally.faults == []
    assert campaign.tally.rows > 50


def test_a_disk_that_lies_is_found_out(disks: None, tmp_path: Path) -> None:
    """Without this, cuts that cost nothing at all would pass."""
    if not traced():
        pytest.skip("strace cannot change system calls here")
    campaign = Cuts(tmp_path, 20260315, lying=True)
    try:
        while not campaign.tally.faults and campaign.tally.cuts < 12:
            campaign.cut(campaign.tally.cuts % 2)
    finally:
        campaign.close()
    assert any("lost" in fault or "torn: 0 bytes" in fault for fault in campaign.tally.faults)


def test_a_reader_of_every_page_meets_nothing_half_during_publishes(tmp_path: Path) -> None:
    reader, changed, faults = read_during(tmp_path, 6)
    assert faults == []
    assert changed > 6 * 10
    assert reader.pages > 500
