"""What hosts ask of us, remembered over stages and runs: to be left alone (429), and their robots.txt, for a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from broadsheet.feeds import schedule
from broadsheet.model import Failed
from broadsheet.net.robots import Texts, fresh
from broadsheet.pipeline.run import Run
from broadsheet.store import queue
from broadsheet.store.connection import Connection

_LONGEST, _MOST = 16 * 1024, 5_000
"""Characters of a robots.txt, and how many, that are kept from run to run; the others are read once a run."""


def left_alone(connection: Connection) -> dict[str, datetime]:
    """Return the hosts (``host:port``) that want to be left alone, each with until when."""
    return msgspec.json.decode(queue.get_meta(connection, "hosts") or b"{}", type=dict[str, datetime])


def remember(run: Run, hosts: Mapping[str, datetime], failures: Iterable[Failed]) -> None:
    """Keep which hosts want to be left alone, for this run's later stages and the next runs."""
    after = schedule.left_alone(hosts, failures, run.now)
    if after != hosts:
        with run.store.begin() as connection:
            queue.set_meta(connection, "hosts", msgspec.json.encode(after).decode())


def recall_robots(run: Run) -> None:
    """Give a run what robots.txt of origins said within a day."""
    with run.store.read() as connection:
        kept = msgspec.json.decode(queue.get_meta(connection, "robots") or b"{}", type=Texts)
    run.robots.update(fresh(kept, run.now.timestamp()))


def keep_robots(run: Run) -> None:
    """Keep what robots.txt of origins said, the newest ones, for the runs of a day."""
    short = {origin: read for origin, read in run.robots.items() if len(read[1]) <= _LONGEST}
    newest = dict(sorted(short.items(), key=lambda item: (-item[1][0], item[0]))[:_MOST])
    with run.store.begin() as connection:
        queue.set_meta(connection, "robots", msgspec.json.encode(newest).decode())
