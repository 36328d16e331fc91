"""Chinese text by the yard: words by Zipf's law, or letters in the order in which real articles have them."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable

from benchmarks.measure import CORPUS
from broadsheet.text import CJK

Words = Callable[[random.Random, int], str]
"""Returns text of so many characters, the same for a random source in the same state."""


def by_name(name: str) -> Words:
    """Return how text is made: ``zipf`` or ``markov``."""
    return {"zipf": zipf, "markov": markov}[name]()


def zipf() -> Words:
    """Return text of 40,000 made-up words, the one of rank r 1/r times as often as the first."""

    def drawn(chance: random.Random, number: int) -> int:
        return int(number ** chance.random()) - 1

    maker = random.Random(0)
    vocabulary = [
        "".join(chr(0x4E00 + drawn(maker, 3000)) for _ in range(maker.choice((1, 2, 2, 2, 3)))) for _ in range(40_000)
    ]

    def words(chance: random.Random, count: int) -> str:
        text = ""
        while len(text) < count:
            text += vocabulary[drawn(chance, len(vocabulary))]
        return text[:count]

    return words


def markov() -> Words:
    """Return text in which each letter follows the two before it as often as in the corpus' Chinese articles."""
    gold = json.loads((CORPUS / "pages" / "gold.json").read_text("utf-8"))
    texts = [str(page["gold"].get("body", "")) for page in gold]
    texts += [path.read_text("utf-8") for path in sorted((CORPUS / "posts").rglob("*.md"))]
    follows: defaultdict[str, list[str]] = defaultdict(list)
    for text in texts:
        han = "".join(
            letter for letter in text if any(first <= ord(letter) <= last for first, last in CJK) or letter in "，。"
        )
        for place in range(len(han) - 2):
            follows[han[place : place + 2]].append(han[place + 2])
    starts = sorted(follows)

    def words(chance: random.Random, count: int) -> str:
        text = chance.choice(starts)
        while len(text) < count:
            text += chance.choice(follows.get(text[-2:]) or [chance.choice(starts)[0]])
        return text[:count]

    return words
