"""What engines with workers have in common: batches as futures, few in flight, and the dead laid to no innocent's charge.

What was in flight with a worker that died is sent again item by item with nothing beside it, and an item that kills its
worker three times is given up with its reason.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, NamedTuple

from broadsheet import limits
from broadsheet.engine import Work, of_machine, outcomes
from broadsheet.errors import EngineError
from broadsheet.model import Failed, Outcome

SECONDS_PER_ITEM = float(limits.value("worker_seconds"))
"""After so long an item's worker is killed."""
MAX_KILLS = limits.value("worker_deaths")


class Portion(NamedTuple):
    """How large a batch is: as large as any of these allows."""

    seconds: float = 0.25
    """What it costs its worker, about: much beside what it costs to be sent, little beside what its loss costs."""
    items: int = 50
    """At most, so that cheap items do not pile up in memory."""
    size: int = 500_000
    """Bytes of documents: each lies in memory several times until its results are saved."""


Made = tuple[float, list[Outcome[Any]]]
"""What comes of a batch: the seconds that it took, and its outcomes."""
Promise = Future[Any]
"""What holds it when it is done, in the form in which the engine's workers send it."""
Running = dict[Promise, tuple[Sequence[Any], float, float]]
"""Batches in flight, each with when it was sent and the seconds that it is waited for."""


def run(work: Work, batch: Sequence[Any]) -> Made:
    """Return the seconds that a batch takes and its outcomes: what workers are given to do."""
    started = time.monotonic()
    done = list(outcomes(work, batch))
    return time.monotonic() - started, done


class Sized:
    """Batches joined to larger ones by what their items have cost so far; never cut."""

    def __init__(self, batches: Iterable[Sequence[Any]], portion: Callable[[], Portion] = Portion) -> None:
        self._batches = iter(batches)
        self._portion = portion
        self._pace: float | None = None

    def next(self) -> list[Any]:
        """Return the next batch, as large as pays and memory allows; an empty one at the end."""
        batch: list[Any] = []
        size, most = 0, self._portion()
        for more in self._batches:
            batch += more
            added = sum(map(_bytes_of, more))
            size += added
            if batch and (self._pace is None or self._together(len(batch) + len(more)) > most.seconds):
                break
            if len(batch) + len(more) > most.items or size + added > most.size:
                break
        return batch

    def took(self, seconds: float, items: int) -> None:
        """Note what a batch has cost: the latest count most, as items of one sort come together."""
        pace = seconds / items
        self._pace = pace if self._pace is None else (self._pace + pace) / 2

    def patience(self, items: int, seconds_per_item: float) -> float:
        """Return the seconds after which something hangs, with another batch before this one in its worker.

        A guess: what is ended by mistake is done again item by item, each with all its time.
        """
        if self._pace is None:
            return seconds_per_item * (1 + 2 * items)
        return seconds_per_item * 3 + self._together(items) * 10

    def _together(self, items: int) -> float:
        return (self._pace or 0.0) * items


def _bytes_of(item: Any) -> int:
    """Return how many bytes of documents an item holds."""
    values = (getattr(item, name) for name in getattr(item, "__struct_fields__", ()))
    return sum(len(value) for value in values if isinstance(value, bytes))


class FutureEngine(ABC):
    """Batches sent to workers, at most two a worker at once, of a size that follows from what items cost."""

    all_die_together = False
    """Whether one worker's death takes with it what the others have in hand."""

    def __init__(self, seconds_per_item: float) -> None:
        self._seconds = seconds_per_item

    @abstractmethod
    def slots(self) -> int:
        """Return how many batches can be worked on at once."""

    def portion(self) -> Portion:
        """Return how large a batch is now."""
        return Portion()

    @abstractmethod
    def submit(self, work: Work, batch: Sequence[Any]) -> Promise:
        """Send a batch to the workers."""

    def made(self, future: Promise) -> Made:
        """Return what has come of a batch."""
        done: Made = future.result()
        return done

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
            yield from self._map(work, Sized(batches, self.portion), running)
        finally:
            if running:
                self.stop(running)

    def _map(self, work: Work, source: Sized, running: Running) -> Iterator[Outcome[Any]]:
        suspects: deque[tuple[Any, int]] = deque()
        exhausted = False
        while True:
            while not exhausted and not suspects and len(running) < 2 * self.slots():
                if batch := source.next():
                    patience = source.patience(len(batch), self._seconds)
                    running[self.submit(work, batch)] = (batch, time.monotonic(), patience)
                else:
                    exhausted = True
            if not running:
                if suspects:
                    yield from self._alone(work, suspects)
                    continue
                if exhausted:
                    return
            done, _ = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
            broken = False
            for future in done:
                sent, *_ = running.pop(future)
                if (error := _error(future)) is None:
                    seconds, made = self.made(future)
                    source.took(seconds, len(sent))
                    yield from made
                elif self.deaths(error):
                    suspects.extend((item, 0) for item in sent)
                    broken = True
                else:
                    yield from (_failed(item, error) for item in sent)
            if not broken and (slow := self._overdue(running)):
                self.kill(slow)
            if broken and self.all_die_together:
                for sent, *_ in running.values():
                    suspects.extend((item, 0) for item in sent)
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
            yield from self.made(future)[1]
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
        return [future for future, (_, started, patience) in running.items() if now - started > patience]


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
