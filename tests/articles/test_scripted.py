"""Articles that only a page's scripts would show."""

from __future__ import annotations

import json

import pytest

from broadsheet.articles.extract import extract_article
from broadsheet.errors import ExtractError

URL = "https://news.example/a"
LINES = [
    f"In part {number} the keepers of the harbour say what the new bridge cost, and why it is late."
    for number in range(5)
]
MARKUP = "".join(f"<p>{line}</p>" for line in LINES)


def shell(*scripts: str) -> bytes:
    """Return a page that shows nothing but what its scripts write."""
    parts = "".join(f"<script>{script}</script>" for script in scripts)
    head = "<head><meta property='og:title' content='The bridge'></head>"
    return f"<html>{head}<body><div id='root'></div>{parts}</body></html>".encode()


TOLD = json.dumps({"state": {"title": "The bridge", "contentHtml": MARKUP}}).replace("<", "\\u003c")


@pytest.mark.parametrize(
    "page",
    [
        shell(f"window.__STATE__ = {TOLD};"),
        shell(f"""x = '"'; y = {json.dumps(MARKUP)}"""),
        shell("x = 'quoted';", f"push([1, {json.dumps(MARKUP)}])", f"y = {json.dumps(MARKUP[:200])}"),
        shell().replace(
            b"</head>", b'<script type="application/ld+json">'
            + json.dumps({"@type": "NewsArticle", "articleBody": "\n\n".join(LINES)}).encode() + b"</script></head>",
        ),
    ],
)  # fmt: skip
def test_what_scripts_are_told_is_the_article_of_a_page_that_shows_none(page: bytes) -> None:
    found = extract_article(page, url=URL)
    assert found.text.split("\n") == LINES
    assert found.title == "The bridge"


def test_a_page_that_shows_its_article_is_taken_at_its_word() -> None:
    page = shell(f"x = {TOLD}").replace(
        b"<div id='root'>", b"<div id='root'><h1>The ferry</h1>" + MARKUP.replace("bridge", "ferry").encode()
    )
    assert "ferry" in extract_article(page, url=URL).text
    assert "bridge" not in extract_article(page, url=URL).text


DEEP = "<div>" * 300 + MARKUP + "</div>" * 300


@pytest.mark.parametrize(
    "script",
    [
        f"x = {json.dumps(DEEP)}", f"x = {json.dumps(MARKUP[:180])}", 'x = "' + "<p>a</p>" * 40, "x = '" + MARKUP + "'",
        f"x = {json.dumps(MARKUP[3:].replace('<p>', ' ').replace('</p>', ' '))}", 'x = "' + "\\" * 10_001,
        'x = "' + '\\"' * 500_000, '\\"' * 500_000,
        'x = "<p>' + "\\x41" * 200 + '</p><br>"',
    ],
)  # fmt: skip
def test_what_is_no_article_in_a_string_is_none(script: str) -> None:
    with pytest.raises(ExtractError):
        extract_article(shell(script), url=URL)
