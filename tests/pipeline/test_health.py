"""What ``broadsheet status`` says of each feed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

import msgspec
import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from broadsheet.cli import cli
from broadsheet.cli.base import State
from broadsheet.newspaper import Newspaper
from tests.conftest import NOW, Answer, Web, item, rss
from tests.e2e.test_demo import command


def days_ago(number: int) -> str:
    return format_datetime(NOW - timedelta(days=number))


@pytest.fixture
def aged(web: Web, paper: Callable[..., Newspaper]) -> Newspaper:
    """A newspaper whose feeds have been asked twice a day for nine days: well, quiet, wishing, failing late and early."""
    items = "".join(item(number, date=days_ago(number)) for number in range(40))
    web.pages |= {
        "/well": Answer(rss("Well", items)), "/wishing": Answer(rss("Wishing", ""), headers={"Cache-Control": "max-age=7200"}),
        "/late": Answer(rss("Late", item(99))), "/early": Answer(b"", 500), "/gone": Answer(b"", 410),
    }  # fmt: skip
    clock = [NOW]
    made = paper(*(f"{web.url}/{name}" for name in ("well", "wishing", "late", "early", "gone")), now=lambda: clock[0])
    for half in range(18):
        clock[0] = NOW + timedelta(hours=12 * half)
        if half == 15:
            web.pages["/late"] = Answer(b"", 404)
        made.update()
    return made


def test_failing_feeds_come_first_and_everything_is_said(aged: Newspaper) -> None:
    lines = aged.health()
    names = [line.url.rsplit("/", 1)[1] for line in lines]
    assert names[:3] in (["early", "gone", "late"], ["gone", "early", "late"])
    by = dict(zip(names, lines, strict=True))
    assert [by[name].alarming for name in ("early", "gone", "late", "well")] == [True, True, False, False]
    assert "answered 500" in by["early"].error
    assert by["early"].why == "failed"
    assert by["early"].failures > 3
    assert by["gone"].gone
    assert (by["gone"].why, by["gone"].next_check) == ("gone", None)
    assert by["late"].last_success == NOW + timedelta(hours=12 * 14)
    well = by["well"]
    assert well.articles == 40
    assert 4 <= well.per_week <= 7, "about one a day, over four weeks"
    assert well.answers == well.unchanged + 2, "the whole document twice: at first, and after eight days"
    size = len(rss("Well", "".join(item(number, date=days_ago(number)) for number in range(40))))
    assert well.saved_bytes == well.unchanged * size
    assert (by["wishing"].why, by["wishing"].why_by) == ("rhythm", "")


def test_the_next_check_is_explained(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(rss("News", item(1)), headers={"Cache-Control": "max-age=7200"})
    made = paper(f"{web.url}/feed", f"{web.url}/other")
    web.pages["/other"] = Answer(rss("Other", item(2)))
    made.update()
    wishing, other = sorted(made.health(), key=lambda line: line.url)
    assert (wishing.next_check, wishing.why, wishing.why_by) == (NOW + timedelta(hours=2), "wish", "Cache-Control")
    assert (other.next_check, other.why) == (None, "run")


@pytest.mark.parametrize(("lang", "words"), [("en", "have failed for a week"), ("zh", "已失败一周以上")])
def test_the_command_shows_it(aged: Newspaper, lang: str, words: str) -> None:
    done = CliRunner().invoke(cli, ["-C", str(aged.folder), "--lang", lang, "status"], obj=State())
    assert done.exit_code == 0, done.output
    rows = done.stdout.splitlines()
    assert rows[1].split("\t")[0].endswith(("/early", "/gone"))
    assert "answered 500" in done.stdout
    assert "kB" in done.stdout
    assert words in done.stderr
    whole = CliRunner().invoke(cli, ["-C", str(aged.folder), "--json", "status"], obj=State())
    feeds = msgspec.json.decode(whole.stdout)["feeds"]
    assert {"next_check", "why", "per_week", "saved_bytes", "failing_since", "alarming"} <= feeds[0].keys()


def test_prometheus_reads_the_numbers(paper: Callable[..., Newspaper], web: Web) -> None:
    """By Prometheus's own parser: what ``status --metrics`` prints, after a run that had a good feed and a bad one."""
    web.pages["/good"] = Answer(rss("Good", item(1, text="Short.") + item(2, text="Short.")))
    made = paper(f"{web.url}/good", f"{web.url}/bad")
    report = made.run()
    made.save_report(report)
    made.close()
    text = command(made.folder, "status", "--metrics").stdout
    found = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["broadsheet_articles", (("state", "live"),)] == 2
    assert found["broadsheet_feeds", (("state", "ok"),)] == 1
    assert found["broadsheet_feeds", (("state", "alarming"),)] == 1, "since March, by today's clock"
    assert found["broadsheet_run_info", (("command", "run"), ("run", report.id))] == 1
    assert found["broadsheet_run_timestamp_seconds", (("command", "run"),)] == report.started.timestamp()
    assert found["broadsheet_run_items", (("command", "run"), ("outcome", "failed"), ("stage", "poll"))] == 1
    assert found["broadsheet_run_articles", (("command", "run"), ("what", "new"))] == 2
    # The pages of two short entries could not be had; they are tried again.
    assert found["broadsheet_waiting", (("stage", "fetch"),)] == 2
    assert json.loads(command(made.folder, "status", "--json").stdout)["waiting"] == {"fetch": 2}
