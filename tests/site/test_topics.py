"""Topics: what belongs to them, and that a list begun late is that of the beginning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from broadsheet.config import TopicConfig
from broadsheet.model import Article
from broadsheet.newspaper import Newspaper
from broadsheet.site.topics import Topics
from tests.conftest import Answer, Web, item, rss

FERRIES = '[[topics]]\ntitle = "Ferries"\nwords = ["ferry", "渡轮"]\n'


@pytest.mark.parametrize(
    ("words", "told", "belongs"),
    [
        (["ferry"], "The last ferry of the day", True),
        (["ferry"], "Ferries run again", True),
        (["ferry"], "A ferryman retires", False),
        (["AI"], "What was said of chain stores", False),
        (["AI"], "AI comes to the harbour", True),
        (["ferry boat"], "A ferry and a boat", False),
        (["ferry boat", "barge"], "The ferry boats", True),
        (["渡轮"], "末班渡輪在海峽失去動力", True),
        (["渡輪"], "末班渡轮失去动力", True),
        (["渡轮"], "渡口的轮子", False),
        (["A股"], "Ａ股收盘上涨", True),
        (["雨"], "下雨天", True),
    ],
)
def test_an_article_belongs_where_one_of_the_words_stands(words: list[str], told: str, belongs: bool) -> None:
    topics = Topics([TopicConfig(title="It", words=tuple(words))])
    for article in (Article(title=told), Article(title="x", excerpt=told), Article(title="x", categories=("y", told))):
        assert topics.of(article) == (topics.lists if belongs else [])
    assert topics.of(Article(title="x", text=told)) == []


def feed(numbers: range) -> bytes:
    titles = ("The ferry of day {}", "Prices of day {}", "渡轮第{}班停航")
    return rss("News", "".join(item(n, title=titles[n % 3].format(n)) for n in numbers))


def site(made: Newspaper) -> Path:
    return made.folder / made.config.site.output


def pages(made: Newspaper) -> dict[str, bytes]:
    """Return the site without what tells how often it was searched anew."""
    return {
        path.relative_to(site(made)).as_posix(): path.read_bytes() for path in site(made).rglob("*") if path.is_file()
    }


def test_a_topic_that_is_added_later_is_as_if_it_had_always_been_there(
    web: Web, paper: Callable[..., Newspaper]
) -> None:
    """All that was published enters it in the order of publication; what comes goes on at its end."""
    before = paper(f"{web.url}/feed", extra=FERRIES, name="before")
    later = paper(f"{web.url}/feed", name="later")
    for end in (20, 60):
        web.pages["/feed"] = Answer(feed(range(end - 20, end)))
        for made in (before, later):
            made.run()
        if end == 20:
            assert not (site(later) / "topic").exists()
            later.close()
            later = paper(f"{web.url}/feed", extra=FERRIES, name="later")
    assert pages(before) == pages(later)
    (folder,) = (site(before) / "topic").iterdir()
    listed = (folder / "index.html").read_text("utf-8") + (folder / "1.html").read_text("utf-8")
    assert "ferry of day 57" in listed
    assert "Prices" not in listed
    assert "渡轮第59班停航" in (folder / "feed.xml").read_text("utf-8")
    article = next(one for one in before.articles() if "ferry of day 57" in one.title)
    with before.store.read() as connection:
        from broadsheet.store import articles

        path = articles.rows(connection, [article.id])[article.id].permalink
    assert f'href="/topic/{folder.name}/"' in (site(before) / path).read_text("utf-8")


def test_a_build_with_topics_costs_what_changed(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(feed(range(30)))
    made = paper(f"{web.url}/feed", extra=FERRIES)
    made.run()
    assert made.build().pages_written == 0
    before = pages(made)
    web.pages["/feed"] = Answer(rss("News", item(91, title="Prices once more")))
    made.run()
    changed = {path for path, body in pages(made).items() if before.get(path) != body}
    assert not any(path.startswith("topic/") for path in changed)
