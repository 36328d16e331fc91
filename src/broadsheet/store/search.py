"""Full-text search in the store: the same tokens as everywhere (bigrams for CJK), in the index that the database has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from broadsheet.model import Article
from broadsheet.store import fts5, sa, tables, tsvector
from broadsheet.store.connection import Connection
from broadsheet.text import tokens


class Index(Protocol):
    """What a database's index of the words can do; one module a database."""

    def add(self, connection: Connection, new: Sequence[tuple[int, list[str], list[str]]]) -> None:
        """Make articles findable: number, tokens of the title, tokens of the text of each."""
        ...

    def drop(self, connection: Connection, number: int, title: list[str], text: list[str]) -> None:
        """Take an article out; the tokens are those that it was added with."""
        ...

    def best(self, connection: Connection, phrases: list[list[str]], limit: int, newest: int) -> list[int]:
        """Return the numbers of the articles that hold all phrases, best first, titles weighted four times.

        Where more than ``newest`` hold them: of these the newest, first those that hold all phrases in their titles. A CJK
        character that stands alone at the end of a phrase is the beginning of a token.
        """
        ...


NEWEST = 300
"""Articles among which the best are looked for: of words that more of them have, the newest. So a search costs what it shows."""
_INDEXES: dict[str, Index] = {"sqlite": fts5, "postgresql": tsvector}


def index(connection: Connection, article: Article, before: Article | None) -> None:
    """Make an article findable. ``before`` is what was indexed of it last: SQLite's index must be told."""
    number = number_of(connection, article.id)
    forget(connection, number, before)
    if number is not None:
        index_many(connection, [(number, article.title, article.text)])


def index_many(connection: Connection, new: Sequence[tuple[int, str, str]]) -> None:
    """Make articles findable that are in no index yet: number, title and text of each."""
    if new:
        rows = [(number, tokens(title), tokens(text)) for number, title, text in new]
        _INDEXES[connection.dialect.name].add(connection, rows)


def forget(connection: Connection, number: int | None, before: Article | None) -> None:
    """Take an article out of the index."""
    if before is not None and before.digest and number is not None:
        _INDEXES[connection.dialect.name].drop(connection, number, tokens(before.title), tokens(before.text))


def number_of(connection: Connection, article_id: str) -> int | None:
    """Return the number under which an article is indexed."""
    found: int | None = connection.scalar(sa.select(tables.articles.c.number).where(tables.articles.c.id == article_id))
    return found


def find(connection: Connection, query: str, limit: int = 20) -> list[tuple[str, str]]:
    """Return (article id, text) of the best matches: all words of the query, titles weighted four times.

    Of words that more than ``NEWEST`` articles have, the newest of these are looked at, and come in order of time, first those
    that have all words in their titles.

    Each blank-separated part of the query is a phrase. A CJK character that ends it alone begins a bigram of the text:
    股 finds 股市, A股 finds A股收涨.
    """
    phrases = [found for part in query.split() if (found := tokens(part))]
    if not phrases:
        return []
    numbers = _INDEXES[connection.dialect.name].best(connection, phrases, limit, max(limit, NEWEST))
    rows = connection.execute(
        sa.select(tables.articles.c.number, tables.articles.c.id, tables.bodies.c.text)
        .join(tables.bodies, tables.bodies.c.article_id == tables.articles.c.id)
        .where(tables.articles.c.number.in_(numbers), tables.articles.c.state == "live")
    )
    by_number = {row.number: (row.id, row.text) for row in rows}
    return [by_number[number] for number in numbers if number in by_number]
