"""When to look again, and what an answer means for a feed. Pure: states in, states out.

A feed is due at every run unless something speaks against it: a server that asked to be left alone (Retry-After), a
row of failures (5 minutes, doubled up to a day), or 410 twice. One bad answer never resets anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from broadsheet.model import Failed, FeedInfo, FeedState, Response
from broadsheet.text import plain_title

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(days=1)
LONGEST_RETRY_AFTER = timedelta(days=7)
MOVES_TO_STORE = 3
"""So many permanent redirects to one address, each leading to a feed, before that address is asked at once."""
GONE_TO_STOP = 2
LONGEST_VALIDATOR = 1024
"""Characters."""


def is_due(state: FeedState, now: datetime) -> bool:
    """Return whether the feed is to be asked."""
    return not state.gone and (state.next_check is None or state.next_check <= now)


def after_failure(state: FeedState, failure: Failed, now: datetime) -> FeedState:
    """Return the state after an answer that was none: the pause grows, everything else is kept."""
    failures = state.failures + 1
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 12), LONGEST_PAUSE)
    if failure.retry_after is not None:
        pause = max(pause, min(timedelta(seconds=failure.retry_after), LONGEST_RETRY_AFTER))
    gone_seen = state.gone_seen + 1 if failure.status == 410 else 0
    return msgspec.structs.replace(
        state, checked=now, failures=failures, failing_since=state.failing_since or now, error=failure.message,
        next_check=now + pause, gone_seen=gone_seen, gone=gone_seen >= GONE_TO_STOP,
    )  # fmt: skip


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


def after_success(state: FeedState, at: datetime) -> FeedState:
    """Return the state after an answer that is a feed, or says that nothing has changed."""
    return msgspec.structs.replace(
        state, succeeded=at, failures=0, failing_since=None, error="", next_check=None, gone_seen=0, gone=False
    )


def with_document(state: FeedState, headers: Mapping[str, str], body: str, feed: FeedInfo) -> FeedState:
    """Return the state that remembers a document. Validators are kept only behind a body that is a feed."""
    return msgspec.structs.replace(
        state, etag=_validator(headers, "etag"), last_modified=_validator(headers, "last-modified"), body=body,
        title=plain_title(feed.title) or state.title, link=feed.link or state.link,
        language=feed.language or state.language,
    )  # fmt: skip


def _validator(headers: Mapping[str, str], name: str) -> str:
    """Return a validator that can be sent back as it is, or nothing: a long or broken one would spoil every request."""
    value = headers.get(name, "")
    return value if len(value) <= LONGEST_VALIDATOR and value.isascii() and value.isprintable() else ""


def permanent_target(answer: Response) -> str:
    """Return where an answer's address has moved for good: all its redirects are 301 or 308 on one site or to https."""
    if answer.redirects and all(status in (301, 308) for status, _ in answer.redirects):
        return answer.redirects[-1][1]
    return ""


def addresses(state: FeedState, urls: tuple[str, ...]) -> tuple[str, ...]:
    """Return the addresses to ask, in order: first the one that the feed has moved to, once that is sure."""
    if state.moved_to and state.moved_seen >= MOVES_TO_STORE:
        return (state.moved_to, *urls)
    return urls
