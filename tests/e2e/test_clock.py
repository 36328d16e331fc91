"""Clocks that jump: nothing is lost, nothing is published twice, and no feed is left alone for years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broadsheet.newspaper import Newspaper
from tests.conftest import Answer, Web, item, rss
from tests.e2e.crash import articles, site

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
JUMPS = {"a day back": timedelta(days=-1), "a day on": timedelta(days=1), "73 years on": timedelta(days=73 * 365)}


@pytest.fixture
def folder(tmp_path: Path, web: Web) -> Path:
    """A newspaper of three feeds: one that works, one that fails, one that wants to be left alone; and a page that fails."""
    web.pages["/good.xml"] = Answer(rss("Good", item(1) + item(2)))
    web.pages["/bad.xml"] = Answer(b"", 500)
    web.pages["/busy.xml"] = Answer(b"", 503, {"Retry-After": "86400"})
    web.pages["/short.xml"] = Answer(rss("Short", item(3, text="<p>Short.</p>", link=f"{web.url}/page")))
    web.pages["/page"] = Answer(b"", 503)
    tables = "".join(f'[[feeds]]\nurl = "{web.url}/{name}.xml"\n' for name in ("good", "bad", "busy", "short"))
    (tmp_path / "broadsheet.toml").write_text(
        f'[site]\nurl = "https://paper.example/"\n[poll]\ndelay = 0\nallow_private = ["{web.address}"]\n'
        f'[engine]\nkind = "inline"\n{tables}',
        "utf-8",
    )
    return tmp_path


def run(folder: Path, *moments: datetime) -> None:
    """Run while the clock tells these moments, the last of them for the rest of the run."""
    told = iter(moments)
    last = moments[-1]
    with Newspaper(folder, environ={}, clock=lambda: next(told, last)) as paper:
        paper.run()


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
def test_a_clock_that_jumps_and_comes_back_costs_nothing(folder: Path, web: Web, jump: timedelta) -> None:
    run(folder, NOW)
    before = articles(folder)
    web.pages["/good.xml"] = Answer(rss("Good", item(1) + item(2) + item(4)))
    run(folder, NOW + jump)
    web.pages |= {
        f"/{name}.xml": Answer(rss(name, item(number))) for number, name in enumerate(("bad", "busy"), start=10)
    }
    web.pages["/good.xml"] = Answer(rss("Good", item(1) + item(2) + item(4) + item(5)))
    text = "".join(
        f"<p>The whole text of it, at some length, in part {number} of many parts.</p>" for number in range(20)
    )
    web.pages["/page"] = Answer(f"<article>{text}</article>".encode(), headers={"Content-Type": "text/html"})
    later = NOW + timedelta(days=2)
    run(folder, later)
    found = {row[0]: row for row in articles(folder)}
    assert [found.get(row[0]) for row in before] == before, "nothing is lost, moved or numbered anew"
    with Newspaper(folder, environ={}, clock=lambda: later) as paper:
        told = list(paper.articles())
        assert {line.url.rsplit("/", 1)[1]: line.failures for line in paper.health()} == dict.fromkeys(
            ("good.xml", "bad.xml", "busy.xml", "short.xml"), 0
        ), "every feed was asked again"
    titles = sorted(article.title for article in told)
    assert titles == sorted(f"Story {number} about the works" for number in (1, 2, 3, 4, 5, 10, 11))
    assert all(article.published and article.published <= later for article in told), "none is dated in the future"
    assert any("The whole text of it" in article.text for article in told), "its page was asked for again"


def test_a_clock_that_goes_back_during_a_run_costs_nothing(folder: Path, web: Web) -> None:
    run(folder, NOW, NOW - timedelta(days=1))
    before, printed = articles(folder), site(folder)
    assert len(before) == 3
    run(folder, NOW + timedelta(hours=1), NOW - timedelta(hours=30), NOW)
    assert articles(folder) == before
    assert site(folder) == printed, "nothing is published again"
