"""Which entries of a document a subscription takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from broadsheet.feeds.filters import select
from broadsheet.model import Entry, Feed, Filters, Person

START = datetime(2026, 3, 2, tzinfo=UTC)


def feed(*, include: tuple[str, ...] = (), exclude: tuple[str, ...] = (), limit: int = 0) -> Feed:
    return Feed(id="f", url="https://x.example/", limit=limit, filters=Filters(include=include, exclude=exclude))


def entry(title: str = "", **fields: Any) -> Entry:
    return Entry(title=title, **fields)


ENTRY = entry(
    "Harbour &amp; <b>works</b>", content="<p>The council <i>vo</i>ted.</p><!-- secret -->", categories=("Politics", "Local"),
    authors=(Person(name="Ann Lee"), Person(email="b@x.example")), summary="Not looked at where there is content",
)  # fmt: skip


@pytest.mark.parametrize(
    "pattern",
    [
        "Harbour & works",
        "council",
        "Politics",
        "Ann Lee",
        "b@x",
        "(?i)harbour",
        "^Harbour",
        r"works\n",
        "(?m)^Politics",
        "",
    ],
)
def test_a_pattern_looks_at_what_a_reader_sees(pattern: str) -> None:
    assert select([ENTRY], feed(include=(pattern,))) == [ENTRY]
    assert select([ENTRY], feed(exclude=(pattern,))) == []


@pytest.mark.parametrize("pattern", ["harbour", "<b>", "&amp;", "secret", "Not looked at", "^council", "Sport"])
def test_and_at_nothing_else(pattern: str) -> None:
    assert select([ENTRY], feed(include=(pattern,))) == []
    assert select([ENTRY], feed(exclude=(pattern,))) == [ENTRY]


def test_the_summary_speaks_where_there_is_no_content() -> None:
    short = entry("T", summary="A word on the council")
    assert select([short], feed(include=("council",))) == [short]


def test_one_include_is_enough_and_one_exclude_is_too_much() -> None:
    entries = [entry("cats"), entry("dogs"), entry("cats and dogs"), entry("birds")]
    taken = select(entries, feed(include=("cats", "dogs"), exclude=("cats and",)))
    assert [item.title for item in taken] == ["cats", "dogs"]


def test_no_filter_takes_all_in_document_order() -> None:
    entries = [entry(str(number)) for number in range(5)]
    assert select(entries, feed()) == entries
    assert select([], feed(limit=3)) == []


def dated(*days: int | None) -> list[Entry]:
    return [
        entry(str(place), published=None if day is None else START + timedelta(days=day))
        for place, day in enumerate(days)
    ]


@pytest.mark.parametrize(
    ("days", "limit", "kept"),
    [
        ((1, 2, 3), 2, "12"), ((3, 2, 1), 2, "01"), ((1, 3, 2), 2, "12"), ((1, 2, 3), 3, "012"), ((1, 2), 9, "01"),
        ((None, 2, None, 1), 2, "13"), ((None, None, None), 2, "01"), ((5, 5, 5), 2, "01"), ((1, 2, 3), 0, "012"),
    ],
)  # fmt: skip
def test_the_newest_are_taken_in_document_order(days: tuple[int | None, ...], limit: int, kept: str) -> None:
    assert "".join(item.title for item in select(dated(*days), feed(limit=limit))) == kept


def test_an_update_counts_where_there_is_no_publication() -> None:
    entries = [entry("a", updated=START), entry("b", published=START - timedelta(days=1)), entry("c")]
    assert [item.title for item in select(entries, feed(limit=1))] == ["a"]


def test_the_limit_counts_what_the_patterns_left() -> None:
    entries = [entry("x", published=START + timedelta(days=9)), *dated(1, 2, 3)]
    assert [item.title for item in select(entries, feed(exclude=("x",), limit=2))] == ["1", "2"]


def test_equal_entries_are_each_their_own() -> None:
    entries = [entry("same"), entry("same"), entry("same")]
    assert len(select(entries, feed(limit=2))) == 2


def test_a_long_text_is_looked_at_to_a_limit() -> None:
    long = entry("T", content="word " * 5000 + "needle")
    assert select([long], feed(include=("needle",))) == []
    assert select([long], feed(include=("word",))) == [long]
