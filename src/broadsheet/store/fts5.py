"""SQLite's index of the words (FTS5), contentless: it keeps no text of its own."""

from __future__ import annotations

from collections.abc import Sequence

from broadsheet.store.connection import Connection
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


def best(connection: Connection, phrases: list[list[str]], limit: int, newest: int) -> list[int]:
    """Return the numbers of the articles that hold all phrases, best first; see ``store.search.Index``."""
    match = " AND ".join('"' + " ".join(phrase) + '"' + ("*" if is_open(phrase[-1]) else "") for phrase in phrases)
    # Read from the index's end, which is its order: nothing older is touched.
    by_time = "SELECT rowid FROM search WHERE search MATCH ? AND rowid >= ? ORDER BY rowid DESC LIMIT ?"
    found = list(connection.exec_driver_sql(by_time, (match, 0, newest + 1)).scalars())
    if len(found) > newest:
        titled = list(
            connection.exec_driver_sql(by_time, (f"{{title}}: ({match})", found[newest - 1], limit)).scalars()
        )
        return list(dict.fromkeys([*titled, *found]))[:limit]
    ranked = "SELECT rowid FROM search WHERE search MATCH ? ORDER BY bm25(search, 4.0, 1.0), rowid DESC LIMIT ?"
    return list(connection.exec_driver_sql(ranked, (match, limit)).scalars())
