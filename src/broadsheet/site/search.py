"""The site's search: an inverted index in small immutable files, read by a script without any server. Pure.

Articles are numbered in the order of publication. Each 4,096 of them are a segment; the open segment goes up to the
last full 512, recent articles up to the last full 64, and the rest is a tail that every build makes anew. So a build
costs its tail, once in 64 articles the recent ones, once in 512 the open segment, and never what lies further back. A
segment is cut into shards of about 8 kB by the hash of the term; a query reads one shard a term and segment. The tokens
are those of the store's search (bigrams of Han, kana and Hangul), with Traditional characters folded to Simplified and
English plurals to the singular.

A shard is a row of terms: length and UTF-8 of the term, length and bytes of its postings. A posting is the distance to
the article before it (from -1) times 16, plus 4 times a class of how often the term stands there (once, up to three
times, more, in the title), plus a class of the article's length. All numbers are LEB128.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import lru_cache
from itertools import count, islice, pairwise
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import msgspec

from broadsheet.model import Record
from broadsheet.text import CJK, plain_words, searchable, tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int32]
    Codes = NDArray[np.uint32]
    Bytes = NDArray[np.uint8]
    Shorts = NDArray[np.uint16]
    Classes = NDArray[np.int8]

FORMAT = 2
SEGMENT, RECENT, TAIL, BLOCK = 4096, 512, 64, 16
"""Articles of a segment (12 bits in ``_postings``), of recent ones and of a tail at most, and of a file of results."""
SHARD_BYTES = 8_000
_FEW_SHARDS = ((64, 16), (512, 64))
"""Articles below or at which a run has so many shards at most: it is soon made anew, so it has few files, longer for it."""
LONGEST_TERM = 30
"""Characters; longer ones are addresses and the like. Four bytes each are a length of one byte."""
_TIMES = (1, 3)
"""Times that a term stands in an article, up to which it is of the first and second class; the title's is the fourth."""
_LENGTHS = (150, 500, 1500)
"""Terms up to which an article is of the first, second and third class of length."""
_AT_ONCE = 256
"""Articles whose terms are found before they are put together."""
_SORTED = 500_000
"""Terms that are sorted at once, about."""
_OTHERS = 0xD800 << 16
_LAST = max(last for _, last in CJK) + 1
"""Code point behind all that are written without blanks."""
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
    """Return (start, end) of the runs that ``total`` articles are cut into: closed segments, open one, recent ones, tail."""
    closed, *ends = (total // size * size for size in (SEGMENT, RECENT, TAIL, 1))
    runs = [(start, start + SEGMENT) for start in range(0, closed, SEGMENT)]
    return runs + [(start, end) for start, end in pairwise((closed, *ends)) if start < end]


def terms(text: str) -> list[str]:
    """Return the terms of a text, in their order, as the index has them."""
    return _kept(tokens(_folded(text)))


def _folded(text: str) -> str:
    return _traditional().sub(lambda found: folding()[found[0]], text)


def _kept(words: list[str]) -> list[str]:
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
def _traditional() -> re.Pattern[str]:
    return re.compile(f"[{''.join(folding())}]")


def index(documents: Iterable[Document], start: int, end: int) -> list[bytes]:
    """Return the shards of a run of articles from number ``start`` up to, not including, ``end``.

    Nothing where no term is. Terms are found, counted and written by whole arrays: 3 million of them are a segment.
    """
    import numpy as np  # a build with nothing new does without

    others: defaultdict[str, int] = defaultdict(count().__next__)
    parts = [_terms_of(group, start, others) for group in _groups(documents)]
    if not sum(len(code) for code, _ in parts):
        return []
    code, place = np.concatenate([code for code, _ in parts]), np.concatenate([place for _, place in parts])
    parts.clear()
    counted = [_counted(code[some], place[some]) for some in _ranges(code)]
    del code, place
    lengths = sum(np.bincount(rows.article, rows.times, minlength=end - start) for rows in counted)
    classes = np.searchsorted(_LENGTHS, lengths).astype(np.int8)
    most = next((shards for articles, shards in _FEW_SHARDS if end - start <= articles), 0)
    postings = [_postings(rows, classes) for rows in counted]
    counted.clear()
    return _shards(postings, sorted(others, key=others.__getitem__), most)


class _Counted(NamedTuple):
    """Each (term, article) once, in order: the term's code, the article, how often it stands there, the class of that."""

    code: Codes
    article: Shorts
    times: Shorts
    kinds: Classes


class _Postings(NamedTuple):
    """The terms' codes in order, all their postings in a row, and where each term's begin."""

    code: Codes
    data: Bytes
    starts: Numbers


def _ranges(code: Codes) -> Iterator[NDArray[np.bool_]]:
    """Yield, range by range of the terms' codes, which terms lie in it: what is sorted at once takes memory."""
    import numpy as np

    number = len(code) // _SORTED + 1
    ends = np.quantile(code[:: len(code) // 1000 + 1], np.arange(1, number) / number).astype(np.uint32)
    for low, high in pairwise((0, *ends.tolist(), 1 << 32)):
        yield (code >= low) & (code < high)


def _groups(documents: Iterable[Document]) -> Iterator[list[Document]]:
    source = iter(documents)
    while group := list(islice(source, _AT_ONCE)):
        yield group


def _terms_of(group: Sequence[Document], start: int, others: defaultdict[str, int]) -> tuple[Codes, Codes]:
    """Return the code of every term in the articles, and where it stands: twice the article's place, plus 1 in the title.

    A pair of characters is coded by both; any other term by its number in ``others``, in the room of the surrogates,
    which are no characters. An article's terms stand together.
    """
    import numpy as np

    codes, places = [], []
    for document in group:
        for text, titled in ((document.text, 0), (document.title, 1)):
            plain = searchable(_folded(text))
            letters = np.frombuffer(f"\n{plain}\n".encode("utf-32-le", "surrogatepass"), np.uint32)
            here = _written_together()[np.minimum(letters, _LAST)]
            pair = np.flatnonzero(here[:-1] & here[1:])
            first, second = letters[pair], letters[pair + 1]
            wide = np.flatnonzero((first | second) > 0xFFFF)
            alone = np.flatnonzero(here[1:-1] & ~(here[:-2] | here[2:])) + 1
            words = _kept(plain_words(plain))
            words += map(chr, letters[alone].tolist())
            words += [
                chr(one) + chr(other) for one, other in zip(first[wide].tolist(), second[wide].tolist(), strict=True)
            ]
            found = first << 16 | second
            found = np.concatenate(
                [np.delete(found, wide), np.array([_OTHERS + others[word] for word in words], np.uint32)]
            )
            codes.append(found)
            places.append(np.full(len(found), (document.number - start) << 1 | titled, np.uint32))
    return np.concatenate(codes), np.concatenate(places)


@lru_cache(maxsize=1)
def _written_together() -> NDArray[np.bool_]:
    """Return which characters are written without blanks."""
    import numpy as np

    found = np.zeros(_LAST + 1, bool)
    for first, last in CJK:
        found[first : last + 1] = True
    return found


def _counted(code: Codes, place: Codes) -> _Counted:
    """Return every (term, article) once, in order."""
    import numpy as np

    # A stable sort by 16 bits takes linear time; the articles' order is kept.
    order = np.argsort(code.astype(np.uint16), kind="stable").astype(np.int32)
    order = order[np.argsort((code >> 16).astype(np.uint16)[order], kind="stable").astype(np.int32)]
    code, place = code[order], place[order]
    del order
    article: Numbers = (place >> 1).astype(np.int32)
    titled = (place & 1).astype(np.int8)
    del place
    first: Numbers = np.flatnonzero(_steps(code) | _steps(article)).astype(np.int32)
    # What stands in the title alone counts as once.
    times: Numbers = np.diff(first, append=np.int32(len(code)))
    times -= np.add.reduceat(titled, first, dtype=np.int32)
    np.maximum(times, 1, out=times)
    kinds = (times > _TIMES[0]).astype(np.int8) + (times > _TIMES[1])
    kinds[np.logical_or.reduceat(titled, first)] = len(_TIMES) + 1
    few = np.minimum(times, 0xFFFF)  # far above all classes
    return _Counted(code[first], article[first].astype(np.uint16), few.astype(np.uint16), kinds)


def _steps(values: Codes | Numbers) -> NDArray[np.bool_]:
    """Return where a value differs from the one before it; the first one does."""
    import numpy as np

    found = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found


def _postings(rows: _Counted, lengths: Classes) -> _Postings:
    """Return the postings of terms; ``lengths`` are the classes of the articles' lengths."""
    import numpy as np

    first = np.flatnonzero(_steps(rows.code))
    article = rows.article.astype(np.int32)
    before = np.empty_like(article)
    before[1:] = article[:-1]
    before[first] = -1
    data, starts = _variable((article - before) << 4 | rows.kinds << 2 | lengths[article])
    return _Postings(rows.code[first], data, starts[first])


def _variable(values: Numbers) -> tuple[Bytes, Numbers]:
    """Return numbers below 2^21 as LEB128, and where each begins."""
    import numpy as np

    sizes = 1 + (values >= 1 << 7).astype(np.int8) + (values >= 1 << 14)
    starts: Numbers = np.cumsum(sizes, dtype=np.int32) - sizes
    data = np.zeros(int(starts[-1] + sizes[-1]), np.uint8)
    for place in range(3):
        more = np.flatnonzero(sizes > place)
        data[starts[more] + place] = values[more] >> 7 * place & 0x7F | (sizes[more] > place + 1) << 7
    return data, starts


def _shards(postings: Sequence[_Postings], others: Sequence[str], most: int) -> list[bytes]:
    """Return the terms with their postings, cut into shards: in each the pairs of characters before all other terms."""
    import numpy as np

    sizes = np.concatenate([np.diff(part.starts, append=np.int32(len(part.data))) for part in postings])
    starts = np.cumsum(sizes, dtype=np.int32) - sizes
    order, names = _names(np.concatenate([part.code for part in postings]), others)
    raw = b"".join(part.data.tobytes() for part in postings)
    total = sum(map(len, names)) + len(raw) + 2 * len(names)
    number = -(-total // SHARD_BYTES)
    number = min(number, most) if most else number
    shards = [bytearray() for _ in range(number)]
    for name, start, size in zip(names, starts[order].tolist(), sizes[order].tolist(), strict=True):
        shard = shards[crc32(name) % number]
        shard += _SMALL[len(name)]
        shard += name
        shard += _SMALL[size] if size < 128 else _number(size)
        shard += raw[start : start + size]
    return [bytes(shard) for shard in shards]


def _names(code: Codes, others: Sequence[str]) -> tuple[Numbers, list[bytes]]:
    """Return the terms in UTF-8, pairs of characters first, each kind in its order; and their places among the codes."""
    import numpy as np

    other = (code >> 16 >= 0xD800) & (code >> 16 < 0xE000)
    pairs = code[~other]
    letters = np.stack([pairs >> 16, pairs & 0xFFFF], axis=1).astype(np.uint16).tobytes().decode("utf-16-le")
    names = [letters[at : at + 2].encode() for at in range(0, len(letters), 2)]
    rest = np.flatnonzero(other)
    words = [others[number].encode("utf-8", "surrogatepass") for number in (code[rest] - _OTHERS).tolist()]
    sorting = sorted(range(len(words)), key=words.__getitem__)
    order = np.concatenate([np.flatnonzero(~other), rest[np.array(sorting, np.int64)]]).astype(np.int32)
    return order, names + [words[at] for at in sorting]


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
