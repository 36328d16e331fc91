"""Full-text search in the store: FTS5 over the same tokens as everywhere (bigrams for CJK), contentless."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from broadsheet.model import Article
from broadsheet.store.schema import articles, bodies
from broadsheet.text import tokens


def index(connection: Connection, article: Article, before: Article | None) -> None:
    """Make an article findable. ``before`` is what was indexed of it last: a contentless table must be told."""
    number = connection.scalar(sa.select(articles.c.number).where(articles.c.id == article.id))
    forget(connection, number, before)
    connection.exec_driver_sql("INSERT INTO search(rowid, title, body) VALUES (?, ?, ?)", (number, *_terms(article)))


def forget(connection: Connection, number: int | None, before: Article | None) -> None:
    """Take an article out of the index."""
    if before is not None and before.digest:
        connection.exec_driver_sql(
            "INSERT INTO search(search, rowid, title, body) VALUES ('delete', ?, ?, ?)", (number, *_terms(before))
        )


def number_of(connection: Connection, article_id: str) -> int | None:
    """Return the number under which an article is indexed."""
    return connection.scalar(sa.select(articles.c.number).where(articles.c.id == article_id))


def find(connection: Connection, query: str, limit: int = 20) -> list[tuple[str, str]]:
    """Return (article id, text) of the best matches: all words of the query, titles weighted four times."""
    match = _expression(query)
    if not match:
        return []
    found = connection.exec_driver_sql(
        "SELECT rowid FROM search WHERE search MATCH ? ORDER BY bm25(search, 4.0, 1.0), rowid DESC LIMIT ?",
        (match, limit),
    ).scalars()
    numbers = list(found)
    rows = connection.execute(
        sa.select(articles.c.number, articles.c.id, bodies.c.text)
        .join(bodies, bodies.c.article_id == articles.c.id)
        .where(articles.c.number.in_(numbers), articles.c.state == "live")
    )
    by_number = {row.number: (row.id, row.text) for row in rows}
    return [by_number[number] for number in numbers if number in by_number]


def _terms(article: Article) -> tuple[str, str]:
    return " ".join(tokens(article.title)), " ".join(tokens(article.text))


def _expression(query: str) -> str:
    """Return an FTS5 expression: each blank-separated part is a phrase, and all must be there."""
    parts = []
    for part in query.split():
        found = tokens(part)
        if found:
            # A CJK character that ends the query alone begins a bigram of the text: 股 finds 股市, A股 finds A股收涨.
            prefix = "*" if len(found[-1]) == 1 and not found[-1].isascii() else ""
            parts.append('"' + " ".join(found) + '"' + prefix)
    return " AND ".join(parts)
