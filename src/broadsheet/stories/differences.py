"""Where two copies of a report differ: passages that one has and the other lacks, or has in other words. Pure.

Sentences are looked up first, in the form in which texts are compared (``signature.fold``), so that Simplified and
Traditional are equal and a paragraph that only moved is no difference; then, in sentences that were changed, the words.
The work and the answer are bounded whatever the texts are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from broadsheet.stories.signature import fold

MOST_SENTENCES = 400
"""Of each text; what comes after is not compared."""
MOST_TOKENS = 400
"""Of a changed passage, within which words are compared; a longer one differs as a whole."""
MOST_WORK = 200_000
"""Pairs of equal words looked at in all: what is left then differs as a whole. Nothing but made-up text needs so many."""
_EACH = 10
"""What two sentences cost beside."""
REWORDED = 0.5
"""Share of words in common from which two passages are one in other words, not two."""
CONTEXT = 24
"""Characters kept of what is the same on each side of a changed word."""
_SENTENCE = re.compile(r".+?(?:[。！？!?…；;][”’」』）)\"]*|\.[\"”’)]*(?=\s)|$)", re.MULTILINE)
_HAN = r"\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af"
_TOKEN = re.compile(rf"(?:[{_HAN}]|[^\W{_HAN}]+|[^\w\s])\s*")


class Piece(NamedTuple):
    """A part of a passage."""

    text: str
    differs: bool


class Passage(NamedTuple):
    """A place where two texts differ; a side that has nothing there is empty."""

    one: tuple[Piece, ...]
    other: tuple[Piece, ...]

    @property
    def length(self) -> int:
        """Characters of both sides."""
        return sum(len(piece.text) for piece in self.one + self.other)


def differences(one: str, other: str) -> list[Passage]:
    """Return the passages that differ, in the order of the texts; nothing where one text is the other in another order."""
    ours, theirs = _sentences(one), _sentences(other)
    left, right = _lacking(ours, theirs), _lacking(theirs, ours)
    tokens = {at: _TOKEN.findall(theirs[at]) for at in right}
    work = MOST_WORK
    found: list[tuple[float, Passage]] = []
    for at in left:
        mine = _TOKEN.findall(ours[at])
        place, match, work = _reworded(mine, tokens, work)
        here = Passage((Piece(ours[at], True),), ())
        found.append((at / len(ours), _reworded_passage(mine, tokens.pop(place), match) if match else here))
    found += [(at / len(theirs), Passage((), (Piece(theirs[at], True),))) for at in tokens]
    return [passage for _, passage in sorted(found, key=lambda item: item[0])]


def within(passages: Sequence[Passage], most: int) -> tuple[list[Passage], int]:
    """Return those passages that have at most so many characters together, and how many are left out."""
    shown: list[Passage] = []
    for passage in passages:
        if passage.length <= most:
            most -= passage.length
            shown.append(passage)
    return shown, len(passages) - len(shown)


def _sentences(text: str) -> list[str]:
    return [found for found in (part.strip() for part in _SENTENCE.findall(text)) if found][:MOST_SENTENCES]


def _key(sentence: str) -> str:
    return re.sub(r"\W+", "", fold(sentence))


def _lacking(ours: Sequence[str], theirs: Sequence[str]) -> list[int]:
    """Return the places of the sentences that stand nowhere in the other text."""
    known = {_key(sentence) for sentence in theirs} | {""}
    return [at for at, sentence in enumerate(ours) if _key(sentence) not in known]


def _reworded(
    tokens: list[str], others: Mapping[int, list[str]], work: int
) -> tuple[int, SequenceMatcher[str] | None, int]:
    """Return which of the others says the same in other words, the most alike, how the two match, and what work is left."""
    folded = [fold(token).strip() for token in tokens]
    counts = Counter(folded)
    best, place, found = REWORDED, -1, None
    for at, other in others.items():
        if work <= 0 or max(len(tokens), len(other)) > MOST_TOKENS:
            continue
        theirs = [fold(token).strip() for token in other]
        work -= _EACH + sum(counts[token] for token in theirs)
        match = SequenceMatcher(None, folded, theirs, autojunk=False)
        if match.real_quick_ratio() >= best and match.quick_ratio() >= best and match.ratio() >= best:
            best, place, found = match.ratio() + 1e-9, at, match
    return place, found, work


def _reworded_passage(ours: list[str], theirs: list[str], match: SequenceMatcher[str]) -> Passage:
    opcodes = match.get_opcodes()
    return Passage(
        _pieces([("".join(ours[a:b]), kind != "equal") for kind, a, b, _, _ in opcodes]),
        _pieces([("".join(theirs[c:d]), kind != "equal") for kind, _, _, c, d in opcodes]),
    )


def _pieces(parts: list[tuple[str, bool]]) -> tuple[Piece, ...]:
    """Return the parts with what is the same cut down to its ends, where it is long."""
    parts = [(text, differs) for text, differs in parts if text]
    last = len(parts) - 1
    return tuple(
        Piece(text if differs else _shortened(text, first=at == 0, last=at == last), differs)
        for at, (text, differs) in enumerate(parts)
    )


def _shortened(text: str, *, first: bool, last: bool) -> str:
    head, tail = text[: 0 if first and not last else CONTEXT], text[max(0, len(text) - (0 if last else CONTEXT)) :]
    if len(text) <= len(head) + len(tail) + 8:
        return text
    # Not in the middle of a word, where words are set apart by spaces.
    head = head.rsplit(" ", 1)[0] if " " in head[CONTEXT // 2 :] else head
    tail = tail.split(" ", 1)[1] if " " in tail[: CONTEXT // 2] else tail
    return f"{head} … {tail}" if head and tail else f"{head} …" if head else f"… {tail}"
