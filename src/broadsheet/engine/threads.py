"""Runs batches in threads of this process: where memory is short, or the interpreter has no global lock.

A thread cannot be killed: an item that takes too long is given up, and its thread left to itself.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from broadsheet.engine import Work
from broadsheet.engine.futures import SECONDS_PER_ITEM, FutureEngine, Promise, run


class ThreadsEngine(FutureEngine):
    """Threads, started as they are needed. ``workers`` 0 is one a core."""

    def __init__(self, workers: int = 0, *, seconds_per_item: float = SECONDS_PER_ITEM) -> None:
        super().__init__(seconds_per_item)
        self._workers = workers or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._workers)

    def slots(self) -> int:
        """Return the number of threads."""
        return self._workers

    def submit(self, work: Work, batch: Sequence[Any]) -> Promise:
        """Give a batch to the threads."""
        return self._pool.submit(run, work, batch)

    def deaths(self, error: BaseException) -> int:  # noqa: ARG002 - they do not die
        """Return 0: a thread does not die."""
        return 0

    def kill(self, futures: Collection[Promise]) -> None:
        """Take back what has not begun."""
        for future in futures:
            future.cancel()

    def discard(self) -> None:
        """Go on with new threads; a stuck one keeps the old pool."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = ThreadPoolExecutor(self._workers)

    def close(self) -> None:
        """End the threads once what they are at is done."""
        self._pool.shutdown(wait=False, cancel_futures=True)
