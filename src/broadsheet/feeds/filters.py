"""Which entries of a document are taken: newest first up to the limit, by the feed's patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from broadsheet.model import Entry, Feed
from broadsheet.text import plain_title, visible_text

_OLDEST = datetime(1, 1, 1, tzinfo=UTC)


def select(entries: Sequence[Entry], feed: Feed) -> list[Entry]:
    """Return the entries that the subscription wants, in document order.

    A pattern looks at title, text, authors and categories; the text is cut at 20,000 characters.
    """
    wanted = list(entries)
    if feed.filters.include or feed.filters.exclude:
        include = [re.compile(pattern) for pattern in feed.filters.include]
        exclude = [re.compile(pattern) for pattern in feed.filters.exclude]
        wanted = [entry for entry in wanted if _passes(entry, include, exclude)]
    if feed.limit and len(wanted) > feed.limit:
        newest = sorted(wanted, key=lambda entry: entry.published or entry.updated or _OLDEST, reverse=True)
        kept = {id(entry) for entry in newest[: feed.limit]}
        wanted = [entry for entry in wanted if id(entry) in kept]
    return wanted


def _passes(entry: Entry, include: list[re.Pattern[str]], exclude: list[re.Pattern[str]]) -> bool:
    text = "\n".join(
        (
            plain_title(entry.title), " ".join(map(str, entry.authors)), " ".join(entry.categories),
            visible_text(entry.content or entry.summary)[:20_000],
        )
    )  # fmt: skip
    if include and not any(pattern.search(text) for pattern in include):
        return False
    return not any(pattern.search(text) for pattern in exclude)
