"""Whatever the steps in which a newspaper was published, the site is the same: lists, feeds, archives, sitemap, search."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import feedparser
import pytest

from broadsheet import parse_feed
from broadsheet.newspaper import Newspaper
from broadsheet.site import plan
from tests.conftest import Answer, Web, item, rss

ARTICLES = 130
BEGIN = datetime(2026, 1, 20, 9, 0, tzinfo=UTC)


def document(source: int, last: int) -> bytes:
    """Return a source's feed once ``last`` articles are out, some five a day: the sources take turns."""
    told = (
        item(number, date=f"{BEGIN + timedelta(hours=5 * number):%a, %d %b %Y %H:%M:%S} GMT")
        for number in range(1, last + 1)
        if number % 2 == source
    )
    return rss(f"Source {source}", "".join(told))


def tree(made: Newspaper) -> dict[str, bytes]:
    root = made.folder / "public"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def publish(made: Newspaper, web: Web, last: int) -> None:
    for source in (0, 1):
        web.pages[f"/{source}"] = Answer(document(source, last))
    made.run(everything=True)


@pytest.fixture
def at_once(web: Web, paper: Callable[..., Newspaper]) -> Newspaper:
    made = paper(f"{web.url}/0", f"{web.url}/1", name="at-once")
    publish(made, web, ARTICLES)
    return made


@pytest.mark.parametrize("step", [7, 20, 43])
def test_steps_end_in_the_same_site(at_once: Newspaper, web: Web, paper: Callable[..., Newspaper], step: int) -> None:
    steps = paper(f"{web.url}/0", f"{web.url}/1", name="steps")
    for last in [*range(step, ARTICLES, step), ARTICLES]:
        publish(steps, web, last)
    expected, found = tree(at_once), tree(steps)
    assert sorted(found) == sorted(expected)
    assert [path for path in expected if found[path] != expected[path]] == []


def test_archives_of_a_feed_are_never_written_again(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = paper(f"{web.url}/0", f"{web.url}/1")
    publish(made, web, 70)
    before = {path: body for path, body in tree(made).items() if re.search(r"/\d+\.xml$", path)}
    assert before
    publish(made, web, ARTICLES)
    after = tree(made)
    assert {path: after[path] for path in before} == before


def test_a_feed_and_its_archives_hold_every_article(at_once: Newspaper) -> None:
    root = at_once.folder / "public"
    waiting, seen = "latest/feed.xml", set()
    while waiting:
        body = (root / waiting).read_bytes()
        assert parse_feed(body).problems == ()
        parsed = feedparser.parse(body)
        assert not parsed.bozo
        assert len(parsed.entries) <= plan.PER_PAGE
        seen |= {entry.id for entry in parsed.entries}
        links = {link.rel: link.href for link in parsed.feed.links}
        assert ("current" in links) == (waiting != "latest/feed.xml")
        waiting = links.get("prev-archive", "").removeprefix("https://paper.example/")
    assert len(seen) == ARTICLES


def test_the_sitemap_lists_every_page_of_ours_once(at_once: Newspaper) -> None:
    root = at_once.folder / "public"
    parts = re.findall("<loc>https://paper.example/(.*?)</loc>", (root / "sitemap.xml").read_text("utf-8"))
    assert {"sitemap/2026-01.xml", "sitemap/2026-02.xml", "sitemap/stories-1.xml"} <= set(parts)
    listed = [address for part in parts for address in re.findall("<loc>(.*?)</loc>", (root / part).read_text("utf-8"))]
    assert len(listed) == len(set(listed))
    ours = {address for address in listed if not address.endswith(".html")}
    named = {f"https://paper.example{str(path.parent)[len(str(root)) :]}/" for path in root.rglob("index.html")}
    assert named - ours == {"https://paper.example/about/", "https://paper.example/search/"}
    assert ours <= named


def test_a_day_of_many_articles_is_several_pages(web: Web, paper: Callable[..., Newspaper]) -> None:
    """None of them is long; a page that is full never changes again, and the one after it leads to the newest."""
    made = paper(f"{web.url}/feed")
    before: dict[str, bytes] = {}
    for last in range(20, 121, 20):
        web.pages["/feed"] = Answer(rss("News", "".join(item(number) for number in range(last - 20, last))))
        made.run()
        folder = made.folder / "public" / "2026" / "03" / "02"
        found = {path.name: path.read_bytes() for path in folder.glob("?.html")}
        to_come = found.pop(f"{last // plan.PER_DAY + 1}.html", b"").decode()
        assert len(found) == last // plan.PER_DAY
        assert ('content="0; url=/2026/03/02/"' in to_come) == bool(found)
        index = (folder / "index.html").read_text("utf-8")
        assert index.count("<h3") == min(last, plan.PER_DAY)
        assert all(found[name] == before[name] for name in before)
        before = found
    told = "".join(body.decode() for body in before.values()) + index
    assert all(f"Story {number} about" in told for number in range(120))
    assert f'href="/2026/03/02/{plan.neighbours(0, 120, plan.PER_DAY)[0]}"' in index
    assert 'href="/2026/03/02/1.html"' in before["2.html"].decode()
