"""What a page says of itself, and whom to believe."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import lxml.html
import pytest

from broadsheet.articles.metadata import Metadata, read_metadata, with_date

URL = "https://news.example/a/1"
DAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def read(head: str, *, body: str = "", lang: str = "") -> Metadata:
    page = (
        f'<html lang="{lang}"><head>{head}</head><body>{body}</body></html>'
        if lang
        else f"<html><head>{head}</head><body>{body}</body></html>"
    )
    return read_metadata(lxml.html.document_fromstring(page), URL)


def linked(**fields: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle"} | fields)}</script>'


def test_nothing_said_is_nothing_known() -> None:
    assert read("") == Metadata()


def test_json_ld() -> None:
    meta = read(
        linked(
            headline="The &amp; title", author=[{"name": "Ann"}, {"name": "Bo"}], datePublished="2026-03-02T12:00:00+02:00",
            dateModified="2026-03-03", image={"url": "/i.png"},
        )
    )  # fmt: skip
    assert (meta.title, meta.authors, meta.published) == ("The & title", ("Ann", "Bo"), DAY)
    assert meta.modified == datetime(2026, 3, 3, tzinfo=UTC)
    assert meta.image == "https://news.example/i.png"
    assert meta.origin == dict.fromkeys(["title", "byline", "published", "modified", "image"], "json-ld")


LINKED = {
    "in a graph": {"@graph": [{"@type": "WebSite", "name": "x"}, {"@type": "NewsArticle", "headline": "T"}]},
    "in a list": [{"@type": "Organization"}, {"@type": ["Thing", "BlogPosting"], "headline": "T"}],
    "as main entity": {"@type": "WebPage", "mainEntity": {"@type": "Article", "headline": "T"}},
    "by reference": {
        "@graph": [{"@type": "WebPage"}, {"@type": "Article", "headline": "T", "author": {"@id": "#nobody"}}]
    },
    "as a report": {"@type": "ReportageNewsArticle", "headline": "T"},
}


@pytest.mark.parametrize("where", LINKED)
def test_json_ld_is_found(where: str) -> None:
    assert read(f'<script type="application/ld+json">{json.dumps(LINKED[where])};</script>').title == "T"


@pytest.mark.parametrize(
    ("before", "after"),
    [("<!--", "-->"), ("//<![CDATA[\n", "\n//]]>"), ("/* <![CDATA[ */", "/* ]]> */"), ("<![CDATA[", "]]>")],
)
def test_json_ld_may_be_hidden_from_others(before: str, after: str) -> None:
    told = json.dumps({"@type": "Article", "headline": "T", "author": "Ann"})
    meta = read(f'<script type="application/ld+json">{before}{told}{after}</script>')
    assert (meta.title, meta.authors) == ("T", ("Ann",))


def test_what_json_ld_names_by_its_id_only() -> None:
    graph = [
        {"@type": "Article", "author": [{"@id": "#a"}, {"@type": "Person", "@id": "#b"}], "image": {"@id": "#i"}},
        {"@type": "ImageObject", "@id": "#i", "url": "/i.png"},
        {"@type": "Person", "@id": "#a", "name": "Ann"},
    ]
    other = {"@type": "Person", "@id": "#b", "name": "Bo"}
    meta = read(
        "".join(f'<script type="application/ld+json">{json.dumps(one)}</script>' for one in ({"@graph": graph}, other))
    )
    assert (meta.authors, meta.image) == (("Ann", "Bo"), "https://news.example/i.png")


def test_what_chinese_authorities_call_the_title() -> None:
    head = '<meta name="ArticleTitle" content="关于渡轮的通知"><title>关于渡轮的通知_港口管理局</title>'
    assert read(head).title == "关于渡轮的通知"


@pytest.mark.parametrize("name", ["admin", "Administrator", "小编"])
def test_nobody_is_no_author(name: str) -> None:
    meta = read(f'<meta name="author" content="{name}">')
    assert (meta.authors, meta.publisher) == ((), ())


def test_the_day_of_a_change_is_not_that_of_publication() -> None:
    page = (
        '<html><head><meta property="article:modified_time" content="2026-04-09T10:00:00Z">'
        '<script type="application/ld+json">{"@type": "WebPage", "dateModified": "2026-04-09"}</script><body>%s</body></html>'
    )
    for shown, wanted in (
        ("<p>Posted on March 2, 2026</p>", DAY.replace(hour=0)),
        ("", datetime(2026, 4, 9, tzinfo=UTC)),
    ):
        tree = lxml.html.document_fromstring(page % shown)
        assert with_date(read_metadata(tree, URL), tree, URL).published == wanted


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, "null", "3", '"x"', '{"@type": 3}', '{"@type": "Article", "author": 3, "headline": ["x"]}',
     '{"@type": "Article", "image": [], "datePublished": {}}', '{"@type": [null, {}]}', '{"@graph": {"@graph": 1}}'],
)  # fmt: skip
def test_json_ld_of_nonsense_is_passed_over(text: str) -> None:
    meta = read(f'<script type="application/ld+json">{text}</script><meta property="og:title" content="T">')
    assert meta.title == "T"


def test_trust_has_an_order() -> None:
    tags = (
        '<meta property="og:title" content="OG"><meta name="twitter:title" content="TW"><title>Page</title>'
        '<meta name="author" content="Meta"><meta property="article:published_time" content="2026-01-01">'
    )
    assert read(linked(headline="LD", author="Ann") + tags).title == "OG"
    assert read(linked(headline="LD", author="Ann") + tags).authors == ("Ann",)
    meta = read(tags)
    assert (meta.title, meta.authors) == ("OG", ("Meta",))
    assert meta.published == datetime(2026, 1, 1, tzinfo=UTC)
    assert meta.origin == {"title": "open-graph", "byline": "meta", "published": "meta"}


def test_the_sites_name_behind_the_headline_is_not_of_it() -> None:
    tags = '<meta property="og:title" content="Harbour works start | The Gazette">'
    meta = read(tags + linked(headline="Harbour works start"))
    assert (meta.title, read(tags).title) == ("Harbour works start", "Harbour works start | The Gazette")


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("Harbour works start | The Gazette", "Harbour works start"),
        ("Harbour works start_the gazette", "Harbour works start"),
        ("Harbour works at The Gazette", "Harbour works at The Gazette"),
        ("The Gazette", "The Gazette"),
        ("How | The Gazette", "How | The Gazette"),
    ],
)
def test_a_site_that_gives_its_name_does_not_stand_behind_its_headlines(title: str, wanted: str) -> None:
    head = f'<meta property="og:title" content="{title}">'
    assert read(f'{head}<meta property="og:site_name" content="The Gazette">').title == wanted
    assert read(head, body='<h1><a href="/">The Gazette</a></h1>').title == wanted


@pytest.mark.parametrize(
    ("tags", "authors"),
    [
        ({"twitter:label1": "Written by", "twitter:data1": "Ann Lee"}, ("Ann Lee",)),
        ({"twitter:label1": "Reading time", "twitter:data1": "3 minutes"}, ()),
        (
            {"twitter:label1": "Temps de lecture", "twitter:label2": "Écrit par", "twitter:data2": "Zoé Roy"},
            ("Zoé Roy",),
        ),
        ({"twitter:misc:Written by": "Bo Li"}, ("Bo Li",)),
        ({"author": "Carl Ott", "twitter:label1": "Written by", "twitter:data1": "webmaster"}, ("Carl Ott",)),
        ({"author": "a.lee@news.example", "twitter:label1": "Written by", "twitter:data1": "Ann Lee"}, ("Ann Lee",)),
        ({"author": "News Desk"}, ()),
    ],
)
def test_authors_of_meta_tags(tags: dict[str, str], authors: tuple[str, ...]) -> None:
    head = "".join(f'<meta name="{name}" content="{content}">' for name, content in tags.items())
    assert read(head).authors == authors


def test_the_heading_that_the_title_holds_is_the_title() -> None:
    body = "<h1>Site name</h1><h1>Harbour works start</h1>"
    assert read("<title>Harbour works start - News</title>", body=body).title == "Harbour works start"
    assert read("<title>Something - News</title>", body=body).title == "Something - News"
    assert read("", body=body).title == "Site name"


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Ann Lee", ("Ann Lee",)), ("Ann and Bo", ("Ann", "Bo")), ("Ann, Bo; Cy", ("Ann", "Bo", "Cy")),
        ("张三、李四", ("张三", "李四")),
        ("https://facebook.example/ann", ()), (" , ", ()), ("Sandra", ("Sandra",)),
    ],
)  # fmt: skip
def test_names(value: str, names: tuple[str, ...]) -> None:
    assert read(f'<meta name="author" content="{value}">').authors == names


DATES = {
    "2026-03-02T10:00:00Z": DAY,
    "2026-03-02T10:00:00.000Z": DAY,
    "2026-03-02 10:00": DAY,
    "2026/03/02 10:00": DAY,
    "2026-03-02T18:00:00+08:00": DAY,
    "2026-03-02T18:00:00+0800": DAY,
    "2026-03-02 18:00:00 +0800": DAY,
    "2026-03-02": DAY.replace(hour=0),
    "2026-02-30": None,
    "0001-01-01T00:00:00+12:00": None,
    "9999-12-31T23:59:59-12:00": None,
    "yesterday": None,
    "2026-3-2": None,
    "": None,
}


@pytest.mark.parametrize("value", DATES)
def test_dates(value: str) -> None:
    assert read(linked(datePublished=value)).published == DATES[value]
    assert read(f'<meta name="date" content="{value}">').published == DATES[value]


def test_a_date_keeps_the_publishers_day() -> None:
    found = read(linked(datePublished="2026-03-02T01:00:00+09:00")).published
    assert found == datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert f"{found:%d %H:%M}" == "02 01:00"


def test_dates_of_the_whole_page_and_of_making_come_after_those_of_the_article() -> None:
    page = '<script type="application/ld+json">{"@type": "WebPage", "datePublished": "2026-03-02T10:00:00Z"}</script>'
    assert read(page).published == DAY
    assert read(linked(datePublished="2026-03-01", headline="x") + page).published == datetime(2026, 3, 1, tzinfo=UTC)
    assert read(linked(dateCreated="2026-03-02T10:00:00Z")).published == DAY


def test_addresses_are_whole_and_languages_are_told() -> None:
    meta = read(
        '<link rel="canonical" href="../b"><meta property="og:image" content="//cdn.example/i.png">'
        '<meta property="og:site_name" content=" The  News "><meta name="description" content="D">',
        lang="de-AT",
    )
    assert meta.canonical == "https://news.example/b"
    assert meta.image == "https://cdn.example/i.png"
    assert (meta.language, meta.site, meta.description) == ("de-AT", "The News", "D")
    assert read('<meta property="og:locale" content="zh_CN">').language == "zh-CN"


def test_the_first_of_two_equal_tags_counts() -> None:
    assert read('<meta property="og:title" content="A"><meta property="og:title" content="B">').title == "A"
