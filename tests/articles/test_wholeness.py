"""Whether a feed carries its articles whole: from an entry's text, and from what its pages turned out to have."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.articles.wholeness import Votes, is_cut, needs_page, verdict, vote
from broadsheet.model import Entry
from broadsheet.newspaper import Newspaper
from tests.conftest import Answer, Web

LONG, SHORT = "word " * 200, "word " * 20
IDS = [f"{number:012d}" for number in range(1000)]


def asked(entry: Entry, votes: Votes) -> float:
    """Return the share of articles whose page is fetched."""
    return sum(needs_page(entry, votes, item) for item in IDS) / len(IDS)


def test_what_is_asked_for() -> None:
    unknown, whole, short = Votes(), Votes(9, 0), Votes(0, 9)
    assert asked(Entry(content=SHORT), unknown) == 1
    assert 0.1 < asked(Entry(content=LONG), unknown) < 0.3, "a few, to learn"
    for text in (LONG, SHORT):
        assert 0.05 < asked(Entry(content=text), whole) < 0.2, "a few, to see whether that has changed"
        assert asked(Entry(content=text), short) == 1
    for votes in (unknown, whole, short):
        assert asked(Entry(content=LONG + "…"), votes) == 1
        assert asked(Entry(), votes) == 1


def test_what_is_learnt() -> None:
    assert vote(Entry(content=LONG), 210) == Votes(whole=1)
    assert vote(Entry(content=LONG), 600) == Votes(short=1)
    assert vote(Entry(summary=SHORT), 21) == Votes(whole=1), "a short post may be all there is"
    assert vote(Entry(content=SHORT + "[…]"), 600) == Votes(), "that says so itself"
    assert vote(Entry(content=LONG), 0) == vote(Entry(), 300) == Votes()


@pytest.mark.parametrize(
    ("votes", "known"),
    [((0, 0), ""), ((3, 0), "whole"), ((3, 1), ""), ((10, 2), "whole"), ((1, 2), "short"), ((0, 1), ""), ((5, 5), "")],
)  # fmt: skip
def test_verdicts(votes: tuple[int, int], known: str) -> None:
    assert verdict(Votes(*votes)) == known


@given(st.lists(st.booleans(), max_size=200))
def test_what_has_changed_is_seen(past: list[bool]) -> None:
    votes = Votes()
    for whole in past:
        votes = votes.add(whole, not whole)
    for _ in range(60):
        votes = votes.add(0, 1)
    assert verdict(votes) == "short"
    for _ in range(120):
        votes = votes.add(1, 0)
    assert verdict(votes) == "whole"


@given(st.text(max_size=60))
def test_any_text_is_cut_or_not(text: str) -> None:
    assert is_cut(Entry(content=text)) in (True, False)


def newspaper(web: Web, paper: Callable[..., Newspaper], said: str, page: str, count: int = 30) -> Newspaper:
    """Return a newspaper after a run over a feed of articles that say ``said`` there and have ``page`` on their pages."""
    items = ""
    for number in range(count):
        own = f"<p>Report number {number}.</p>"
        web.pages[f"/{number}"] = Answer(
            f"<html><head><title>Report {number}</title></head><body><article>{own}{page}</article></body></html>".encode(),
            headers={"Content-Type": "text/html"},
        )
        items += (
            f"<item><title>Report {number}</title><link>{web.url}/{number}</link>"
            f"<description><![CDATA[{own}{said}]]></description></item>"
        )
    web.pages["/feed"] = Answer(f"<rss><channel><title>News</title>{items}</channel></rss>".encode())
    made = paper(f"{web.url}/feed", extra="[media]\ncopy = false")
    made.run()
    return made


def paragraphs(count: int) -> str:
    return "".join(
        f"<p>The ferry to Gannet Rock ran for the {number}th time, and the harbour master, who had counted, said so to all "
        f"who asked him about it that day.</p>" for number in range(count)
    )  # fmt: skip


def pages(web: Web) -> int:
    return sum(hit.path.lstrip("/").isdigit() for hit in web.hits)


def test_a_feed_that_breaks_off_without_a_word_is_found_out(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = newspaper(web, paper, said=paragraphs(6), page=paragraphs(20))
    assert 0 < pages(web) < 15
    made.run(everything=True)
    assert pages(web) >= 20, "the newest that had only the feed's words"
    texts = [article.text for article in made.articles()]
    assert sum("the 19th time" in text for text in texts) >= 20


def test_a_feed_that_is_whole_is_hardly_asked_for_pages(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = newspaper(web, paper, said=paragraphs(8), page=paragraphs(8))
    first = pages(web)
    assert 0 < first < 15
    made.run(everything=True)
    assert pages(web) == first


def test_a_feed_of_short_posts_is_not_asked_for_ever(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = newspaper(web, paper, said=paragraphs(2), page=paragraphs(2), count=10)
    assert pages(web) == 10
    web.hits.clear()
    newspaper(web, paper, said=paragraphs(2), page=paragraphs(2), count=40)
    assert pages(web) < 10
    assert len(list(made.articles())) == 40
