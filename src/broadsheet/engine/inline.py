"""Runs everything in this process: for network stages, tests and debugging."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from broadsheet.engine import Work, outcomes
from broadsheet.model import Outcome


class InlineEngine:
    """One batch after the other."""

    def map(self, work: Work, batches: Iterable[Sequence[Any]]) -> Iterator[Outcome[Any]]:
        """Yield outcomes as the function yields them."""
        for batch in batches:
            yield from outcomes(work, batch)

    def close(self) -> None:
        """Nothing is held."""
