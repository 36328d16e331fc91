"""Runs batches on a Dask cluster: a scheduler at an address, with workers that have this package installed.

Dask itself sends what a dead worker had in hand to another one, as often as the scheduler's ``allowed-failures`` says (3), and
gives up then; after that the blame is found here, as with processes.
"""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Collection, Sequence
from concurrent.futures import CancelledError, InvalidStateError
from contextlib import suppress
from typing import Any
from uuid import uuid4

from broadsheet import __version__
from broadsheet.engine import Work
from broadsheet.engine.futures import SECONDS_PER_ITEM, FutureEngine, Made, Portion, Promise, run
from broadsheet.errors import EngineError

_CONNECT = 10
"""Seconds in which the scheduler answers."""
_PATIENCE = 30
"""Seconds that a worker is waited for."""
_COUNT_EVERY = 5.0
"""Seconds between two looks at how many workers there are: a cluster grows and shrinks."""
_IN_FLIGHT = 64_000_000
"""Bytes of documents that the driver holds for workers, about."""
_PROTOCOL = pickle.HIGHEST_PROTOCOL
_LARGE = {"distributed.admin.large-graph-warning-threshold": "1GiB"}
"""A batch carries the bytes of its pages; Dask would rather have them elsewhere, and says so each time."""


class DaskEngine(FutureEngine):
    """A client of a cluster, connected at the first batch."""

    def __init__(self, address: str, *, seconds_per_item: float = SECONDS_PER_ITEM) -> None:
        super().__init__(seconds_per_item)
        self._address = address
        self._client: Any = None
        self._counted = (0.0, 1)
        self._keys: dict[Promise, str] = {}
        self._killed: set[Promise] = set()

    def slots(self) -> int:
        """Return how many threads the workers have together."""
        if self._client is None:
            self._connect()
        when, count = self._counted
        if time.monotonic() - when > _COUNT_EVERY:
            count = max(1, sum(self._ask(self._client.nthreads).values()))
            self._counted = (time.monotonic(), count)
        return count

    def portion(self) -> Portion:
        """Return a larger batch than processes get: it costs ten times as much to send it, by way of the scheduler."""
        share = _IN_FLIGHT // (2 * self.slots())
        return Portion(seconds=0.5, items=200, size=max(Portion().size, min(share, 4 * Portion().size)))

    def submit(self, work: Work, batch: Sequence[Any]) -> Promise:
        """Send a batch to the cluster."""
        import dask

        if self._client is None:
            self._connect()
        with dask.config.set(_LARGE):
            key = f"broadsheet-{uuid4().hex}"
            task = self._ask(self._client.submit, _run, pickle.dumps((work, batch), _PROTOCOL), key=key)
        sent = Promise()
        sent.add_done_callback(lambda done: task.cancel() if done.cancelled() and not task.cancelled() else None)
        self._ask(self._client.loop.add_callback, pass_on, task, sent)
        self._keys[sent] = key
        sent.add_done_callback(lambda done: self._keys.pop(done, None))
        return sent

    def made(self, future: Promise) -> Made:
        """Return what has come of a batch."""
        done: Made = pickle.loads(future.result())  # noqa: S301 - of our own worker, as all that Dask brings
        return done

    def deaths(self, error: BaseException) -> int:
        """Return how many workers died over a batch; raise ``EngineError`` where the scheduler is gone."""
        from distributed.scheduler import KilledWorker

        if isinstance(error, KilledWorker):
            return int(error.allowed_failures) + 1
        if isinstance(error, CancelledError):
            if self._killed:
                return 1
            raise EngineError(_GONE.format(self._address))
        return 0

    def kill(self, futures: Collection[Promise]) -> None:
        """Take the batches back and start the workers that are at them anew."""
        self._killed.update(futures)
        keys = {self._keys[future] for future in futures if future in self._keys}
        with suppress(Exception):  # whoever is gone need not be ended
            # Asked before the batches are taken back: what was taken back nobody is at, and it would hold its worker for ever.
            busy = [worker for worker, tasks in self._client.processing().items() if keys & set(tasks)]
            for future in futures:
                future.cancel()
            self._client.restart_workers(busy, timeout=_PATIENCE)

    def stop(self, futures: Collection[Promise]) -> None:
        """Take the batches back; what has begun comes to its end, for nobody, as others may be at work there."""
        for future in futures:
            future.cancel()

    def discard(self) -> None:
        """Nothing is left: the scheduler has taken the work away."""
        self._killed.clear()

    def close(self) -> None:
        """Leave the cluster; it goes on for others."""
        if self._client is not None:
            with suppress(Exception):
                self._client.close(timeout=5)
            self._client = None

    def _connect(self) -> None:
        try:
            client_class = _client_class()
        except ImportError:
            raise EngineError(
                "[engine] kind is 'dask', whose client is missing. Install it: pip install 'broadsheet[cluster]'"
            ) from None
        # It would tell of every attempt to reach the scheduler again; what matters is said by our error.
        for name in [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self._client = client_class(self._address, timeout=_CONNECT, set_as_default=False, name="broadsheet")
            self._client.wait_for_workers(1, timeout=_PATIENCE)
        except (OSError, ValueError, TimeoutError) as error:
            self.close()
            why = f"[engine] address is {self._address!r}: no scheduler with workers answers there ({error}). "
            raise EngineError(why + "Start them: dask scheduler, and dask worker with this address") from None
        for worker, version in self._ask(self._client.run, _version, on_error="return").items():
            if version != __version__:
                self.close()
                has = f"has Broadsheet {version}" if isinstance(version, str) else f"has no Broadsheet ({version})"
                raise EngineError(f"the worker {worker} {has}; install Broadsheet {__version__} there")

    def _ask(self, what: Any, *values: Any, **options: Any) -> Any:
        """Call the client; raise ``EngineError`` where the scheduler is gone."""
        try:
            return what(*values, **options)
        except (OSError, RuntimeError, TimeoutError, CancelledError) as error:
            raise EngineError(_GONE.format(self._address) + f" ({error})") from None


_GONE = "the scheduler at {} is gone. What was done is kept; start it again, and the next run goes on from there"


def _run(packed: bytes) -> bytes:
    """Run a packed batch on a worker. The scheduler unpacks what it passes on, and a batch has thousands of parts."""
    work, batch = pickle.loads(packed)  # noqa: S301 - sent by the driver
    return pickle.dumps(run(work, batch), _PROTOCOL)


async def pass_on(task: Any, promise: Promise) -> None:
    """Give a promise what comes of a task.

    Dask's own executor leaves a promise open for ever where a worker dies between the end of a task and the fetching of its result.
    """
    try:
        made = await task
    except Exception as error:  # noqa: BLE001 - whatever it ended in
        if task.cancelled():
            promise.cancel()
        with suppress(InvalidStateError):  # it may be taken back at any moment
            promise.set_exception(error)
    else:
        with suppress(InvalidStateError):
            promise.set_result(made)
    if promise.cancelled():
        promise.set_running_or_notify_cancel()  # wakes up who waits


def _client_class() -> Any:
    """Return Dask's client without its finaliser, which closes it once more.

    The finaliser takes a lock that all clients share, in whatever thread collects garbage just then: one that holds the
    lock, as at the closing of another client, would wait for itself.
    """
    from distributed import Client

    class Closed(Client):  # type: ignore[misc]
        def __del__(self) -> None:
            """The engine closes it."""

    return Closed


def _version() -> str:
    return __version__
