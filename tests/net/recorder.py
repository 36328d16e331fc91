"""Fakes at the two seams below the client: who answers for a name, and who connects."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from broadsheet.model import Outcome, Request, Response
from broadsheet.net.client import Client, Manners

MANNERS = Manners(user_agent="Broadsheet/test (+https://paper.example/)", delay=0.0, timeout=2.0, robots=False)


class Resolver:
    """Answers for names from a table, each time the next of its answers; the last one for ever."""

    def __init__(self, table: dict[str, Sequence[Sequence[str]]], default: Sequence[str] = ("127.0.0.1",)) -> None:
        self._table = table
        self._default = default
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int, *, type: int, family: int) -> list[Any]:  # noqa: A002
        count = self.asked.count(host)
        self.asked.append(host)
        answers = self._table.get(host.rstrip("."), (self._default,))
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, type, 6, "", (address, port))
            for address in answers[min(count, len(answers) - 1)]
        ]


class RecordingLoop(asyncio.SelectorEventLoop):
    """An event loop that opens connections to loopback only, and notes every address that was to be connected to."""

    def __init__(self) -> None:
        super().__init__()
        self.connects: list[tuple[str, int]] = []

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        self.connects.append((address[0], address[1]))
        if address[0] not in ("127.0.0.1", "::1"):
            raise ConnectionRefusedError(111, "nobody is contacted")
        await super().sock_connect(sock, address)


def ask(
    *requests: Request, manners: Manners = MANNERS, lookup: Callable[..., Any] | None = None
) -> tuple[list[Outcome[Response]], list[tuple[str, int]]]:
    """Return the outcomes, and the addresses that were to be connected to."""
    loops: list[RecordingLoop] = []

    def make() -> RecordingLoop:
        loops.append(RecordingLoop())
        return loops[-1]

    async def work() -> list[Outcome[Response]]:
        async with Client.open(manners, lookup=lookup or Resolver({})) as client:
            return [await client.fetch(request) for request in requests]

    with asyncio.Runner(loop_factory=make) as runner:
        return runner.run(work()), loops[0].connects


def run(work: Callable[[Client], Coroutine[Any, Any, Any]], manners: Manners = MANNERS) -> Any:
    """Return what a coroutine function makes of a client."""

    async def whole() -> Any:
        async with Client.open(manners) as client:
            return await work(client)

    return asyncio.run(whole())
