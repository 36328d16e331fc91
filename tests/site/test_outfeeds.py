"""Our own feeds, read back by our own parser and by another."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import feedparser
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet import parse_feed
from broadsheet.site.outfeeds import OutEntry, OutFeed, atom, json_feed, newest, sitemap
from broadsheet.site.structured import news_article

WHEN = datetime(2026, 3, 12, 10, 30, tzinfo=UTC)


def feed(title: str = "A & B", html: str = "<p>1 &lt; 2</p>") -> OutFeed:
    entry = OutEntry(
        id="https://p.example/2026/03/12/x.html", title=title, url="https://p.example/2026/03/12/x.html",
        original="https://news.example/a?b=1&c=2", html=html, published=WHEN, updated=WHEN, author="Ann", source="News",
        source_url="https://news.example/", language="zh", categories=("财经",),
    )  # fmt: skip
    return OutFeed(
        title="Paper", url="https://p.example/", self_url="https://p.example/feed.xml", language="en", entries=(entry,),
        updated=newest([entry]),
    )  # fmt: skip


@pytest.mark.parametrize("write", [atom, json_feed])
def test_what_is_written_is_read_back(write) -> None:
    parsed = parse_feed(write(feed()))
    assert parsed.problems == ()
    entry = parsed.entries[0]
    assert (entry.guid, entry.title, entry.content) == (
        "https://p.example/2026/03/12/x.html",
        "A & B",
        "<p>1 &lt; 2</p>",
    )
    assert entry.published == entry.updated == WHEN
    assert [str(author) for author in entry.authors] == ["Ann"]


def test_what_one_source_says_is_said_once() -> None:
    ours = feed().entries[0]
    more = msgspec.structs.replace(ours, id="https://p.example/y", author="", language="en")
    of_one = atom(msgspec.structs.replace(feed(), entries=(ours, more)))
    assert of_one.count(b"<name>News</name>") == 1
    assert b"<source>" not in of_one
    assert of_one.count(b"xml:lang") == 2, "of the feed, and of the entry in another language"
    parsed = parse_feed(of_one)
    assert [[str(author) for author in entry.authors] for entry in parsed.entries] == [["Ann"], []]
    assert feedparser.parse(of_one).feed.author == "News"
    another = msgspec.structs.replace(more, source="Gazette", source_url="https://p.example/source/gazette/")
    of_two = atom(msgspec.structs.replace(feed(), entries=(ours, another)))
    assert [entry.source.title for entry in feedparser.parse(of_two).entries] == ["News", "Gazette"]
    assert [str(entry.authors[0]) for entry in parse_feed(of_two).entries] == ["Ann", "Gazette"]


def test_another_reader_agrees() -> None:
    parsed = feedparser.parse(atom(feed()))
    assert not parsed.bozo
    assert parsed.entries[0].title == "A & B"
    assert parsed.entries[0].links[1].rel == "via"


@given(st.text(), st.text())
def test_any_text_gives_valid_documents(title: str, html: str) -> None:
    assert len(parse_feed(atom(feed(title, html))).entries) == 1
    assert json.loads(json_feed(feed(title, html)))["items"][0]["id"]


def test_an_empty_feed_is_the_same_at_any_time() -> None:
    assert newest([]) == datetime(1970, 1, 1, tzinfo=UTC)


def test_the_sitemap_lists_addresses() -> None:
    assert sitemap(["https://p.example/a?b&c"]).count(b"<loc>https://p.example/a?b&amp;c</loc>") == 1


@given(st.text())
def test_structured_data_cannot_end_its_element(title: str) -> None:
    text = news_article(
        title=f"</script><!--{title}", url="u", original="o", source="s", source_url="su", byline="", published=WHEN,
        modified=None, language="en", image="",
    )  # fmt: skip
    assert not {"<", ">", "&"} & set(text)
    assert json.loads(text)["headline"] == f"</script><!--{title}".encode("utf-8", "replace").decode()[:250] or title
