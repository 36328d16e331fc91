# ruff: noqa: E501 - the texts of cases are whole
"""Where two copies of a report differ."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.stories.differences import Passage, Piece, differences, within

SHIP = "The ship was freed at noon. Two tugs pulled her off the mole, and 214 people went ashore. Nobody was hurt."


def marked(passages: list[Passage]) -> list[tuple[str, str]]:
    """Return each passage with what differs in brackets."""
    return [
        (
            "".join(f"[{piece.text}]" if piece.differs else piece.text for piece in passage.one),
            "".join(f"[{piece.text}]" if piece.differs else piece.text for piece in passage.other),
        )
        for passage in passages
    ]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (SHIP, SHIP, []),
        (SHIP, "Nobody was hurt. " + SHIP.removesuffix(" Nobody was hurt."), []),
        ("", "", []),
        (SHIP, "", [(f"[{part}]", "") for part in ("The ship was freed at noon.", "Two tugs pulled her off the mole, and 214 people went ashore.", "Nobody was hurt.")]),
        (SHIP, SHIP.replace("noon", "one"), [("The ship was freed at [noon].", "The ship was freed at [one].")]),
        (
            SHIP, SHIP.replace("214", "212") + " The port is open.",
            [("… her off the mole, and [214 ]people went ashore.", "… her off the mole, and [212 ]people went ashore."), ("", "[The port is open.]")],
        ),
        ("港务局决定停航一周。票款全部退还。", "港務局決定停航一週。票款全部退還。", []),
        ("港务局决定停航一周。票款全部退还。", "港務局決定停航兩週。票款全部退還。", [("港务局决定停航[一]周。", "港務局決定停航[兩]週。")]),
    ],
    ids=["equal", "moved", "empty", "all", "a word", "a number and a sentence", "scripts", "across scripts"],
)  # fmt: skip
def test_passages(one: str, other: str, found: list[tuple[str, str]]) -> None:
    assert marked(differences(one, other)) == found
    assert sorted(marked(differences(other, one))) == sorted((b, a) for a, b in found)


def test_only_what_may_be_quoted_is_shown() -> None:
    passages = [
        Passage((Piece("a" * 50, True),), ()),
        Passage((Piece("b" * 90, True),), ()),
        Passage((), (Piece("c", True),)),
    ]
    assert within(passages, 60) == ([passages[0], passages[2]], 1)
    assert within(passages, 0) == ([], 3)


sentences = st.lists(
    st.sampled_from(["One two three. ", "一二三四五。", "Two three four! ", "<b>x</b>\n", "5 of 6. "]), max_size=8
)


@given(sentences, sentences)
@settings(max_examples=100, deadline=None)
def test_every_text_can_be_compared(one: list[str], other: list[str]) -> None:
    a, b = "".join(one), "".join(other)
    for passage in differences(a, b):
        assert any(piece.differs for piece in passage.one + passage.other)
        for side, text in ((passage.one, a), (passage.other, b)):
            assert all(piece.text in text for piece in side if piece.differs)
    assert differences(a, a) == []


def test_texts_made_to_be_slow_are_not_compared_word_by_word() -> None:
    """Alike sentences of four words each: all their pairs would take a minute and a half, so most differ as a whole."""
    chance = random.Random(1)
    one, other = (
        "\n".join(" ".join(chance.choices("abcd", k=180)) + f" {seed}{number}" for number in range(49))
        for seed in (1, 2)
    )
    found = differences(one, other)
    assert sum(bool(passage.one and passage.other) for passage in found) < 10
    assert sum(bool(passage.one) for passage in found) == sum(bool(passage.other) for passage in found) == 49
