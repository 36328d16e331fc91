"""Subscription lists, discovery of feeds in pages, and RSSHub addresses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.errors import LimitExceeded, NotAFeed
from broadsheet.feeds.discover import discover, known_feed_addresses
from broadsheet.feeds.opml import Subscription, parse_opml, read_opml, write_opml
from broadsheet.feeds.rsshub import expand

LIST = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>Mine</title></head><body>
<outline text="News"><outline text="World"><outline type="rss" text="A" xmlUrl="https://a.example/feed" htmlUrl="https://a.example/"/>
</outline><outline title="B &amp; C" XMLURL="feed://b.example/rss"/></outline>
<outline text="hub" xmlUrl="rsshub://sina/finance"/>
<outline text="bad" xmlUrl="javascript:alert(1)"/><outline text="secret" xmlUrl="ftp://user:pass@c.example/x"/>
<outline text="twice" xmlUrl="rsshub://sina/finance"/>
</body></opml>"""


def test_sections_are_paths() -> None:
    assert parse_opml(LIST) == [
        Subscription(url="https://a.example/feed", title="A", section=("News", "World"), html_url="https://a.example/"),
        Subscription(url="http://b.example/rss", title="B & C", section=("News",)),
        Subscription(url="rsshub://sina/finance", title="hub"),
    ]


def test_what_was_left_out_is_named_without_passwords() -> None:
    found = read_opml(LIST)
    assert found.title == "Mine"
    assert any("javascript:alert(1)" in problem for problem in found.problems)
    assert any("c.example" in problem for problem in found.problems)
    assert "pass" not in repr(found)


def test_hostile_lists() -> None:
    with pytest.raises(NotAFeed, match="an HTML page"):
        parse_opml(b"<!DOCTYPE html><html><body>no</body></html>")
    with pytest.raises(LimitExceeded):
        parse_opml(b"<opml><body>" + b"<outline text='a'>" * 300 + b"</outline>" * 300 + b"</body></opml>")
    with pytest.raises(LimitExceeded):
        parse_opml(b"<opml><body>" + b"<outline/>" * 60_000 + b"</body></opml>")
    bomb = b"<!DOCTYPE opml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><opml><body><outline text='&x;' xmlUrl='http://a.example/'/></body></opml>"
    assert "root:" not in repr(parse_opml(bomb))


NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
).map(lambda text: " ".join(text.split()) or "x")


@given(
    st.lists(
        st.builds(
            lambda number, title, section: Subscription(
                url=f"https://a.example/{number}", title=title, section=tuple(section)
            ),
            st.integers(0, 10**9),
            NAMES,
            st.lists(NAMES, max_size=4),
        ),
        max_size=20,
        unique_by=lambda feed: feed.url,
    ),
    NAMES,
)
@settings(max_examples=200, deadline=None)
def test_round_trip(feeds: list[Subscription], title: str) -> None:
    written = write_opml(feeds, title)
    found = read_opml(written)
    assert found.title == title
    assert sorted(found.feeds, key=lambda feed: feed.url) == sorted(feeds, key=lambda feed: feed.url)
    # Once read in the order of the file, what is written again is the same to the byte.
    assert write_opml(found.feeds, title) == write_opml(read_opml(write_opml(found.feeds, title)).feeds, title)


def test_passwords_are_not_written() -> None:
    assert b"secret" not in write_opml([Subscription(url="https://u:secret@a.example/")], "t")


PAGE = b"""<!doctype html><html><head><base href="/blog/"><title>t</title>
<link rel="alternate" type="application/rss+xml" title="Comments" href="comments/feed/">
<link rel="ALTERNATE" type="application/atom+xml; charset=utf-8" title="Posts" href="atom.xml">
<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
<link rel="stylesheet" href="rss.css"></head>
<body><a href="/rss.xml">RSS</a><a href="feed:https://b.example/x">x</a><a href="/press">Press</a><a href="file:///feed">x</a></body>"""


def test_discovery() -> None:
    found = discover(PAGE, "https://a.example/blog/post")
    named = [candidate.url for candidate in found if candidate.source != "well-known"]
    assert named == [
        "https://a.example/blog/atom.xml",
        "https://a.example/rss.xml",
        "https://a.example/blog/comments/feed/",
    ]
    assert found[0].title == "Posts"
    assert found[-1].source == "well-known"
    assert all(candidate.url.startswith("https://a.example/") for candidate in found)


KNOWN = {
    "https://www.youtube.com/channel/UCaaaaaaaaaaaaaaaaaaaaaa": "https://www.youtube.com/feeds/videos.xml?channel_id=UCaaaaaaaaaaaaaaaaaaaaaa",
    "https://www.youtube.com/playlist?list=PLabcdefghijk": "https://www.youtube.com/feeds/videos.xml?playlist_id=PLabcdefghijk",
    "https://github.com/owner/project": "https://github.com/owner/project/releases.atom",
    "https://github.com/owner/project/commits/main": "https://github.com/owner/project/commits/main.atom",
    "https://github.com/owner": "https://github.com/owner.atom",
    "https://mastodon.example/@name": "https://mastodon.example/@name.rss",
    "https://np.reddit.com/r/python/search?q=a+b&restrict_sr=1&x=2": "https://www.reddit.com/r/python/search/.rss?q=a+b&restrict_sr=1",
    "https://music.youtube.com/channel/UC1234567890123456789012": (
        "https://www.youtube.com/feeds/videos.xml?channel_id=UC1234567890123456789012"
    ),
    "https://www.reddit.com/r/python/": "https://www.reddit.com/r/python/.rss",
    "https://www.reddit.com/r/python/.rss": "https://www.reddit.com/r/python/.rss",
    "https://www.reddit.com/r/python.rss": "https://www.reddit.com/r/python/.rss",
    "https://old.reddit.com/r/python/top?t=week&x=1": "https://www.reddit.com/r/python/top/.rss?t=week",
    "https://www.reddit.com/domain/a.example/": "https://www.reddit.com/domain/a.example/.rss",
    "https://mastodon.example/tags/cats": "https://mastodon.example/tags/cats.rss",
    "https://mastodon.example/users/name": "https://mastodon.example/users/name.rss",
    "https://lemmy.example/c/cats": "https://lemmy.example/feeds/c/cats.xml",
    "https://medium.com/@name": "https://medium.com/feed/@name",
    "https://medium.com/tag/python/recommended": "https://medium.com/feed/tag/python",
    "https://codeberg.org/owner/project/issues": "https://codeberg.org/owner/project/releases.rss",
    "https://codeberg.org/owner": "https://codeberg.org/owner.rss",
    "https://pypi.org/project/lxml/": "https://pypi.org/rss/project/lxml/releases.xml",
    "https://arxiv.org/list/cs.CL/recent": "https://rss.arxiv.org/rss/cs.CL",
    "https://dev.to/t/python": "https://dev.to/feed/tag/python",
    "https://dev.to/name": "https://dev.to/feed/name",
}


@pytest.mark.parametrize("url", KNOWN)
def test_known_sites(url: str) -> None:
    assert known_feed_addresses(url)[0] == KNOWN[url]


MASTODON = {
    "https://social.example/users/ann": "https://social.example/users/ann.rss",
    "https://social.example/tags/cats": "https://social.example/tags/cats.rss",
    "https://social.example/tags/%E7%8C%AB/": "https://social.example/tags/%E7%8C%AB.rss",
    "https://social.example/@ann/tagged/cats": "https://social.example/@ann/tagged/cats.rss",
}


@pytest.mark.parametrize("url", MASTODON)
@pytest.mark.parametrize(
    "page",
    [
        "<div class='notranslate app-holder' data-props='{&quot;locale&quot;:&quot;en&quot;}' id='mastodon'></div>",
        '<div id="mastodon-timeline"></div>',
        '<meta name="generator" content="Mastodon 4.4.1">',
        '<meta content="Akkoma" name="application-name">',
    ],
)
def test_a_page_that_says_mastodon_has_the_feeds_of_mastodon(page: str, url: str) -> None:
    found = discover(f"<html><a href='/feed'>RSS</a>{page}</html>".encode(), url)
    assert (found[0].url, found[0].source) == (MASTODON[url], "known")


@pytest.mark.parametrize(
    ("page", "url"),
    [
        ("<a id='mastodon'></a><meta name='generator' content='WordPress'>", "https://a.example/tags/cats"),
        ("<p>Mastodon</p>", "https://a.example/users/ann"),
        ("<div id='mastodon'></div>", "https://social.example/about"),
        ("<div id='mastodon'></div>", "https://social.example/users/ann/statuses/1"),
        ("<div id='mastodon'></div>", "nonsense"),
    ],
)
def test_no_feed_is_guessed_where_a_page_says_nothing_of_one(page: str, url: str) -> None:
    assert all(candidate.source == "well-known" for candidate in discover(page.encode(), url))


CHANNEL = "UC" + "a" * 22
OTHER = f'{{"channelId":"UC{"b" * 22}"}}'


@pytest.mark.parametrize(
    "page",
    [
        f'<link rel="canonical" href="https://www.youtube.com/channel/{CHANNEL}">',
        f'<meta itemprop="identifier" content="{CHANNEL}">',
        f'<script>{{"externalId":"{CHANNEL}"}}</script>',
        f'<script>{{"channelId":"{CHANNEL}"}}</script>',
        f'<link rel="alternate" type="application/rss+xml" href="https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}">',
    ],
)
@pytest.mark.parametrize(
    "url", ["https://www.youtube.com/@name", "https://m.youtube.com/watch?v=x", "https://youtube.com/c/name"]
)
def test_a_handle_or_a_video_of_youtube_leads_to_its_channel(page: str, url: str) -> None:
    found = discover(f"<html>{page}<script>{OTHER}</script></html>".encode(), url)
    address = f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"
    assert found[0].url == address


def test_a_channel_that_another_site_names_is_none_of_its_feeds() -> None:
    found = discover(f'<script>{{"channelId":"{CHANNEL}"}}</script>'.encode(), "https://a.example/")
    assert all("youtube" not in candidate.url for candidate in found)


def test_unknown_sites() -> None:
    assert known_feed_addresses("https://a.example/page") == ()
    assert known_feed_addresses("nonsense") == ()


def test_rsshub() -> None:
    assert expand("https://a.example/", ["https://hub.example"]) == ("https://a.example/",)
    assert expand("rsshub://sina/finance?limit=3", ["https://a.example/", "b.example/base?key=1"]) == (
        "https://a.example/sina/finance?limit=3",
        "https://b.example/base/sina/finance?limit=3&key=1",
    )
    assert expand("RSSHUB://x", []) == ()
