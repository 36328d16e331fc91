"""PostgreSQL's index of the words: tokens with their places (tsvector), found by a GIN index.

The tokens are ours, not those of PostgreSQL's parsers, which know no bigrams. A tsvector tells 16,383 places apart, and
keeps 256 of one token; so a long text is several parts, each beginning with the last tokens of the one before it.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence

from broadsheet.store.connection import Connection
from broadsheet.text import is_open

PART = 2000
"""Tokens of one part: one in eight may be the same and is still found in every place."""
OVERLAP = 32
"""A phrase of so many tokens is found wherever it stands."""
_LONGEST = 500
"""Characters of a token; PostgreSQL takes 2,046 bytes."""
_WEIGHTS = "{0.25,0.25,0.25,1}"
"""Of a text (D) and a title (A)."""


def add(connection: Connection, new: Sequence[tuple[int, list[str], list[str]]]) -> None:
    """Make articles findable: number, tokens of the title, tokens of the text of each."""
    rows = [(number, part, words) for number, title, text in new for part, words in enumerate(_parts(title, text))]
    connection.exec_driver_sql(
        "INSERT INTO search (number, part, words) SELECT * FROM unnest(%s::bigint[], %s::integer[], %s::tsvector[])",
        tuple(map(list, zip(*rows, strict=True))),
    )


def drop(connection: Connection, number: int, title: list[str], text: list[str]) -> None:  # noqa: ARG001 - FTS5 needs them
    """Take an article out."""
    connection.exec_driver_sql("DELETE FROM search WHERE number = %s", (number,))


def best(connection: Connection, phrases: list[list[str]], limit: int, newest: int) -> list[int]:
    """Return the numbers of the articles that hold all phrases, best first; see ``store.search.Index``."""
    queries = [_phrase(phrase) for phrase in phrases]
    in_one = f"SELECT DISTINCT number FROM search WHERE words @@ %s::tsquery ORDER BY number DESC LIMIT {newest + 1:d}"  # noqa: S608
    together = " & ".join(f"({query})" for query in queries)
    found = list(connection.exec_driver_sql(in_one, (together,)).scalars())
    if len(found) <= newest and len(queries) > 1:
        # A long article's phrases may stand in several of its parts. To look for each by itself takes as long as each is frequent.
        others = "AND EXISTS (SELECT FROM search other WHERE other.number = one.number AND other.words @@ %s::tsquery) "
        in_any = (
            f"SELECT DISTINCT number FROM search one WHERE words @@ %s::tsquery {others * (len(queries) - 1)}"  # noqa: S608
            f"ORDER BY number DESC LIMIT {newest + 1:d}"
        )
        found = list(connection.exec_driver_sql(in_any, tuple(queries)).scalars())
    if len(found) > newest:
        in_title = " & ".join(f"({_phrase(phrase, 'A')})" for phrase in phrases)
        by_title = (
            "SELECT number FROM search WHERE number = ANY(%s) AND words @@ %s::tsquery ORDER BY number DESC LIMIT %s"
        )
        titled = list(connection.exec_driver_sql(by_title, (found[:newest], in_title, limit)).scalars())
        return list(dict.fromkeys([*titled, *found]))[:limit]
    any_of = " | ".join(f"({query})" for query in queries)
    ranked = connection.exec_driver_sql(
        "SELECT number FROM search WHERE number = ANY(%s) AND words @@ %s::tsquery GROUP BY number "
        "ORDER BY sum(ts_rank(%s::real[], words, %s::tsquery, 1)) DESC, number DESC LIMIT %s",
        (found, any_of, _WEIGHTS, any_of, limit),
    )
    return list(ranked.scalars())


def _parts(title: Sequence[str], text: Sequence[str]) -> Iterator[str]:
    """Yield the tsvectors of an article: the title with the beginning of the text, then what follows."""
    head = [(token, f"{place}A") for place, token in enumerate(title[:PART], 1)]
    # A place is left out between title and text, so that no phrase goes from one to the other.
    first = len(head) + 2
    for start in range(0, max(1, len(text)), PART - OVERLAP):
        body = [(token, str(place)) for place, token in enumerate(text[start : start + PART], first)]
        yield _vector(head + body)
        if start + PART >= len(text):
            return
        head, first = [], 1


def _vector(placed: Sequence[tuple[str, str]]) -> str:
    places: dict[str, list[str]] = defaultdict(list)
    for token, place in placed:
        places[_bare(token)].append(place)
    return " ".join(f"{_quoted(token)}:{','.join(found[:256])}" for token, found in places.items() if token)


def _phrase(phrase: Sequence[str], weight: str = "") -> str:
    """Return a phrase as a query; where a weight is named, its words have to have it."""
    words = [_quoted(bare) for token in phrase if (bare := _bare(token))]
    marks = [weight] * len(words)
    if words and is_open(phrase[-1]):
        marks[-1] = f"*{weight}"
    return " <-> ".join(f"{word}:{mark}" if mark else word for word, mark in zip(words, marks, strict=True)) or "''"


def _quoted(token: str) -> str:
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"


def _bare(token: str) -> str:
    """Return a token without its accents, as FTS5 takes it."""
    if token.isascii():
        return token[:_LONGEST]
    apart = unicodedata.normalize("NFD", token)
    return unicodedata.normalize("NFC", "".join(one for one in apart if unicodedata.category(one) != "Mn"))[:_LONGEST]
