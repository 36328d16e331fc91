"""SQLite's index of the words (FTS5), contentless: it keeps no text of its own."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from broadsheet.text import is_open


def add(connection: Connection, new: Sequence[tuple[int, list[str], list[str]]]) -> None:
    """Make articles findable: number, tokens of the title, tokens of the text of each."""
    rows = [(number, " ".join(title), " ".join(text)) for number, title, text in new]
    connection.exec_driver_sql("INSERT INTO search(rowid, title, body) VALUES (?, ?, ?)", rows)


def drop(connection: Connection, number: int, title: list[str], text: list[str]) -> None:
    """Take an article out: a contentless table must be told what it was added with."""
    connection.exec_driver_sql(
        "INSERT INTO search(search, rowid, title, body) VALUES ('delete', ?, ?, ?)",
        (number, " ".join(title), " ".join(text)),
    )


def best(connection: Connection, phrases: list[list[str]], limit: int) -> list[int]:
    """Return the numbers of the articles that hold all phrases, best first, titles weighted four times."""
    match = " AND ".join('"' + " ".join(phrase) + '"' + ("*" if is_open(phrase[-1]) else "") for phrase in phrases)
    found = connection.exec_driver_sql(
        "SELECT rowid FROM search WHERE search MATCH ? ORDER BY bm25(search, 4.0, 1.0), rowid DESC LIMIT ?",
        (match, limit),
    )
    return list(found.scalars())
