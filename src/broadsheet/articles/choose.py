"""Which blocks of a page are its article: weighed twice, and with a second opinion where that is unsure.

First every block is weighed by itself, then again with what the first look made of its surroundings. Where the outcome is
unsure, trafilatura is asked, and its answer weighed as one more opinion. The weights (``weights.json``) are a ridge
logistic regression on annotated pages; ``python -m benchmarks fit`` makes them and says how well they do on sites that
they were not fitted to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.resources import files

import msgspec
import numpy as np

from broadsheet.articles.blocks import Block
from broadsheet.articles.evidence import ALONE, BOTH, Numbers, both, opinion, read_page

_MIN_CELLS, _MAX_CELL = 2, 300
"""A table with fewer cells, or with longer ones (characters), arranges a page rather than data."""


class Weights(msgspec.Struct, frozen=True):
    """One logistic regression: the weight of each piece of evidence, by name, and what is true without any."""

    bias: float
    weights: dict[str, float]


class Scale(msgspec.Struct, frozen=True):
    """The three looks at a page and where their outcome turns."""

    first: Weights
    second: Weights
    advised: Weights
    keep: float
    """Probability from which a block is kept."""
    sure: float
    """Expected F1 from which nobody else is asked."""


def choose(
    blocks: Sequence[Block], *, title: str = "", author: str = "", adviser: Callable[[], str] | None = None
) -> Numbers:
    """Return for each block the probability that it is of the article, as numbers from 0 to 1.

    ``adviser`` returns another extractor's text of the same page; it is asked where we are unsure.
    """
    if not blocks:
        return np.zeros(0)
    scale, first, second, advised = _scale()
    page = read_page(blocks, title=title, author=author)
    found = weigh(both(page, weigh(page.alone, first)), second)
    if adviser is not None and expected_f1(found, page.words, scale.keep) < scale.sure:
        text = adviser()
        if text:
            found = weigh(both(page, opinion(page, text)), advised)
    return found


def is_kept(blocks: Sequence[Block], found: Numbers) -> list[bool]:
    """Return which blocks to keep; a table of short cells and a list are kept or left as a whole."""
    keep = _scale()[0].keep
    kept = found >= keep
    sizes = np.array([len(block.text) for block in blocks])
    for group in _wholes(blocks, "table"):
        if len(group) >= _MIN_CELLS and sizes[group].max() <= _MAX_CELL:
            before, after = group[0] - 1, group[-1] + 1
            between = before >= 0 and after < len(blocks) and found[before] >= keep and found[after] >= keep
            kept[group] = between or _mean(found, sizes, group) >= keep
    for group in _wholes(blocks, "ul", "ol"):
        if len(group) > 1:
            kept[group] = _mean(found, sizes, group) >= keep
    return [bool(value) for value in kept]


def _wholes(blocks: Sequence[Block], *tags: str) -> list[list[int]]:
    """Return the places of the blocks of each innermost element of a kind."""
    groups: dict[object, list[int]] = {}
    inside: dict[object, object] = {}  # blocks beside each other have one parent
    for place, block in enumerate(blocks):
        parent = block.element.getparent()
        if parent not in inside:
            inside[parent] = next(block.element.iterancestors(*tags), None)
        if (element := inside[parent]) is not None:
            groups.setdefault(element, []).append(place)
    return list(groups.values())


def _mean(found: Numbers, sizes: Numbers, group: list[int]) -> float:
    return float((found[group] * sizes[group]).sum() / sizes[group].sum())


def expected_f1(found: Numbers, words: Numbers, keep: float) -> float:
    """Return the F1 in words that the choice has if the probabilities are right."""
    chosen = found >= keep
    hit = float((found * words)[chosen].sum())
    return 2 * hit / max(1.0, float(words[chosen].sum() + (found * words).sum()))


def weigh(numbers: Numbers, weights: tuple[Numbers, float]) -> Numbers:
    """Return the probability of each row of evidence under the weights."""
    # Rounded, so that the last bit of a sum never decides differently on another machine.
    sums: Numbers = numbers @ weights[0] + weights[1]
    found: Numbers = np.round(1 / (1 + np.exp(-np.clip(sums, -30, 30))), 6)
    return found


@lru_cache(maxsize=1)
def _scale() -> tuple[Scale, tuple[Numbers, float], tuple[Numbers, float], tuple[Numbers, float]]:
    data = files("broadsheet.articles").joinpath("weights.json").read_bytes()
    scale = msgspec.json.decode(data, type=Scale)
    looks = ((scale.first, ALONE), (scale.second, BOTH), (scale.advised, BOTH))
    first, second, advised = (
        (np.array([look.weights.get(name, 0.0) for name in names]), look.bias) for look, names in looks
    )
    return scale, first, second, advised
