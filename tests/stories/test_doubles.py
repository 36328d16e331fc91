"""Published twice: which articles are the same, and whose page tells them."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
from benchmarks.edits import world
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import Mode
from broadsheet.stories.doubles import Copy, Pair, Shown, pages, same
from broadsheet.stories.duplicates import Candidate, compare
from broadsheet.stories.signature import sign

WHEN = datetime(2026, 3, 12, 8, tzinfo=UTC)
WORDS = "harbour mole tide crew crane rope night engine pilot storm quay council lamp signal wreck salvage tug anchor".split()
TEXT = " ".join(random.Random(4).choices(WORDS, k=240)) + " and 17 of 40 boats"
SHORT = "The ferry is late by 20 minutes."
CHINESE = "海湾社3月10日电，" + "".join(random.Random(5).choices("港口潮汐船员灯塔风暴引擎码头议会打捞缆绳夜航", k=160))
TITLE = "Ship freed from the mole"
HERE, THERE = "https://wire.example/a/1", "https://wire.example/trade/1"


def found(
    titles: tuple[str, str] = (TITLE, TITLE), texts: tuple[str, str] = (TEXT, TEXT), links: tuple[str, str] = (HERE, HERE),
    *, feeds: tuple[str, str] = ("f", "g"), hours: float = 1,
) -> bool:  # fmt: skip
    one, other = (
        Candidate(id=name, feed_id=feed, link=link, published=WHEN + timedelta(hours=later), signature=sign(title, text))
        for name, feed, link, later, title, text in zip("ab", feeds, links, (0, hours), titles, texts, strict=True)
    )  # fmt: skip
    match, back = compare(one, other), compare(other, one)
    assert match == back
    if match is None:
        return False
    here, there = (Shown(text=text, beside=(title,)) for title, text in zip(titles, texts, strict=True))
    answer = same(match, one, other, here, there)
    assert answer == same(match, other, one, there, here), "the order does not matter"
    assert not answer or (answer == "wholly") == (here == there)
    return bool(answer)


@pytest.mark.parametrize(
    ("why", "arguments", "answer"),
    [
        ("one address, one text", {}, True),
        ("retitled", {"titles": (TITLE, "A vessel is afloat again")}, True),
        ("the other channel's dateline and source mark", {"texts": (CHINESE, CHINESE[9:] + "（海湾社）")}, True),
        ("a month later in another channel", {"hours": 720}, True),
        ("a word changed", {"texts": (TEXT, TEXT.replace("and", "or"))}, True),
        ("a number changed", {"texts": (TEXT, TEXT.replace("17", "18"))}, False),
        ("a number in the title changed", {"titles": ("17 boats freed", "18 boats freed")}, False),
        ("a paragraph more", {"texts": (TEXT, TEXT + " " + " ".join(WORDS * 3))}, False),
        ("an excerpt", {"texts": (TEXT, TEXT[: len(TEXT) // 2])}, False),
        ("another text", {"texts": (TEXT, " ".join(random.Random(9).choices(WORDS, k=240)))}, False),
        ("no text, one title", {"texts": ("", "")}, True),
        ("no text, two titles", {"texts": ("", ""), "titles": (TITLE, "A vessel is afloat again")}, False),
        ("a short notice at one address", {"texts": (SHORT, SHORT)}, True),
        ("the same feed, an item given anew", {"feeds": ("f", "f")}, True),
        ("the same feed, a week later", {"feeds": ("f", "f"), "hours": 168}, False),
        ("two addresses, one title and text", {"links": (HERE, THERE)}, True),
        ("two addresses, two titles", {"links": (HERE, THERE), "titles": (TITLE, "A vessel is afloat again")}, False),
        ("two addresses, a day later", {"links": (HERE, THERE), "hours": 24}, False),
        ("two addresses in one feed", {"links": (HERE, THERE), "feeds": ("f", "f")}, False),
        ("two addresses, a short notice", {"links": (HERE, THERE), "texts": (SHORT, SHORT)}, False),
    ],
)  # fmt: skip
def test_what_is_one_article(why: str, arguments: dict[str, tuple[str, str]], answer: bool) -> None:
    assert found(**arguments) == answer, why


@pytest.mark.parametrize("seed", [3, 11])
def test_edits_with_known_truth(seed: int) -> None:
    """What channels put around a text makes no other article; a changed number, a cut or another script does. No series."""
    made = list(world(600, seed=seed))
    originals = {item.group: item for item in made if item.edit == "original"}
    for item in made:
        first = originals.get(item.group)
        if first is None or item is first or item.feed == first.feed:
            continue
        answer = found((first.title, item.title), (first.text, item.text), feeds=(first.feed, item.feed))
        if item.edit in ("prefix", "suffix"):
            assert answer, (item.edit, item.text)
        elif item.edit in ("numbers", "cut", "traditional") and item.text.lower() != first.text.lower():
            assert not answer, (item.edit, item.text)
    series = [item for item in made if item.edit == "series"]
    assert len(series) > 20
    for one, other in itertools.combinations(series, 2):
        assert not found((one.title, other.title), (one.text, other.text), feeds=(one.id, other.id))


def copy(
    name: str, *, publisher: str = "p", home: bool = True, mode: Mode = "full", seq: int | None = None, hours: float = 0
) -> Copy:
    return Copy(id=name, publisher=publisher, home=home, mode=mode, seq=seq, published=WHEN + timedelta(hours=hours))


NEARLY, WHOLLY, BY_TEXT = Pair(True, False), Pair(True, True), Pair(False, True)
A_B, A_B_WHOLLY = {("a", "b"): NEARLY}, {("a", "b"): WHOLLY}


@pytest.mark.parametrize(
    ("why", "copies", "pairs", "told"),
    [
        ("the address that stands", [copy("a", seq=2), copy("b", seq=1, hours=9)], A_B, {"a": "b"}),
        ("before one that does not", [copy("a"), copy("b", seq=1, hours=9)], A_B, {"a": "b"}),
        ("the first published among new ones", [copy("a", hours=1), copy("b")], A_B, {"a": "b"}),
        ("the one that shows more among new ones", [copy("a", mode="excerpt"), copy("b", hours=1)], A_B, {"a": "b"}),
        ("not by one that shows less", [copy("a", mode="excerpt", seq=1), copy("b")], A_B, {}),
        ("the one at home among new ones", [copy("a", home=False), copy("b", hours=1)], A_B, {"a": "b"}),
        ("of another publisher by one at home", [copy("a"), copy("b", publisher="q", home=False)], A_B, {"b": "a"}),
        ("not by one that is elsewhere", [copy("a", publisher="q", home=False, seq=1), copy("b", seq=2)], A_B, {}),
        ("of another publisher's the very same", [copy("a", home=False, seq=1), copy("b", publisher="q")], A_B_WHOLLY, {"b": "a"}),
        ("not of another publisher's by text alone", [copy("a"), copy("b", publisher="q")], {("a", "b"): BY_TEXT}, {}),
        ("of one publisher by text", [copy("a", home=False), copy("b", home=False)], {("a", "b"): BY_TEXT}, {"b": "a"}),
        ("only by what it is the same as", [copy(name) for name in "abc"], {("a", "b"): NEARLY, ("b", "c"): NEARLY}, {"b": "a"}),
        ("nothing", [copy("a"), copy("b")], {}, {}),
    ],
)  # fmt: skip
def test_whose_page_tells_it(
    why: str, copies: list[Copy], pairs: dict[tuple[str, str], Pair], told: dict[str, str]
) -> None:
    assert pages(copies, pairs) == told, why


@st.composite
def groups(draw: st.DrawFn) -> tuple[list[Copy], dict[tuple[str, str], Pair]]:
    """Copies, some of which have an address already, and pairs that are the same."""
    modes: list[Mode] = ["link", "excerpt", "full"]
    names = "abcdefg"[: draw(st.integers(1, 7))]
    places = draw(st.permutations(range(len(names))))
    copies = [
        Copy(
            id=name, publisher=draw(st.sampled_from("pq")), home=draw(st.booleans()), mode=draw(st.sampled_from(modes)),
            seq=place if draw(st.booleans()) else None, published=WHEN + timedelta(hours=draw(st.integers(0, 3))),
        )
        for name, place in zip(names, places, strict=True)
    ]  # fmt: skip
    every = [(a, b) for a in names for b in names if a < b]
    return copies, {pair: draw(st.sampled_from([NEARLY, WHOLLY, BY_TEXT])) for pair in every if draw(st.booleans())}


@given(groups(), st.randoms(use_true_random=False))
def test_nobody_is_told_by_a_page_that_is_not_the_same_or_has_no_right(
    made: tuple[list[Copy], dict[tuple[str, str], Pair]], chance: random.Random
) -> None:
    copies, pairs = made
    told = pages(copies, pairs)
    by_id = {item.id: item for item in copies}
    for name, page in told.items():
        one, other = by_id[name], by_id[page]
        assert page not in told, "no address leads to one that leads on"
        pair = pairs[min(name, page), max(name, page)]
        assert one.publisher == other.publisher or (pair.one_address and (other.home or pair.wholly))
        assert one.seq is None or (other.seq is not None and other.seq < one.seq), "what stands first stays"
    shuffled = list(copies)
    chance.shuffle(shuffled)
    assert pages(shuffled, pairs) == told
