"""The commands as people use them, in fresh folders."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest

from broadsheet.cli.add import find
from broadsheet.cli.base import State
from broadsheet.model import Failed, Response, Scrape
from broadsheet.newspaper import Newspaper
from tests.conftest import NOW, Answer, Web, item, rss


def broadsheet(folder: Path, *words: str, code: int | None = 0, **environ: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "broadsheet", *words], capture_output=True, text=True, timeout=60, check=False, cwd=folder,
        env=os.environ | {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"} | environ,
    )  # fmt: skip
    assert code is None or done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def folder(tmp_path: Path, web: Web) -> Path:
    """A newspaper made by ``init``, without the sample's feeds, that may ask the test's web server."""
    broadsheet(tmp_path, "init", "paper")
    made = tmp_path / "paper"
    (made / "feeds.opml").write_text('<opml version="2.0"><head/><body><!-- mine --></body></opml>', "utf-8")
    text = (made / "broadsheet.toml").read_text("utf-8")
    text = text.replace("allow_private = []", f'allow_private = ["{web.address}"]').replace(
        "delay = 1.0", "delay = 0.0"
    )
    (made / "broadsheet.toml").write_text(text, "utf-8")
    return made


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    broadsheet(tmp_path, "init")
    before = (tmp_path / "broadsheet.toml").read_bytes()
    done = broadsheet(tmp_path, "init", code=2)
    assert "nothing was written" in done.stderr
    assert (tmp_path / "broadsheet.toml").read_bytes() == before
    assert "未写入任何内容" in broadsheet(tmp_path, "--lang", "zh", "init", code=2).stderr


def test_outside_of_a_newspaper_one_is_told_what_to_do(tmp_path: Path) -> None:
    assert "broadsheet init" in broadsheet(tmp_path, "run", code=2).stderr


def test_add_takes_a_feed_a_page_and_a_route(folder: Path, web: Web) -> None:
    web.pages["/feed.xml"] = Answer(rss("The News", item(1) + item(2)))
    web.pages["/"] = Answer(
        b'<html><head><title>Home</title><link rel="alternate" type="application/rss+xml" href="/blog.xml"></head></html>',
        headers={"Content-Type": "text/html"},
    )
    web.pages["/blog.xml"] = Answer(rss("The Blog", item(3)))
    web.pages["/hub/some/route"] = Answer(rss("The Route", item(4)))
    done = broadsheet(folder, "add", f"{web.url}/feed.xml", "--section", "金融/新浪财经")
    assert "The News: rss20, 2 entries, newest 2026-03-02" in done.stderr
    told = broadsheet(folder, "add", f"{web.url}/").stderr
    assert "The Blog" in told
    assert "/rss" not in told, "addresses that are only usual are no offer"
    web.pages["/old"] = Answer(b"", 301, {"Location": f"{web.url}/feed.xml"})
    for same in (f"{web.url}/feed.xml", f"{web.url}/feed.xml#top", f"feed:{web.url}/feed.xml", f"{web.url}/old"):
        assert "already" in broadsheet(folder, "add", same).stderr
    toml = folder / "broadsheet.toml"
    toml.write_text(toml.read_text("utf-8").replace("https://rsshub.app", f"{web.url}/hub"), "utf-8")
    broadsheet(folder, "add", "rsshub://some/route", "--title", "Route")
    opml = (folder / "feeds.opml").read_text("utf-8")
    assert "<!-- mine -->" in opml, "what stood in the file stays"
    with Newspaper(folder, environ={}) as paper:
        feeds = {feed.title: feed for feed in paper.subscriptions()}
    assert feeds["The News"].section == ("金融", "新浪财经")
    assert feeds["The Blog"].url == f"{web.url}/blog.xml"
    assert feeds["Route"].url == "rsshub://some/route"
    exported = broadsheet(folder, "export", "opml").stdout
    assert exported.count("xmlUrl=") == 3


def test_add_asks_for_the_known_feed_of_a_site_whose_page_refuses(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(_: Newspaper, addresses: Sequence[str]) -> Response | Failed:
        asked.extend(addresses)
        if not addresses[0].endswith(".rss"):
            return Failed("add", "HttpStatus", f"{addresses[0]} answered 403", 403)
        body = rss("Python", item(1))
        return Response(
            key="add", url=addresses[0], final_url=addresses[0], status=200, headers={}, body=body, fetched=NOW
        )

    monkeypatch.setattr("broadsheet.cli.add.fetch", answer)
    with Newspaper(folder, environ={}) as paper:
        found = find(State(), paper, "https://www.reddit.com/r/python")
    assert (found.address, found.parsed.feed.title, found.others) == (asked[-1], "Python", [])
    assert asked[0] == "https://www.reddit.com/r/python"


def test_add_takes_a_sitemap_also_by_its_index(folder: Path, web: Web) -> None:
    index = f"<sitemapindex><sitemap><loc>{web.url}/news-map.xml</loc></sitemap></sitemapindex>"
    web.pages["/map.xml"] = Answer(index.encode())
    web.pages["/news-map.xml"] = Answer(b"<urlset><url><loc>/a</loc><lastmod>2026-03-02</lastmod></url></urlset>")
    done = broadsheet(folder, "add", f"{web.url}/map.xml", "--title", "Map")
    assert "Map: sitemap, 1 entries, newest 2026-03-02" in done.stderr
    with Newspaper(folder, environ={}) as paper:
        assert f"{web.url}/news-map.xml" in [feed.url for feed in paper.subscriptions()]


@pytest.mark.parametrize(
    ("path", "words"), [("/nothing", "answered 404"), ("/page", "an HTML page"), ("/empty", "is no feed")]
)
def test_add_says_why_not(folder: Path, web: Web, path: str, words: str) -> None:
    web.pages["/page"] = Answer(b"<html><title>Shop</title><p>Buy</p></html>", headers={"Content-Type": "text/html"})
    web.pages["/empty"] = Answer(b"")
    assert words in broadsheet(folder, "add", f"{web.url}{path}", code=2).stderr


def test_scrape_shows_what_selectors_take(folder: Path, web: Web) -> None:
    page = (
        b'<title>G</title><ul><li><a href="/1">One</a> <i>2026-03-02 10:00</i></li><li><a href="/2">Two</a></li></ul>'
    )
    web.pages["/g"] = Answer(page, headers={"Content-Type": "text/html"})
    before = (folder / "broadsheet.toml").read_bytes()
    done = broadsheet(folder, "scrape", f"{web.url}/g", "--list", "li", "--date", "i")
    assert done.stdout.splitlines()[1:] == [f"One\t2026-03-02 10:00\t{web.url}/1\t", f"Two\t\t{web.url}/2\t"]
    assert "date found nothing in 1 of 2 entries" in done.stderr
    table = done.stderr[done.stderr.index("[[feeds]]") :]
    assert (folder / "broadsheet.toml").read_bytes() == before, "it is a preview"
    (folder / "broadsheet.toml").write_bytes(before + f"\n{table}".encode())
    with Newspaper(folder, environ={}) as paper:
        assert [feed.scrape for feed in paper.subscriptions()] == [Scrape(list="li", date="i")]
    found = json.loads(broadsheet(folder, "--json", "scrape", f"{web.url}/g", "--list", ".//li").stdout)
    assert [entry["link"] for entry in found["entries"]] == [f"{web.url}/1", f"{web.url}/2"]
    assert "is no CSS selector" in broadsheet(folder, "scrape", f"{web.url}/g", "--list", "li >", code=2).stderr
    assert 'titled "G"' in broadsheet(folder, "scrape", f"{web.url}/g", "--list", "article", code=1).stderr


def test_importing_twice_changes_nothing(folder: Path, tmp_path: Path) -> None:
    outlines = '<outline text="A &amp; B"><outline text="C"><outline text="F" xmlUrl="https://f.example/rss"/></outline></outline>'
    (tmp_path / "mine.opml").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>', "utf-8")
    assert "1 feeds added, 0 known" in broadsheet(folder, "import", str(tmp_path / "mine.opml")).stderr
    before = (folder / "feeds.opml").read_bytes()
    assert "0 feeds added, 1 known" in broadsheet(folder, "import", str(tmp_path / "mine.opml")).stderr
    assert (folder / "feeds.opml").read_bytes() == before
    with Newspaper(folder, environ={}) as paper:
        assert paper.subscriptions()[0].section == ("A & B", "C")
    assert "cannot be read" in broadsheet(folder, "import", "missing.opml", code=2).stderr


def test_nothing_runs_on_a_half_understood_file(folder: Path) -> None:
    toml = folder / "broadsheet.toml"
    toml.write_text(toml.read_text("utf-8").replace('timezone = "UTC"', 'timezone = "Mars"\ntitel = "x"'), "utf-8")
    done = broadsheet(folder, "run", code=2)
    assert "timezone is 'Mars'" in done.stderr
    assert "did you mean 'title'?" in done.stderr
    assert not (folder / ".broadsheet").exists()


def test_exit_codes(folder: Path, web: Web) -> None:
    web.pages["/good.xml"] = Answer(rss("Good", item(1)))
    opml = folder / "feeds.opml"
    opml.write_text(
        f'<opml version="2.0"><body><outline text="Bad" xmlUrl="{web.url}/bad.xml"/></body></opml>', "utf-8"
    )
    assert "None of the feeds" in broadsheet(folder, "run", code=1).stderr
    opml.write_text(
        opml.read_text("utf-8").replace("</body>", f'<outline text="Good" xmlUrl="{web.url}/good.xml"/></body>')
    )
    assert json.loads(broadsheet(folder, "run", "--json").stdout)["articles_new"] == 1
    web.pages["/good.xml"] = Answer(b"", 500)
    broadsheet(folder, "update", "--feed", f"{web.url}/good.xml", code=1)
    assert "not among the subscriptions" in broadsheet(folder, "update", "--feed", "https://x.example/", code=2).stderr
    broadsheet(folder, "nonsense", code=2)
    assert "Did you mean 'build'" in broadsheet(folder, "biuld", code=2).stderr
    assert broadsheet(folder, "-q", "build").stderr == ""


def test_strict_makes_a_failed_feed_an_error(folder: Path, web: Web) -> None:
    web.pages["/good.xml"] = Answer(rss("Good", item(1)))
    outlines = "".join(f'<outline text="{name}" xmlUrl="{web.url}/{name}.xml"/>' for name in ("good", "bad"))
    (folder / "feeds.opml").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>', "utf-8")
    broadsheet(folder, "run", "--strict", code=1)
    assert (folder / "public" / "index.html").exists()


def test_a_second_run_waits_for_nobody(folder: Path) -> None:
    with Newspaper(folder, environ={}) as paper, paper.store.lock("run"):
        assert "is held by broadsheet run (process" in broadsheet(folder, "run", code=3).stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_an_interrupted_run_says_so(folder: Path, web: Web, number: signal.Signals, code: int) -> None:
    web.pages["/slow.xml"] = lambda _: time.sleep(20)
    (folder / "feeds.opml").write_text(
        f'<opml version="2.0"><body><outline text="S" xmlUrl="{web.url}/slow.xml"/></body></opml>', "utf-8"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "broadsheet", "-C", str(folder), "run"], stderr=subprocess.PIPE, text=True
    )
    while not web.hits:
        time.sleep(0.05)
    process.send_signal(number)
    _, told = process.communicate(timeout=10)
    assert process.returncode == code
    assert "the next run goes on from here" in told


def test_takedown_removes_and_stops_reimport(folder: Path, web: Web) -> None:
    web.pages["/feed.xml"] = Answer(rss("News", item(1, title="Secret harbour plan") + item(2)))
    broadsheet(folder, "add", f"{web.url}/feed.xml")
    broadsheet(folder, "run")
    with Newspaper(folder, environ={}) as paper:
        victim = next(article for article in paper.articles() if "Secret" in article.title)
        with paper.store.read() as connection:
            permalink = connection.exec_driver_sql("SELECT permalink FROM articles WHERE id = ?", (victim.id,)).scalar()
    broadsheet(folder, "takedown", victim.url, "--note", "Asked by the author")
    broadsheet(folder, "build")
    page = (folder / "public" / permalink).read_text("utf-8")
    assert "Asked by the author" in page
    everything = b"".join(path.read_bytes() for path in (folder / "public").rglob("*") if path.is_file())
    assert b"Secret" not in everything
    assert b"Secret" not in b"".join(path.read_bytes() for path in (folder / ".broadsheet").glob("*.db"))
    assert json.loads(broadsheet(folder, "search", "Secret", "--json").stdout) == []
    web.pages["/feed.xml"] = Answer(rss("News", item(1, title="Secret harbour plan, again") + item(2)))
    report = json.loads(broadsheet(folder, "run", "--json").stdout)
    assert report["articles_new"] == report["articles_changed"] == 0
    assert json.loads(broadsheet(folder, "check", "--json").stdout)["faults"] == []
    broadsheet(folder, "takedown", "nobody.example")
    broadsheet(folder, "takedown", "https://nobody.example/a", code=1)


def test_serve_shows_the_site_and_prints_it_anew(folder: Path, web: Web) -> None:
    web.pages["/feed.xml"] = Answer(rss("News", item(1, title="First light")))
    broadsheet(folder, "add", f"{web.url}/feed.xml")
    broadsheet(folder, "run")
    process = subprocess.Popen(
        [sys.executable, "-m", "broadsheet", "-C", str(folder), "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        url = process.stderr.readline().split(" at ")[1].split()[0]
        assert "First light" in urllib.request.urlopen(url, timeout=10).read().decode()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{url}../.broadsheet/broadsheet.db", timeout=10)
        web.pages["/feed.xml"] = Answer(rss("News", item(1, title="First light") + item(2, title="Second bell")))
        deadline = time.monotonic() + 30
        while broadsheet(folder, "update", code=None).returncode == 3:  # the site is printed once at the start
            assert time.monotonic() < deadline, "the lock was not freed"
        while "Second bell" not in urllib.request.urlopen(url, timeout=10).read().decode():
            assert time.monotonic() < deadline, "the site was not printed anew"
            time.sleep(0.2)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)


def test_settings_by_environment_win_over_the_file(folder: Path) -> None:
    done = broadsheet(folder, "config", "--json", BROADSHEET_SITE_TITLE="From outside", BROADSHEET_POLL_TIMEOUT="7")
    settings = json.loads(done.stdout)
    assert settings["site.title"] == {"value": "From outside", "from": "environment"}
    assert settings["poll.timeout"] == {"value": 7.0, "from": "environment"}
    assert broadsheet(folder, "config", "site.timezone").stdout.strip() == "UTC"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(tmp_path: Path, shell: str) -> None:
    assert "_BROADSHEET_COMPLETE" in broadsheet(tmp_path, "completion", shell).stdout
