"""By how many whole hours a feed's dates are off, and when that is not to be said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.feeds.zone import LARGEST, TOLERANCE, Offset, Sighting, Twin, learn

SEEN = datetime(2022, 4, 12, 8, 0, tzinfo=UTC)
NOTHING = Offset()


def items(*ahead: float) -> list[Sighting]:
    """Return items whose dates lie so many hours after the moment when they were seen."""
    return [Sighting(dated=SEEN + timedelta(hours=hours), seen=SEEN) for hours in ahead]


def twins(*later: float, publishers: int = 2) -> list[Twin]:
    """Return twins in turn of so many publishers, the item's date so many hours later than theirs."""
    return [
        Twin(publisher=f"p{number % publishers}", later=timedelta(hours=hours)) for number, hours in enumerate(later)
    ]


OLD = (-20.0,) * 30


@pytest.mark.parametrize(
    ("known", "ahead", "later", "found"),
    [
        (NOTHING, (7.9, 7.2, 6.0, 4.4, 2.1), (), Offset(hours=8, by="future")),
        (NOTHING, (7.9, 7.2, 6.0, 4.4, 2.1, *OLD), (), Offset(hours=8, by="future")),
        (NOTHING, (7.9, 7.2, 6.0, 4.4, *OLD), (), NOTHING),
        (NOTHING, (0.1,) * 9, (), NOTHING),
        (NOTHING, (5.5, 5.1, 4.0, 3.0, 2.0), (), Offset(hours=6, by="future")),
        (Offset(hours=8, by="future"), (5.5, 5.1, 4.0, 3.0, 2.0), (), Offset(hours=8, by="future")),
        (Offset(hours=6, by="future"), (7.5, 5.1, 4.0, 3.0, 2.0), (), Offset(hours=8, by="future")),
        (NOTHING, (24.0, 48.0, 72.0, 400.0, 3.0, 4.0, 5.0, 6.0, 7.0), (), NOTHING),
        (Offset(hours=8, by="future"), (7.0, *OLD), (), Offset(hours=8, by="future")),
        (Offset(hours=8, by="future"), OLD, (), NOTHING),
        (NOTHING, OLD, (8.0, 8.1, 7.9), Offset(hours=8, by="twins")),
        (NOTHING, OLD, (-5.0, -5.1, -4.9, -5.0), Offset(hours=-5, by="twins")),
        (NOTHING, OLD, (8.0, 8.0), NOTHING),
        (NOTHING, OLD, (8.0, 8.0, 8.0, 0.3, 1.4), NOTHING),
        (NOTHING, OLD, (8.5, 8.5, 8.5), NOTHING),
        (NOTHING, OLD, (16.0, 16.0, 16.0), NOTHING),
        (Offset(hours=8, by="twins"), OLD, (), Offset(hours=8, by="twins")),
        (Offset(hours=8, by="twins"), OLD, (0.0, 0.1, 0.0), NOTHING),
        (Offset(hours=7, by="future"), (6.8,) * 5, (8.0, 8.0, 8.0), Offset(hours=8, by="twins")),
        (NOTHING, (7.9,) * 5, (0.0, 0.0, 0.0), Offset(hours=8, by="future")),
    ],
    ids=[
        "Beijing time labelled GMT", "among old items", "too few", "clocks that differ a little", "a lower bound",
        "what is known stands above a lower bound", "a fresher item", "events to come", "one item is enough to keep it",
        "the source has mended it", "twins", "twins behind", "two twins", "twins at odds", "half hours", "too far",
        "no evidence, no change", "twins say that it was mended", "twins are exact", "no item may stay in the future",
    ],
)  # fmt: skip
def test_learn(known: Offset, ahead: tuple[float, ...], later: tuple[float, ...], found: Offset) -> None:
    assert learn(known, items(*ahead), twins(*later)) == found


def test_one_publisher_tells_nothing() -> None:
    """Of two that differ nobody knows which is right."""
    assert learn(NOTHING, items(*OLD), twins(8.0, 8.0, 8.0, 8.0, publishers=1)) == NOTHING


@given(st.integers(1, LARGEST), st.lists(st.floats(0, 30), min_size=5, max_size=40))
def test_what_the_future_tells_is_never_more_than_the_truth(hours: int, ages: list[float]) -> None:
    """Items of known age under a label that is ``hours`` ahead: none stays in the future, none goes too far back."""
    sightings = items(*(hours - age for age in ages))
    found = learn(NOTHING, sightings, [])
    assert found.hours <= hours
    if found.hours:
        assert all(item.dated - timedelta(hours=found.hours) <= SEEN + TOLERANCE for item in sightings)
