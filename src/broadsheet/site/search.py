"""The site's search: an inverted index in small immutable files, read by a script without any server. Pure.

Articles are numbered in the order of publication, and cut into runs that are indexed apart: each 16,384 of them, then up to
the last full 4,096, 512, 64 and 32, and the rest, a tail that every build makes anew. So a build costs its tail, seldom
more, and never what lies far back; and a query reads few runs, however many articles there are. The tokens are those of
the store's search (bigrams of Han, kana and Hangul), with Traditional characters folded to Simplified and English plurals
to the singular. How a run's index is written is told by ``postings``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from itertools import pairwise

import msgspec

from broadsheet.model import Record
from broadsheet.text import searchable, tokens

FORMAT = 5
LEVELS = (16384, 4096, 512, 64, 32)
"""Articles of a run, closed ones first; what is behind the last full one of each goes into the next."""
BLOCK = 8
"""Articles of a file of results."""
LONGEST_TERM = 30
"""Characters; longer ones are addresses and the like."""
_EPOCH = date(2000, 1, 1)
NOBODY = 0xFFFF
_WORD = re.compile("[a-z]{4,}")


class Document(Record, frozen=True, kw_only=True):
    """A published article as the search knows it; ``number`` counts from 0 in the order of publication."""

    number: int
    title: str
    text: str = ""


class Entry(Record, frozen=True, kw_only=True, array_like=True):
    """What a result shows. ``place`` is the source's place in the manifest."""

    title: str
    href: str
    place: int
    day: str
    language: str
    excerpt: str


class Span(Record, frozen=True, kw_only=True):
    """A run of articles whose index lies in one folder, with so many shards; ``end`` is the first that is not in it."""

    start: int
    end: int
    folder: str
    shards: int


class Manifest(Record, frozen=True, kw_only=True):
    """What the script reads first, and what the next build goes on from."""

    block: int
    """Results in a file of ``d/``; required, so that it is written out for the script."""
    key: str = ""
    """Digest of what decides which text is searched; another one makes the whole index anew."""
    spans: tuple[Span, ...] = ()
    """Oldest first."""
    sources: tuple[tuple[str, str, str], ...] = ()
    """(section, source, channel) of each source that has articles; never reordered."""


def spans(total: int) -> list[tuple[int, int]]:
    """Return (start, end) of the runs that ``total`` articles are cut into: closed ones, open ones, the tail."""
    closed, *ends = (total // size * size for size in (*LEVELS, 1))
    runs = [(start, start + LEVELS[0]) for start in range(0, closed, LEVELS[0])]
    return runs + [(start, end) for start, end in pairwise((closed, *ends)) if start < end]


def terms(text: str) -> list[str]:
    """Return the terms of a text, in their order, as the index has them."""
    return kept(tokens(folded(text)))


def folded(text: str) -> str:
    """Return the text in its searchable form, with Traditional characters as Simplified ones."""
    return searchable(text).translate(_folding())


def kept(words: list[str]) -> list[str]:
    """Return the words that are searched, in the form in which they are."""
    return [_singular(term) if term[-1] == "s" else term for term in words if len(term) <= LONGEST_TERM]


def _singular(word: str) -> str:
    """Return an English plural's singular (Harman's S stemmer, 1991), any other word as it is."""
    if not _WORD.fullmatch(word):
        return word
    if word.endswith("ies"):
        return word if word.endswith(("eies", "aies")) else f"{word[:-3]}y"
    if word.endswith("es"):
        return word if word.endswith(("aes", "ees", "oes")) else word[:-1]
    return word if word.endswith(("us", "ss")) else word[:-1]


@lru_cache(maxsize=1)
def folding() -> Mapping[str, str]:
    """Return the Traditional characters with the Simplified ones that they are folded to, one for one."""
    from opencc import OpenCC

    convert = OpenCC("t2s").convert
    # One call: the character is its own line, and no phrase spans two.
    before = [chr(code) for code in range(0x4E00, 0xA000)]
    after = convert("\n".join(before)).split("\n")
    return {one: other for one, other in zip(before, after, strict=True) if one != other and len(other) == 1}


@lru_cache(maxsize=1)
def _folding() -> dict[int, str]:
    return {ord(one): other for one, other in folding().items()}


def day_number(day: date) -> int:
    """Return a day in days since the year 2000, within 16 bits."""
    return max(0, min((day - _EPOCH).days, NOBODY - 1))


def filters(places: Iterable[tuple[int, int]]) -> bytes:
    """Return the file that filters are decided by: 16 bits of source and 16 of day for each article, big endian."""
    return b"".join(place.to_bytes(2, "big") + day.to_bytes(2, "big") for place, day in places)


def block(entries: Iterable[Entry | None]) -> bytes:
    """Return the file of a block of results; None is an article that is no more."""
    return msgspec.json.encode(list(entries))


def fold_file() -> bytes:
    """Return the characters that are folded, as the script reads them, by code point.

    Of each: its distance to the one before; then its distance to what it is folded to, twice, plus 1 where that is below
    it. Numbers are LEB128.
    """
    data = bytearray()
    before = 0
    for one, other in sorted(folding().items()):
        apart = ord(other) - ord(one)
        for value in (ord(one) - before, abs(apart) << 1 | (apart < 0)):
            rest = value
            while rest > 0x7F:
                data.append(rest & 0x7F | 0x80)
                rest >>= 7
            data.append(rest)
        before = ord(one)
    return bytes(data)
