"""Sitemaps as feeds."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import BroadsheetError, LimitExceeded, NotAFeed
from broadsheet.feeds import limits, sitemap
from broadsheet.feeds.parse import parse_feed
from broadsheet.feeds.source import read_source
from broadsheet.model import Entry, Image, ParsedFeed

SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)
NEWS = """<url><loc>https://n.example/a?x=1&amp;y=2</loc><lastmod>2026-03-02</lastmod>
<news:news><news:publication><news:name>The Gazette</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2026-03-01T10:00:00+08:00</news:publication_date><news:title>One &lt;b&gt; &amp; two</news:title>
<news:keywords>Harbour, Works, Harbour</news:keywords></news:news><image:image><image:loc>/1.png</image:loc></image:image></url>"""


def urlset(inside: str) -> bytes:
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<urlset {SPACES}>{inside}</urlset>".encode()


def read(data: bytes) -> ParsedFeed:
    return read_source(data, url="https://n.example/sitemap.xml")


def test_a_news_sitemap_is_a_feed() -> None:
    feed = read(urlset(NEWS))
    assert (feed.format, feed.feed.title, feed.feed.link, feed.problems) == (
        "sitemap",
        "The Gazette",
        "https://n.example/",
        (),
    )
    assert feed.entries == (
        Entry(
            link="https://n.example/a?x=1&y=2", title="One &lt;b&gt; &amp; two", language="en",
            published=datetime(2026, 3, 1, 2, tzinfo=UTC), updated=datetime(2026, 3, 2, tzinfo=UTC),
            categories=("Harbour", "Works"), image=Image(url="https://n.example/1.png"),
            raw={"published": "2026-03-01T10:00:00+08:00", "updated": "2026-03-02"},
        ),
    )  # fmt: skip


def test_a_plain_one_too_without_its_front_page_and_repetitions() -> None:
    addresses = ("https://n.example", "https://n.example/", "/a", "https://n.example/a", "mailto:a@b", "", "/b")
    feed = read(urlset("".join(f"<url><loc> {address} </loc></url>" for address in addresses) + "<url/>"))
    assert [entry.link for entry in feed.entries] == ["https://n.example/a", "https://n.example/b"]


@pytest.mark.parametrize(
    "data", [urlset(NEWS), b"<urlset><url><loc>https://n.example/a?x=1&amp;y=2</loc></url></urlset>"]
)
def test_compressed_or_without_a_namespace_it_is_the_same(data: bytes) -> None:
    assert read(gzip.compress(data)) == read(data)
    assert read(data).entries[0].link == "https://n.example/a?x=1&y=2"


def test_the_newest_of_many_are_kept() -> None:
    dates = "".join(f"<url><loc>/{n}</loc><lastmod>{2000 + n % 25}-01-01</lastmod></url>" for n in range(2_500))
    feed = read(urlset(dates))
    assert len(feed.entries) == limits.ENTRIES
    assert min(entry.updated for entry in feed.entries if entry.updated).year == 2005
    assert feed.problems == ("limit feed_entries: the newest 2,000 of 2,500 kept",)


def test_an_index_names_its_sitemaps_news_and_the_newest_first() -> None:
    dates = {"old": "2020-01-01", "none": "", "new": "2026-01-01T10:00:00Z", "news": "2021-01-01"}
    inside = "".join(
        f"<sitemap><loc>https://n.example/{name}.xml</loc><lastmod>{date}</lastmod></sitemap>"
        for name, date in dates.items()
    )
    data = f"<sitemapindex {SPACES}>{inside}</sitemapindex>".encode()
    order = [f"https://n.example/{name}.xml" for name in ("news", "new", "old", "none")]
    with pytest.raises(NotAFeed) as caught:
        read(data)
    assert str(caught.value).splitlines() == [
        "the document is an index of 4 sitemaps: subscribe to one of them, newest first:", *(f"  {one}" for one in order[:3]),
    ]  # fmt: skip
    assert sitemap.children(data, "https://n.example/") == order
    assert sitemap.children(gzip.compress(data), "https://n.example/") == order
    assert sitemap.children(urlset(NEWS), "https://n.example/") == []


def test_limits_are_named() -> None:
    with pytest.raises(LimitExceeded, match="addresses"):
        read(urlset("<url/>" * (sitemap.ADDRESSES + 1)))
    with pytest.raises(LimitExceeded, match="bytes"):
        read(gzip.compress(b"<urlset>" + b" " * (limits.BYTES + 1)))


def test_the_parser_of_feeds_says_that_it_is_none() -> None:
    with pytest.raises(NotAFeed, match="the document is a sitemap"):
        parse_feed(urlset(NEWS))


_pieces = st.sampled_from(
    [NEWS, "<url>", "</url>", "<loc>", "</loc>", "/a", "&", "<urlset>", "<lastmod>x</lastmod>", "\0"]
)


@given(st.lists(_pieces, max_size=8), st.integers(0, 400))
def test_any_bytes_are_a_feed_or_a_named_error(pieces: list[str], cut: int) -> None:
    data = urlset("".join(pieces))
    for broken in (data, data[: -cut or None], gzip.compress(data)[: -cut or None], data[cut:]):
        try:
            assert all(entry.link for entry in read(broken).entries)
        except BroadsheetError:
            continue
