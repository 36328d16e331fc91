"""Articles that were published twice: one page tells both, and both addresses answer. Pure; precision first.

Two questions, asked apart. Whether two articles are the same (``same``) is read off the two alone, so it does not depend
on what came when. Which page tells them (``pages``) also depends on which address stands already, and on whom a source
may speak for: what is told elsewhere is not shown at its own address any more, so nobody may take that from another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from broadsheet.model import Match, Mode, Record
from broadsheet.stories.duplicates import WINDOW, Candidate, alike
from broadsheet.stories.signature import SHINGLE, Signature, literal_tokens_of

SAME = 0.95
"""Share of all four-token shingles of both texts that stand in both."""
ELSEWHERE_WINDOW = timedelta(hours=12)
"""Between articles at different addresses: a daily notice has the same words and title every day."""
ELSEWHERE_TOKENS = 40
"""Least length of a text that tells by itself, without the address, that it is the same article."""
_SAMPLED = 0.7
"""Share of the samples of both without which the texts need not be read: the samples are 20 or more of a text."""
_SHOWS: dict[Mode, int] = {"link": 0, "excerpt": 1, "full": 2}


class Shown(Record, frozen=True, kw_only=True):
    """What a reader is shown of an article."""

    text: str
    beside: tuple[str, ...] = ()
    """All else: title, byline, rights, every address that it leads to and every picture."""


class Pair(NamedTuple):
    """Two articles that are the same."""

    one_address: bool
    wholly: bool
    """Whether a reader would be shown the very same of both."""


class Copy(Record, frozen=True, kw_only=True):
    """An article as the choice of the page needs it."""

    id: str
    publisher: str
    """Who publishes it, as the reader of the news filed its feed."""
    home: bool
    """Whether its feed lies on the domain of its address."""
    mode: Mode
    seq: int | None
    """Its place in the order of publication here; None where its address does not stand yet."""
    published: datetime


def may_be_same(match: Match, one: Candidate, other: Candidate) -> bool:
    """Return whether it is worth reading the texts of two articles that report one event."""
    ours, theirs = one.signature, other.signature
    if match.kind not in ("address", "text") or ours.numbers != theirs.numbers:
        return False
    apart = abs(one.published - other.published)
    if one.feed_id == other.feed_id and (apart > WINDOW or not alike(ours.words, theirs.words)):
        return False
    elsewhere = match.kind == "text" and (
        one.feed_id == other.feed_id or not ours.title or ours.title != theirs.title or apart > ELSEWHERE_WINDOW
    )
    return not elsewhere and _resemblance(ours, theirs) >= _SAMPLED


def same(
    match: Match, one: Candidate, other: Candidate, here: Shown, there: Shown
) -> Literal["", "nearly", "wholly"]:  # fmt: skip
    """Return how much alike two articles are if they are one that was published twice, given all that they show.

    Nothing that a reader would miss may be different: the numbers are equal, and so is nearly all of the rest; an
    edition in Traditional characters is not one in Simplified. What channels put around a text does not count.
    """
    if not may_be_same(match, one, other):
        return ""
    ours, theirs = literal_tokens_of(here.text), literal_tokens_of(there.text)
    if match.kind == "text" and min(len(ours), len(theirs)) < ELSEWHERE_TOKENS:
        return ""
    if not ours and not theirs and not (one.signature.title and one.signature.title == other.signature.title):
        return ""
    if here == there:
        return "wholly"
    close = ours == theirs or (_numbers(ours) == _numbers(theirs) and _shared(ours, theirs) >= SAME)
    return "nearly" if close else ""


def pages(copies: Sequence[Copy], pairs: Mapping[tuple[str, str], Pair]) -> dict[str, str]:
    """Return article -> the article whose page tells it too, of those that are told elsewhere.

    ``pairs`` are the articles that are the same, the two names of each in order. The page is the one whose address stood
    first. Among those that get their addresses together it is the one that shows most, that is at home, that was
    published first. Each article was compared with the very page that tells it.
    """
    told: dict[str, str] = {}
    found: list[Copy] = []
    for copy in sorted(copies, key=_precedence):
        page = next((page for page in found if _may_tell(page, copy, pairs)), None)
        if page is None:
            found.append(copy)
        else:
            told[copy.id] = page.id
    return told


def _precedence(copy: Copy) -> tuple[bool, int, int, bool, datetime, str]:
    return copy.seq is None, copy.seq or 0, -_SHOWS[copy.mode], not copy.home, copy.published, copy.id


def _may_tell(page: Copy, copy: Copy, pairs: Mapping[tuple[str, str], Pair]) -> bool:
    """Return whether the page of one may stand for the other: it shows as much, and its source may speak for the other's."""
    a, b = sorted((page.id, copy.id))
    pair = pairs.get((a, b))
    if pair is None or _SHOWS[page.mode] < _SHOWS[copy.mode]:
        return False
    return page.publisher == copy.publisher or (pair.one_address and (page.home or pair.wholly))


def _resemblance(one: Signature, other: Signature) -> float:
    """Return the share of samples that both texts have, of all that either has."""
    rate = max(one.rate, other.rate)
    ours, theirs = one.at(rate), other.at(rate)
    return len(ours & theirs) / len(ours | theirs) if ours or theirs else 1.0


def _shared(ours: Sequence[str], theirs: Sequence[str]) -> float:
    one, other = _shingles(ours), _shingles(theirs)
    return (one & other).total() / ((one | other).total() or 1)


def _shingles(tokens: Sequence[str]) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[place:] for place in range(SHINGLE)), strict=False))


def _numbers(tokens: Sequence[str]) -> Counter[str]:
    return Counter(token for token in tokens if any(character.isdigit() for character in token))
