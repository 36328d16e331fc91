"""Where a stage's function runs. One contract, several engines, the same results.

``map`` takes a function of the installed package and batches of items (each with a ``key``), keeps a bounded number of
batches in flight, and yields one ``Outcome`` an item in any order. It never raises for an item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from broadsheet.config import EngineConfig
from broadsheet.model import Outcome

Work = Callable[[Sequence[Any]], Iterable[Outcome[Any]]]


class Engine(Protocol):
    """What the pipeline asks of an engine."""

    def map(self, work: Work, batches: Iterable[Sequence[Any]]) -> Iterator[Outcome[Any]]:
        """Yield an outcome for every item of every batch."""
        ...

    def close(self) -> None:
        """End the workers."""
        ...


def open_engine(config: EngineConfig) -> Engine:
    """Return the engine that the configuration names."""
    if config.kind == "inline":
        from broadsheet.engine.inline import InlineEngine

        return InlineEngine()
    from broadsheet.engine.pool import PoolEngine

    return PoolEngine(config.workers)
