"""What waits for a stage, and what each stage did: by item, version and digest of the input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from broadsheet.store import sa, tables
from broadsheet.store.bulk import Insert, Query
from broadsheet.store.connection import Connection
from broadsheet.store.database import to_micros

_PUT = Insert("due", ("stage", "item", "not_before", "attempts"), conflict="update", key=("stage", "item"))
_RECORD = Insert(
    "ledger", ("stage", "item", "version", "input", "outcome", "note", "at"), conflict="update", key=("stage", "item")
)
_META = Insert("meta", ("key", "value"), conflict="update", key=("key",))
_VALUE = Query("SELECT value FROM meta WHERE key = ?")
_WAITING = Query("SELECT item FROM due WHERE stage = ? AND (not_before <= ? OR not_before > ?) ORDER BY item")
_DROP = Query("DELETE FROM due WHERE stage = ? AND item IN ?*")
ATTEMPTS = 4
"""After so many failures an item is left as it is until its input changes."""

LONGEST_WAIT = timedelta(days=8)
"""Nothing is put off for longer: what is, was put off by a clock that has gone back since."""


def put(connection: Connection, stage: str, items: Iterable[str]) -> None:
    """Make the items due for a stage, at once."""
    _PUT(connection, [(stage, item, 0, 0) for item in items])


def waiting(connection: Connection, stage: str, now: datetime) -> list[str]:
    """Return the items that are due for a stage, in a stable order."""
    return list(_WAITING(connection, stage, to_micros(now), to_micros(now + LONGEST_WAIT)).scalars())


def lengths(connection: Connection) -> dict[str, int]:
    """Return how many items wait for each stage, now or later."""
    query = sa.select(tables.due.c.stage, sa.func.count()).group_by(tables.due.c.stage)
    return {row[0]: row[1] for row in connection.execute(query)}


def done(
    connection: Connection, stage: str, version: int, items: Sequence[tuple[str, str, str, str]], now: datetime
) -> None:
    """Record (item, input digest, outcome, note) of each and take them off the queue."""
    at = to_micros(now)
    _RECORD(connection, [(stage, item, version, digest, outcome, note, at) for item, digest, outcome, note in items])
    if items:
        _DROP(connection, stage, [item for item, *_ in items])


def again(connection: Connection, stage: str, item: str, now: datetime) -> bool:
    """Put a failed item off (5 minutes, doubled each time) and return True, or False when it has failed too often."""
    attempts = 1 + (
        connection.scalar(
            sa.select(tables.due.c.attempts).where(tables.due.c.stage == stage, tables.due.c.item == item)
        )
        or 0
    )
    if attempts >= ATTEMPTS:
        return False
    later = to_micros(now + timedelta(minutes=5 * 2**attempts))
    connection.execute(
        sa.update(tables.due)
        .where(tables.due.c.stage == stage, tables.due.c.item == item)
        .values(attempts=attempts, not_before=later)
    )
    return True


def put_off(connection: Connection, stage: str, item: str, until: datetime) -> None:
    """Leave an item alone until then, without counting that as a failure."""
    connection.execute(
        sa.update(tables.due)
        .where(tables.due.c.stage == stage, tables.due.c.item == item)
        .values(not_before=to_micros(until))
    )


def redo(connection: Connection, stage: str) -> int:
    """Make everything that the stage has ever had due again and return how much that is."""
    if stage == "parse":
        source = sa.select(
            sa.literal(stage), sa.cast(tables.responses.c.id, sa.String), sa.literal(0), sa.literal(0)
        ).where(tables.responses.c.kind.in_(("feed", "archive")))
    else:
        source = sa.select(sa.literal(stage), tables.articles.c.id, sa.literal(0), sa.literal(0)).where(
            tables.articles.c.state != "gone"
        )
    connection.execute(sa.delete(tables.due).where(tables.due.c.stage == stage))
    connection.execute(sa.delete(tables.ledger).where(tables.ledger.c.stage == stage))
    count = connection.execute(sa.insert(tables.due).from_select(["stage", "item", "not_before", "attempts"], source))
    return int(count.rowcount)


def upgrade(connection: Connection, stage: str, version: int) -> None:
    """Make everything due again when the stage's version is not the one that the store was made with."""
    key = f"stage:{stage}"
    known = _VALUE(connection, key).scalar()
    if known == str(version):
        return
    if known is not None:
        redo(connection, stage)
    set_meta(connection, key, str(version))


def get_meta(connection: Connection, key: str) -> str:
    """Return a single remembered value, or an empty text."""
    return _VALUE(connection, key).scalar() or ""


def set_meta(connection: Connection, key: str, value: str) -> None:
    """Remember a single value."""
    _META(connection, [(key, value)])
