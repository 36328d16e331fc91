"""What the demo's world holds: enough of it, in both languages, and the same whenever it is read."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime

import pytest

from broadsheet.demo import Entry, Source, changes, load_sources
from broadsheet.demo.content import at
from broadsheet.demo.markup import first_paragraph, to_html, to_text
from broadsheet.demo.pictures import CATALOGUE

FLASHES = {"haiwan"}
"""Sources of short reports."""
SERIES = ("close-", "whelk-4", "weather-")
ALL = [(source, entry) for source in load_sources(2) for entry in source.entries]


def han(text: str) -> int:
    return len(re.findall(r"[\u4e00-\u9fff]", text))


def test_there_is_enough_to_read() -> None:
    sources = load_sources()
    entries = [entry for source in sources for entry in source.entries]
    assert len(sources) >= 10
    assert len(entries) >= 70
    assert len({source.section.split("/")[0] for source in sources}) in {4, 5}
    assert {source.format for source in sources} == {"rss", "atom", "rdf", "json"}
    pictured = sum(bool(entry.picture) for entry in entries)
    assert 0.5 < pictured / len(entries) < 0.75


def test_half_of_it_is_chinese() -> None:
    languages = Counter(source.language[:2] for source in load_sources() for _ in source.entries)
    assert abs(languages["zh"] - languages["en"]) <= 6


@pytest.mark.parametrize(("source", "entry"), ALL, ids=lambda part: part.slug)
def test_articles_have_the_length_of_articles(source: Source, entry: Entry) -> None:
    text = to_text(entry.body)
    length = han(text) if source.language.startswith("zh") else len(text.split())
    if source.slug in FLASHES or entry.slug.startswith(SERIES):
        assert length >= 70
    else:
        low, high = (200, 900) if source.language.startswith("zh") else (120, 600)
        assert low <= length <= high


def test_everything_happens_in_one_week_of_march() -> None:
    for _, entry in ALL:
        assert datetime(2026, 3, 9, tzinfo=UTC) <= entry.published <= entry.updated < datetime(2026, 3, 16, tzinfo=UTC)


def test_names_are_unique_and_pictures_exist() -> None:
    names = Counter((source.slug, entry.slug) for source, entry in ALL)
    assert set(names.values()) == {1}
    assert {entry.picture for _, entry in ALL if entry.picture} <= set(CATALOGUE)
    assert all(entry.caption for _, entry in ALL if entry.picture)


def test_one_wire_text_stands_in_three_sources_word_for_word() -> None:
    for word in (
        "“门闩可以松一格，但门还没有打开”",
        '"short, dull and overdue, which is what a good treaty looks like"',
    ):
        assert len({source.slug for source, entry in ALL if word in entry.body}) == 3


def test_an_edition_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="edition is 3"):
        load_sources(3)


def test_every_change_is_later_than_what_it_changes() -> None:
    assert {change.kind for change in changes()} == {"added", "edited", "retitled"}
    for change in changes():
        after = at(2, change.source, change.slug)
        if change.kind != "added":
            before = at(1, change.source, change.slug)
            assert after.updated > before.updated
            assert after.published == before.published


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one *two* **three**", "<p>one <em>two</em> <strong>three</strong></p>"),
        ("a `<b> *not* ` c", "<p>a <code>&lt;b&gt; *not* </code> c</p>"),
        ("[words](/here)", '<p><a href="http://base/here">words</a></p>'),
        ("词[^1]", '<p>词<sup><a href="#fn-1">1</a></sup></p>'),
        ("一行\n两行", "<p>一行两行</p>"),
        ("one\ntwo", "<p>one two</p>"),
        ("## Head", "<h2>Head</h2>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("> said", "<blockquote><p>said</p></blockquote>"),
        ("```html\n<p>\n\n</p>\n```", '<pre><code class="language-html">&lt;p&gt;\n\n&lt;/p&gt;\n</code></pre>'),
        ("[^1]: A note.", '<p class="footnote" id="fn-1">1. A note.</p>'),
        (
            "| a | b |\n| 1 | 2 |",
            (
                "<table>\n<thead><tr><th>a</th><th>b</th></tr></thead>\n"
                "<tbody>\n<tr><td>1</td><td>2</td></tr>\n</tbody>\n</table>"
            ),
        ),
        (
            "![A cup](tea)",
            '<figure><img src="pic:tea" alt="A cup" width="1200" height="675"><figcaption>A cup</figcaption></figure>',
        ),
    ],
)
def test_markup(text: str, expected: str) -> None:
    assert to_html(text, lambda name: f"pic:{name}", base="http://base") == expected


def test_first_paragraph_is_plain() -> None:
    assert first_paragraph("## Head\n\n*One* and `two`[^1].\n\nThree") == "One and two."
