"""Where an article's page lies: given once, for ever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from broadsheet import urls
from broadsheet.model import article_path
from broadsheet.store import queue
from broadsheet.store.connection import Connection
from broadsheet.text import plain_title


def given(connection: Connection) -> dict[str, str]:
    """Return addresses, by article, that the site has and the store does not know (after a repair)."""
    return msgspec.json.decode(queue.get_meta(connection, "addresses") or "{}", type=dict[str, str])


def permalink(known: Mapping[str, str], article_id: str, seen: datetime, title: str = "") -> str:
    """Return the address of a new article: one that the site has already, or one of the day on which it was first seen.

    ``title`` puts its words before the id.
    """
    name = urls.readable(plain_title(title), article_id) if title else article_id
    return known.get(article_id) or article_path(seen, name)
