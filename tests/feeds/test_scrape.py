"""Feeds of pages: what selectors take, what they leave, and what they refuse."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import lxml.html
import pytest
from cssselect import HTMLTranslator
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import BroadsheetError, LimitExceeded, NotAFeed
from broadsheet.feeds import scrape
from broadsheet.feeds.scrape import scrape_feed
from broadsheet.model import Entry, ParsedFeed, Scrape
from broadsheet.selectors import finder
from broadsheet.text import selector_fault

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAGE = """<!DOCTYPE html><html lang="zh_CN"><head><title> The  Gazette </title><base href="/news/"></head><body>
<nav><a href="/">Home</a></nav><ul class="list">
<li class="i"><a href="1.html" class="pic"><img src="1.png"></a><h2><a href="1.html">One &lt;b&gt; &amp; <i>two</i></a></h2>
<time datetime="2026-03-01T10:00:00+08:00">yesterday</time><p>First <a href="x">p</a>.</p><p>Second.</p></li>
<li class="i"><h2><a href="https://other.example/2?a=1&amp;b=2">Two</a></h2><time>3小时前</time></li>
<li class="i"><h2><a href="3.html">Three</a></h2><time>Posted on 2026-02-28 09:30</time><p>Text</p></li>
<li class="i"><h2>No link</h2><time>soon</time></li>
<li class="i"></li></ul></body></html>"""


def read(selectors: Scrape, page: str = PAGE) -> ParsedFeed:
    return scrape_feed(page.encode(), selectors, url="https://g.example/index.html", reference=NOW)


FULL = Scrape(list="li.i", title="h2", date="time", content="p")


def test_a_page_becomes_a_feed() -> None:
    feed = read(FULL)
    one, two, three, four = feed.entries
    assert (feed.format, feed.feed.title, feed.feed.link, feed.feed.language) == (
        "scrape", "The Gazette", "https://g.example/index.html", "zh-CN",
    )  # fmt: skip
    assert one.title == "One &lt;b&gt; &amp; two"
    assert one.link == "https://g.example/news/1.html"
    assert one.published == datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert one.content == 'First <a href="https://g.example/news/x">p</a>.Second.'
    assert (two.link, two.published) == ("https://other.example/2?a=1&b=2", datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert three.published == datetime(2026, 2, 28, 9, 30, tzinfo=UTC)
    assert (four.title, four.link, four.published, four.raw) == ("No link", "", None, {"published": "soon"})
    assert feed.problems == (
        "entries without a title or a link left out: 1", "content found nothing in 3 of 5 entries",
        "date found nothing in 2 of 5 entries", "title found nothing in 1 of 5 entries",
    )  # fmt: skip


@pytest.mark.parametrize(
    "selectors",
    [
        Scrape(list="ul.list > li", title="h2 a", link="h2 a"),
        Scrape(list="//ul[@class='list']/li", title=".//h2/a/text()", link=".//h2/a/@href"),
        Scrape(list=".i", title="h2", link="h2 a@href"),
        Scrape(list="h2"),
        Scrape(list="h2 a"),
        Scrape(list="nav ~ ul li, nav + p", title=".//h2"),
    ],
)
def test_several_ways_to_say_the_same(selectors: Scrape) -> None:
    links = [entry.link.rpartition("/")[2] for entry in read(selectors).entries if entry.link]
    assert links == ["1.html", "2?a=1&b=2", "3.html"]


def test_the_text_of_the_link_is_the_title_where_none_is_asked_for() -> None:
    assert [entry.title for entry in read(Scrape(list="h2")).entries] == ["One &lt;b&gt; &amp; two", "Two", "Three"]


def test_a_link_counts_once_and_only_the_web_s() -> None:
    page = "<a href=/1>One</a><a href=/1>More</a><a href=javascript:x>Two</a><a href=mailto:a@b>Three</a>"
    page += "<a href>Four</a><a href='#'>Five</a>"
    feed = read(Scrape(list="a"), page)
    assert [(entry.title, entry.link) for entry in feed.entries] == [
        ("One", "https://g.example/1"), ("Two", ""), ("Three", ""), ("Four", ""), ("Five", ""),
    ]  # fmt: skip
    assert feed.problems == ("entries with a link that came before left out: 1",)


def test_of_elements_in_each_other_the_outer_is_the_entry() -> None:
    page = "<div><a href=/1>One</a><div><a href=/2>Two</a></div></div><div><a href=/3>Three</a></div>"
    assert [entry.title for entry in read(Scrape(list="div"), page).entries] == ["One", "Three"]


@pytest.mark.parametrize(
    ("page", "selectors", "words"),
    [
        (
            PAGE,
            Scrape(list="article"),
            "list 'article' finds no element: the document is an HTML page titled \"The Gazette\"",
        ),
        (PAGE, Scrape(list=".//li/text()"), "finds no element"),
        (PAGE, Scrape(list="img"), "finds 1 elements without a title or a link"),
        ("<title>Sign in</title><input type=password>", Scrape(list="li"), 'a login page titled "Sign in"'),
        ("", Scrape(list="li"), "the document is empty"),
        (" \0 ", Scrape(list="li"), "the document is empty"),
        ("%PDF-1.7", Scrape(list="li"), "a PDF document"),
    ],
)
def test_a_page_without_entries_is_a_failure_that_says_what_it_is(page: str, selectors: Scrape, words: str) -> None:
    with pytest.raises(NotAFeed) as caught:
        read(selectors, page)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("page", "limit"),
    [
        ("<p>" * (scrape.MAX_TAGS + 1), "scrape_tags"),
        ("x" * (scrape.MAX_BYTES + 1), "scrape_bytes"),
        ("<div>" * 101, "scrape_depth"),
        ("<p></p>" * 2_001, "scrape_children"),
        (f"<p {' '.join(f'a{number}=1' for number in range(1_001))}>", "scrape_attributes"),
        (f"<p {' '.join(f'a{number}' for number in range(1_001))}>", "scrape_attributes"),
        (f"<!-- <b x='> --><p {'/'.join(f'a{number}' for number in range(1_001))}>", "scrape_attributes"),
        ("<p " + "".join(f"a{number}='>'" for number in range(1_001)), "scrape_attributes"),
        ("<a" * 20_000 + "x" * 2_000_000, "scrape_attributes"),
    ],
    ids=[
        "tags",
        "bytes",
        "depth",
        "children",
        "values",
        "bare",
        "behind a comment",
        "without blanks",
        "a name in common",
    ],
)
def test_limits_are_named(page: str, limit: str) -> None:
    with pytest.raises(LimitExceeded) as caught:
        read(Scrape(list="p"), page)
    assert caught.value.limit == limit


def test_a_page_may_have_elements_of_many_attributes() -> None:
    page = f"<p {' '.join(f'a{number}=1' for number in range(700))}><a href=/1>One</a>"
    assert [entry.title for entry in read(Scrape(list="p"), page).entries] == ["One"]


def test_a_page_that_would_stretch_xpath_is_refused_and_css_takes_it() -> None:
    page = ("<div>" * 90 + "<a href=/1>x</a>" + "</div>" * 90) * 120
    with pytest.raises(LimitExceeded, match="write it as CSS"):
        read(Scrape(list=".//div//div//a"), page)
    assert len(read(Scrape(list="div div div div div a"), page).entries) == 1


@pytest.mark.parametrize(
    "selector",
    ["(", "a::text", "a > ", "", "//[", ".//*[1", ":is(" * 300 + "a" + ")" * 300, "a:frobnicate", "//a[x:y()]"],
)
def test_what_is_no_selector_is_told(selector: str) -> None:
    assert selector_fault(selector) or selector == "//a[x:y()]"


def test_an_xpath_that_fails_at_work_is_a_named_limit() -> None:
    with pytest.raises(LimitExceeded, match="cannot be looked for"):
        read(Scrape(list="//a[x:y()]"))


SIMPLE = ["a", "b", "*", ".x", "#y", "[k]", "a.x", ":first-child", "b:not(.x)", ":nth-child(2)"]
COMBINED = [
    f"{one}{how}{other}" for one, how, other in itertools.product(("a", "b", "*", ".x"), (" ", " > ", " + ", " ~ "), SIMPLE)
] + ["a b > a", "a ~ b a", "* > * + a", "a, b .x", "a + b ~ a > *"]  # fmt: skip
_trees = st.recursive(
    st.sampled_from(["", "t"]),
    lambda inner: st.lists(
        st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["", " class=x", " id=y", " k=1"]), inner), max_size=3
    ).map(lambda parts: "".join(f"<{name}{extra}>{inside}</{name}>" for name, extra, inside in parts)),
    max_leaves=12,
)  # fmt: skip


@given(_trees, st.sampled_from([*SIMPLE, *COMBINED]))
def test_steps_put_together_find_what_one_xpath_finds(markup: str, selector: str) -> None:
    page = lxml.html.fragment_fromstring(markup.replace("<a", "<i").replace("</a", "</i"), create_parent="div")
    css = selector.replace("a", "i") if "nth" not in selector and "first" not in selector else selector
    assert finder(css)(page) == page.xpath(HTMLTranslator().css_to_xpath(css))


_pieces = st.lists(
    st.sampled_from(
        ["<li>", "</li>", "<a href=/1>", '<a href="//[">', "</a>", "<time>", "昨天 08:30", "<h2>", "x", "<!--", "<script>", "\0",
         "&#xD800;"]
    ),
    max_size=30,
)  # fmt: skip


@given(
    _pieces,
    st.sampled_from(
        [FULL, Scrape(list="li", title="a@href", link="time"), Scrape(list="a"), Scrape(list="*", content="*")]
    ),
)
def test_any_page_is_a_feed_or_a_named_error(pieces: list[str], selectors: Scrape) -> None:
    try:
        feed = read(selectors, "".join(pieces))
    except BroadsheetError:
        return
    assert feed.entries
    for entry in feed.entries:
        assert isinstance(entry, Entry)
        assert entry.title or entry.link
        assert not entry.link or entry.link.startswith(("http://", "https://"))
        assert entry.published is None or entry.published.tzinfo is UTC
    linked = [entry.link for entry in feed.entries if entry.link]
    assert len(linked) == len(set(linked))
