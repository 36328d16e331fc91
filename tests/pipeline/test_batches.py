"""Lists of items that are held in memory together: bounded in number and in weight, none lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.pipeline.run import batches


@given(st.lists(st.integers(0, 100)), st.integers(1, 9), st.integers(1, 200))
def test_batches_end_at_their_size_or_weight(items: list[int], size: int, limit: int) -> None:
    found = list(batches(items, size, weight=int, limit=limit))
    assert [item for batch in found for item in batch] == items
    for batch in found:
        assert 1 <= len(batch) <= size
        assert sum(batch[:-1]) < limit, "the last one may weigh anything, those before it may not"
    for batch in found[:-1]:
        assert len(batch) == size or sum(batch) >= limit


def test_without_a_weight_only_the_number_counts() -> None:
    assert list(batches("abcdefg", 3)) == [["a", "b", "c"], ["d", "e", "f"], ["g"]]
    assert list(batches("", 3)) == []
