"""What each source repeats, with its age and evidence."""

from __future__ import annotations

from datetime import datetime

import msgspec

from broadsheet.articles.template import Template
from broadsheet.store import sa, tables
from broadsheet.store.bulk import Insert
from broadsheet.store.connection import Connection
from broadsheet.store.database import to_micros

_SAVE = Insert("templates", ("key", "digest", "learnt", "samples", "data"), conflict="update", key=("key",))


def get(connection: Connection, key: str) -> Template | None:
    """Return the template of a source."""
    data = connection.scalar(sa.select(tables.templates.c.data).where(tables.templates.c.key == key))
    return msgspec.json.decode(data, type=Template) if data else None


def save(connection: Connection, key: str, template: Template, learnt: datetime) -> None:
    """Keep the template of a source."""
    row = (key, template.digest(), to_micros(learnt), template.samples, msgspec.json.encode(template))
    _SAVE(connection, [row])
