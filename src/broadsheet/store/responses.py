"""Every answer that was ever taken in, so that later stages can be done again without a request."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from broadsheet.model import Page, Response
from broadsheet.store.database import from_micros, new_id, to_micros
from broadsheet.store.schema import responses

_KEPT = frozenset(
    (
        "content-type etag last-modified date link content-language content-location x-robots-tag cache-control expires age"
    ).split()
)


def add(connection: Connection, kind: str, answer: Response, body: str) -> int:
    """Record an answer whose body lies in the blob store under ``body``; return its number."""
    result = connection.execute(
        sa.insert(responses).values(
            kind=kind, key=answer.key, url=answer.url, final_url=answer.final_url, status=answer.status,
            headers=kept_headers(answer), body=body, fetched=to_micros(answer.fetched),
        )
    )  # fmt: skip
    return new_id(result)


def kept_headers(answer: Response) -> bytes:
    """Return the headers that later stages may need, as JSON."""
    return msgspec.json.encode({name: value for name, value in answer.headers.items() if name in _KEPT})


def page(connection: Connection, number: int) -> Page:
    """Return an answer as a page, its body by reference."""
    row = connection.execute(sa.select(responses).where(responses.c.id == number)).one()
    headers = msgspec.json.decode(row.headers, type=dict[str, str])
    return Page(
        url=row.url, final_url=row.final_url, status=row.status, content_type=headers.get("content-type", ""),
        body=row.body, fetched=from_micros(row.fetched),
    )  # fmt: skip


def feed_of(connection: Connection, number: int) -> str:
    """Return the key (feed or article id) that an answer was asked for."""
    return str(connection.scalar(sa.select(responses.c.key).where(responses.c.id == number)))
