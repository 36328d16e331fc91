"""The demo newspaper through the real command line, a real web server and the real network path."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from broadsheet.demo import DemoServer, config, subscriptions
from broadsheet.newspaper import Newspaper


def command(folder: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "broadsheet", "-C", str(folder), *words], capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory):
    """A demo newspaper after its first run, with its feeds still served: (server, folder, report)."""
    folder = tmp_path_factory.mktemp("demo")
    with DemoServer(slow=0.2) as server:
        (folder / "broadsheet.toml").write_text(config(server.url), "utf-8")
        (folder / "feeds.opml").write_bytes(subscriptions(server.url, configured=False))
        report = json.loads(command(folder, "run", "--json").stdout)
        yield server, folder, report


def test_the_first_run_makes_the_whole_paper(world) -> None:
    _, folder, report = world
    assert report["version"] == 1
    assert report["articles_new"] >= 60
    outcomes = [feed["outcome"] for feed in report["feeds"].values()]
    assert outcomes.count("new") >= 8
    failed = {
        feed["url"].split("/")[3]: feed["why"] for feed in report["feeds"].values() if feed["outcome"] == "failed"
    }
    assert "answered 404" in failed["vanished-weekly"]
    assert "without an answer" in failed["lost-channel"]
    assert "answered 503" in failed["storm-desk"]
    pages = [path for path in (folder / "public").glob("2*/*/*/*.html") if path.name != "index.html"]
    assert len(pages) == report["articles_new"]
    assert list((folder / ".broadsheet" / "runs").glob("*-run.json"))


def test_the_site_is_whole(world) -> None:
    _, folder, _ = world
    done = command(folder, "check", "--json")
    result = json.loads(done.stdout)
    assert result["faults"] == []
    assert result["pages"] > 80


def test_junk_is_gone_and_text_is_there(world) -> None:
    _, folder, _ = world
    with Newspaper(folder) as paper:
        articles = {article.title: article for article in paper.articles()}
        feeds = {feed.id: feed.title for feed in paper.subscriptions()}
    wire = [article for article in articles.values() if feeds[article.feed_id] == "海湾社"]
    assert len(wire) >= 8
    for article in wire:
        assert "扫描二维码" not in article.text
        assert {"repeated picture", "repeated block"} <= {item.why for item in article.removed}
        assert article.image is None or "qr" not in article.image.url
    assert not [article.title for article in articles.values() if "appeared first on" in article.text]
    assert not [article.title for article in articles.values() if "责任编辑" in article.text]
    quoted = [article for article in articles.values() if "<script>" in article.text]
    assert quoted, "an article that quotes markup keeps it as text"
    assert not [article for article in articles.values() if "<script" in article.html]


def test_events_are_told_once_and_series_are_not_merged(world) -> None:
    _, folder, _ = world
    with Newspaper(folder) as paper:
        articles = {article.id: article for article in paper.articles()}
        stories = [story for story in paper.stories() if len(story.articles) > 1]
    titles = [{articles[article].title for article in story.articles} for story in stories]
    accord = next(found for found in titles if any("Heron Strait" in title for title in found))
    assert len(accord) == 3
    ferry = next(found for found in titles if any("金盏号" in title for title in found))
    assert len(ferry) == 3, "three reports in words of their own"
    for found in titles:
        assert (
            len([title for title in found if title.startswith(("收盘：", "Weather for the island", "Lantern "))]) <= 1
        )


def test_nothing_new_writes_nothing(world) -> None:
    server, folder, _ = world
    before = {path: path.stat().st_mtime_ns for path in (folder / "public").rglob("*") if path.is_file()}
    server.hits.clear()
    report = json.loads(command(folder, "run", "--json").stdout)
    assert report["articles_new"] == report["articles_changed"] == report["pages_written"] == 0
    reached = [feed for feed in report["feeds"].values() if feed["outcome"] != "not due"]
    assert len(reached) >= 8
    assert {feed["outcome"] for feed in reached} == {"unchanged"}
    assert {status for _, path, status in server.hits if "old-feed" not in path} == {304}
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "public").rglob("*") if path.is_file()}


def test_one_stage_is_done_again_without_a_request(world) -> None:
    server, folder, report = world
    server.hits.clear()
    again = json.loads(command(folder, "update", "--redo", "extract", "--json").stdout)
    assert again["stages"]["extract"]["done"] == report["articles_new"]
    assert server.hits == []
    assert json.loads(command(folder, "build", "--json").stdout)["pages_written"] == 0


def test_search_status_config_doctor(world) -> None:
    _, folder, _ = world
    assert "金盏号" in command(folder, "search", "金盏号").stdout
    assert any(
        "Heron" in hit["title"] for hit in json.loads(command(folder, "search", "Heron", "Strait", "--json").stdout)
    )
    status = json.loads(command(folder, "status", "--json").stdout)
    assert [feed["failures"] for feed in status["feeds"][:3]] == [1, 1, 1], "failing feeds come first"
    settings = json.loads(command(folder, "config", "--json").stdout)
    assert settings["poll.delay"] == {"value": 0.0, "from": "file"}
    assert settings["engine.kind"]["from"] == "default"
    assert {finding["verdict"] for finding in json.loads(command(folder, "doctor", "--json").stdout)} <= {"ok", "note"}


def test_edited_and_retitled_entries_stay_the_same_articles(world) -> None:
    """The last test of the module: the feeds go on to their second edition."""
    server, folder, first = world
    with Newspaper(folder) as paper, paper.store.read() as connection:
        before = set(connection.exec_driver_sql("SELECT id, permalink FROM articles").all())
    server.edition = 2
    report = json.loads(command(folder, "run", "--json").stdout)
    assert report["articles_changed"] > 0
    with Newspaper(folder) as paper, paper.store.read() as connection:
        after = set(connection.exec_driver_sql("SELECT id, permalink FROM articles").all())
        revisions = connection.exec_driver_sql("SELECT max(revision) FROM entries GROUP BY article_id").scalars().all()
        article_revisions = [article.revision for article in paper.articles()]
    assert before <= after, "no address has moved"
    assert len(after) == first["articles_new"] + report["articles_new"]
    assert sum(revision == 2 for revision in revisions) == report["articles_changed"]
    assert any(revision == 2 for revision in article_revisions)
    assert report["pages_written"] > 0
    assert json.loads(command(folder, "check", "--json").stdout)["faults"] == []
