"""The site's search: an inverted index in small immutable files, read by a script without any server. Pure.

Articles are numbered in the order of publication. Each 4,096 of them are a segment; of the open segment, what is behind
the last full 256 is a tail that every build makes anew. So a build costs its tail, once in 256 articles the open
segment, and never what lies further back. A segment is cut into shards of about 8 kB by the hash of the term; a query
reads one shard a term and segment. The tokens are those of the store's search (bigrams of Han, kana and Hangul), with
Traditional characters folded to Simplified and English plurals to the singular.

A shard is a row of terms: length and UTF-8 of the term, length and bytes of its postings. A posting is the distance to
the article before it (from -1) times 16, plus 4 times a class of how often the term stands there (once, up to three
times, more, in the title), plus a class of the article's length. All numbers are LEB128.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import lru_cache
from itertools import count, pairwise
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec

from broadsheet.model import Record
from broadsheet.text import tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

FORMAT = 1
SEGMENT, TAIL, BLOCK = 4096, 256, 32
"""Articles of a segment (12 bits in ``_postings``), of a tail at most, and of a file of results."""
SHARD_BYTES, TAIL_SHARDS = 8_000, 16
"""A tail is written anew with every article, so it has few files; they are longer for it."""
LONGEST_TERM = 30
"""Characters; longer ones are addresses and the like. Four bytes each are a length of one byte."""
_TIMES = (1, 3)
"""Times that a term stands in an article, up to which it is of the first and second class; the title's is the fourth."""
_LENGTHS = (150, 500, 1500)
"""Terms up to which an article is of the first, second and third class of length."""
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
    """Return (start, end) of the runs that ``total`` articles are cut into: closed segments, open segment, tail."""
    closed, settled = total // SEGMENT * SEGMENT, total // TAIL * TAIL
    runs = [(start, start + SEGMENT) for start in range(0, closed, SEGMENT)]
    return runs + [run for run in ((closed, settled), (settled, total)) if run[0] < run[1]]


def terms(text: str) -> list[str]:
    """Return the terms of a text, in their order, as the index has them."""
    return [
        _singular(term) if term[-1] == "s" else term
        for term in tokens(_traditional().sub(lambda found: folding()[found[0]], text))
        if len(term) <= LONGEST_TERM
    ]


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
def _traditional() -> re.Pattern[str]:
    return re.compile(f"[{''.join(folding())}]")


def index(documents: Iterable[Document], start: int, *, most: int = 0) -> list[bytes]:
    """Return the shards of a run of articles that begins with number ``start``: ``most`` at most where that is given.

    Nothing where no term is. Postings are sorted and written by whole arrays: 3 million of them are a segment.
    """
    import numpy as np  # a build with nothing new does without

    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    keys: list[Numbers] = []
    for document in documents:
        found = Counter(terms(document.text))
        titled = set(terms(document.title))
        found.update(titled - found.keys())
        here = np.fromiter(map(numbers.__getitem__, found), np.int64, len(found))
        times = np.fromiter(found.values(), np.int64, len(found))
        kinds = np.searchsorted(_TIMES, times)
        kinds[np.isin(here, [numbers[term] for term in titled])] = len(_TIMES) + 1
        length = int(np.searchsorted(_LENGTHS, times.sum()))
        keys.append(here << 16 | (document.number - start) << 4 | kinds << 2 | length)
    if not numbers:
        return []
    rows = _postings(keys)
    return _shards(sorted((term.encode(), rows[number]) for term, number in numbers.items()), most)


def _postings(keys: list[Numbers]) -> list[bytes]:
    """Return the postings of each term, by its number. A key is term, place in the run (12 bits) and classes (4 bits)."""
    import numpy as np

    key = np.concatenate(keys)
    keys.clear()
    key.sort()
    places = (key >> 4 & 0xFFF).astype(np.int32)
    first = np.flatnonzero(np.diff(key >> 16, prepend=-1))
    before = np.empty_like(places)
    before[1:] = places[:-1]
    before[first] = -1
    values = (places - before) << 4 | (key & 0xF).astype(np.int32)
    del key, places, before
    sizes = 1 + (values >= 1 << 7).astype(np.int32) + (values >= 1 << 14)
    starts = np.cumsum(sizes) - sizes
    data = np.zeros(int(starts[-1] + sizes[-1]), np.uint8)
    for place in range(3):
        more = np.flatnonzero(sizes > place)
        data[starts[more] + place] = values[more] >> 7 * place & 0x7F | (sizes[more] > place + 1) << 7
    raw = data.tobytes()
    bounds = [*starts[first].tolist(), len(raw)]
    return [raw[one:other] for one, other in pairwise(bounds)]


def _shards(rows: Sequence[tuple[bytes, bytes]], most: int) -> list[bytes]:
    total = sum([len(term) + len(data) + 2 for term, data in rows])
    number = -(-total // SHARD_BYTES)
    shards = [bytearray() for _ in range(min(number, most) if most else number)]
    for term, data in rows:
        shard = shards[shard_of(term, len(shards))]
        shard += _SMALL[len(term)]
        shard += term
        shard += _SMALL[len(data)] if len(data) < 128 else _number(len(data))
        shard += data
    return [bytes(shard) for shard in shards]


def shard_of(term: bytes, shards: int) -> int:
    """Return the shard of a term: its CRC-32, modulo their number."""
    return crc32(term) % shards


def _number(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


_SMALL = [bytes((value,)) for value in range(128)]


def days(instant: datetime, zone: tzinfo) -> int:
    """Return the day of an instant, in days since the year 2000, within 16 bits."""
    return max(0, min((instant.astimezone(zone).date() - _EPOCH).days, NOBODY - 1))


def filters(places: Iterable[tuple[int, int]]) -> bytes:
    """Return the file that filters are decided by: 16 bits of source and 16 of day for each article, big endian."""
    return b"".join(place.to_bytes(2, "big") + day.to_bytes(2, "big") for place, day in places)


def block(entries: Iterable[Entry | None]) -> bytes:
    """Return the file of a block of results; None is an article that is no more."""
    return msgspec.json.encode(list(entries))


def fold_file() -> bytes:
    """Return the characters that are folded, as the script reads them: all of them, then what each is folded to."""
    pairs = sorted(folding().items())
    return msgspec.json.encode(["".join(one for one, _ in pairs), "".join(other for _, other in pairs)])
