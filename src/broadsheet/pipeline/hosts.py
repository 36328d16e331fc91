"""Hosts that asked to be left alone (429), remembered over stages and runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from sqlalchemy.engine import Connection

from broadsheet.feeds import schedule
from broadsheet.model import Failed
from broadsheet.pipeline.run import Run
from broadsheet.store import queue


def left_alone(connection: Connection) -> dict[str, datetime]:
    """Return the hosts (``host:port``) that want to be left alone, each with until when."""
    return msgspec.json.decode(queue.get_meta(connection, "hosts") or b"{}", type=dict[str, datetime])


def remember(run: Run, hosts: Mapping[str, datetime], failures: Iterable[Failed]) -> None:
    """Keep which hosts want to be left alone, for this run's later stages and the next runs."""
    after = schedule.left_alone(hosts, failures, run.now)
    if after != hosts:
        with run.store.begin() as connection:
            queue.set_meta(connection, "hosts", msgspec.json.encode(after).decode())
