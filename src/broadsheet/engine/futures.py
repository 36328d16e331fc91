"""What engines with workers have in common: batches as futures, few in flight, and the dead laid to no innocent's charge.

What was in flight with a worker that died is sent again item by item with nothing beside it, and an item that kills its
worker three times is given up with its reason.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from broadsheet import limits
from broadsheet.engine import Work, of_machine, outcomes
from broadsheet.errors import EngineError
from broadsheet.model import Failed, Outcome

SECONDS_PER_ITEM = float(limits.value("worker_seconds"))
"""After so long an item's worker is killed."""
MAX_KILLS = limits.value("worker_deaths")

Promise = Future[list[Outcome[Any]]]
Running = dict[Promise, tuple[Sequence[Any], float]]


def run(work: Work, batch: Sequence[Any]) -> list[Outcome[Any]]:
    """Return the outcomes of a batch: what workers are given to do."""
    return list(outcomes(work, batch))


class FutureEngine(ABC):
    """Batches sent to workers, at most two a worker at once."""

    all_die_together = False
    """Whether one worker's death takes with it what the others have in hand."""

    def __init__(self, seconds_per_item: float) -> None:
        self._seconds = seconds_per_item

    @abstractmethod
    def slots(self) -> int:
        """Return how many batches can be worked on at once."""

    @abstractmethod
    def submit(self, work: Work, batch: Sequence[Any]) -> Promise:
        """Send a batch to the workers."""

    @abstractmethod
    def deaths(self, error: BaseException) -> int:
        """Return how many workers died over a batch that ended in this error; 0 where it says something else."""

    @abstractmethod
    def kill(self, futures: Collection[Promise]) -> None:
        """End what works on these batches, whatever it is at; best effort."""

    def stop(self, futures: Collection[Promise]) -> None:
        """Let go of batches that nobody waits for any more; what is under way may hang for ever."""
        self.kill(futures)
        self.discard()

    @abstractmethod
    def discard(self) -> None:
        """Let go of what is left after a death, so that the next batch finds workers."""

    @abstractmethod
    def close(self) -> None:
        """End the workers."""

    def map(self, work: Work, batches: Iterable[Sequence[Any]]) -> Iterator[Outcome[Any]]:
        """Yield an outcome for every item; at most two batches a worker are in flight."""
        running: Running = {}
        try:
            yield from self._map(work, iter(batches), running)
        finally:
            if running:
                self.stop(running)

    def _map(self, work: Work, source: Iterator[Sequence[Any]], running: Running) -> Iterator[Outcome[Any]]:
        suspects: deque[tuple[Any, int]] = deque()
        exhausted = False
        while True:
            while not exhausted and not suspects and len(running) < 2 * self.slots():
                batch = next(source, None)
                if batch is None:
                    exhausted = True
                elif batch:
                    running[self.submit(work, batch)] = (batch, time.monotonic())
            if not running:
                if suspects:
                    yield from self._alone(work, suspects)
                    continue
                if exhausted:
                    return
            done, _ = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
            broken = False
            for future in done:
                batch, _started = running.pop(future)
                if (error := _error(future)) is None:
                    yield from future.result()
                elif self.deaths(error):
                    suspects.extend((item, 0) for item in batch)
                    broken = True
                else:
                    yield from (_failed(item, error) for item in batch)
            if not broken and (slow := self._overdue(running)):
                self.kill(slow)
            if broken and self.all_die_together:
                for batch, _started in running.values():
                    suspects.extend((item, 0) for item in batch)
                running.clear()
            if broken:
                self.discard()

    def _alone(self, work: Work, suspects: deque[tuple[Any, int]]) -> Iterator[Outcome[Any]]:
        """Run one suspect with nothing beside it, so that the blame is exact."""
        item, kills = suspects.popleft()
        future = self.submit(work, [item])
        finished, _ = wait([future], timeout=self._seconds)
        slow = not finished
        if slow:
            self.kill([future])
            wait([future], timeout=self._seconds)
        error = _error(future) if future.done() else None
        if future.done() and error is None:
            yield from future.result()
            return
        dead = self.deaths(error) if error else 1
        if not dead and error:
            yield _failed(item, error)
            return
        self.discard()
        if slow:
            yield Failed(
                item.key, "WorkerDied", limits.named(f"took longer than {self._seconds:g} s", "worker_seconds")
            )
        elif kills + dead < MAX_KILLS:
            suspects.append((item, kills + dead))
        else:
            yield Failed(
                item.key, "WorkerDied", limits.named(f"killed its worker {kills + dead} times", "worker_deaths")
            )

    def _overdue(self, running: Running) -> list[Promise]:
        now = time.monotonic()
        # Up to two batches wait behind one another in a worker.
        return [
            future
            for future, (batch, started) in running.items()
            if now - started > self._seconds * (1 + 2 * len(batch))
        ]


def _error(future: Promise) -> BaseException | None:
    """Return the error that a finished batch ended in; raise one that speaks of the machine or the cluster."""
    try:
        error = future.exception()
    except Exception as cancelled:  # noqa: BLE001 - whatever a future says of being cancelled
        error = cancelled
    if isinstance(error, EngineError) or (isinstance(error, Exception) and of_machine(error)):
        raise error
    return error


def _failed(item: Any, error: BaseException) -> Failed:
    return Failed(item.key, "WorkerError", f"{type(error).__name__}: {error}")
