"""Runs batches in worker processes that may be killed.

``ProcessPoolExecutor`` ends with ``BrokenProcessPool`` when one worker dies and loses all that was in flight (3,912
of 6,000 tasks when measured). So a broken pool is replaced.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any

from broadsheet.engine import Work
from broadsheet.engine.futures import SECONDS_PER_ITEM, FutureEngine, Promise, run
from broadsheet.limits import value

if TYPE_CHECKING:  # in a run in which nothing is new no process is started
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

MEMORY_BYTES = value("worker_memory")
PRELOAD = ["broadsheet.feeds.source", "broadsheet.pipeline.reading", "broadsheet.pipeline.work"]


class PoolEngine(FutureEngine):
    """Worker processes, started at the first batch. ``workers`` 0 is one a core."""

    all_die_together = True

    def __init__(self, workers: int = 0, *, seconds_per_item: float = SECONDS_PER_ITEM) -> None:
        super().__init__(seconds_per_item)
        self._workers = workers or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    def slots(self) -> int:
        """Return the number of processes."""
        return self._workers

    def submit(self, work: Work, batch: Sequence[Any]) -> Promise:
        """Send a batch to the processes."""
        from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor

        if self._pool is None:
            import multiprocessing

            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(PRELOAD)
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context, initializer=_prepare_worker)
        try:
            with _without_main():
                return self._pool.submit(run, work, batch)
        except BrokenProcessPool:
            self.discard()
            return self.submit(work, batch)

    def deaths(self, error: BaseException) -> int:
        """Return 1 where the pool has broken."""
        from concurrent.futures.process import BrokenProcessPool

        return int(isinstance(error, BrokenProcessPool))

    def kill(self, futures: Collection[Promise]) -> None:  # noqa: ARG002 - nobody knows who has which
        """Kill all processes: which of them has a batch cannot be told."""
        processes = getattr(self._pool, "_processes", None) or {}
        for process in list(processes.values()):
            with suppress(ProcessLookupError, TypeError):
                os.kill(process.pid, signal.SIGKILL)

    def discard(self) -> None:
        """Let go of the pool; the next batch gets a new one."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
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


def _prepare_worker() -> None:
    """Leave interrupts to the driver, limit memory, and end when the driver does."""
    import multiprocessing
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
