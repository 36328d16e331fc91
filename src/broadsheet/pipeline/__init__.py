"""The stages in their order, and the run: the only place that knows the order.

poll -> parse -> merge -> backfill -> fetch -> extract -> more -> media -> relate -> zone -> plan -> render -> write
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from broadsheet.pipeline.run import Run


class Stage(NamedTuple):
    """A step of the update: its name, its version, and the function that does what is due."""

    name: str
    version: int
    work: Callable[[Run], None]


def update_stages() -> list[Stage]:
    """Return the stages from poll to zone. ``parse`` merges what it reads, in the same transaction."""
    from broadsheet.pipeline import backfill, extract, fetch, media, merge, poll, relate, zones

    return [
        Stage("poll", poll.POLL_VERSION, poll.poll),
        Stage("parse", merge.PARSE_VERSION, merge.parse_and_merge),
        Stage("backfill", backfill.BACKFILL_VERSION, backfill.backfill),
        Stage("fetch", fetch.FETCH_VERSION, fetch.fetch),
        Stage("extract", extract.EXTRACT_VERSION, extract.extract),
        Stage("more", fetch.MORE_VERSION, fetch.more),
        Stage("media", media.MEDIA_VERSION, media.media),
        Stage("relate", relate.RELATE_VERSION, relate.relate),
        Stage("zone", zones.ZONE_VERSION, zones.zones),
    ]


REDOABLE = ("parse", "extract", "media", "relate")
"""Stages that can be done again from what is kept; all but media without a request."""


def update(run: Run, *, redo: str = "") -> None:
    """Do everything from poll to relate; with ``redo``, one stage and what follows from it, without polling."""
    from broadsheet.pipeline import hosts
    from broadsheet.store import articles, queue

    hosts.recall_robots(run)
    known = dict(run.robots)
    stages = update_stages()
    with run.store.begin() as connection:
        for stage in stages:
            if stage.name in REDOABLE:
                queue.upgrade(connection, stage.name, stage.version)
        if redo == "media":
            # A finished article no longer knows where its pictures come from; it is made again, and asks for those it lacks.
            articles.forget_pictures(connection, lambda path: (run.store.state_dir / path).exists())
            redo = "extract"
        if redo:
            queue.redo(connection, redo)
    names = [stage.name for stage in stages]
    for stage in stages[names.index(redo) if redo else 0 :]:
        if redo and stage.name in ("fetch", "more"):
            continue
        started = time.monotonic()
        stage.work(run)
        run.report.stage(stage.name).seconds += time.monotonic() - started
    if run.robots != known:
        hosts.keep_robots(run)


def build(run: Run, *, full: bool = False) -> None:
    """Plan, render and write the site."""
    from broadsheet.pipeline import publish

    publish.build(run, full=full)
