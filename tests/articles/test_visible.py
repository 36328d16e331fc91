"""Headline, byline and date as a page shows them, where its metadata say less."""

from __future__ import annotations

from datetime import UTC, datetime

import lxml.html
import pytest

from broadsheet.articles.blocks import page_blocks
from broadsheet.articles.visible import byline, date, headline

URL = "https://gazette.example/a"


@pytest.mark.parametrize(
    ("page", "title", "named", "wanted"),
    [
        ("<h1>Bridge opens</h1>", "Bridge opens | The Gazette", "", "Bridge opens"),
        ("<h1>Bridge opens</h1>", "Bridge opens | The Gazette", "Bridge opens", "Bridge opens"),
        ("<h1>Bridge opens</h1>", "Traffic: Bridge opens", "Traffic: Bridge opens", "Traffic: Bridge opens"),
        ("<h1>The new bridge has opened at last</h1>", "New bridge opened", "", "The new bridge has opened at last"),
        ("<h1>The Gazette</h1>", "Bridge opens", "", "Bridge opens"),
        ("<h1>大桥今天正式通车</h1>", "大桥今天通车_晚报", "", "大桥今天正式通车"),
        ("<h1>Only heading</h1>", "", "", "Only heading"),
        ("<p>x</p>", "Bridge opens", "", "Bridge opens"),
        ("<div class='related'><h1>Bridge opens</h1></div>", "Bridge opens | G", "", "Bridge opens | G"),
        # Two headlines in the metadata: what readers see decides.
        ("<h1>Hundreds see it open</h1>", "Five facts on bridges", "Hundreds see it open", "Hundreds see it open"),
        ("<h1>Joy at the new bridge</h1>", "Five facts on bridges", "Bridge opens today", "Joy at the new bridge"),
        ("<h1>Sport</h1>", "Five facts on bridges", "Hundreds see the bridge open", "Five facts on bridges"),
        ("<h1 class='breadcrumb'>Bridge opens today</h1>", "Five facts on bridges", "Bridge opens today", "Five facts on bridges"),
        (
            "<h1>Bridge opening facts</h1><h2>Five facts on bridges</h2>", "Five facts on bridges", "Bridge opening facts",
            "Five facts on bridges",
        ),
        # The rubric in an element of its own, and words that only look like one.
        ("<h1><span>Traffic</span> Bridge opens</h1>", "Bridge opens", "", "Bridge opens"),
        ("<h1>“At last”: Bridge opens</h1>", "Bridge opens", "", "“At last”: Bridge opens"),
        # A heading that leads to the front page is the site's name.
        ("<h1><a href='/'>Bridge opens</a></h1>", "Bridge opens daily", "", "Bridge opens daily"),
        ("<a href='https://gazette.example'><h1>Bridge opens</h1></a>", "Bridge opens daily", "", "Bridge opens daily"),
    ],
)  # fmt: skip
def test_headline(page: str, title: str, named: str, wanted: str) -> None:
    assert headline(lxml.html.document_fromstring(f"<body>{page}</body>"), title, URL, named=named) == wanted


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("<p>By <a rel='author' href='/a'>Ann Lee</a></p>", "Ann Lee"),
        ("<div itemprop='author'><span itemprop='name'>Ann Lee</span>, editor</div>", "Ann Lee"),
        ("<div class='byline'>By Ann Lee | 3 March 2026</div>", "Ann Lee"),
        ("<a class='followAuthorBtn'>Edit topics</a>", ""),
        ("<div class='post-author'>Written by: Ann Lee</div>", "Ann Lee"),
        ("<p>Von Anna Groß</p>", "Anna Groß"),
        ("<p>作者：李安</p>", "李安"),
        ("<p>本报记者 李安</p>", "李安"),
        (
            "<p><span>2026年3月2日 10:20</span><span>来源：晚报</span><span>作者：李安</span><span>编辑：王</span></p>",
            "李安",
        ),
        ("<p>来源：晚报 作者：李安 责任编辑：王</p>", "李安"),
        ("<p>来源：晚报 编辑：王</p>", "晚报"),
        ("<p>記者 山田太郎</p>", "山田太郎"),
        ("<p>取材・文：山田太郎</p>", "山田太郎"),
        ("<p>記者のページ</p>", ""),
        ("<p>记者：您怎么看？</p>", ""),
        (
            "<p>By <a rel='author'>Ann Lee</a>, <a rel='author'>Bo Li</a> and <a rel='author'>Cy Roe</a></p>",
            "Ann Lee, Bo Li, Cy Roe",
        ),
        ("<p>By <a rel='author'>Ann Lee</a> for <a rel='author'>The Times</a></p>", "Ann Lee"),
        ("<p>By <a class='author'>Ann Lee</a>, <a class='topic'>Traffic</a></p>", "Ann Lee"),
        ("<p>文化要闻</p><p>By the way, this is text.</p>", ""),
        ("<p>by far the best of all</p>", ""),
        ("<div class='author'>The Gazette</div>", ""),
        ("<div class='author'>ann@example.org</div>", ""),
        ("<div class='comment'><span class='author'>Some Reader</span></div>", ""),
    ],
)
def test_byline(page: str, wanted: str) -> None:
    blocks = page_blocks(lxml.html.document_fromstring(f"<body><p>x</p>{page}</body>").find("body"))
    assert byline(blocks, "The Gazette")[0] == wanted


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("<time datetime='2026-03-02T10:00'>Monday</time>", datetime(2026, 3, 2, tzinfo=UTC)),
        ("<span itemprop='datePublished' content='2026-03-02'></span>", datetime(2026, 3, 2, tzinfo=UTC)),
        ("<time datetime='2026-99-02'>x</time><p>nothing</p>", None),
        ("<p>Published on 2 March 2026</p>", datetime(2026, 3, 2, tzinfo=UTC)),
        ("<p>no date</p>", None),
        ("<footer>© 2026 The Gazette</footer>", None),
        ("<p>Published on 1 January 2026</p><footer>© 2026 The Gazette</footer>", datetime(2026, 1, 1, tzinfo=UTC)),
        ("<p>2026年1月1日 10:20</p>", datetime(2026, 1, 1, tzinfo=UTC)),
        ("<time>2. März 2026</time><p>Stand: 9. April 2026</p>", datetime(2026, 3, 2, tzinfo=UTC)),
        ("<time class='modified'>2026-04-09</time><time>March 2, 2026</time>", datetime(2026, 3, 2, tzinfo=UTC)),
        ("<time class='updated'>9 April 2026</time>", datetime(2026, 4, 9, tzinfo=UTC)),
        ("<time class='published updated' datetime='2026-03-02'></time>", datetime(2026, 3, 2, tzinfo=UTC)),
        (
            "<script>track({firstPublicationDate: '20260302'})</script><p>9 April 2026</p>",
            datetime(2026, 3, 2, tzinfo=UTC),
        ),
        ('<script>x = {"article_published_at":"2026-03-02T10:00"}</script>', datetime(2026, 3, 2, tzinfo=UTC)),
        (
            '<script>x = [{"datePublished":"2026-03-02"},{"datePublished":"2026-03-01"}]</script><p>9 April 2026</p>',
            datetime(2026, 4, 9, tzinfo=UTC),
        ),
    ],
)
def test_date(page: str, wanted: datetime | None) -> None:
    tree = lxml.html.document_fromstring(f"<html><head></head><body><article>{page}</article></body></html>")
    assert date(tree, URL) == wanted
