"""Which entries of a document are taken: by patterns and age, then the newest (or the first) up to the limit. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from broadsheet.model import Entry, Feed, Filters
from broadsheet.text import collapse, compile_pattern, plain_title, visible_text

_OLDEST = datetime(1, 1, 1, tzinfo=UTC)
_TEXT = 20_000
_FIELDS: tuple[Literal["title", "description", "author", "category"], ...] = (
    "title", "description", "author", "category",
)  # fmt: skip

Test = Callable[[str], bool]


def select(entries: Sequence[Entry], feed: Feed, fetched: datetime) -> list[Entry]:
    """Return the entries that the subscription wants, in document order.

    A pattern looks at what a reader sees of title, text, authors and categories; the text is cut at 20,000 characters.
    The age is counted back from ``fetched``; what has no date is of no age and stays.
    """
    wanted = list(entries)
    if feed.filters != Filters():
        passes = _passing(feed.filters)
        wanted = [entry for entry in wanted if passes(entry)]
    if feed.filter_time:
        wanted = [entry for entry in wanted if not _is_older(entry, feed, fetched)]
    if feed.limit and len(wanted) > feed.limit:
        if not feed.sorted:
            return wanted[: feed.limit]
        moments = _moments(wanted)
        newest = sorted(range(len(wanted)), key=moments.__getitem__, reverse=True)
        wanted = [wanted[place] for place in sorted(newest[: feed.limit])]
    return wanted


def _moments(entries: Sequence[Entry]) -> list[datetime]:
    """Return when each entry was published; one that does not say so is as new as the one behind it."""
    moments: list[datetime] = []
    behind = _OLDEST
    for entry in reversed(entries):
        behind = entry.published or entry.updated or behind
        moments.append(behind)
    return moments[::-1]


def _is_older(entry: Entry, feed: Feed, fetched: datetime) -> bool:
    moment = entry.published or entry.updated
    # As a difference: year 1 less a few hours is no date.
    age = (fetched - moment) + timedelta(hours=feed.zone_offset or 0) if moment else timedelta(0)
    return age.total_seconds() > feed.filter_time


def _passing(filters: Filters) -> Callable[[Entry], bool]:
    """Return what tells whether an entry meets every ``include`` list and no ``exclude`` list."""
    wanted = {name: _tests(getattr(filters, f"include_{name}")) for name in _FIELDS}
    unwanted = {name: _tests(getattr(filters, f"exclude_{name}")) for name in _FIELDS}
    include, exclude = _tests(filters.include), _tests(filters.exclude)

    def passes(entry: Entry) -> bool:
        values = {
            "title": [plain_title(entry.title)],
            "description": [visible_text(entry.content or entry.summary)[:_TEXT]],
            "author": [collapse(str(person)) for person in entry.authors],
            "category": [collapse(name) for name in entry.categories],
        }
        whole = [
            "\n".join(
                (*values["title"], " ".join(values["author"]), " ".join(values["category"]), *values["description"])
            )
        ]
        if (include and not _any(include, whole)) or _any(exclude, whole):
            return False
        return all(
            not (wanted[name] and not _any(wanted[name], values[name])) and not _any(unwanted[name], values[name])
            for name in _FIELDS
        )

    return passes


def _tests(patterns: Sequence[str]) -> list[Test]:
    return [compile_pattern(pattern) for pattern in patterns]


def _any(tests: Sequence[Test], values: Sequence[str]) -> bool:
    return any(test(value) for test in tests for value in values)
