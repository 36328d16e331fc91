"""Every answer that was ever taken in, so that later stages can be done again without a request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from broadsheet.model import Page, Record, Response
from broadsheet.store import sa, tables
from broadsheet.store.bulk import Insert, Query, chunks
from broadsheet.store.connection import Connection
from broadsheet.store.database import from_micros, to_micros

_ADD = Insert("responses", ("id", "kind", "key", "url", "final_url", "status", "headers", "body", "fetched"))
_LAST = Query("SELECT max(id) FROM responses")
_LATEST = "SELECT max(id) FROM responses WHERE kind = 'feed' AND key IN ?* GROUP BY key"
_NEWEST = Query(f"SELECT key, id, body FROM responses WHERE id IN ({_LATEST})")  # noqa: S608 - of constants alone
_DOCUMENTS = Query("SELECT id, kind, key, url, final_url, body, headers, fetched FROM responses WHERE id IN ?*")

_KEPT = frozenset(
    (
        "content-type etag last-modified date link content-language content-location x-robots-tag cache-control expires age"
    ).split()
)


class Document(Record, frozen=True, kw_only=True):
    """An answer of a feed that was kept."""

    number: int
    kind: str
    """``feed``: the newest that it said then; ``archive``: one of its older pages."""
    feed_id: str
    url: str
    final_url: str
    headers: dict[str, str]
    body: str
    """Digest."""
    fetched: datetime


def document(number: int, kind: str, answer: Response, body: str) -> Document:
    """Return an answer that was recorded under a number, as ``documents`` would."""
    return Document(
        number=number, kind=kind, feed_id=answer.key, url=answer.url, final_url=answer.final_url, body=body,
        headers=_headers(answer), fetched=answer.fetched,
    )  # fmt: skip


def add(connection: Connection, kind: str, answer: Response, body: str) -> int:
    """Record an answer whose body lies in the blob store under ``body``; return its number."""
    return add_many(connection, kind, [(answer, body)])[0]


def add_many(connection: Connection, kind: str, answers: Sequence[tuple[Response, str]]) -> list[int]:
    """Record answers, each with the digest of its body; return their numbers."""
    first = 1 + (_LAST(connection).scalar() or 0)
    rows = [
        (
            number, kind, answer.key, answer.url, answer.final_url, answer.status, kept_headers(answer), body,
            to_micros(answer.fetched),
        )
        for number, (answer, body) in enumerate(answers, first)
    ]  # fmt: skip
    _ADD(connection, rows)
    return [row[0] for row in rows]


def further(connection: Connection, article_ids: Sequence[str]) -> dict[str, list[Page]]:
    """Return the further pages of those of the articles that have any, in their order; of each address the newest answer."""
    found: dict[str, dict[str, Page]] = {}
    for some in chunks(article_ids):
        query = sa.select(tables.responses).where(tables.responses.c.kind == "more", tables.responses.c.key.in_(some))
        for row in connection.execute(query.order_by(tables.responses.c.id)):
            found.setdefault(row.key, {})[row.url] = _page(row)
    return {article: list(pages.values()) for article, pages in found.items()}


def newest(connection: Connection, feed_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return the number and the body's digest of each feed's newest document."""
    return {key: (number, body) for key, number, body in _NEWEST(connection, list(feed_ids)).all()}


def documents(connection: Connection, numbers: Sequence[int]) -> list[Document]:
    """Return kept documents in the order of the numbers; what was taken down is left out."""
    found = {}
    for number, kind, key, url, final_url, body, headers, fetched in _DOCUMENTS(connection, list(numbers)).all():
        found[number] = Document(
            number=number, kind=kind, feed_id=key, url=url, final_url=final_url, body=body,
            headers=msgspec.json.decode(headers, type=dict[str, str]), fetched=from_micros(fetched),
        )  # fmt: skip
    return [found[number] for number in numbers if number in found]


def renew_headers(connection: Connection, number: int, answer: Response) -> None:
    """Keep the headers of an answer in place of those that the same body came with before."""
    connection.execute(
        sa.update(tables.responses).where(tables.responses.c.id == number).values(headers=kept_headers(answer))
    )


def kept_headers(answer: Response) -> bytes:
    """Return the headers that later stages may need, as JSON."""
    return msgspec.json.encode(_headers(answer))


def _headers(answer: Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name in _KEPT}


def page(connection: Connection, number: int) -> Page:
    """Return an answer as a page, its body by reference."""
    return _page(connection.execute(sa.select(tables.responses).where(tables.responses.c.id == number)).one())


def _page(row: sa.Row[Any]) -> Page:
    headers = msgspec.json.decode(row.headers, type=dict[str, str])
    return Page(
        url=row.url, final_url=row.final_url, status=row.status, content_type=headers.get("content-type", ""),
        body=row.body, fetched=from_micros(row.fetched),
    )  # fmt: skip
