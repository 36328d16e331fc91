"""What was taken down and is refused from then on."""

from __future__ import annotations

from datetime import datetime

from broadsheet.store import sa, tables
from broadsheet.store.bulk import Insert, Query
from broadsheet.store.connection import Connection
from broadsheet.store.database import from_micros, to_micros

_REFUSE = Insert("tombstones", ("target", "kind", "at", "note"), conflict="nothing")
_TARGETS = Query("SELECT target FROM tombstones WHERE kind = ?")


def remember(connection: Connection, target: str, kind: str, note: str, at: datetime) -> None:
    """Refuse this target from now on. ``kind`` is ``article``, ``feed`` or ``domain``."""
    _REFUSE(connection, [(target, kind, to_micros(at), note)])


def targets(connection: Connection, kind: str) -> set[str]:
    """Return all refused targets of a kind."""
    return set(_TARGETS(connection, kind).scalars())


def note_of(connection: Connection, article_id: str) -> tuple[datetime, str] | None:
    """Return when and why an article was taken down."""
    row = connection.execute(
        sa.select(tables.tombstones.c.at, tables.tombstones.c.note).where(tables.tombstones.c.target == article_id)
    ).one_or_none()
    return (from_micros(row.at), row.note) if row else None
