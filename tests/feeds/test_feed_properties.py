"""Whatever the bytes are: a feed, or an error of ours; and in time that grows with the length only."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from broadsheet import encoding
from broadsheet.errors import LimitExceeded, ParseError
from broadsheet.feeds import markup
from broadsheet.feeds.dates import parse_date
from broadsheet.feeds.discover import discover, known_feed_addresses
from broadsheet.feeds.opml import read_opml
from broadsheet.feeds.parse import parse_feed
from broadsheet.model import ParsedFeed

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PIECES = [
    b"<rss version='2.0'>", b"<channel>", b"<item>", b"</item>", b"<title>", b"</title>", b"<link>", b"</link>", b"<guid>",
    b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"<entry>", b"</entry>", b"<content type='xhtml'>", b"<div>", b"</div>",
    b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<!DOCTYPE rss [", b"<!ENTITY a 'b'>", b"]>", b"&nbsp;", b"&a;", b"&#xD800;",
    b"&#0;", b"&", b"<", b">", b"\x00", b"\xff", b"\xa4\x40", b"<?xml version='1.0' encoding='gbk'?>", b"xml:base='x/' ",
    b"<media:group>", b"<media:content url='a'/>", b"<a href='b'>", b"<br>", b"{", b"}", b'"items":[', b"1e999", b"<html>",
    b"<description>", b"</description>", b"<pubDate>", b"Mon, 02 Nov 2026 10:00:00 GMT", b"</rss>", b"</feed>", b"<rdf:RDF>",
    b"<source>", b"<author>", b"a@b.example (c)", b"<skipHours>", b"<image>", b"<url>", b" type='application/octet-stream'",
]  # fmt: skip


def outcome(data: bytes, content_type: str | None = None) -> None:
    with contextlib.suppress(ParseError):
        assert isinstance(parse_feed(data, url="https://feed.example/f", content_type=content_type), ParsedFeed)


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes(data: bytes) -> None:
    outcome(data)


@given(
    st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join), st.sampled_from([None, "text/xml; charset=big5", "x"])
)
@settings(max_examples=800, deadline=None)
def test_any_mixture_of_markup(data: bytes, content_type: str | None) -> None:
    outcome(data, content_type)
    outcome(b"<rss><channel><item>" + data, content_type)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["id", "url", "title", "items", "authors", "tags", "attachments", "content_html", "date_published"]
                ),
                inner,
            )
        ),
    )
)
@settings(max_examples=200, deadline=None)
def test_any_json_item(value: object) -> None:
    import json

    outcome(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [value], "hubs": [value]}).encode())


def test_half_a_character_costs_no_json_feed() -> None:
    head = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "content_text": '
    (entry,) = parse_feed(head + b'"a\\ud83d b \\ud83d\\ude00 c"}]}').entries
    assert entry.content == "a? b \U0001f600 c"


@given(st.text(max_size=80) | st.from_regex(r"[\d\-/: TZ+年月日时分前今天오후GMT,a-z]{0,40}", fullmatch=True))
@settings(max_examples=600, deadline=None)
@example("9999-12-31T23:59:59-14:00")
@example("0000-00-00T00:00:00Z")
@example("٢٠٢٦-٠٣-٠٢")
def test_any_date(text: str) -> None:
    for reference in (None, NOW):
        found = parse_date(text, reference=reference)
        assert found is None or (found.tzinfo is UTC and found.year >= 1900)


@given(st.binary(max_size=300), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_page_and_list(data: bytes, url: str) -> None:
    assert all(candidate.url.startswith("http") for candidate in discover(data, url))
    assert isinstance(known_feed_addresses(url), tuple)
    for body in (data, b"<opml><body><outline " + data + b"/></body></opml>"):
        with contextlib.suppress(ParseError):
            read_opml(body)


@given(st.binary(max_size=200), st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_encoding_gives_utf8(data: bytes, label: str) -> None:
    encoding.to_utf8(data, f"text/xml; charset={label}").data.decode("utf-8")


@given(st.text(alphabet="<>\"'=/ ahrefsc:.#&;\n", max_size=200))
@settings(max_examples=300, deadline=None)
def test_links_resolve_in_any_markup(text: str) -> None:
    once = markup.resolve_links(text, "https://x.example/a/")
    assert markup.resolve_links(once, "https://x.example/a/") == once
    markup.looks_like_html(text)


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ('<img alt="src=/x" src="/y">', '<img alt="src=/x" src="https://x.example/y">'),
        ("""<a title='see href="/q"' href="/z">""", """<a title='see href="/q"' href="https://x.example/z">"""),
        ('<a href=/1 href="/2">', '<a href="https://x.example/1" href="https://x.example/2">'),
        (
            """<img src="/a" alt="it's"> <img src="/b">""",
            """<img src="https://x.example/a" alt="it's"> <img src="https://x.example/b">""",
        ),
    ],
)
def test_what_looks_like_a_link_within_a_value_is_left(text: str, resolved: str) -> None:
    assert markup.resolve_links(text, "https://x.example/a/") == resolved


RSS = b"<rss version='2.0'><channel>"
BOMBS = {
    "attributes": (
        b"<rss><channel><item " + b"".join(b'a%d="1" ' % n for n in range(100_000)) + b"/></channel></rss>",
        "feed_attributes",
    ),
    "attributes in single quotes": (
        b"<rss " + b"".join(b"a%d='>' " % n for n in range(100_000)) + b"/>",
        "feed_attributes",
    ),
    "depth": (RSS + b"<item><description>" + b"<a>" * 200_000, "feed_depth"),
    "closed depth": (RSS + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</channel></rss>", "feed_depth"),
    "elements": (RSS + b"<item/>" * 1_500_000, "feed_elements"),
    "bytes": (b" " * 15_000_001, "feed_bytes"),
    "json depth": (b"[" * 1_000_000, "feed_depth"),
    "one text": (RSS + b"<title>" + b"x" * 11_000_000 + b"</title></channel></rss>", "feed_piece"),
    "entities": (
        b"<!DOCTYPE rss [<!ENTITY a '" + b"x" * 200 + b"'>]>" + RSS + b"<title>" + b"&a;" * 100_000,
        "feed_entities",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_named(name: str) -> None:
    data, limit = BOMBS[name]
    started = time.process_time()
    with pytest.raises(LimitExceeded) as caught:
        parse_feed(data)
    assert caught.value.limit == limit
    assert time.process_time() - started < 5


LINEAR = {
    "open cdata": RSS + b"<![CDATA[" * 100_000,
    "open comments": RSS + b"<!--" * 200_000,
    "ampersands": RSS + b"<title>" + b"&" * 1_000_000,
    "unclosed titles": RSS + b"<item>" + b"<title>x</b>" * 100_000,
    "blanks": RSS + b"<item><author>" + b" " * 2_000_000 + b"@</author></item></channel></rss>",
    "addresses": RSS + b"<item><author>" + b"a@" * 1_000_000 + b"</author></item></channel></rss>",
    "relative links": RSS + b"<item><description>" + b"&lt;a href=x " * 100_000 + b"</description></item></channel></rss>",
    "nested bases": b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><content type='xhtml'><div>"
    + b"<p xml:base='x/'>" * 200 + b"<a href='y'/>" * 50_000 + b"</p>" * 200 + b"</div></content></entry></feed>",
    "doctype": b"<!DOCTYPE " + b"[]" * 1_000_000,
    "prefixes": RSS + b"".join(b"<p%d:a/>" % number for number in range(200_000)),
    "a digit date": RSS + b"<item><pubDate>" + b"1" * 2_000_000 + b"</pubDate></item></channel></rss>",
}  # fmt: skip


@pytest.mark.parametrize("name", LINEAR)
def test_time_is_linear(name: str) -> None:
    started = time.process_time()
    outcome(LINEAR[name])
    assert time.process_time() - started < 5
