"""Addresses: canonical, without trackers, unwrapped, and as names of files."""

from __future__ import annotations

import re

import ada_url
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet import urls

CANONICAL = {
    "HTTP://Example.COM:80/a/../b/./c?b=1&a=2#top": "http://example.com/b/c?b=1&a=2",
    "https://example.com:443": "https://example.com/",
    "https://example.com:8443/": "https://example.com:8443/",
    "https://example.com/?utm_source=x&id=3&fbclid=9&UTM_Medium=y": "https://example.com/?id=3",
    "https://example.com/?spm=a2.b": "https://example.com/",
    "https://example.com/#!/page": "https://example.com/#!/page",
    "https://user:secret@example.com/": "https://example.com/",
    "https://例え.jp/ページ": "https://xn--r8jz45g.jp/%E3%83%9A%E3%83%BC%E3%82%B8",
    " https://example.com/a b ": "https://example.com/a%20b",
    "mailto:a@b.example": "mailto:a@b.example",
    "no address": "no address",
}


@pytest.mark.parametrize("url", CANONICAL)
def test_canonical(url: str) -> None:
    assert urls.canonical(url) == CANONICAL[url]
    assert urls.canonical(CANONICAL[url]) == CANONICAL[url]


def test_strip_trackers_keeps_what_it_does_not_drop() -> None:
    assert urls.strip_trackers("https://x.example/?b=%20&gclid=1&a=2#c") == (
        "https://x.example/?b=%20&a=2#c",
        ("gclid",),
    )
    assert urls.strip_trackers("https://x.example/a#xtor=RSS-1") == ("https://x.example/a", ("xtor",))
    assert urls.strip_trackers("https://x.example/?reference=1") == ("https://x.example/?reference=1", ())


UNWRAPPED = {
    "https://www.google.com/url?q=https%3A%2F%2Fa.example%2Fb%3Fc%3D1&sa=D": "https://a.example/b?c=1",
    "https://www.google.co.jp/url?rct=j&url=https://a.example/b": "https://a.example/b",
    "https://site.example/GoToLink?url=https%3A%2F%2Fa.example%2F": "https://a.example/",
    "https://link.zhihu.com/?target=https%3A//a.example/b": "https://a.example/b",
    "https://l.facebook.com/l.php?u=https%3A%2F%2Fa.example%2F&h=x": "https://a.example/",
    "https://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fa.example%2fb": "https://a.example/b",
    "http://rd.yahoo.example/rss/*http://a.example/b": "http://a.example/b",
    "https://site.example/go?url=https%3A%2F%2Fsite.example%2Fgo%3Furl%3Dhttps%253A%252F%252Fa.example%252F": "https://a.example/",
    "https://site.example/go?url=javascript:alert(1)": "https://site.example/go?url=javascript:alert(1)",
    "https://site.example/share?url=https://a.example/": "https://site.example/share?url=https://a.example/",
    "https://web.archive.org/web/2020/https://a.example/": "https://web.archive.org/web/2020/https://a.example/",
    "https://t.co/abc": "https://t.co/abc",
}


@pytest.mark.parametrize("url", UNWRAPPED)
def test_unwrap(url: str) -> None:
    assert urls.unwrap(url) == UNWRAPPED[url]


def test_unwrap_ends_where_redirectors_point_at_themselves() -> None:
    url = "https://a.example/"
    for _ in range(8):
        url = f"https://go.example/go?url={re.sub('[%:/?=]', lambda found: f'%{ord(found[0]):02X}', url)}"
    assert urls.unwrap(url).startswith("https://go.example/go?")


def test_parts() -> None:
    assert urls.resolve("https://a.example/b/c", "../d?e#f") == "https://a.example/d?e#f"
    assert urls.resolve("https://a.example/b", "//c.example/") == "https://c.example/"
    assert urls.resolve("", "relative") == ""
    assert urls.host("https://WWW.Example.com:81/a") == "www.example.com"
    assert urls.host("nonsense") == ""
    assert urls.registrable_domain("https://news.bbc.co.uk/1") == "bbc.co.uk"
    assert urls.registrable_domain("http://127.0.0.1/") == "127.0.0.1"
    assert urls.is_http("https://a.example")
    assert not urls.is_http("ftp://a.example")
    assert not urls.is_http("//a.example")
    assert urls.without_userinfo("https://u:p@a.example/b") == "https://a.example/b"
    assert urls.without_userinfo("https://u:p@a b/") == "https://a b/"


def test_slug() -> None:
    assert re.fullmatch(r"harbour-works-start-[0-9a-z]{12}", urls.slug("Harbour works: start!", "id"))
    assert urls.slug("你好", "id") == urls.short_id("id")
    assert urls.slug("a", "1") != urls.slug("a", "2")
    assert len(urls.slug("word " * 100, "id")) <= 60 + 1 + 12
    assert urls.slug("CON", "id").startswith("con-")


def test_short_id_is_stable() -> None:
    assert urls.short_id("broadsheet") == urls.short_id("broadsheet")
    assert len(urls.short_id("x", 20)) == 20
    assert set(urls.short_id("x", 51)) <= set("0123456789abcdefghjkmnpqrstvwxyz")


@given(st.text(max_size=200) | st.builds("https://{}/{}?{}#{}".format, st.text(), st.text(), st.text(), st.text()))
@settings(max_examples=500, deadline=None)
def test_no_string_raises(text: str) -> None:
    assert urls.canonical(urls.canonical(text)) == urls.canonical(text)
    assert isinstance(urls.strip_trackers(text)[0], str)
    assert isinstance(urls.unwrap(text), str)
    assert isinstance(urls.resolve(text, text) + urls.resolve("https://a.example/", text), str)
    assert isinstance(urls.host(text) + urls.registrable_domain(text) + urls.without_userinfo(text), str)
    assert isinstance(urls.is_http(text), bool)
    assert re.fullmatch(r"(?:[a-z0-9\-]{1,60}-)?[0-9a-z]{12}", urls.slug(text, text))


_LETTERS = st.text("aZ0-.:/?#&=%@~_,;+[]xn é\t\\", max_size=20)


@given(_LETTERS, _LETTERS)
@settings(max_examples=500, deadline=None)
def test_a_plain_address_is_what_parsing_makes_of_it(name: str, rest: str) -> None:
    url = f"https://{name}example.a{rest}"
    if urls.is_plain(url):
        assert str(ada_url.URL(url).href) == url


@given(
    _LETTERS,
    st.sampled_from(["https://news.example/a/b?c", "https://news.example/", "http://x.example:81/a", "x:y", ""]),
)
@settings(max_examples=500, deadline=None)
def test_resolving_is_what_the_standard_says(address: str, base: str) -> None:
    try:
        expected = ada_url.join_url(base, f"/{address}") if base else ada_url.normalize_url(f"/{address}")
    except ValueError:
        expected = ""
    assert urls.resolve(base, f"/{address}") == expected


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://news.example/2026/a-b_c.html?id=1&page=2", True),
        ("http://a1.b-c.example/", True),
        ("https://news.example", False),
        ("https://News.example/", False),
        ("https://1.2.3.4/", False),
        ("https://news.0x7f/", False),
        ("https://xn--nxasmq6b.example/", False),
        ("https://news.example:443/", False),
        ("https://news.example/a/../b", False),
        ("https://news.example/a/./b", False),
        ("https://news.example/a%2e", False),
        ("https://news.example/a b", False),
        ("https://news.example/a#b", False),
    ],
)
def test_plain_addresses(url: str, plain: bool) -> None:
    assert urls.is_plain(url) is plain
    assert not plain or str(ada_url.URL(url).href) == url
