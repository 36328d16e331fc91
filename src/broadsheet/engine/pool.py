"""Runs batches in worker processes that may be killed.

``ProcessPoolExecutor`` ends with ``BrokenProcessPool`` when one worker dies and loses all that was in flight (3,912
of 6,000 tasks when measured). So a broken pool is replaced, what was in flight is sent again item by item with nothing
beside it, and an item that kills its worker three times is given up with its reason.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

from broadsheet.engine import Work, of_machine, outcomes
from broadsheet.model import Failed, Outcome

SECONDS_PER_ITEM = 30.0
"""After so long an item's worker is killed."""
MEMORY_BYTES = 2 * 1024**3
MAX_KILLS = 3
PRELOAD = ["broadsheet.pipeline.work"]


class PoolEngine:
    """Worker processes, started at the first batch. ``workers`` 0 is one a core."""

    def __init__(self, workers: int = 0, *, seconds_per_item: float = SECONDS_PER_ITEM) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._seconds = seconds_per_item
        self._pool: ProcessPoolExecutor | None = None

    def map(self, work: Work, batches: Iterable[Sequence[Any]]) -> Iterator[Outcome[Any]]:
        """Yield an outcome for every item; at most two batches a worker are in flight."""
        running: dict[Future[list[Outcome[Any]]], tuple[Sequence[Any], float]] = {}
        try:
            yield from self._map(work, iter(batches), running)
        finally:
            if running:  # the consumer has stopped: what is under way may hang for ever
                self._kill()
                self._discard()

    def _map(
        self,
        work: Work,
        source: Iterator[Sequence[Any]],
        running: dict[Future[list[Outcome[Any]]], tuple[Sequence[Any], float]],
    ) -> Iterator[Outcome[Any]]:
        suspects: deque[tuple[Any, int]] = deque()
        exhausted = False
        while True:
            while not exhausted and not suspects and len(running) < 2 * self._workers:
                batch = next(source, None)
                if batch is None:
                    exhausted = True
                elif batch:
                    running[self._submit(work, batch)] = (batch, time.monotonic())
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
                try:
                    yield from future.result()
                except BrokenProcessPool:
                    suspects.extend((item, 0) for item in batch)
                    broken = True
                except Exception as error:
                    if of_machine(error):
                        raise
                    yield from (Failed(item.key, "WorkerError", f"{type(error).__name__}: {error}") for item in batch)
            if not broken and self._overdue(running):
                self._kill()
            if broken:
                for batch, _started in running.values():
                    suspects.extend((item, 0) for item in batch)
                running.clear()
                self._discard()

    def _alone(self, work: Work, suspects: deque[tuple[Any, int]]) -> Iterator[Outcome[Any]]:
        """Run one suspect with nothing beside it, so that the blame is exact."""
        item, kills = suspects.popleft()
        future = self._submit(work, [item])
        finished, _ = wait([future], timeout=self._seconds)
        slow = not finished
        if slow:
            self._kill()
        try:
            yield from future.result()
        except BrokenProcessPool:
            self._discard()
            if kills + 1 < MAX_KILLS and not slow:
                suspects.append((item, kills + 1))
            else:
                why = f"took longer than {self._seconds:g} s" if slow else f"killed its worker {kills + 1} times"
                yield Failed(item.key, "WorkerDied", why)
        except Exception as error:
            if of_machine(error):
                raise
            yield Failed(item.key, "WorkerError", f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _submit(self, work: Work, batch: Sequence[Any]) -> Future[list[Outcome[Any]]]:
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(PRELOAD)
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context, initializer=_prepare_worker)
        try:
            with _without_main():
                return self._pool.submit(_run, work, batch)
        except BrokenProcessPool:
            self._discard()
            return self._submit(work, batch)

    def _overdue(self, running: dict[Future[list[Outcome[Any]]], tuple[Sequence[Any], float]]) -> bool:
        now = time.monotonic()
        # Up to two batches wait behind one another in a worker.
        return any(now - started > self._seconds * (1 + 2 * len(batch)) for batch, started in running.values())

    def _kill(self) -> None:
        processes = getattr(self._pool, "_processes", None) or {}
        for process in list(processes.values()):
            with suppress(ProcessLookupError, TypeError):
                os.kill(process.pid, signal.SIGKILL)

    def _discard(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


@contextmanager
def _without_main() -> Iterator[None]:
    """Keep workers from importing the caller's script: they run functions of this package only.

    ``multiprocessing`` would import it, and a script without an ``if __name__ == "__main__"`` guard would start itself
    again in every worker.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _run(work: Work, batch: Sequence[Any]) -> list[Outcome[Any]]:
    return list(outcomes(work, batch))


def _prepare_worker() -> None:
    """Leave interrupts to the driver, limit memory, and end when the driver does."""
    import resource

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
