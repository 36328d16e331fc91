"""What the network stages call: an outcome a request as the answers come in, and never an error for one request."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from broadsheet.model import Outcome, Request, Response
from broadsheet.net.client import Client, Manners
from broadsheet.net.robots import Texts


class _Run:
    """Requests under way in a thread of its own. An answer gives its place free only when it has been taken."""

    def __init__(
        self,
        requests: Iterable[Request],
        manners: Manners,
        clock: Callable[[], datetime] | None = None,
        robots: Texts | None = None,
    ) -> None:
        self._requests = requests
        self._robots = robots
        self._clock = clock
        self._manners = manners
        self._answers: queue.SimpleQueue[Outcome[Response] | BaseException | None] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._client: Client | None = None
        self._untaken = 0
        # As many as may wait usefully; the rest of a long list is not even turned into tasks.
        self._places = asyncio.Semaphore(manners.concurrency * 8)
        self._thread = threading.Thread(target=self._work, name="broadsheet-net", daemon=True)
        self._thread.start()

    def answers(self) -> Iterator[Outcome[Response]]:
        """Yield outcomes as they come in, and raise what ended the run."""
        while (item := self._answers.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            self._tell(self._taken)
            yield item

    def close(self) -> None:
        """Give up what is still under way."""
        self._tell(self._cancel)
        self._thread.join()

    def _tell(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(what)

    def _taken(self) -> None:
        self._places.release()
        self._untaken -= 1
        if self._client is not None and self._untaken < self._manners.concurrency:
            self._client.room.set()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _work(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._all())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - handed to the consumer
            self._answers.put(error)
        finally:
            self._answers.put(None)

    async def _all(self) -> None:
        self._task = asyncio.current_task()
        async with (
            Client.open(self._manners, clock=self._clock, robots=self._robots) as client,
            asyncio.TaskGroup() as tasks,
        ):
            self._client = client
            for request in self._requests:
                await self._places.acquire()
                tasks.create_task(self._one(client, request))

    async def _one(self, client: Client, request: Request) -> None:
        answer = await client.fetch(request)
        self._untaken += 1
        if self._untaken >= self._manners.concurrency:
            client.room.clear()
        self._answers.put(answer)


def fetch_many(
    requests: Iterable[Request],
    manners: Manners,
    clock: Callable[[], datetime] | None = None,
    robots: Texts | None = None,
) -> Iterator[Outcome[Response]]:
    """Yield an outcome for each request, in the order in which they come in. ``clock`` dates the answers.

    ``robots`` is what robots.txt of origins said before, and takes what is read.

    The event loop runs in a thread of its own; a slow consumer holds it back. Requests that are still under way when
    the consumer stops are given up.
    """
    run = _Run(requests, manners, clock, robots)
    try:
        yield from run.answers()
    finally:
        run.close()
