"""Synthetic articles with near-copies of known truth, seeded: what edits do to reports as they travel."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

_SYLLABLES = "ka lo mi ren tas vel dor pin sha gul bre fon tir mas wen hol cra dis ber nov".split()


class Made(NamedTuple):
    """An article and the group of copies that it belongs to; a series has a group for each issue."""

    id: str
    group: str
    title: str
    text: str
    edit: str
    feed: str


@lru_cache(maxsize=1)
def _words() -> tuple[list[str], list[str]]:
    chance = random.Random(7)
    latin = sorted({"".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4))) for _ in range(30_000)})
    han = [chr(0x4E00 + chance.randrange(5000)) + chr(0x4E00 + chance.randrange(5000)) for _ in range(20_000)]
    return latin, han


def paragraph(chance: random.Random, *, han: bool, sentences: int = 4, numbers: float = 0.25) -> str:
    """Return some sentences of words drawn by frequency, as in a language; ``numbers`` is the share that holds one."""
    words = _words()[han]
    found = []
    for _ in range(sentences):
        picked = [words[int(len(words) ** chance.random()) - 1] for _ in range(chance.randint(8, 18))]
        if chance.random() < numbers:
            picked[chance.randrange(len(picked))] = str(chance.randint(10, 999))
        found.append("".join(picked) + "。" if han else " ".join(picked).capitalize() + ". ")
    return "".join(found)


def _title(chance: random.Random, han: bool) -> str:
    """Return a title. It holds no number: numbers in titles tell the issues of a series apart."""
    return paragraph(chance, han=han, sentences=1, numbers=0)[:60]


def article(seed: int) -> tuple[str, list[str], bool]:
    """Return title, paragraphs and whether it is Chinese: from a flash of one paragraph to a feature of twenty."""
    chance = random.Random(seed)
    han = chance.random() < 0.5
    size = chance.choice((1, 2, 4, 6, 8, 12, 20))
    return _title(chance, han), [paragraph(chance, han=han) for _ in range(size)], han


def _prefix(_chance: random.Random, parts: list[str], han: bool) -> list[str]:
    return (
        ["【快讯】本社3月12日电，" + parts[0], *parts[1:]]
        if han
        else ["PORT CALDER, March 12 (Wire) - " + parts[0], *parts[1:]]
    )


def _suffix(_chance: random.Random, parts: list[str], han: bool) -> list[str]:
    return [*parts[:-1], parts[-1] + ("（通讯社）" if han else "(Reporting by the Wire)")]


def _cut(_chance: random.Random, parts: list[str], _han: bool) -> list[str]:
    return parts[: max(1, round(len(parts) * 0.7))]


def _reorder(chance: random.Random, parts: list[str], _han: bool) -> list[str]:
    return [parts[0], *chance.sample(parts[1:], len(parts) - 1)]


def _lead(chance: random.Random, parts: list[str], han: bool) -> list[str]:
    return [paragraph(chance, han=han, sentences=1), *parts]


def _numbers(chance: random.Random, parts: list[str], _han: bool) -> list[str]:
    """Return the parts with about every second number told anew, as a report is brought up to date."""
    return [
        re.sub(r"\d+", lambda found: str(chance.randint(10, 999)) if chance.random() < 0.5 else found[0], part)
        for part in parts
    ]


@lru_cache(maxsize=1)
def _to_traditional() -> Callable[[str], str]:
    import opencc

    convert: Callable[[str], str] = opencc.OpenCC("s2t").convert
    return convert


def _traditional(_chance: random.Random, parts: list[str], han: bool) -> list[str]:
    return [_to_traditional()(part) for part in parts] if han else [part.upper() for part in parts]


EDITS: dict[str, Callable[[random.Random, list[str], bool], list[str]]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "cut": _cut,
    "reorder": _reorder,
    "lead": _lead,
    "numbers": _numbers,
    "traditional": _traditional,
    "title": lambda _chance, parts, _han: parts,
}


def world(size: int, seed: int = 1) -> Iterator[Made]:
    """Yield ``size`` articles: a tenth have one to five near-copies, a twentieth are issues of series to keep apart."""
    chance = random.Random(seed)
    number = made = 0
    while made < size:
        number += 1
        title, parts, han = article(seed * 1_000_003 + number)
        kind = chance.random()
        copies = [("original", title, parts)]
        if kind < 0.10:
            for _ in range(chance.randint(1, 5)):
                name = chance.choice(list(EDITS))
                renamed = _title(chance, han) if name == "title" else title
                copies.append((name, renamed, EDITS[name](chance, parts, han)))
        series = 0.10 <= kind < 0.15
        if series:
            copies += [
                ("series", f"{title} {day}", [part.replace("。", f"{day}。", 1) for part in parts]) for day in (2, 3)
            ]
        for index, (edit, name, texts) in enumerate(copies):
            group = f"{number}-{index}" if series else str(number)
            feed = "series" if series else str(index)
            yield Made(f"{number:08d}-{index}", group, name, "\n".join(texts), edit, feed)
            made += 1
            if made == size:
                return
