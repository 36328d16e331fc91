"""Groups, leads and ranks do not depend on the order of anything, nor on the process."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.model import Story
from broadsheet.stories.cluster import Member, components, tell
from broadsheet.stories.duplicates import Candidate, compare
from broadsheet.stories.rank import HALF_LIFE_HOURS, SHORT_WORDS, score
from broadsheet.stories.signature import sign, title_key

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


# ---------------------------------------------------------------------------------------------- signatures

PROGRAM = """
import sys
from broadsheet.stories.signature import sign
text = " ".join(f"word{number}" for number in range(400))
for signature in sign("Harbour works 2026", text), sign("海港工程正式开工", "西码头工程将于四月动工。" * 9):
    sys.stdout.write(repr(signature) + "\\n")
"""


def test_a_signature_is_the_same_in_every_process() -> None:
    """It is stored and compared with those of later runs."""
    found = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(found) == 1
    assert found.pop().decode().splitlines()[0] == repr(sign("Harbour works 2026", words(0, 400)))


def words(start: int, count: int) -> str:
    """Return a text of words that no other range has."""
    return " ".join(f"word{number}" for number in range(start, start + count))


@pytest.mark.parametrize("title", ["", "News", "快讯", "12:30", "!!!!!!!!!!", "The day"])
def test_a_short_title_is_no_key(title: str) -> None:
    assert title_key(title) == ""


def test_width_and_case_of_a_text_do_not_matter() -> None:
    assert sign("", "ＡＢＣ Def ghi JKL " * 30) == sign("", "abc DEF GHI jkl " * 30)


def candidate(
    name: str, *, title: str = "", text: str = "", feed: str = "", link: str = "", hours: float = 0.0
) -> Candidate:
    return Candidate(
        id=name, feed_id=feed or f"feed {name}", link=link, published=START + timedelta(hours=hours),
        signature=sign(title, text),
    )  # fmt: skip


texts = st.integers(0, 3).map(lambda start: words(start * 100, 150)) | st.text(max_size=20)
titles = st.sampled_from(["", "Harbour works start", "Release 1.5", "Release 1.6"])
candidates = st.builds(
    candidate, st.sampled_from("abc"), title=titles, text=texts, feed=st.sampled_from(["f", "g"]),
    link=st.sampled_from(["", "https://x.example/1"]), hours=st.sampled_from([0, 1, 40, 100]),
)  # fmt: skip


@given(candidates, candidates)
@settings(max_examples=200, deadline=None)
def test_the_order_of_two_articles_does_not_matter(one: Candidate, other: Candidate) -> None:
    if one.id == other.id:
        return
    match = compare(one, other)
    assert match == compare(other, one)
    assert match is None or (0 < match.score <= 1 and match.because and match.a < match.b)


def test_issues_of_a_series_are_never_one_report() -> None:
    """Two releases with one blurb, in one feed or in two."""
    blurb = words(0, 300)
    for feeds in (("f", "f"), ("f", "g")):
        a = candidate("a", title="Release 1.5 of the tool", text=blurb, feed=feeds[0])
        b = candidate("b", title="Release 1.6 of the tool", text=blurb, feed=feeds[1])
        assert compare(a, b) is None


# -------------------------------------------------------------------------------------------------- groups


def test_components() -> None:
    links = {"a": ["b"], "b": ["a", "c"], "c": ["b"], "e": ["f"], "f": ["e"]}
    assert components("fedcba", links) == [["a", "b", "c"], ["d"], ["e", "f"]]
    assert components([], {}) == []


def test_a_chain_of_ten_thousand_is_one_group() -> None:
    links = {str(number): [str(number - 1), str(number + 1)] for number in range(1, 9_999)}
    links |= {"0": ["1"], "9999": ["9998"]}
    assert len(components(list(links), links)) == 1


@given(st.sets(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60), st.randoms())
@settings(max_examples=100, deadline=None)
def test_groups_do_not_depend_on_the_order(pairs: set[tuple[int, int]], chance: Any) -> None:
    """Every id is in one group, and the links stay within groups."""
    links: dict[str, list[str]] = {}
    for one, other in pairs:
        links.setdefault(str(one), []).append(str(other))
        links.setdefault(str(other), []).append(str(one))
    ids = [str(number) for number in range(31)]
    groups = components(ids, links)
    assert sorted(name for group in groups for name in group) == sorted(ids)
    where = {name: number for number, group in enumerate(groups) for name in group}
    assert all(where[one] == where[other] for one, others in links.items() for other in others)
    chance.shuffle(ids)
    for others in links.values():
        chance.shuffle(others)
    assert components(ids, links) == groups


# ------------------------------------------------------------------------------------------------- stories


def member(name: str, *, hours: float = 0.0, length: int = 100, publisher: str = "") -> Member:
    return Member(id=name, publisher=publisher or name, published=START + timedelta(hours=hours), length=length)


def test_a_story_says_when_it_was_told_and_by_how_many() -> None:
    story = tell(
        [member("c", hours=2, length=500, publisher="P"), member("a", hours=1, length=90, publisher="P"), member("b")]
    )
    assert story == Story(
        id="b", articles=("c", "b", "a"), publishers=2, first_seen=START, last_seen=START + timedelta(hours=2)
    )


def test_articles_without_text_are_told_as_well() -> None:
    assert tell([member("b", length=0), member("a", length=0)]).articles == ("a", "b")


@given(st.permutations([member(name, hours=number % 3, length=number * 40) for number, name in enumerate("abcdef")]))
def test_a_story_does_not_depend_on_the_order(members: list[Member]) -> None:
    assert tell(members) == tell(sorted(members, key=lambda item: item.id))


# ---------------------------------------------------------------------------------------------------- rank


def ranked(hours: float = 0.0, *, publishers: int = 1, pictured: bool = False, length: int = 100) -> float:
    return score(START - timedelta(hours=hours), START, publishers=publishers, pictured=pictured, length=length)


def test_rank() -> None:
    assert ranked() == 1.0
    assert ranked(HALF_LIFE_HOURS) == 0.5
    assert ranked(publishers=2) == 2.5
    assert ranked(pictured=True) == 1.15
    assert ranked(length=SHORT_WORDS - 1) == 0.8
    assert ranked(-100) == ranked(), "a story from the future gains nothing"


@given(st.floats(0, 1e6), st.integers(-3, 1000), st.integers(0, 10**6))
def test_every_rank_is_a_number_from_nothing_up(hours: float, publishers: int, length: int) -> None:
    assert 0 <= ranked(hours, publishers=publishers, length=length) < 100
