"""Runs everything in this process: for network stages, tests and debugging."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from broadsheet.engine import Work
from broadsheet.model import Failed, Outcome


class InlineEngine:
    """One batch after the other; an item that a batch lost by an exception is reported as failed."""

    def map(self, work: Work, batches: Iterable[Sequence[Any]]) -> Iterator[Outcome[Any]]:
        """Yield outcomes as the function yields them."""
        for batch in batches:
            missing = {item.key for item in batch}
            try:
                for outcome in work(batch):
                    missing.discard(outcome.key)
                    yield outcome
            except Exception as error:  # noqa: BLE001 - an item's failure is a record
                message = f"{type(error).__name__}: {error}"
                yield from (Failed(key, "WorkerError", message) for key in sorted(missing))

    def close(self) -> None:
        """Nothing is held."""
