# ruff: noqa: E501 - the texts of cases are whole
"""One event, one story: signatures, comparison, groups; floors that may only rise."""

from __future__ import annotations

import itertools
import random
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from benchmarks.edits import EDITS, Made, world
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.store import stories
from broadsheet.store.database import Store
from broadsheet.stories.cluster import Member, components, tell
from broadsheet.stories.duplicates import Candidate, compare, overlap
from broadsheet.stories.rank import score
from broadsheet.stories.signature import fold, sign, title_key, without_affixes
from tests.stories.posts import candidates, clusters

WHEN = datetime(2026, 3, 12, 8, tzinfo=UTC)
FLOOR_RECALL_POSTS = 1.0
FLOOR_RECALL_SYNTHETIC = 0.99
FLOOR_PRECISION_SYNTHETIC = 0.999
CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "stories" / "pairs.toml").read_text("utf-8"))["pair"]


def candidate(name: str, title: str, text: str, *, feed: str = "", hours: float = 0, link: str = "") -> Candidate:
    return Candidate(
        id=name, feed_id=feed or name, link=link, published=WHEN + timedelta(hours=hours), signature=sign(title, text)
    )


def pairs(groups: Sequence[Sequence[str]]) -> set[frozenset[str]]:
    return {frozenset(pair) for group in groups for pair in itertools.combinations(group, 2)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_labelled_pairs(case: dict[str, Any]) -> None:
    feeds = ("f", "f") if case.get("one_feed") else ("f", "g")
    a = candidate("a", *case["a"], feed=feeds[0])
    b = candidate("b", *case["b"], feed=feeds[1], hours=case.get("hours", 1))
    match = compare(a, b)
    assert (match is not None) == case["same"]
    assert match == compare(b, a), "the order does not matter"
    if match:
        assert match.because


@pytest.mark.corpus
def test_real_posts(corpus: Path) -> None:
    """On the posts of seven channels: no series merged, every group of one report found."""
    items, _ = candidates(corpus)
    truth = clusters(corpus)
    found = {frozenset((a.id, b.id)) for a, b in itertools.combinations(items, 2) if compare(a, b)}
    wanted = pairs(truth["same_story"]) | pairs(truth["same_item_retitled"])
    assert found - wanted - pairs(truth["same_event_other_report"]) == set(), "precision is 1"
    assert not found & pairs(truth["series_not_duplicate"])
    assert pairs(truth["same_item_retitled"]) <= found
    assert len(found & wanted) / len(wanted) >= FLOOR_RECALL_POSTS


def told(made: Sequence[Made], batches: Sequence[Sequence[Made]]) -> set[frozenset[str]]:
    """Return the groups that the store makes of articles that come in these batches."""
    links: dict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open("sqlite:///stories.db", Path(folder))
        for batch in batches:
            items = [
                Candidate(
                    id=item.id, feed_id=item.feed, link="", published=WHEN + timedelta(minutes=int(item.id[:8])),
                    signature=sign(item.title, item.text),
                )
                for item in batch
            ]  # fmt: skip
            with store.begin() as connection:
                near = stories.remember(connection, items)
                for item in items:
                    others = stories.recall(connection, near[item.id])
                    stories.add_matches(connection, [match for other in others if (match := compare(item, other))])
        with store.read() as connection:
            links = stories.neighbours(connection, [item.id for item in made])
        store.close()
    return {frozenset(group) for group in components([item.id for item in made], links)}


def test_synthetic_edits() -> None:
    """Near-copies with known truth: every edit that reports meet as they travel; and series kept apart."""
    made = list(world(2500, seed=11))
    groups: dict[str, list[str]] = defaultdict(list)
    for item in made:
        groups[item.group].append(item.id)
    wanted = pairs(list(groups.values()))
    found = pairs([sorted(group) for group in told(made, [made[at : at + 100] for at in range(0, len(made), 100)])])
    assert len(found & wanted) / len(wanted) >= FLOOR_RECALL_SYNTHETIC
    assert len(found & wanted) / len(found) >= FLOOR_PRECISION_SYNTHETIC
    assert {item.edit for item in made} == {"original", "series", *EDITS}


@settings(max_examples=12, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_any_order_and_any_split_into_runs_gives_the_same_stories(chance: random.Random, size: int) -> None:
    made = list(world(60, seed=3))
    shuffled = list(made)
    chance.shuffle(shuffled)
    runs = [shuffled[at : at + size] for at in range(0, len(shuffled), size)]
    assert told(made, runs) == told(made, [made])


def test_a_part_is_found_in_the_whole() -> None:
    """A short text that stands in a longer one shares all its samples, at the higher of the two rates."""
    item = next(item for item in world(200, seed=5) if len(item.text) > 2000 and item.edit == "original")
    whole = sign("a", item.text)
    half = sign("b", item.text[: len(item.text) // 2])
    share, count = overlap(whole, half)
    assert share > 0.9
    assert count >= 5
    assert whole.rate >= half.rate


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("【标题】财联社4月12日电，央行今日开展逆回购操作，中标利率不变，单日净投放一百亿元。（新华社）", "央行今日开展逆回购操作，中标利率不变，单日净投放一百亿元。"),
        ("36氪获悉，某公司完成新一轮融资，由多家机构共同投资，资金将用于研发。", "某公司完成新一轮融资，由多家机构共同投资，资金将用于研发。"),
        ("PORT CALDER, March 10 (Strait Wire) - The islands signed an accord on Tuesday that ends a quarrel.", "The islands signed an accord on Tuesday that ends a quarrel."),
        ("短讯", "短讯"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_channels_put_around_a_report_does_not_count(text: str, inner: str) -> None:
    assert without_affixes(text) == inner


def test_titles_are_folded() -> None:
    assert title_key("【Ａ股】三大指數集體收漲") == title_key("a股：三大指数集体收涨") != ""
    assert title_key("Weekly") == ""
    assert fold("ＡＢＣ 國家") == "abc 国家"


@given(st.text(max_size=300), st.text(max_size=3000))
def test_any_text_has_a_signature(title: str, text: str) -> None:
    signature = sign(title, text)
    assert signature == sign(title, text)
    assert all(number % signature.rate == 0 for number in signature.hashes)
    assert len(signature.hashes) <= 120


def member(name: str, *, hours: float = 0, length: int = 300, sponsored: bool = False) -> Member:
    return Member(
        id=name, publisher=name[0], published=WHEN + timedelta(hours=hours), length=length, sponsored=sponsored
    )


def test_the_fullest_report_leads_and_the_first_among_equals() -> None:
    story = tell(
        [member("late", hours=2, length=310), member("early", length=300), member("short", hours=-1, length=40)]
    )
    assert story.articles == ("early", "late", "short")
    assert story.id == "short", "a story is named after its first report"
    assert story.publishers == 3
    assert tell([member("a", length=900, sponsored=True), member("b")]).articles[0] == "b"
    assert tell([member("a", length=900), member("b")], pinned={"b"}).articles[0] == "b"


def test_rank_prefers_many_publishers_and_fresh_news() -> None:
    def rank(hours: float, publishers: int) -> float:
        return score(WHEN - timedelta(hours=hours), WHEN, publishers=publishers, pictured=False, length=100)

    assert rank(0, 1) > rank(6, 1)
    assert rank(6, 4) > rank(0, 1)
    assert rank(200, 9) < rank(0, 1)
