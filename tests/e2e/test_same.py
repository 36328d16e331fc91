"""What stays the same: the site over runs that bring nothing, a site made anew from the store alone, and every address."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from broadsheet.newspaper import Newspaper
from tests.e2e.crash import articles, rows, site
from tests.e2e.permanence import Permanence, grow
from tests.e2e.world import NOW, World

POLLS = 10


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def stamps(paper: Path) -> dict[str, tuple[int, int]]:
    found = ((path, path.stat()) for path in (paper / "public").rglob("*") if path.is_file())
    return {str(path): (status.st_mtime_ns, status.st_ino) for path, status in found}


def test_ten_runs_over_the_same_feeds_add_no_row_and_write_no_file(world: World, tmp_path: Path) -> None:
    (tmp_path / "broadsheet.toml").write_text(world.config(), "utf-8")
    now = NOW[0]
    for edition in (0, 1, 1):  # what failed in the second edition has failed once more in the third
        world.edition = edition
        now += timedelta(hours=12)
        with Newspaper(tmp_path, environ={}, clock=lambda now=now: now) as paper:  # type: ignore[misc]
            paper.run()
    before = stamps(tmp_path), site(tmp_path), rows(tmp_path), articles(tmp_path)
    for _ in range(POLLS):
        now += timedelta(minutes=30)
        with Newspaper(tmp_path, environ={}, clock=lambda now=now: now) as paper:  # type: ignore[misc]
            report = paper.run(everything=True)
        assert {line.outcome for line in report.feeds.values()} <= {"unchanged", "failed"}
    assert (stamps(tmp_path), site(tmp_path), rows(tmp_path), articles(tmp_path)) == before


def test_a_site_that_is_gone_is_made_anew_from_the_store_alone(world: World, tmp_path: Path) -> None:
    """After editions one by one, as it grew: the same bytes, every file, and nobody is asked."""
    (tmp_path / "broadsheet.toml").write_text(world.config(), "utf-8")
    now = NOW[0]
    for step in range(4):
        world.publish(step)
        now += timedelta(hours=12)
        with Newspaper(tmp_path, environ={}, clock=lambda now=now: now) as paper:  # type: ignore[misc]
            paper.run()
    grown = site(tmp_path)
    shutil.rmtree(tmp_path / "public")
    world.hits.clear()
    with Newspaper(tmp_path, environ={}, clock=lambda: now + timedelta(days=3)) as paper:
        paper.build()
    assert site(tmp_path) == grown
    assert world.hits == []


def test_addresses_are_for_ever(tmp_path: Path) -> None:
    found = grow(tmp_path, total=60, updates=5, changes=2)
    assert found.faults == []
    assert len(found.given) == 60
    assert found.retitled >= 20


def test_an_address_that_is_lost_is_found(tmp_path: Path) -> None:
    """Without this, a look that finds nothing at all would pass."""
    found = grow(tmp_path, total=20, updates=1, changes=1)
    path = next(iter(found.given))
    (tmp_path / "public" / path).unlink()
    found.judge(tmp_path, 1)
    assert found.faults == [f"update 1: 1 addresses do not answer, as {path}"]
    other = Permanence(given={path: "another"})
    other.judge(tmp_path, 2)
    assert "changed or lost" in other.faults[0]
