"""Where a stage's function runs. One contract, several engines, the same results.

``map`` takes a function of the installed package and batches of items (each with a ``key``), keeps a bounded number of
batches in flight, and yields one ``Outcome`` an item in any order. It never raises for an item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from broadsheet.config import EngineConfig
from broadsheet.model import Failed, Outcome

Work = Callable[[Sequence[Any]], Iterable[Outcome[Any]]]


class Engine(Protocol):
    """What the pipeline asks of an engine."""

    def map(self, work: Work, batches: Iterable[Sequence[Any]]) -> Iterator[Outcome[Any]]:
        """Yield an outcome for every item of every batch."""
        ...

    def close(self) -> None:
        """End the workers."""
        ...


def outcomes(work: Work, batch: Sequence[Any]) -> Iterator[Outcome[Any]]:
    """Yield the function's outcomes, and ``Failed`` for every item that it lost by an exception or forgot."""
    missing = dict.fromkeys(item.key for item in batch)
    message = "the stage gave no outcome"
    try:
        for outcome in work(batch):
            missing.pop(outcome.key, None)
            yield outcome
    except (Exception, SystemExit) as error:  # noqa: BLE001 - an item's failure is a record
        message = f"{type(error).__name__}: {error}"
    yield from (Failed(key, "WorkerError", message) for key in missing)


def open_engine(config: EngineConfig) -> Engine:
    """Return the engine that the configuration names."""
    if config.kind == "inline":
        from broadsheet.engine.inline import InlineEngine

        return InlineEngine()
    from broadsheet.engine.pool import PoolEngine

    return PoolEngine(config.workers)
