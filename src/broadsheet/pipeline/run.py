"""What the stages of one run share: configuration, store, engine, the time, progress, and the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from broadsheet.config import Config
from broadsheet.engine import Engine
from broadsheet.model import Done, Outcome, Response
from broadsheet.net.robots import Texts
from broadsheet.store.blobs import Written
from broadsheet.store.database import Store

if TYPE_CHECKING:
    from broadsheet.articles.rules import Rules

REPORT_VERSION = 1
T = TypeVar("T")


class Progress(Protocol):
    """Who is told how far a stage is."""

    def start(self, stage: str, total: int) -> None:
        """A stage begins with so many items."""

    def advance(self, stage: str, count: int = 1) -> None:
        """So many more items are done."""

    def end(self, stage: str) -> None:
        """The stage is over."""


class Silent:
    """Tells nobody."""

    def start(self, stage: str, total: int) -> None:
        """Nothing."""

    def advance(self, stage: str, count: int = 1) -> None:
        """Nothing."""

    def end(self, stage: str) -> None:
        """Nothing."""


class FeedReport(msgspec.Struct, kw_only=True):
    """What became of one feed in a run."""

    url: str
    title: str = ""
    outcome: str = "not due"
    """``new``, ``unchanged``, ``failed`` or ``not due``."""
    new: int = 0
    changed: int = 0
    why: str = ""
    """Of a failure, in words; of a feed not due, why."""
    next: datetime | None = None
    """Of a feed not due: when it is."""
    problems: tuple[str, ...] = ()


class StageReport(msgspec.Struct, kw_only=True):
    """What a stage did in a run."""

    done: int = 0
    skipped: int = 0
    failed: int = 0
    seconds: float = 0.0


class Report(msgspec.Struct, kw_only=True):
    """One run, as it is written to ``.broadsheet/runs/``. ``version`` changes when a field changes its meaning."""

    version: int = REPORT_VERSION
    id: str = ""
    """Of this run, unlike any other's."""
    command: str = ""
    started: datetime
    seconds: float = 0.0
    feeds: dict[str, FeedReport] = {}
    stages: dict[str, StageReport] = {}
    failures: list[str] = []
    """Items that failed, in words."""
    articles_new: int = 0
    articles_changed: int = 0
    pages_written: int = 0
    pages_removed: int = 0
    bytes_written: int = 0
    bytes_read: int = 0
    """From the network, as they came over the wire."""

    def stage(self, name: str) -> StageReport:
        """Return the stage's part of the report."""
        return self.stages.setdefault(name, StageReport())


class Run(msgspec.Struct, kw_only=True):
    """One run over one newspaper."""

    folder: Path
    config: Config
    store: Store
    engine: Engine
    now: datetime
    report: Report
    progress: Any = msgspec.field(default_factory=Silent)
    clock: Callable[[], datetime]
    """Tells the time (UTC); ``now`` is when the run began."""
    rules: Mapping[str, Rules] = {}
    """A person's rules for sites, by domain."""
    only_feed: str = ""
    """Address of the one feed to update; all when empty."""
    everything: bool = False
    """Ask every feed, due or not."""
    robots: Texts = msgspec.field(default_factory=dict)
    """What robots.txt of origins said, in this run and a day before."""

    @property
    def output(self) -> Path:
        """The folder that the site is written to."""
        return self.folder / self.config.site.output


def kept(run: Run, group: Iterable[Outcome[Response]]) -> tuple[list[tuple[Response, str]], Written]:
    """Write the bodies of a group's answers, and return the answers that have one, each with the digest of its body.

    The bodies are still to be entered in the transaction that saves the group.
    """
    full = [answer.value for answer in group if isinstance(answer, Done) and answer.value.status != 304]
    written = run.store.blobs.write([answer.body for answer in full])
    return list(zip(full, written.digests, strict=True)), written


def batches(
    items: Iterable[T], size: int, *, weight: Callable[[T], int] | None = None, limit: int = 0
) -> Iterator[Sequence[T]]:
    """Yield the items in lists of at most ``size``; with ``weight``, a list also ends when it weighs ``limit``."""
    batch: list[T] = []
    heavy = 0
    for item in items:
        batch.append(item)
        heavy += weight(item) if weight else 0
        if len(batch) >= size or (weight and heavy >= limit):
            yield batch
            batch, heavy = [], 0
    if batch:
        yield batch
