"""Headline, byline and date as a page shows them, where its metadata say less."""

from __future__ import annotations

from datetime import UTC, datetime

import lxml.html
import pytest

from broadsheet.articles.blocks import page_blocks
from broadsheet.articles.visible import byline, date, headline


@pytest.mark.parametrize(
    ("page", "title", "firm", "wanted"),
    [
        ("<h1>Bridge opens</h1>", "Bridge opens | The Gazette", False, "Bridge opens"),
        ("<h1>Bridge opens</h1>", "Bridge opens | The Gazette", True, "Bridge opens"),
        ("<h1>Bridge opens</h1>", "Traffic: Bridge opens", True, "Traffic: Bridge opens"),
        ("<h1>The new bridge has opened at last</h1>", "New bridge opened", False, "The new bridge has opened at last"),
        ("<h1>The Gazette</h1>", "Bridge opens", False, "Bridge opens"),
        ("<h1>大桥今天正式通车</h1>", "大桥今天通车_晚报", False, "大桥今天正式通车"),
        ("<h1>Only heading</h1>", "", False, "Only heading"),
        ("<p>x</p>", "Bridge opens", False, "Bridge opens"),
        ("<div class='related'><h1>Bridge opens</h1></div>", "Bridge opens | G", False, "Bridge opens | G"),
    ],
)
def test_headline(page: str, title: str, firm: bool, wanted: str) -> None:
    assert headline(lxml.html.document_fromstring(f"<body>{page}</body>"), title, firm=firm) == wanted


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("<p>By <a rel='author' href='/a'>Ann Lee</a></p>", ("Ann Lee",)),
        ("<div itemprop='author'><span itemprop='name'>Ann Lee</span>, editor</div>", ("Ann Lee",)),
        ("<div class='byline'>By Ann Lee | 3 March 2026</div>", ("Ann Lee",)),
        ("<a class='followAuthorBtn'>Edit topics</a>", ()),
        ("<div class='post-author'>Written by: Ann Lee</div>", ("Ann Lee",)),
        ("<p>Von Anna Groß</p>", ("Anna Groß",)),
        ("<p>作者：李安</p>", ("李安",)),
        ("<p>本报记者 李安</p>", ("李安",)),
        ("<p>文化要闻</p><p>By the way, this is text.</p>", ()),
        ("<p>by far the best of all</p>", ()),
        ("<div class='author'>The Gazette</div>", ()),
        ("<div class='author'>ann@example.org</div>", ()),
        ("<div class='comment'><span class='author'>Some Reader</span></div>", ()),
    ],
)
def test_byline(page: str, wanted: tuple[str, ...]) -> None:
    blocks = page_blocks(lxml.html.document_fromstring(f"<body><p>x</p>{page}</body>").find("body"))
    assert byline(blocks, "The Gazette") == wanted


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("<time datetime='2026-03-02T10:00'>Monday</time>", datetime(2026, 3, 2, tzinfo=UTC)),
        ("<span itemprop='datePublished' content='2026-03-02'></span>", datetime(2026, 3, 2, tzinfo=UTC)),
        ("<time datetime='2026-99-02'>x</time><p>nothing</p>", None),
        ("<p>Published on 2 March 2026</p>", datetime(2026, 3, 2, tzinfo=UTC)),
        ("<p>no date</p>", None),
    ],
)
def test_date(page: str, wanted: datetime | None) -> None:
    tree = lxml.html.document_fromstring(f"<html><head></head><body><article>{page}</article></body></html>")
    assert date(tree, "https://x.example/a") == wanted
