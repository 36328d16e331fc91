"""One demo server for all tests of a file, and a plain way to ask it."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from broadsheet.demo import DemoServer


@dataclass(frozen=True)
class Reply:
    """What came back, byte for byte; no redirect followed, nothing decompressed."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(server: DemoServer, path: str, method: str = "GET", **headers: str) -> Reply:
    """Return the reply to one request; underscores in header names stand for hyphens."""
    connection = http.client.HTTPConnection(server.address, timeout=10)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    """The first edition, with a slow feed that is not very slow."""
    with DemoServer(slow=0.05) as running:
        yield running
