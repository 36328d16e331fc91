"""Which entries of a document a subscription takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.feeds import filters
from broadsheet.model import Entry, Feed, Filters, Person

START = datetime(2026, 3, 2, tzinfo=UTC)


def feed(**fields: Any) -> Feed:
    named = {name: fields.pop(name) for name in list(fields) if name in Filters.__struct_fields__}
    return Feed(id="f", url="https://x.example/", filters=Filters(**named), **fields)


def select(entries: Sequence[Entry], wanted: Feed, fetched: datetime = START) -> list[Entry]:
    return filters.select(entries, wanted, fetched)


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
        ((None, 2, None, 1), 2, "01"), ((3, 2, None, 1), 2, "01"), ((None, 3, 2), 1, "0"), ((None, None, None), 2, "01"),
        ((5, 5, 5), 2, "01"), ((1, 2, 3), 0, "012"),
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


BY_FIELD = [
    ("title", "^Harbour & works$"), ("description", r"^The council vo ?ted\.$"), ("author", "^Ann Lee$"), ("author", "^b@x"),
    ("category", "^Politics$"), ("category", "^Local$"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "pattern"), BY_FIELD)
def test_a_list_of_one_field_looks_at_that_field_alone(field: str, pattern: str) -> None:
    for name in ("title", "description", "author", "category"):
        hits = name == field
        assert select([ENTRY], feed(**{f"include_{name}": (pattern,)})) == ([ENTRY] if hits else [])
        assert select([ENTRY], feed(**{f"exclude_{name}": (pattern,)})) == ([] if hits else [ENTRY])


def test_each_include_list_must_be_met() -> None:
    assert select([ENTRY], feed(include_title=("x", "works"), include_author=("Ann",), include=("council",))) == [ENTRY]
    assert select([ENTRY], feed(include_title=("works",), include_author=("Bob",))) == []
    assert select([entry("works")], feed(include_title=("works",), include_author=("",))) == [], "it has no author"


def test_what_no_text_may_hold_harms_no_pattern() -> None:
    odd = entry("a\x00\ud800b", authors=(Person(name="\ud800c"),), categories=("\udfff",), content="\ud800")
    assert select([odd], feed(include=("ab",), include_author=("^c$",), exclude_description=("x",))) == [odd]


def test_a_pattern_takes_linear_time_where_others_never_end() -> None:
    long = entry("a" * 20_000)
    assert select([long], feed(include_title=("(a*)*b", "(a|aa)+$x"))) == []


@pytest.mark.parametrize(("days", "kept"), [((0, 1, 2, 3), "012"), ((None, 9, 2), "02"), ((-4,), "0"), ((5,), "")])
def test_what_is_too_old_is_left_out_and_what_has_no_date_stays(days: tuple[int | None, ...], kept: str) -> None:
    entries = dated(*(None if day is None else -day for day in days))
    assert "".join(item.title for item in select(entries, feed(filter_time=2 * 86_400))) == kept


def test_a_known_zone_offset_counts_for_the_age() -> None:
    entries = [entry("a", published=START + timedelta(hours=2)), entry("b", updated=START + timedelta(hours=8))]
    taken = select(entries, feed(filter_time=3600, zone_offset=8))
    assert [item.title for item in taken] == ["b"], "at 00:00 the first is six hours old"


def test_the_year_one_is_merely_old() -> None:
    ancient = [entry("a", published=datetime(1, 1, 1, tzinfo=UTC))]
    assert select(ancient, feed(filter_time=1, zone_offset=14)) == []
    assert select(ancient, feed(filter_time=1, zone_offset=-14)) == []


def test_unsorted_takes_the_first_of_the_document() -> None:
    assert "".join(item.title for item in select(dated(1, 3, None, 4), feed(limit=2, sorted=False))) == "01"


_words = st.text(alphabet="ab c<&;\ud800汉", max_size=6)
_entries = st.lists(
    st.builds(
        lambda title, content, category, age: Entry(
            title=title, content=content, categories=(category,),
            published=None if age is None else START - timedelta(hours=age),
        ),
        _words, _words, _words, st.none() | st.integers(-50, 50),
    ),
    max_size=8,
)  # fmt: skip
_pattern = st.sampled_from(["a", "b$", "^c", "汉", "(?i)B", ""])
_patterns = st.lists(_pattern, max_size=2).map(tuple)
_feeds = st.builds(
    feed, include=_patterns, exclude=_patterns, include_title=_patterns, exclude_category=_patterns,
    filter_time=st.integers(0, 90_000), limit=st.integers(0, 5), sorted=st.booleans(),
)  # fmt: skip


@given(_entries, _feeds)
def test_what_is_taken_is_part_of_the_document_in_its_order_and_taken_again(entries: list[Entry], wanted: Feed) -> None:
    taken = select(entries, wanted)
    remaining = iter(entries)
    assert all(any(item is one for one in remaining) for item in taken)
    assert select(taken, wanted) == taken
    assert not wanted.limit or len(taken) <= wanted.limit


@given(
    _entries,
    st.tuples(_pattern) | st.tuples(_pattern, _pattern),
    st.sampled_from(["", "_title", "_description", "_author", "_category"]),
)
def test_an_entry_is_included_or_excluded_by_a_list_but_never_both(
    entries: list[Entry], patterns: tuple[str, ...], field: str
) -> None:
    taken = select(entries, feed(**{f"include{field}": patterns}))
    left = select(entries, feed(**{f"exclude{field}": patterns}))
    assert len(taken) + len(left) == len(entries)
