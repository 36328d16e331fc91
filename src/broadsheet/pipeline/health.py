"""How each feed is doing: what ``broadsheet status`` shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from broadsheet import urls
from broadsheet.config import Config
from broadsheet.feeds import rsshub, schedule, zone
from broadsheet.model import Feed, FeedState
from broadsheet.pipeline import hosts
from broadsheet.store import feeds
from broadsheet.store.connection import Connection

WEEKS = 4
"""Over which the entries a week are counted."""
ALARMING = timedelta(days=7)
"""A feed that has failed for so long comes first."""


class FeedHealth(msgspec.Struct, kw_only=True):
    """One feed's line of the status."""

    url: str
    title: str
    section: str
    articles: int
    """Published ones."""
    per_week: float
    """Entries a week, over the last four weeks."""
    last_success: datetime | None
    next_check: datetime | None
    """None: at the next run, or never (``gone``)."""
    why: str
    """Why then: a code of ``feeds.schedule.Due``."""
    why_by: str
    """Of a wish: what says so."""
    failures: int
    """In a row."""
    failing_since: datetime | None
    alarming: bool
    """Whether it has failed for a week."""
    error: str
    """The last failure in words."""
    gone: bool
    answers: int
    unchanged: int
    """Answers that were 304."""
    saved_bytes: int
    """What these did not send."""
    moved_to: str
    served_by: str
    zone_offset: int
    """Hours that its dates are ahead of the truth."""
    zone_by: str
    """What says so: ``config``, ``future``, ``twins``, or nothing."""


def health(connection: Connection, config: Config, wanted: Sequence[Feed], now: datetime) -> list[FeedHealth]:
    """Return how each subscription is doing: first those that have failed for a week, then those that fail, the longest first."""
    ids = [feed.id for feed in wanted]
    states = feeds.states_of(connection, ids)
    counts = feeds.article_counts(connection, ids)
    recent = feeds.recent_counts(connection, now - timedelta(weeks=WEEKS))
    resting = hosts.left_alone(connection)
    lines = [
        _line(feed, states.get(feed.id, FeedState(feed_id=feed.id)), counts, recent, _due(config, feed, states, resting, now), now)
        for feed in wanted
    ]  # fmt: skip
    return sorted(
        lines,
        key=lambda line: (
            not line.alarming, not line.failures, line.failing_since.timestamp() if line.failing_since else 0.0,
            line.section, line.url,
        ),
    )  # fmt: skip


def _due(
    config: Config, feed: Feed, states: dict[str, FeedState], resting: dict[str, datetime], now: datetime
) -> schedule.Due:
    state = states.get(feed.id, FeedState(feed_id=feed.id))
    addresses = schedule.addresses(state, rsshub.expand(feed.url, config.rsshub.instances))
    if (until := schedule.resting(resting, addresses, now)) and not state.gone:
        return schedule.Due(at=until, why="host")
    return schedule.due(state, now, schedule.bounds(feed, config.poll.min_interval, config.poll.max_interval))


def _line(
    feed: Feed, state: FeedState, counts: dict[str, int], recent: dict[str, int], due: schedule.Due, now: datetime
) -> FeedHealth:
    return FeedHealth(
        url=urls.without_userinfo(feed.url), title=feed.title or state.title, section="/".join(feed.section),
        articles=counts.get(feed.id, 0), per_week=round(recent.get(feed.id, 0) / WEEKS, 2), last_success=state.succeeded,
        next_check=due.at if due.at and due.at > now else None, why=due.why if not due.at or due.at > now else "run",
        why_by=due.by, failures=state.failures, failing_since=state.failing_since,
        alarming=state.failing_since is not None and now - state.failing_since >= ALARMING, error=state.error,
        gone=state.gone, answers=state.answers, unchanged=state.unchanged, saved_bytes=state.saved_bytes,
        moved_to=state.moved_to, served_by=state.served_by,
        zone_offset=zone.offset(feed, state),
        zone_by=state.zone_by if feed.zone_offset is None else "config",
    )  # fmt: skip
