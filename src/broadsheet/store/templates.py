"""What each source repeats, with its age and evidence."""

from __future__ import annotations

from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from broadsheet.articles.template import Template
from broadsheet.store.database import to_micros
from broadsheet.store.schema import templates


def get(connection: Connection, key: str) -> Template | None:
    """Return the template of a source."""
    data = connection.scalar(sa.select(templates.c.data).where(templates.c.key == key))
    return msgspec.json.decode(data, type=Template) if data else None


def save(connection: Connection, key: str, template: Template, learnt: datetime) -> None:
    """Keep the template of a source."""
    values = {
        "digest": template.digest(), "learnt": to_micros(learnt), "samples": template.samples,
        "data": msgspec.json.encode(template),
    }  # fmt: skip
    statement = insert(templates).values(key=key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))
