"""The stages on feeds of our own, in process: what is new, changed, kept, failed over and done again."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler

import pytest

from broadsheet.articles import wholeness
from broadsheet.newspaper import Newspaper
from broadsheet.site import plan
from broadsheet.store import takedown, templates
from broadsheet.store.packs import Folder
from tests.conftest import NOW, Answer, Web, item, rss, with_site

HTML = {"Content-Type": "text/html"}


def test_a_changed_entry_is_a_new_revision_of_the_same_article(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(rss("News", item(1) + item(2)))
    made = paper(f"{web.url}/feed")
    made.run()
    before = {article.id: article for article in made.articles()}
    web.pages["/feed"] = Answer(
        rss("News", item(1, title="Retitled") + item(2, text="<p>Rewritten at length.</p>" * 30))
    )
    report = made.run()
    after = {article.id: article for article in made.articles()}
    assert (report.articles_new, report.articles_changed) == (0, 2)
    assert before.keys() == after.keys()
    assert {article.revision for article in after.values()} == {2}
    with made.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM entries").scalar() == 4, "each version is kept"


def test_an_emptied_feed_loses_nothing(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(rss("News", item(1) + item(2)))
    made = paper(f"{web.url}/feed")
    made.run()
    web.pages["/feed"] = Answer(rss("News", ""))
    made.run()
    assert len(list(made.articles())) == 2


def test_a_dead_instance_is_passed_over_and_tried_last(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/alive/one"] = Answer(rss("One", item(1)))
    web.pages["/alive/two"] = Answer(rss("Two", item(2)))
    web.pages["/dead/one"] = web.pages["/dead/two"] = Answer(b"", 503)
    clock = [NOW]
    extra = f'[rsshub]\ninstances = ["{web.url}/dead", "{web.url}/alive"]'
    made = paper("rsshub://one", "rsshub://two", extra=extra, now=lambda: clock[0])
    report = made.run()
    assert report.articles_new == 2
    assert {feed.outcome for feed in report.feeds.values()} == {"new"}
    web.hits.clear()
    clock[0] += timedelta(minutes=1)
    made.run()
    assert [hit.path for hit in web.hits if hit.path.startswith("/dead")] == [], "its failure is remembered"
    clock[0] += timedelta(days=2)
    web.pages["/dead/one"] = Answer(rss("One", item(1)))
    web.hits.clear()
    made.run()
    assert "/dead/one" in [hit.path for hit in web.hits], "and it is tried again in time"


def test_a_failing_feed_is_left_alone_for_a_time(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(b"", 503, {"Retry-After": "7200"})
    clock = [NOW]
    made = paper(f"{web.url}/feed", now=lambda: clock[0])
    made.run()
    clock[0] += timedelta(hours=1)
    assert next(iter(made.run().feeds.values())).outcome == "not due"
    clock[0] += timedelta(hours=2)
    web.pages["/feed"] = Answer(rss("News", item(1)))
    assert made.run().articles_new == 1


def test_short_feeds_get_their_pages_and_long_ones_do_not(web: Web, paper: Callable[..., Newspaper]) -> None:
    """But for a few of the long ones, which show whether the feed is whole."""
    long = "".join(
        f"<p>Sentence {number} of the page is here for the reader and no one else.</p>" for number in range(40)
    )
    page = f"<html><body><nav>Menu</nav><article><h1>Title</h1>{long}</article></body></html>"
    web.pages["/a/1"] = Answer(page.encode(), headers={"Content-Type": "text/html"})
    short = item(1, text="<p>A teaser.</p>", link=f"{web.url}/a/1")
    whole = "".join(item(number, link=f"{web.url}/a/{number}") for number in range(2, 14))
    web.pages["/feed"] = Answer(rss("News", short + whole))
    made = paper(f"{web.url}/feed")
    made.run()
    articles = {article.url: article for article in made.articles()}
    assert "Sentence 39" in articles[f"{web.url}/a/1"].text
    assert articles[f"{web.url}/a/1"].provenance["text"] == "page"
    fetched = {web.url + hit.path for hit in web.hits if hit.path.startswith("/a/")}
    trials = {url for url, article in articles.items() if wholeness.drawn(article.id, wholeness.TRIAL)}
    assert fetched == trials | {f"{web.url}/a/1"}
    assert len(fetched) < len(articles)


def test_where_a_site_keeps_its_articles_is_forgotten_once_a_page_says_otherwise(
    web: Web, paper: Callable[..., Newspaper], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The site is built anew, and the container that is known holds the beginning of its articles only."""
    monkeypatch.setattr("broadsheet.articles.extract.is_checked", lambda url: url.endswith("/9"))
    made = paper(f"{web.url}/feed")

    def publish(numbers: range, rest: str) -> None:
        for number in numbers:
            words = [
                f"<p>Sentence {n} of report {number} tells what the keepers said and why it matters.</p>"
                for n in range(9)
            ]
            text = "".join(words[:3]) + rest + "".join(words[3:])
            page = f"<html><body><nav>Menu</nav><div class='story'><h1>Report {number}</h1>{text}</div></body></html>"
            web.pages[f"/a/{number}"] = Answer(page.encode(), headers={"Content-Type": "text/html"})
        items = (item(n, title=f"Report {n}", text="<p>A teaser.</p>", link=f"{web.url}/a/{n}") for n in numbers)
        web.pages["/feed"] = Answer(rss("News", "".join(items)))
        made.run()

    def learnt() -> str:
        with made.store.read() as connection:
            found = templates.get(connection, made.subscriptions()[0].id)
        assert found
        return found.container.selector

    publish(range(1, 7), "")
    assert learnt() == "div.story"
    publish(range(9, 10), "</div><div class='rest'>")
    assert learnt() == ""
    (article,) = (article for article in made.articles() if article.url.endswith("/9"))
    assert "Sentence 8" in article.text


def test_a_page_that_cannot_be_had_leaves_the_feeds_words(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(rss("News", item(1, text="<p>A teaser.</p>", link=f"{web.url}/a/1")))
    made = paper(f"{web.url}/feed")
    report = made.run()
    assert [article.text for article in made.articles()] == ["A teaser."]
    assert "answered 404" in report.failures[0]


def test_dates_that_cannot_be_are_those_of_first_sight(web: Web, paper: Callable[..., Newspaper]) -> None:
    future, odd = item(1, date="Mon, 02 Mar 2099 10:00:00 GMT"), item(2, date="Mon, 01 Jan 0001 00:00:00 GMT")
    web.pages["/feed"] = Answer(rss("News", future + odd + item(3, date="not a date")))
    made = paper(f"{web.url}/feed")
    made.run()
    today = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    for article in made.articles():
        assert article.published == today
        assert article.published_source in ("clamped", "first_seen")


@pytest.mark.parametrize(
    ("setting", "titles"),
    [
        ('filters = { exclude = ["(?i)works"] }', []),
        ('filters = { include = ["Story [12] "] }', ["Story 1 about the works", "Story 2 about the works"]),
        ("limit = 1", ["Story 3 about the works"]),
        ("limit = 1\nsorted = false", ["Story 1 about the works"]),
        ('filters = { exclude_title = ["[12] "], exclude_category = [""] }', ["Story 3 about the works"]),
        (
            f"filter_time = {int((NOW - datetime(2026, 3, 2, 10, 1, 30, tzinfo=UTC)).total_seconds())}",
            ["Story 2 about the works", "Story 3 about the works"],
        ),
    ],
)
def test_filters_and_limits(web: Web, paper: Callable[..., Newspaper], setting: str, titles: list[str]) -> None:
    web.pages["/feed"] = Answer(rss("News", item(1) + item(2) + item(3)))
    made = paper(f"{web.url}/feed", extra="")
    text = made.config_file.read_text("utf-8") + setting + "\n"
    made.config_file.write_text(text, "utf-8")
    with Newspaper(made.folder, environ={}, clock=lambda: NOW) as again:
        again.run()
        assert sorted(article.title for article in again.articles()) == titles


def test_a_page_is_a_feed_and_a_page_made_anew_loses_nothing(web: Web, paper: Callable[..., Newspaper]) -> None:
    long = "".join(
        f"<p>Sentence {number} of the article is here for the reader and for no one else.</p>" for number in range(20)
    )
    rows = "".join(
        f'<li><a href="/a/{number}">Report {number}</a><time>{number} hours ago</time></li>' for number in (1, 2)
    )
    web.pages["/news"] = Answer(f"<html><title>Gazette</title><ul>{rows}</ul></html>".encode(), headers=HTML)
    for number in (1, 2):
        web.pages[f"/a/{number}"] = Answer(f"<html><body><h1>Report</h1>{long}</body></html>".encode(), headers=HTML)
    clock = [NOW]
    made = paper(f"{web.url}/news")
    made.config_file.write_text(
        made.config_file.read_text("utf-8") + 'scrape = { list = "li", date = "time" }\n', "utf-8"
    )
    with Newspaper(made.folder, environ={}, clock=lambda: clock[0]) as again:
        again.run()
        found = {article.title: article for article in again.articles()}
        assert sorted(found) == ["Report 1", "Report 2"]
        assert "Sentence 19" in found["Report 1"].text
        assert found["Report 2"].published is not None
        assert NOW - found["Report 2"].published == timedelta(hours=2)
        web.pages["/news"] = Answer(b"<html><title>Made anew</title><div>Report 3</div></html>", headers=HTML)
        clock[0] += timedelta(days=1)
        report = again.run()
        (line,) = report.feeds.values()
        assert line.outcome == "failed"
        assert "list 'li' finds no element: the document is an HTML page titled \"Made anew\"" in line.why
        assert len(list(again.articles())) == 2
        assert again.health()[0].failures == 1


def test_a_sitemap_is_subscribed_to_like_a_feed(web: Web, paper: Callable[..., Newspaper]) -> None:
    long = "".join(
        f"<p>Sentence {number} of the article is here for the reader and for no one else.</p>" for number in range(20)
    )
    dated = '<meta property="article:published_time" content="2026-02-01T10:00:00Z">'
    page = f"<html><head><title>From the page</title>{dated}</head><body><h1>From the page</h1>{long}</body></html>"
    web.pages["/a/1"] = Answer(page.encode(), headers=HTML)
    listed = f"<url><loc>{web.url}/a/1</loc><lastmod>2026-03-02</lastmod></url>"
    web.pages["/map"] = Answer(f"<urlset>{listed}</urlset>".encode())
    made = paper(f"{web.url}/map")
    made.run()
    (article,) = made.articles()
    assert (article.title, article.published_source) == ("From the page", "page")
    assert article.published == datetime(2026, 2, 1, 10, tzinfo=UTC), "lastmod says when it was last written"


def test_a_brief_in_the_other_orthography(web: Web, paper: Callable[..., Newspaper]) -> None:
    text = "<p>這個軟體是國家圖書館的，開發過程已經公開，讀者可以自由使用。</p>" * 3
    web.pages["/feed"] = Answer(rss("News", item(1, title="圖書館的軟體", text=text, link=f"{web.url}/a/1")))
    made = paper(f"{web.url}/feed")
    made.config_file.write_text(made.config_file.read_text("utf-8") + 'opencc = "t2s"\nbrief = 12\n', "utf-8")
    with Newspaper(made.folder, environ={}) as again:
        again.run()
        (article,) = again.articles()
    assert (article.title, article.text) == ("图书馆的软体", "这个软体是国家图书馆的，…")
    assert "/a/1" not in [hit.path for hit in web.hits], "the feed holds enough for a brief"


def test_lists_grow_and_pages_stay(web: Web, paper: Callable[..., Newspaper]) -> None:
    """120 articles in three goes: fixed pages are written once, and a go touches what it must and no more."""
    made = paper(f"{web.url}/feed")
    sizes = []
    for first in (1, 41, 81):
        items = "".join(
            item(number, date=f"Mon, 02 Mar 2026 {number // 60:02}:{number % 60:02}:00 GMT")
            for number in range(first, first + 40)
        )
        web.pages["/feed"] = Answer(rss("News", items))
        sizes.append(made.run().pages_written)
    root = made.folder / "public"
    assert (root / "latest" / "1.html").exists()
    full = 120 // plan.PER_PAGE
    assert (root / "latest" / f"{full}.html").exists()
    assert (root / "latest" / f"{full}.xml").exists()
    to_come = (root / "latest" / f"{full + 1}.html").read_text("utf-8")
    assert 'content="0; url=/latest/"' in to_come
    assert "Story" not in to_come
    assert not (root / "latest" / f"{full + 1}.xml").exists()
    assert f"Story {plan.PER_PAGE} about" in (root / "latest" / "1.html").read_text("utf-8")
    assert f"Story {plan.PER_PAGE + 1} about" not in (root / "latest" / "1.html").read_text("utf-8")
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    web.pages["/feed"] = Answer(rss("News", item(500, date="Tue, 03 Mar 2026 10:00:00 GMT")))
    made.run()
    before = {path: time for path, time in before.items() if path.relative_to(root).parts[0] != "search"}
    touched = {path.relative_to(root).as_posix() for path in before if path.stat().st_mtime_ns != before[path]}
    assert not [path for path in touched if path.rpartition("/")[2].partition(".")[0].isdigit()], "fixed pages"
    assert not [path for path in touched if path.count("/") == 3 and not path.endswith("index.html")], (
        "no other article"
    )


def test_published_in_one_go_or_in_steps_the_paper_is_the_same(web: Web, paper: Callable[..., Newspaper]) -> None:
    numbers = range(1, 61)
    dated = {
        number: item(number, date=f"Mon, 02 Mar 2026 10:{number % 60:02}:00 GMT") for number in numbers if number < 60
    }
    web.pages["/feed"] = Answer(rss("News", "".join(dated.values())))
    at_once = paper(f"{web.url}/feed", name="at-once")
    at_once.run()
    steps = paper(f"{web.url}/feed", name="steps")
    for last in (10, 25, 26, 59):
        web.pages["/feed"] = Answer(rss("News", "".join(dated[number] for number in dated if number <= last)))
        steps.run()
    trees = []
    for made in (at_once, steps):
        root = made.folder / "public"
        trees.append(
            {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        )
    assert sorted(trees[0]) == sorted(trees[1])
    assert [path for path in trees[0] if trees[0][path] != trees[1][path]] == []


def test_a_full_build_writes_nothing_that_is_there(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(rss("News", "".join(item(number) for number in range(1, 60))))
    made = paper(f"{web.url}/feed")
    made.run()
    assert made.build(full=True).pages_written == 0
    (made.folder / "public" / "latest" / "1.html").unlink()
    assert made.build(full=True).pages_written == 1


def test_a_theme_of_ones_own_is_laid_over_the_default(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(rss("News", item(1)))
    made = paper(f"{web.url}/feed", extra="[media]\ncopy = true")
    templates = made.folder / "mine" / "templates"
    templates.mkdir(parents=True)
    (templates / "404.html").write_text('{% extends "base.html" %}{% block main %}<h1>Lost at sea</h1>{% endblock %}')
    (made.folder / "mine" / "assets").mkdir()
    (made.folder / "mine" / "assets" / "custom.css").write_text("/* mine */ :root { --accent: #005f73 }")
    text = made.config_file.read_text("utf-8").replace("[site]\n", '[site]\ntheme = "mine"\n')
    made.config_file.write_text(text, "utf-8")
    with Newspaper(made.folder, environ={}) as again:
        again.run()
    assert "Lost at sea" in (made.folder / "public" / "404.html").read_text("utf-8")
    style = (made.folder / "public" / "assets" / "style.css").read_text("utf-8")
    assert style.endswith(":root{--accent:#005f73}")
    assert ".masthead" in style
    assert not (made.folder / "public" / "assets" / "custom.css").exists()


def test_addresses_with_words_are_given_once(web: Web, paper: Callable[..., Newspaper]) -> None:
    """By setting, to new articles; an article keeps its address whatever its title and the setting become."""
    made = paper(f"{web.url}/feed")
    day = made.folder / "public" / "2026" / "03" / "20"

    def names() -> list[str]:
        return sorted(path.stem for path in day.glob("*.html") if path.stem != "index")

    web.pages["/feed"] = Answer(rss("News", item(1)))
    made.run()
    (first,) = names()
    with with_site(made, "slugs = true") as again:
        two = item(2, title="Caf\u00e9s &amp; harbours") + item(3, title="港口")
        web.pages["/feed"] = Answer(rss("News", item(1, title="Retold") + two))
        again.run(everything=True)
        before = names()
        assert re.fullmatch("[0-9a-z]{12}", first)
        assert first in before
        assert len([name for name in before if re.fullmatch("cafes-harbours-[0-9a-z]{12}", name)]) == 1
        assert len([name for name in before if re.fullmatch("[0-9a-z]{12}", name)]) == 2, "no Latin letter, no word"
        web.pages["/feed"] = Answer(rss("News", item(2, title="Something else") + item(4, title="4")))
        again.run(everything=True)
    assert set(names()) > set(before)
    assert len(names()) == 4


def test_copies_lead_search_engines_to_the_original_where_that_is_set(
    web: Web, paper: Callable[..., Newspaper]
) -> None:
    """Never both: a page that is not to be listed and names another one to list is a contradiction."""
    from broadsheet.site.check import check_site

    made = paper(f"{web.url}/feed")
    web.pages["/feed"] = Answer(rss("News", item(1)))
    made.run()
    (page,) = (path for path in (made.folder / "public" / "2026").rglob("*.html") if path.stem != "index")
    noindex, canonical = (
        '<meta name="robots" content="noindex">',
        '<link rel="canonical" href="https://news.example/a/1">',
    )
    assert noindex in page.read_text("utf-8")
    assert 'rel="canonical"' not in page.read_text("utf-8")
    with with_site(made, 'copies = "canonical"') as again:
        again.build()
    assert canonical in page.read_text("utf-8")
    assert "noindex" not in page.read_text("utf-8")
    assert check_site(made.folder / "public", base="/", url="https://paper.example/").faults == ()


@pytest.mark.parametrize("base", ["", "/", "/paper", "/a/b/"])
def test_the_site_works_below_any_path(web: Web, paper: Callable[..., Newspaper], base: str) -> None:
    from broadsheet.site.check import check_site
    from broadsheet.site.compose import base_path

    web.pages["/feed"] = Answer(rss("News", item(1) + item(2)))
    made = paper(f"{web.url}/feed")
    text = made.config_file.read_text("utf-8").replace("https://paper.example/", f"https://paper.example{base}")
    made.config_file.write_text(text, "utf-8")
    with Newspaper(made.folder, environ={}) as again:
        again.run()
        path = base_path(again.config)
    assert check_site(made.folder / "public", base=path, url="https://paper.example/").faults == ()


def test_articles_of_an_earlier_version_of_a_stage_are_done_again(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(rss("News", item(1) + item(2)))
    made = paper(f"{web.url}/feed")
    made.run()
    with made.store.begin() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = '0' WHERE key = 'stage:extract'")
    report = made.run()
    assert report.stages["extract"].done == 2
    assert report.pages_written == 0, "the result is the same"


def test_a_source_that_asks_for_a_pause_gets_it_unless_a_person_asks(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(rss("News", item(1)), headers={"Cache-Control": "max-age=3600"})
    clock = [NOW]
    made = paper(f"{web.url}/feed", now=lambda: clock[0])
    made.run()
    web.hits.clear()
    clock[0] += timedelta(minutes=59)
    (report,) = made.run().feeds.values()
    assert (report.outcome, report.next) == ("not due", NOW + timedelta(hours=1))
    assert "Cache-Control" in report.why
    assert web.hits == []
    assert next(iter(made.update(everything=True).feeds.values())).outcome == "unchanged"
    assert next(iter(made.update(only_feed=f"{web.url}/feed").feeds.values())).outcome == "unchanged"
    assert [hit.status for hit in web.hits] == [304, 304]
    clock[0] += timedelta(hours=1)
    assert next(iter(made.run().feeds.values())).outcome == "unchanged"


@pytest.mark.parametrize("setting", ["max_interval = 0", ""])
def test_max_interval_is_a_persons_word(web: Web, paper: Callable[..., Newspaper], setting: str) -> None:
    web.pages["/feed"] = Answer(rss("News", item(1)), headers={"Cache-Control": "max-age=3600"})
    made = paper(f"{web.url}/feed")
    made.config_file.write_text(made.config_file.read_text("utf-8") + setting + "\n", "utf-8")
    with Newspaper(made.folder, environ={}, clock=lambda: NOW) as again:
        again.run()
        outcome = next(iter(again.run().feeds.values())).outcome
    assert outcome == ("unchanged" if setting else "not due")


def test_a_feed_that_only_says_304_is_asked_for_the_whole_in_time(web: Web, paper: Callable[..., Newspaper]) -> None:
    """Its 304 is a lie: something new has long been there."""
    body = [rss("News", item(1))]
    conditional: list[bool] = []

    def lie(request: BaseHTTPRequestHandler) -> Answer:
        conditional.append("If-None-Match" in request.headers)
        return Answer(b"", 304) if conditional[-1] else Answer(body[0])

    web.pages["/feed"] = lie
    clock = [NOW]
    made = paper(f"{web.url}/feed", now=lambda: clock[0])
    made.run()
    body[0] = rss("News", item(1) + item(2))
    found = []
    for _ in range(10):
        clock[0] += timedelta(days=1, hours=1)
        found.append(made.run().articles_new)
    assert sum(found) == 1
    assert conditional.count(False) == 2


def test_a_host_that_is_asked_too_often_is_left_alone_for_all_its_feeds(
    web: Web, paper: Callable[..., Newspaper]
) -> None:
    clock = [NOW]
    web.pages |= {
        "/one": Answer(b"", 429, {"Retry-After": "7200"}), "/two": Answer(rss("Two", item(1))),
        "/three": Answer(rss("Three", item(2))),
    }  # fmt: skip
    made = paper(f"{web.url}/one", f"{web.url}/two", f"{web.url}/three", now=lambda: clock[0])
    made.config_file.write_text(made.config_file.read_text("utf-8").replace("per_host = 4", "per_host = 1"), "utf-8")
    with Newspaper(made.folder, environ={}, clock=lambda: clock[0]) as again:
        outcomes = [feed.outcome for feed in again.run().feeds.values()]
        assert outcomes == ["failed", "not due", "not due"]
        web.hits.clear()
        clock[0] += timedelta(hours=1)
        reports = list(again.run(everything=True).feeds.values())
        assert {feed.outcome for feed in reports} == {"not due"}
        assert all("429" in feed.why for feed in reports[1:])
        assert web.hits == []
        web.pages["/one"] = Answer(rss("One", item(3)))
        clock[0] += timedelta(hours=2)
        assert again.run().articles_new == 3


def test_a_page_whose_robots_txt_is_not_to_be_had_is_fetched_later(web: Web, paper: Callable[..., Newspaper]) -> None:
    text = "".join(f"<p>Sentence {number} of the page is here for the reader alone.</p>" for number in range(40))
    web.pages |= {
        "/robots.txt": Answer(b"", 503), "/a/1": Answer(f"<article>{text}</article>".encode(), headers=HTML),
        "/feed": Answer(rss("News", item(1, text="<p>A teaser.</p>", link=f"{web.url}/a/1"))),
    }  # fmt: skip
    clock = [NOW]
    made = paper(f"{web.url}/feed", now=lambda: clock[0])
    made.run()
    assert [article.text for article in made.articles()] == ["A teaser."], "it appears at once all the same"
    for _ in range(8):
        clock[0] += timedelta(hours=6)
        made.run()
    web.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow:\n")
    clock[0] += timedelta(hours=6)
    made.run()
    assert ["Sentence 39" in article.text for article in made.articles()] == [True]


def test_gone_for_good_is_said_and_asked_again_only_on_request(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(b"", 410)
    clock = [NOW]
    made = paper(f"{web.url}/feed", now=lambda: clock[0])
    made.run()
    clock[0] += timedelta(days=1)
    (report,) = made.run().feeds.values()
    assert "not asked any more" in report.why
    clock[0] += timedelta(days=400)
    (report,) = made.run().feeds.values()
    assert report.outcome == "not due"
    assert "gone for good" in report.why
    web.pages["/feed"] = Answer(rss("News", item(1)))
    assert made.update(only_feed=f"{web.url}/feed").articles_new == 1
    assert next(iter(made.run().feeds.values())).outcome == "unchanged", "it is back"


def test_a_source_whose_name_becomes_known_later_is_called_by_it(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = paper(f"{web.url}/feed")
    about = made.folder / "public" / "about" / "index.html"
    web.pages["/feed"] = Answer(b"busy", status=503)
    made.run(everything=True)
    assert "The Evening News" not in about.read_text("utf-8")
    web.pages["/feed"] = Answer(rss("The Evening News", item(1)))
    made.run(everything=True)
    assert "The Evening News" in about.read_text("utf-8")


def test_the_page_of_sources_says_how_each_is_doing(web: Web, paper: Callable[..., Newspaper]) -> None:
    """Also after a run that brought nothing new; a single failure is none of the readers' business."""
    clock = [NOW]
    made = paper(f"{web.url}/feed", now=lambda: clock[0])

    def health(answer: Answer, later: timedelta = timedelta()) -> str:
        clock[0] += later
        web.pages["/feed"] = answer
        made.run(everything=True)
        about = (made.folder / "public" / "about" / "index.html").read_text("utf-8")
        return "".join(re.findall('<span class="notice">(.*?)</span>', about))

    busy, news, other = Answer(b"busy", status=503), Answer(rss("News", item(1))), Answer(b"<html>", status=200)
    assert health(busy) == "Not read yet"
    assert health(news, timedelta(hours=1)) == "In order"
    assert health(other, timedelta(hours=1)) == "In order"
    assert health(busy, timedelta(days=1)) == "Not read since 20 March 2026"
    assert health(news, timedelta(days=1)) == "In order"
    assert made.run(everything=True).pages_written == 0
    assert health(Answer(b"", 410), timedelta(days=1)) == "In order"
    assert health(Answer(b"", 410), timedelta(days=1)) == "Has ended"


def test_a_password_in_the_address_of_a_feed_is_printed_nowhere(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = paper(web.url.replace("//", "//me:hidden@") + "/feed")
    (report,) = made.run(everything=True).feeds.values()
    assert "not fetched" in report.why
    told = [report.url, report.why, *(path.read_text("utf-8") for path in made.folder.glob("public/**/*.*ml"))]
    assert sum(web.url in text for text in told) > 2
    assert [text for text in told if "hidden@" in text] == []


def test_what_was_taken_down_comes_back_by_no_other_feed(web: Web, paper: Callable[..., Newspaper]) -> None:
    link = f"{web.url}/sued"
    web.pages["/one"] = Answer(rss("One", item(1, link=link)))
    web.pages["/two"] = Answer(rss("Two", item(2)))
    made = paper(f"{web.url}/one", f"{web.url}/two")
    made.run()
    with made.store.begin() as connection:
        takedown.remove(connection, [article.id for article in made.articles() if article.url == link], "", NOW)
    web.pages["/two"] = Answer(rss("Two", item(2) + item(3, link=f"{link}?utm_source=rss", guid="another")))
    assert made.run(everything=True).articles_new == 0
    assert [article.url for article in made.articles() if "sued" in article.url] == []


@pytest.mark.parametrize("setting", ["limit = 1", 'filters = { include_title = ["keep"] }'])
def test_what_guids_are_worth_is_judged_by_the_whole_document(
    web: Web, paper: Callable[..., Newspaper], setting: str
) -> None:
    """Of a feed that gives all its entries one guid, the only one that is taken looks as if it had its own."""
    items = [
        item(number, title=f"{number} keep", guid="x", date=f"{10 + number} Mar 2026 10:00:00 GMT") + item(9, guid="x")
        for number in (1, 2)
    ]  # fmt: skip
    made = paper(f"{web.url}/feed", extra="")
    text = made.config_file.read_text("utf-8").replace("[[feeds]]\n", f"[[feeds]]\n{setting}\n")
    made.config_file.write_text(text, "utf-8")
    with Newspaper(made.folder, environ={}, clock=lambda: NOW) as again:
        for some in items:
            web.pages["/feed"] = Answer(rss("News", some))
            again.run(everything=True)
        assert sorted(article.title for article in again.articles()) == ["1 keep", "2 keep"]


def test_not_modified_is_no_answer_of_a_feed_that_was_never_read(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(b"", 304)
    (report,) = paper(f"{web.url}/feed").run().feeds.values()
    assert report.outcome == "failed"
    assert "answered 304 (not modified)" in report.why


def test_a_feed_that_is_gone_is_not_asked_with_all_the_others(web: Web, paper: Callable[..., Newspaper]) -> None:
    clock = [NOW]
    web.pages["/feed"] = Answer(b"", 410)
    made = paper(f"{web.url}/feed", now=lambda: clock[0])
    for _ in range(4):
        made.run(everything=True)
        clock[0] += timedelta(days=1)
    assert len([hit for hit in web.hits if hit.path == "/feed"]) == 2


def test_the_way_back_begins_when_it_is_asked_for(web: Web, paper: Callable[..., Newspaper]) -> None:
    """Though the feed itself has nothing new to say, and would answer 304."""
    older = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="next" href="{web.url}/older"/>'
    web.pages["/feed"] = Answer(rss("News", older + item(1)), headers={"ETag": '"1"'})
    web.pages["/older"] = Answer(rss("News", item(2)))
    made = paper(f"{web.url}/feed")
    assert made.run().articles_new == 1
    text = made.config_file.read_text("utf-8").replace("[[feeds]]\n", "[[feeds]]\nbackfill = true\n")
    made.config_file.write_text(text, "utf-8")
    with Newspaper(made.folder, environ={}, clock=lambda: NOW) as again:
        assert again.run(everything=True).articles_new == 1
        assert again.run(everything=True).articles_new == 0
    assert len([hit for hit in web.hits if hit.path == "/older"]) == 1


def test_relative_dates_are_told_by_the_clock_of_the_feed(web: Web, paper: Callable[..., Newspaper]) -> None:
    """Those of a Chinese feed that writes no zone: what is taken off all its dates is not taken off these."""
    made = paper(f"{web.url}/feed")
    text = made.config_file.read_text("utf-8").replace("[[feeds]]\n", '[[feeds]]\nzone_offset = "8"\n')
    made.config_file.write_text(text, "utf-8")
    times = ("1小时前", "今天 08:30", NOW.astimezone(timezone(timedelta(hours=8))).strftime("%Y-%m-%d 08:30"))
    web.pages["/feed"] = Answer(rss("News", "".join(item(place, date=text) for place, text in enumerate(times))))
    with Newspaper(made.folder, environ={}, clock=lambda: NOW) as again:
        again.run()
        found = {article.url.rpartition("/")[2]: article.published for article in again.articles()}
    morning = NOW.astimezone(timezone(timedelta(hours=8))).replace(hour=8, minute=30, second=0, microsecond=0)
    assert sorted(found.values()) == sorted([NOW - timedelta(hours=1), morning, morning])


def test_others_may_write_while_bodies_are_sent_to_their_storage(
    web: Web, paper: Callable[..., Newspaper], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of a bucket may take its time."""
    written, write = 0, Folder.write

    def checked(self: Folder, pack: str, content: bytes) -> None:
        nonlocal written
        written += 1
        with closing(sqlite3.connect(made.store.state_dir / "broadsheet.db", timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
        write(self, pack, content)

    monkeypatch.setattr(Folder, "write", checked)
    web.pages["/feed"] = Answer(rss("News", item(1, text="<p>A teaser.</p>", link=f"{web.url}/1")))
    web.pages["/1"] = Answer(f"<article><h1>Story</h1><p>{'All of it. ' * 99}</article>".encode(), headers=HTML)
    made = paper(f"{web.url}/feed")
    made.run()
    assert len(list(made.articles())) == 1
    assert written == 2, "of the feed and of the page"


def test_robots_txt_is_read_once_a_day(paper: Callable[..., Newspaper], web: Web) -> None:
    """By all stages and runs of the day, for pages and pictures; by the next day's anew."""
    now = NOW

    def article(number: int) -> str:
        return item(number, text="<p>Short.</p>", link=f"{web.url}/{number}")

    def asked(text: str) -> int:
        """Publish one more article, run, and return how often robots.txt was asked."""
        number = len([path for path in web.pages if path[1:].isdigit()])
        body = "".join(f"<p>Part {part} of page {number}, which is long enough to be kept.</p>" for part in range(20))
        picture = f'<img src="{web.url}/p{number}.png" width="400" height="300">'
        web.pages[f"/{number}"] = Answer(
            f"<article>{body}{picture}</article>".encode(), headers={"Content-Type": "text/html"}
        )
        web.pages["/feed"] = Answer(rss("News", "".join(article(one) for one in range(number + 1))))
        web.pages["/robots.txt"] = Answer(text.encode())
        web.hits.clear()
        made.update()
        return [hit.path for hit in web.hits].count("/robots.txt")

    made = paper(f"{web.url}/feed", now=lambda: now, mode="full")
    assert asked("") == 1
    now += timedelta(hours=5)
    assert asked("") == 0
    assert "/1" in {hit.path for hit in web.hits}, "a page was asked for"
    now += timedelta(hours=18)
    assert asked("User-agent: *\nDisallow: /") == 0
    now += timedelta(hours=2)
    assert asked("User-agent: *\nDisallow: /") == 1
    assert "/3" not in {hit.path for hit in web.hits}, "and it is heeded"
