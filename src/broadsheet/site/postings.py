"""The index of a run of articles, as the site's search reads it: terms by their hashes, in small files. Pure.

Terms are pairs of letters of scripts without blanks, such letters that stand alone, those of titles, and words.

A term's key is 30 bits of its CRC-32, the last one set for a pair of characters and cleared for any other term. A run's
index is cut into shards: of n, shard k has the keys from k/n to (k+1)/n of all that can be; a query reads one shard a term.

A shard is a row of terms in the order of their keys: the distance to the key before (from 0) times 4, plus the length of
the postings in bytes where that is below 4 (most terms stand in one article); otherwise the length by itself; the postings.
A posting is the distance to the article before it (from -1) times 16, plus 4 times a class of how often the term stands
there (once, up to three times, more, in the title), plus a class of the article's length. For a pair of characters
follows a byte with a bit for each place modulo 8 at which it stands: pairs that follow each other in a query must do so
here. A zero and a number k among the postings say that what follows is counted from article 4,096 k. All other numbers are
LEB128.

Terms are found, counted and written by whole arrays: 3 million of them are 4,096 articles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import count, groupby, islice, pairwise
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from broadsheet.site.search import Document, folding, kept
from broadsheet.text import CJK, plain_words, searchable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int32]
    Codes = NDArray[np.uint32]
    Bytes = NDArray[np.uint8]
    Shorts = NDArray[np.uint16]
    Flags = NDArray[np.bool_]

SHARD_BYTES = 4_500
_FEW_SHARDS = ((31, 12), (63, 14), (511, 128))
"""Articles up to which a run has so many shards at most: it is soon made anew, so it has few files, longer for it."""
_SHORT = 4
CHUNK = 4096
"""Articles whose terms are counted together: 12 bits in ``_written``."""
SLOTS = 8
KEY_BITS = 30
_TIMES = (1, 3)
"""Times that a term stands in an article, up to which it is of the first and second class; the title's is the fourth."""
_LENGTHS = (150, 500, 1500)
"""Terms up to which an article is of the first, second and third class of length."""
_AT_ONCE = 256
"""Articles whose terms are found before they are put together."""
_SHARDS_AT_ONCE = 32
_SORTED = 500_000
"""Terms that are sorted at once, about."""
ANYWHERE = "^"
"""Before a letter of a script without blanks: it stands in the title, or alone in the text."""
_OTHERS = 0xD800 << 16
_LAST = max(last for _, last in CJK) + 1
"""Code point behind all that are written without blanks."""


def index(documents: Iterable[Document], start: int, end: int) -> list[bytes]:
    """Return the shards of a run of articles from number ``start`` up to, not including, ``end``.

    Nothing where no term is.
    """
    import numpy as np  # a build with nothing new does without

    parts = [
        part
        for chunk, group in groupby(documents, lambda document: (document.number - start) // CHUNK)
        for part in _chunk(group, start + chunk * CHUNK, chunk)
    ]
    if not parts:
        return []
    rows = _Rows.of(parts)
    parts.clear()
    total = int(rows.sizes.sum()) + 5 * len(rows.keys)
    number = -(-total // SHARD_BYTES)
    most = next((shards for articles, shards in _FEW_SHARDS if end - start <= articles), number)
    number = min(number, most)
    bounds = [-(-(place << KEY_BITS) // number) for place in range(number + 1)]
    ends = np.searchsorted(rows.keys, bounds).astype(np.int32)
    shards: list[bytes] = []
    for place in range(0, number, _SHARDS_AT_ONCE):
        shards += rows.shards(ends[place : place + _SHARDS_AT_ONCE + 1])
    return shards


def key_of(term: str) -> int:
    """Return the key of a term."""
    return crc32(term.encode("utf-8", "surrogatepass")) >> 2 & ~1 | is_pair(term)


def is_pair(term: str) -> bool:
    """Return whether a term is two characters that are written together; of them it is known where they stand."""
    return len(term) == 2 and all(_written_together()[min(ord(one), _LAST)] and ord(one) <= 0xFFFF for one in term)


def shard_of(key: int, shards: int) -> int:
    """Return the shard of a key."""
    return key * shards >> KEY_BITS


class _Counted(NamedTuple):
    """Each (term, article) once, in order: the term's code, the article, how often it stands there, of what class, and where."""

    code: Codes
    article: Shorts
    times: Shorts
    kinds: Bytes
    slots: Bytes


class _Part(NamedTuple):
    """Terms of a chunk, in no order: their keys, all their postings in a row, and where each term's begin."""

    chunk: int
    keys: Codes
    data: Bytes
    starts: Numbers


def _chunk(documents: Iterable[Document], start: int, chunk: int) -> list[_Part]:
    """Return the postings of up to 4,096 articles."""
    import numpy as np

    others: defaultdict[str, int] = defaultdict(count().__next__)
    found = [_terms_of(group, start, others) for group in _groups(documents)]
    code, place = np.concatenate([code for code, _ in found]), np.concatenate([place for _, place in found])
    del found
    if not len(code):
        return []
    counted = [_counted(code[some], place[some]) for some in _ranges(code)]
    del code, place
    lengths = sum(np.bincount(rows.article, rows.times, minlength=CHUNK) for rows in counted)
    classes = np.searchsorted(_LENGTHS, lengths).astype(np.uint8)
    keys = np.array([key_of(word) for word in others], np.uint32)
    return [_written(rows, classes, keys, chunk) for rows in counted if len(rows.code)]


def _ranges(code: Codes) -> Iterator[Flags]:
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
    """Return the code of every term in the articles, and where it stands: the article, the letter modulo 8, 1 in the title.

    A pair of characters is coded by both; any other term by its number in ``others``, in the room of the surrogates,
    which are no characters. Terms of one code stand in the order of their articles.
    """
    import numpy as np

    plain = [searchable(text) for document in group for text in (document.text, document.title)]
    # All in one array, each after a line's end: as many calls for hundreds of articles as for one.
    lengths = np.array([len(text) + 1 for text in plain])
    before = np.cumsum(lengths) - lengths
    text_of = np.repeat(np.arange(len(plain)), lengths)
    place_of = np.array([(one.number - start) << 4 | titled for one in group for titled in (0, 1)], np.uint32)
    written = np.frombuffer("".join(f"\n{text}" for text in plain).encode("utf-32-le", "surrogatepass"), np.uint32)
    fold = _folding()
    letters = np.where(written < len(fold), fold[np.minimum(written, len(fold) - 1)], written)
    here = np.append(_written_together()[np.minimum(letters, _LAST)], False)
    pair = np.flatnonzero(here[:-1] & here[1:])
    first, second, owner = letters[pair], letters[pair + 1], text_of[pair]
    place = place_of[owner] | ((pair - before[owner]) % SLOTS).astype(np.uint32) << 1
    wide = (first | second) > 0xFFFF
    alone = np.flatnonzero(here[1:-1] & ~(here[:-2] | here[2:])) + 1
    words = [kept(plain_words(text)) for text in plain]
    for text, letter in zip(text_of[alone].tolist(), letters[alone].tolist(), strict=True):
        words[text] += [chr(letter), ANYWHERE + chr(letter)]
    titled = np.flatnonzero(here[:-1] & (text_of % 2 == 1))
    for text, letter in zip(text_of[titled].tolist(), letters[titled].tolist(), strict=True):
        words[text].append(ANYWHERE + chr(letter))
    for text, one, other in zip(*(some[wide].tolist() for some in (owner, first, second)), strict=True):
        words[text].append(chr(one) + chr(other))
    spoken = np.array([_OTHERS + others[word] for found in words for word in found], np.uint32)
    spoken_at = np.repeat(place_of, [len(found) for found in words])
    return np.append((first << 16 | second)[~wide], spoken), np.append(place[~wide], spoken_at)


@lru_cache(maxsize=1)
def _folding() -> Codes:
    """Return what each character up to the last Traditional one is folded to, by code point."""
    import numpy as np

    known = folding()
    found = np.arange(max(map(ord, known)) + 1, dtype=np.uint32)
    for one, other in known.items():
        found[ord(one)] = ord(other)
    return found


@lru_cache(maxsize=1)
def _written_together() -> Flags:
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
    article = (place >> 4).astype(np.uint16)
    titled = (place & 1).astype(np.uint8)
    slots = np.left_shift(1, place >> 1 & SLOTS - 1, dtype=np.uint32).astype(np.uint8)
    del place
    first: Numbers = np.flatnonzero(_steps(code) | _steps(article)).astype(np.int32)
    # What stands in the title alone counts as once.
    times: Numbers = np.diff(first, append=np.int32(len(code)))
    times -= np.add.reduceat(titled, first, dtype=np.int32)
    np.maximum(times, 1, out=times)
    kinds = (times > _TIMES[0]).astype(np.uint8) + (times > _TIMES[1])
    kinds[np.logical_or.reduceat(titled, first)] = len(_TIMES) + 1
    few = np.minimum(times, 0xFFFF)  # far above all classes
    where = np.bitwise_or.reduceat(slots, first)
    return _Counted(code[first], article[first], few.astype(np.uint16), kinds, where)


def _steps(values: Codes | Shorts | Numbers) -> Flags:
    """Return where a value differs from the one before it; the first one does."""
    import numpy as np

    found = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found


def _written(rows: _Counted, lengths: Bytes, others: Codes, chunk: int) -> _Part:
    """Return the postings of terms; ``lengths`` are the classes of the articles' lengths, ``others`` the keys of words."""
    import numpy as np

    first = np.flatnonzero(_steps(rows.code))
    article = rows.article.astype(np.uint32)
    before = np.empty_like(article)
    before[1:] = article[:-1]
    before[first] = np.uint32(0xFFFFFFFF)  # -1
    code = rows.code[first]
    other = (code >> 16 >= 0xD800) & (code >> 16 < 0xE000)
    keys = np.empty(len(code), np.uint32)
    keys[other] = others[code[other] - np.uint32(_OTHERS)]
    keys[~other] = _pair_keys(code[~other])
    paired = np.repeat(~other, np.diff(first, append=len(article)))
    values, there = _leb128(((article - before) << 4 | rows.kinds << 2 | lengths[article]).astype(np.uint32))
    values, there = np.column_stack([values, rows.slots]), np.column_stack([there, paired])
    sizes = np.cumsum(there.sum(axis=1), dtype=np.int32)
    starts = np.concatenate([np.zeros(1, np.int32), sizes[:-1]])[first]
    return _Part(chunk, keys, values[there], starts)


def _pair_keys(code: Codes) -> Codes:
    """Return the keys of pairs of characters: the CRC-32 of their UTF-8, three bytes each (from U+0800 to U+FFFF)."""
    import numpy as np

    # What a byte does to a value of which nothing is left: crc32 begins and ends with the complement.
    table = np.array([crc32(bytes([byte ^ 0xFF])) ^ 0xFF000000 for byte in range(256)], np.uint32)
    value = np.full(len(code), 0xFFFFFFFF, np.uint32)
    for letter in (code >> 16, code & 0xFFFF):
        for byte in (0xE0 | letter >> 12, 0x80 | letter >> 6 & 0x3F, 0x80 | letter & 0x3F):
            value = table[(value ^ byte) & 0xFF] ^ value >> 8
    return (~value >> 2 | 1).astype(np.uint32)


def _leb128(values: Codes) -> tuple[NDArray[np.uint8], Flags]:
    """Return the bytes of each number as LEB128, a row each, and which of them are there."""
    import numpy as np

    longest = max(1, -(-int(values.max(initial=0)).bit_length() // 7))
    data = np.empty((len(values), longest), np.uint8)
    there = np.ones((len(values), longest), bool)
    for place in range(longest):
        rest = values >> 7 * place
        data[:, place] = rest & 0x7F | (rest > 0x7F).astype(np.uint8) << 7
        if place:
            there[:, place] = rest > 0
    return data, there


class _Rows(NamedTuple):
    """The postings of all parts in the order of their terms: keys, chunks, and where they lie in which part's data."""

    keys: Codes
    chunks: Bytes
    owners: Bytes
    starts: Numbers
    sizes: Numbers
    data: Sequence[Bytes]

    @classmethod
    def of(cls, parts: Sequence[_Part]) -> _Rows:
        """Return the parts as one, an earlier part's postings of a term before a later one's."""
        import numpy as np

        keys = np.concatenate([part.keys for part in parts])
        order = np.argsort(keys, kind="stable").astype(np.int32)
        keys = keys[order]
        counts = [len(part.keys) for part in parts]
        owners = np.repeat(np.arange(len(parts), dtype=np.uint8), counts)[order]
        chunks = np.array([part.chunk for part in parts], np.uint8)[owners]
        starts = np.concatenate([part.starts for part in parts])[order]
        sizes = np.concatenate([np.diff(part.starts, append=np.int32(len(part.data))) for part in parts])[order]
        return cls(keys, chunks, owners, starts, sizes, [part.data for part in parts])

    def shards(self, ends: Numbers) -> list[bytes]:
        """Return the shards between some rows: each term's head, and the postings of all its chunks."""
        import numpy as np

        first, last = int(ends[0]), int(ends[-1])
        if first == last:
            return [b""] * (len(ends) - 1)
        keys, chunks, sizes = self.keys[first:last], self.chunks[first:last], self.sizes[first:last]
        begins = _steps(keys)
        marked = ~begins | (chunks > 0)
        term = np.flatnonzero(begins)
        lengths = np.add.reduceat(sizes + 2 * marked, term).astype(np.uint32)
        distances = np.diff(keys[term], prepend=np.uint32(0))
        # The first term of a shard tells its key. No shard begins within a term.
        opens = np.searchsorted(term, np.unique(ends[:-1][ends[:-1] < last]) - first)
        distances[opens] = keys[term[opens]]
        short = lengths < _SHORT
        packed = (distances * _SHORT + lengths * short).astype(np.uint32)
        heads, there = zip(_leb128(packed), _leb128(lengths), strict=True)
        there[1][short] = False
        width = heads[0].shape[1] + heads[1].shape[1]
        head, shown = np.zeros((len(keys), width + 2), np.uint8), np.zeros((len(keys), width + 2), bool)
        head[term, :width], shown[term, :width] = np.hstack(heads), np.hstack(there)
        head[:, width + 1], shown[:, width:] = chunks, marked[:, None]
        head_sizes = shown.sum(axis=1)
        places = np.cumsum(head_sizes + sizes) - (head_sizes + sizes)
        out = np.empty(int(places[-1] + head_sizes[-1] + sizes[-1]), np.uint8)
        out[_each(places, head_sizes)] = head[shown]
        for owner, data in enumerate(self.data):
            mine = np.flatnonzero(self.owners[first:last] == owner)
            source = _each(self.starts[first:last][mine], sizes[mine])
            out[_each(places[mine] + head_sizes[mine], sizes[mine])] = data[source]
        cuts = np.append(places, len(out))[ends - first].tolist()
        whole = out.tobytes()
        return [whole[start:end] for start, end in pairwise(cuts)]


def _each(starts: Numbers, sizes: Numbers) -> NDArray[np.int64]:
    """Return the places of all bytes of pieces that lie from ``starts`` on."""
    import numpy as np

    before = np.cumsum(sizes) - sizes
    found: NDArray[np.int64] = np.arange(int(sizes.sum())) + np.repeat(starts - before, sizes)
    return found
