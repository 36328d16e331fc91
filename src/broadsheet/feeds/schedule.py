"""When to look again, and what an answer means for a feed. Pure: states in, states out.

A feed is due when its source's wishes and its own rhythm allow (``due``), unless something speaks against it: a server
that asked to be left alone (Retry-After), a row of failures, or 410 twice. One bad answer never resets anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from broadsheet import urls
from broadsheet.feeds import hints
from broadsheet.model import Failed, Feed, FeedInfo, FeedState, Record, Response
from broadsheet.text import digest, plain_title

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(days=1)
"""Of our own accord and by a source's hints; of failures, while they are younger than ten days."""
LONGEST_RETRY_AFTER = timedelta(days=7)
"""Nothing silences a feed for longer."""
SHARE = 0.1
"""Of the time that a feed has been silent (or has failed) that we leave it alone."""
SPREAD = 0.1
"""Our own pauses are longer by up to this share, by the feed's id: feeds that began together drift apart."""
FULL_AFTER = timedelta(days=8)
"""A feed that has only said 304 for so long is asked without validators: a 304 can be a lie."""
CLOCK_SLACK = timedelta(hours=1)
"""A feed that was asked later than so long from now was asked by a clock that has gone back since."""
MOVES_TO_STORE = 3
"""So many permanent redirects to one address, each leading to a feed, before that address is asked at once."""
GONE_TO_STOP = 2
LONGEST_VALIDATOR = 1024
"""Characters."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Bounds(Record, frozen=True, kw_only=True):
    """Between what a feed's pause must lie, in seconds; the shortest wins over the longest."""

    shortest: float = 0.0
    longest: float = LONGEST_PAUSE.total_seconds()


class Due(Record, frozen=True, kw_only=True):
    """When a feed is to be asked next, and why then. ``at`` is None for a feed that is not asked any more."""

    at: datetime | None
    why: str
    """``new``, ``gone``, ``failed``, ``retry-after``, ``host``, ``wish``, ``skip``, ``rhythm``, ``shortest`` or ``run``."""
    by: str = ""
    """Of a wish: what says so."""


def bounds(feed: Feed, shortest: float, longest: float) -> Bounds:
    """Return a feed's bounds: its own, else those given; all in minutes."""
    return Bounds(
        shortest=60 * (shortest if feed.min_interval is None else feed.min_interval),
        longest=min(60 * (longest if feed.max_interval is None else feed.max_interval), LONGEST_PAUSE.total_seconds()),
    )


def due(state: FeedState, now: datetime, within: Bounds | None = None) -> Due:
    """Return when a feed is to be asked next; what lies in the past or is ``now`` is due at once.

    After a good answer the pause is the longest of what the headers ask, what the document asks and our own pause,
    within bounds; ``skipHours`` and ``skipDays`` then move the moment on.
    """
    if state.gone:
        return Due(at=None, why="gone")
    if state.checked is not None and state.checked > now + CLOCK_SLACK:
        return Due(at=_LONG_AGO, why="run")  # the clock was wrong then: what was reckoned with it counts no longer
    if state.next_check is not None:
        asked = state.left_alone_until is not None and state.left_alone_until >= state.next_check
        return Due(at=state.next_check, why="retry-after" if asked else "failed")
    if state.checked is None or state.succeeded is None:
        return Due(at=_LONG_AGO, why="new")
    within = within or Bounds()
    seconds, why, by = max(
        (own_pause(state), "rhythm", ""),
        (state.header_wish.seconds, "wish", state.header_wish.by),
        (state.document_wish.seconds, "wish", state.document_wish.by),
    )
    seconds = min(seconds, within.longest)
    if within.shortest > seconds:
        seconds, why, by = within.shortest, "shortest", ""
    at = state.checked + timedelta(seconds=seconds)
    if why == "wish" and by in ("ttl", "sy:updatePeriod"):
        # Said in minutes, so taken to the minute: an hourly run meets an hourly feed every hour.
        at = at.replace(second=0, microsecond=0)
    later = hints.outside_skips(max(at, now), state.skip_hours, state.skip_days)
    if later > max(at, now):
        return Due(at=later, why="skip")
    return Due(at=at, why=why if at > now else "run", by=by if at > now else "")


def is_due(state: FeedState, now: datetime, within: Bounds | None = None) -> bool:
    """Return whether the feed is to be asked."""
    at = due(state, now, within).at
    return at is not None and at <= now


def own_pause(state: FeedState) -> float:
    """Return the seconds that a feed is left alone of our own accord.

    A tenth of the time that it has been silent, so that news comes late by a tenth of the time since the last; but at
    most half the time that its document covers, so that nothing falls out of it unseen.
    """
    if state.checked is None or state.news is None:
        return 0.0
    pause = SHARE * max(0.0, (state.checked - state.news).total_seconds())
    return _spread(min(pause, state.window / 2) if state.window else pause, state.feed_id)


def _spread(seconds: float, feed_id: str) -> float:
    return seconds * (1 + SPREAD * int(digest(feed_id)[:8], 16) / 2**32)


def after_failure(state: FeedState, failure: Failed, now: datetime) -> FeedState:
    """Return the state after an answer that was none: the pause grows, everything else is kept.

    5 minutes, doubled up to a day; after ten days of failures a tenth of their time, up to a week, for ever.
    """
    failures = state.failures + 1
    since = state.failing_since or now
    ceiling = max(LONGEST_PAUSE.total_seconds(), SHARE * (now - since).total_seconds())
    pause = min((FIRST_PAUSE * 2 ** min(failures - 1, 20)).total_seconds(), ceiling)
    pause = min(_spread(pause, state.feed_id), LONGEST_RETRY_AFTER.total_seconds())
    alone = None
    if failure.retry_after is not None:
        alone = now + min(timedelta(seconds=failure.retry_after), LONGEST_RETRY_AFTER)
    gone_seen = state.gone_seen + 1 if failure.status == 410 else 0
    next_check = now + timedelta(seconds=pause)
    return msgspec.structs.replace(
        state, checked=now, failures=failures, failing_since=since, error=failure.message,
        next_check=max(next_check, alone) if alone else next_check, left_alone_until=alone,
        gone_seen=gone_seen, gone=gone_seen >= GONE_TO_STOP,
    )  # fmt: skip


def left_alone(hosts: Mapping[str, datetime], failures: Iterable[Failed], now: datetime) -> dict[str, datetime]:
    """Return the hosts (``host:port``) that want to be left alone, each with until when, after more failures.

    A 429 speaks for its whole host (RFC 6585, section 4); a 503 only for its address.
    """
    found = {host: until for host, until in hosts.items() if now < until <= now + LONGEST_RETRY_AFTER}
    for failure in failures:
        if failure.host:
            pause = timedelta(seconds=failure.retry_after or 0)
            until = now + min(max(pause, FIRST_PAUSE), LONGEST_RETRY_AFTER)
            found[failure.host] = max(until, found.get(failure.host, until))
    return found


def resting(hosts: Mapping[str, datetime], addresses: Iterable[str], now: datetime) -> datetime | None:
    """Return until when all of the addresses are left alone for their hosts' sake, or None."""
    if not hosts:
        return None
    until = min((hosts.get(urls.host_and_port(address), now) for address in addresses), default=now)
    # Further away than ever asked for: reckoned by a clock that has gone back since.
    return until if now < until <= now + LONGEST_RETRY_AFTER else None


def after_contact(state: FeedState, answer: Response) -> FeedState:
    """Return the state after any good answer, before it is known whether its body is a feed."""
    moved_to, seen = permanent_target(answer), 0
    if moved_to:
        seen = state.moved_seen + 1 if moved_to == state.moved_to else 1
    elif answer.url == state.moved_to:
        moved_to, seen = state.moved_to, state.moved_seen
    return msgspec.structs.replace(
        state, checked=answer.fetched, moved_to=moved_to, moved_seen=seen, served_by=answer.url
    )


def after_success(state: FeedState, at: datetime, *, news: bool = False) -> FeedState:
    """Return the state after an answer that is a feed, or says that nothing has changed."""
    return msgspec.structs.replace(
        state, succeeded=at, failures=0, failing_since=None, error="", next_check=None, left_alone_until=None,
        gone_seen=0, gone=False, news=at if news or state.news is None else state.news,
    )  # fmt: skip


def counted(state: FeedState, answer: Response) -> FeedState:
    """Return the state that has counted an answer: how many there were, what 304 saved, how long to wait."""
    whole = answer.status != 304
    return msgspec.structs.replace(
        state, answers=state.answers + 1, unchanged=state.unchanged + (not whole),
        refreshed=answer.fetched if whole else state.refreshed,
        document_bytes=answer.wire_bytes if whole else state.document_bytes,
        saved_bytes=state.saved_bytes + (0 if whole else state.document_bytes),
        header_wish=hints.of_headers(answer.headers, answer.fetched)
        if whole or {"cache-control", "expires"} & answer.headers.keys()
        else state.header_wish,
    )  # fmt: skip


def with_hints(state: FeedState, feed: FeedInfo, window: float) -> FeedState:
    """Return the state that remembers when a document wants to be asked for, and how much time it covers."""
    return msgspec.structs.replace(
        state, document_wish=hints.of_document(feed), skip_hours=feed.skip_hours, skip_days=feed.skip_days,
        window=window,
    )  # fmt: skip


def validators(state: FeedState, now: datetime) -> tuple[str, str]:
    """Return the ETag and Last-Modified to send; none where a whole document is to come again."""
    if state.refreshed is None or now - state.refreshed >= FULL_AFTER:
        return "", ""
    return state.etag, state.last_modified


def with_validators(state: FeedState, headers: Mapping[str, str]) -> FeedState:
    """Return the state that remembers the validators of a document whose body is known already."""
    return msgspec.structs.replace(
        state, etag=_validator(headers, "etag"), last_modified=_validator(headers, "last-modified")
    )


def with_document(state: FeedState, headers: Mapping[str, str], body: str, feed: FeedInfo) -> FeedState:
    """Return the state that remembers a document. Validators are kept only behind a body that is a feed."""
    return msgspec.structs.replace(
        with_validators(state, headers), body=body, title=plain_title(feed.title) or state.title,
        link=feed.link or state.link, language=feed.language or state.language,
    )  # fmt: skip


def _validator(headers: Mapping[str, str], name: str) -> str:
    """Return a validator that can be sent back as it is, or nothing: a long or broken one would spoil every request."""
    value = headers.get(name, "")
    return value if len(value) <= LONGEST_VALIDATOR and value.isascii() and value.isprintable() else ""


def permanent_target(answer: Response) -> str:
    """Return where an answer's address has moved for good: all its redirects are 301 or 308, on one site.

    To another site it is followed at every poll and not stored: whoever comes to own the name would own the feed.
    """
    if answer.redirects and all(status in (301, 308) for status, _ in answer.redirects):
        target = answer.redirects[-1][1]
        return target if urls.registrable_domain(target) == urls.registrable_domain(answer.url) else ""
    return ""


def addresses(state: FeedState, urls: tuple[str, ...]) -> tuple[str, ...]:
    """Return the addresses to ask, in order: first the one that the feed has moved to, once that is sure."""
    if state.moved_to and state.moved_seen >= MOVES_TO_STORE:
        return (state.moved_to, *urls)
    return urls
