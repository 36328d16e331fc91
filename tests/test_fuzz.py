"""A few examples of each target of ``tests/fuzz.py``, and its work counted. Many more: ``make fuzz N=10000``."""

from __future__ import annotations

import pytest

from tests import fuzz
from tests.conftest import calls

EXAMPLES = 60


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_whatever_comes_in_there_is_no_exception_but_ours(name: str) -> None:
    fuzz.examples(name, EXAMPLES // 4 if name == "extract" else EXAMPLES)


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_twice_as_much_is_at_most_twice_the_work(name: str) -> None:
    """The time inside C functions, which this does not count, is measured by ``make fuzz``."""
    fuzz.TARGETS[name](fuzz.PIECES[0] * 20)  # what is loaded once is no part of the work
    for piece in fuzz.PIECES[::5]:
        # More than what is small enough to be taken on a shorter way (``limits.MAX_DEPTH`` elements).
        once, twice = (calls(fuzz.TARGETS[name], piece * count) for count in (250, 500))
        assert twice <= 2.2 * once + 1500, piece


def test_work_that_grows_with_the_square_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this, a measure that finds nothing at all would pass."""
    monkeypatch.setitem(fuzz.TARGETS, "square", lambda data: [data.count(b"b") for _ in range(len(data) // 64)])
    assert any(fuzz.growth("square", b"a")[0] > fuzz.STEEP for _ in range(6)), "once, at least, on a busy machine"
    assert fuzz.growth("slug", b"a")[0] <= fuzz.STEEP


def test_deeply_nested_pages_cost_no_more_than_flat_ones() -> None:
    """A browser's parser looks through all open elements at each new one."""
    assert fuzz.growth("extract", b"<div>")[0] <= fuzz.STEEP
