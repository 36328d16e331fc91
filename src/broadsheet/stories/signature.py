"""What of an article is compared: sampled shingles of its text, its title in one form, the numbers in the title.

A shingle is a run of four tokens (a CJK character is a token; Traditional characters count as Simplified, full width as
half width). Of the 64-bit hashes of a text's shingles those that are 0 modulo the rate are kept. A rate is a power of
two, the highest that leaves at least 20 samples, so a flash of 50 characters keeps nearly all its shingles and a long
feature one in some hundred. What is kept at a high rate is kept at every lower one: two texts are compared at the higher of their
rates, and the share of samples that they have in common estimates how much of the one stands in the other.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

from broadsheet.model import Record
from broadsheet.stories.anchors import anchors_of
from broadsheet.text import digest, is_cjk

SHINGLE = 4
ENOUGH = 20
"""Samples below which a lower rate is taken."""
HIGHEST_RATE = 4096
_CJK = "\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af"
_TOKEN = re.compile(f"[{_CJK}]|[^\\W_{_CJK}]+")
_IS_HAN = re.compile(f"[{_CJK}]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# What agencies and channels put around a text: a headline in brackets, a dateline, the source at the end.
_LEAD = re.compile(
    r"\s*(?:【[^】]{0,120}】)?\s*"
    r"(?:[\u4e00-\u9fff]{0,14}?(?:\d{1,2}月)?\d{1,2}日(?:电|電|讯|訊|消息|获悉|獲悉)?[，,、：:（(]?|[\u4e00-\u9fffA-Za-z0-9]{2,10}(?:获悉|獲悉|讯|訊)[，,])?"
)
_DATELINE = re.compile(r"\s*[A-Z][A-Z .,'’-]{2,40}(?:,? [A-Z][a-z]{2,8}\.? \d{1,2})?(?: ?\([^)]{2,40}\))? ?[-–—]+ ")
_TAIL = re.compile(r"[（(【\[][^（(【\[）)】\]]{1,30}[）)】\]]\s*$")


class Signature(Record, frozen=True, kw_only=True):
    """The comparable form of an article. ``hashes`` are signed 64-bit integers, as SQL keeps them, in order."""

    hashes: tuple[int, ...]
    rate: int
    """One in so many shingles is kept."""
    title: str
    """Digest by which equal titles are found."""
    anchors: tuple[str, ...] = ()
    """Quoted names, telling numbers and proper names of title and lead."""
    cjk: bool = False
    """Whether the title is Chinese, Japanese or Korean: reports in different scripts are not compared by anchors."""
    words: tuple[str, ...]
    """Tokens of the title, each once, in order."""
    numbers: tuple[str, ...]
    """Numbers in the title, each once, in order: issues of a series differ in them."""

    def at(self, rate: int) -> frozenset[int]:
        """Return the samples that a text of the higher ``rate`` would have kept too."""
        return frozenset(number for number in self.hashes if number % rate == 0)


def sign(title: str, text: str) -> Signature:
    """Return the signature of an article, boilerplate already taken out of ``text``."""
    inner = without_affixes(text)
    kept, rate = _samples(inner)
    return Signature(
        hashes=kept, rate=rate, title=title_key(title), words=tuple(sorted(set(_TOKEN.findall(fold(title))))),
        anchors=anchors_of(title, inner), cjk=is_cjk(title),
        numbers=tuple(sorted(set(_NUMBER.findall(unicodedata.normalize("NFKC", title))))),
    )  # fmt: skip


def tokens_of(text: str) -> list[str]:
    """Return the tokens that are compared: folded, without what a channel puts around a report."""
    return _TOKEN.findall(fold(without_affixes(text)))


def literal_tokens_of(text: str) -> list[str]:
    """Return the tokens as they are written: Traditional characters are not Simplified ones."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", without_affixes(text)).lower())


def fold(text: str) -> str:
    """Return the text in lower case, half width, Simplified characters."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return folded if folded.isascii() else folded.translate(_simplified())


def without_affixes(text: str) -> str:
    """Return the text without headline in brackets, dateline and source mark, where enough is left."""
    begin = _LEAD.match(text)
    inner = text[begin.end() :] if begin else text
    dateline = _DATELINE.match(inner) if inner[:1].isascii() else None
    inner = inner[dateline.end() :] if dateline else inner
    head, tail = inner[:-60], inner[-60:]
    inner = head + _TAIL.sub("", tail)
    return inner if len(inner) * 2 >= len(text) else text


def title_key(title: str) -> str:
    """Return the form in which titles are compared: letters and digits only, folded; empty for a short one."""
    folded = re.sub(r"\W+", "", fold(title))
    return digest(folded, size=8) if len(folded) >= 8 else ""


def _samples(text: str) -> tuple[tuple[int, ...], int]:
    """Return the sampled hashes of a text's shingles and the rate. All of it on whole arrays: nine tenths of the work is here."""
    import numpy as np

    codes = _codes(text)
    count = len(codes) - SHINGLE + 1
    if count < 1:
        return (), 1
    mixed = np.zeros(count, dtype=np.uint64)
    for place in range(SHINGLE):
        # FNV-like: the place of a token in the shingle counts.
        mixed ^= codes[place : place + count]
        mixed *= np.uint64(_ODD)
        mixed ^= mixed >> np.uint64(29)
    # The rate that should leave between one and two times as many as are enough; then as low as it takes.
    rate = min(HIGHEST_RATE, 1 << max(0, (count // ENOUGH).bit_length() - 1))
    while True:
        kept = np.unique(mixed[mixed & np.uint64(rate - 1) == 0].view(np.int64))
        if len(kept) >= ENOUGH or rate == 1:
            return tuple(kept.tolist()), rate
        rate //= 2


_ODD = 0x9E3779B97F4A7C15
_HAN, _WORD = 2, 1
_RARE = 0x20000
"""From here on there are Han characters only."""


def _codes(text: str) -> Any:
    """Return a 64-bit code of each token: a polynomial of its characters, whatever its place in the text."""
    import numpy as np

    folded = unicodedata.normalize("NFKC", text).lower()
    kinds, simple = _characters()
    letters = np.frombuffer(folded.encode("utf-32-le", "replace"), dtype=np.uint32)
    if folded.isascii():
        kind = kinds[letters]
    else:
        places = np.minimum(letters, _RARE)
        kind = kinds[places]
        letters = np.where(letters < _RARE, simple[places], letters)
    begins = kind != 0
    # A letter that follows a letter of the same word begins nothing; a Han character is a word of its own.
    begins[1:] &= (kind[1:] == _HAN) | (kind[:-1] != _WORD)
    starts = np.flatnonzero(begins)
    if not len(starts):
        return starts.astype(np.uint64)
    powers, inverses = _powers(1 << max(12, len(letters).bit_length()))
    weighed = np.where(kind == 0, np.uint64(0), letters.astype(np.uint64) + np.uint64(1)) * powers[: len(letters)]
    codes = np.add.reduceat(weighed, starts) * inverses[starts]
    codes ^= codes >> np.uint64(32)
    return codes * np.uint64(_ODD)


@lru_cache(maxsize=4)
def _powers(count: int) -> tuple[Any, Any]:
    """Return the powers of an odd number modulo 2 ** 64, and of its inverse."""
    import numpy as np

    found = []
    for base in (_ODD, pow(_ODD, -1, 1 << 64)):
        powers = np.full(count, base, dtype=np.uint64)
        powers[0] = 1
        found.append(np.multiply.accumulate(powers))
    return found[0], found[1]


@lru_cache(maxsize=1)
def _characters() -> tuple[Any, Any]:
    """Return, of each character up to the rare ones, what it is to a tokeniser, and its Simplified form."""
    import numpy as np

    every = [chr(code) for code in range(_RARE)]
    kinds = np.array([_HAN if _IS_HAN.match(one) else one.isalnum() for one in every] + [_HAN], dtype=np.uint8)
    simple = np.arange(_RARE + 1, dtype=np.uint32)
    for code, other in _simplified().items():
        simple[code] = other
    return kinds, simple


@lru_cache(maxsize=1)
def _simplified() -> dict[int, int]:
    """Return the table that takes each Traditional character to its Simplified one (OpenCC's)."""
    import opencc

    characters = [chr(code) for code in range(0x3400, 0xA000)]
    converted = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {
        ord(one): ord(other)
        for one, other in zip(characters, converted, strict=True)
        if one != other and len(other) == 1
    }
