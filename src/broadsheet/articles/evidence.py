"""What speaks for and against each block of a page: numbers for the weights of ``choose``.

None of it looks at words of the text itself, so all languages are judged by the same weights.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from broadsheet.articles.blocks import HINT, HINTS, MEANINGS, Block
from broadsheet.text import letters as text_letters

Numbers = np.ndarray
"""A row a block, a column a piece of evidence."""

TAGS = "p li h1 h2 h3 h4 h5 h6 td th blockquote div figcaption pre dd dt section article caption a span".split()
_TAG_PLACE = {tag: place for place, tag in enumerate(TAGS)}
_ROW_OF: Numbers = np.eye(len(TAGS) + 1, len(TAGS))
"""For each place one, and none for other tags."""
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_SENTENCE = re.compile(r"[.!?。！？…؟।]+[\"'”’»」）)]?(?:\s|$)|[。！？]")
_COMMA = re.compile(r"[,;，、；،]")
_DATE = re.compile(r"\d{1,4}[./\-年]\s?\d{1,2}[./\-月]\s?\d{1,4}|\d{1,2}:\d{2}|\b(19|20)\d\d\b")
_RIGHTS = ("©", "®", "all rights reserved", "copyright", "版权", "轉載", "转载", "著作権", "저작권")
_END = re.compile(r"[.!?。！？…:：؟\"”」）)]$")
_BULLETS = "•·-–—|>»©*#←→▶►‹›"
_SAMPLE = 600
"""Characters of a block that are looked at for punctuation; more of it tells nothing new."""

_TEXT = (
    "words, words to 60, under 4 words, sentences, any sentence, commas, linked, all linked, solid, words linked, ends, "
    "colon, date, rights, digits, capitals, upper case, bullet, depth, position, twice, is title, part of title, "
    "has author, strong, emphasised, picture, time, link paragraph"
).split(", ")
_AROUND = (
    "words before, words after, linked before, linked after, alike words, alike share, alike blocks, alike length, blocks"
).split(", ")
ALONE = [
    *_TEXT,
    *(f"in {tag}" for tag in TAGS),
    *(f"near {name}" for name in HINTS),
    *(f"under {name}" for name in HINTS),
    *(f"inside {name}" for name in (*MEANINGS, "articleBody")),
    *_AROUND,
]
"""Names of what a block says by itself."""
_DISTANCES = (-3, -2, -1, 1, 2, 3)
_REACHES = (2, 6, 15)
TOGETHER = [
    "kept", "from first", "from last", "between", "near first", "near last", "done", "after all", "before all",
    *(f"kept at {distance:+d}" for distance in _DISTANCES),
    *(f"kept within {reach}" for reach in _REACHES),
    *(f"{group} {what}" for group in ("alike", "sibling") for what in ("kept", "of kept", "of page", "mean")),
    "page kept",
]  # fmt: skip
"""Names of what an opinion on all blocks says of one."""
_CROSSED = [
    place
    for place, name in enumerate(ALONE)
    if name in ("words", "linked", "solid", "ends", "rights", "date", "link paragraph", "sentences", "bullet")
    or name.startswith("near ")
    or name in ("inside aside", "inside ul", "inside footer", "inside article", "inside figure", "inside table")
]
_CROSSING = (TOGETHER.index("kept"), TOGETHER.index("kept within 2"))
BOTH = [
    *ALONE, *TOGETHER,
    *(f"{ALONE[place]} x {TOGETHER[crossing]}" for crossing in _CROSSING for place in _CROSSED),
]  # fmt: skip
"""Names of what ``both`` returns."""


class Page(NamedTuple):
    """The blocks of a page in numbers."""

    letters: list[str]
    """Of each block, small, without blanks and signs."""
    words: Numbers
    """Of each block; a CJK character counts 0.6."""
    alike: Numbers
    """Number of the block's signature."""
    siblings: Numbers
    """Number of the holder's parent."""
    alone: Numbers


def read_page(blocks: Sequence[Block], *, title: str = "", author: str = "") -> Page:
    """Return what each block says by itself; title and author as the feed or the page's metadata have them."""
    letters = [text_letters(block.text) for block in blocks]
    words = np.array([_words(block.text) for block in blocks])
    alike = _numbered([block.signature for block in blocks])
    siblings = _numbered([block.element.getparent() for block in blocks])
    counts = Counter(letters)
    title, author = text_letters(title), text_letters(author)
    rows = []
    for place, block in enumerate(blocks):
        own = letters[place]
        rows.append(
            [
                *_of_text(block, float(words[place])), block.depth / 40, place / len(blocks), counts[own] > 1,
                bool(title) and own == title, bool(title) and len(own) > 8 and (own in title or title in own),
                len(author) > 3 and author in own and words[place] < 15,
                bool(block.inline & {"strong", "b"}), bool(block.inline & {"em", "i"}), "img" in block.inline,
                "time" in block.inline,
                block.linked >= len(block.text) * 0.95 and block.element.tag in ("p", "div", "span", "a"),
            ]
        )  # fmt: skip
    near, far = _bits([block.near for block in blocks], len(HINT)), _bits([block.far for block in blocks], len(HINT))
    meaning = _bits([block.meaning for block in blocks], len(MEANINGS) + 1)
    tags = _ROW_OF.take([_TAG_PLACE.get(block.element.tag, len(TAGS)) for block in blocks], axis=0)
    alone = np.concatenate(
        [np.array(rows, dtype=float), tags, near, far, meaning, _around(blocks, words, alike)], axis=1
    )
    return Page(letters=letters, words=words, alike=alike, siblings=siblings, alone=alone)


def _of_text(block: Block, words: float) -> list[float]:
    text = block.text
    sample, length = text[:_SAMPLE], len(text)
    linked = min(1.0, block.linked / length)
    sentences = len(_SENTENCE.findall(sample))
    start = text.split(None, 30)[:30]
    head = text[:200]
    return [
        np.log1p(words), min(words, 60) / 60, words < 4, min(sentences, 6), sentences > 0,
        min(len(_COMMA.findall(sample)), 8), linked, linked > 0.8, words * (1 - linked) > 15, linked * np.log1p(words),
        bool(_END.search(text[-2:])), text.endswith((":", "：")), bool(words < 14 and _DATE.search(text)),
        any(map(sample.lower().__contains__, _RIGHTS)), sum(map(str.isdigit, head)) / len(head),
        sum(word[0].isupper() for word in start) / len(start), text.isupper(), text[0] in _BULLETS,
    ]  # fmt: skip


def _words(text: str) -> float:
    return len(text.split()) + (0.0 if text.isascii() else 0.6 * len(_CJK.findall(text)))


def _numbered(values: Sequence[object]) -> Numbers:
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values])


def _bits(masks: Sequence[int], count: int) -> Numbers:
    return (np.array(masks)[:, None] >> np.arange(count) & 1).astype(float)


def _around(blocks: Sequence[Block], words: Numbers, alike: Numbers) -> Numbers:
    linked = np.array([min(1.0, block.linked / len(block.text)) for block in blocks])
    logs = np.log1p(words)
    of_kind, of_kind_count = np.bincount(alike, words), np.bincount(alike)
    columns = [
        np.concatenate(([0], logs[:-1])), np.concatenate((logs[1:], [0])),
        np.concatenate(([0], linked[:-1])), np.concatenate((linked[1:], [0])),
        np.log1p(of_kind[alike]), of_kind[alike] / max(1.0, words.sum()), np.log1p(of_kind_count[alike]),
        np.log1p(of_kind[alike] / of_kind_count[alike]), np.full(len(blocks), np.log1p(len(blocks))),
    ]  # fmt: skip
    return np.stack(columns, axis=1)


def opinion(page: Page, text: str) -> Numbers:
    """Return how far each block stands in another extractor's text: 1 as a whole, less where that may be chance."""
    lines = [text_letters(line) for line in text.split("\n")]
    known, flat = set(lines), "".join(lines)
    found, weak = np.zeros(len(page.letters)), np.zeros(len(page.letters))
    for place, own in enumerate(page.letters):
        length = len(own) * (2 if _CJK.search(own) else 1)
        if not own:
            continue
        if length >= 24:
            found[place] = own in known or own in flat or (len(own) > 60 and own[:30] in flat and own[-25:] in flat)
        elif own in known:
            weak[place] = 1.0
        elif length >= 10 and own in flat:
            weak[place] = 0.5
    firm = np.nonzero(found)[0]
    for place in map(int, np.nonzero(weak)[0]):
        # Short lines count where long ones stand near: "Politics" of the menu is no line of the article.
        near = not len(firm) or np.abs(firm - place).min() <= 4
        found[place] = weak[place] if near else 0.3 * (weak[place] == 1.0)
    return found


def both(page: Page, opinion: Numbers) -> Numbers:
    """Return what each block says by itself together with what an opinion on all blocks says of it."""
    around = _together(page, opinion)
    crossed = [page.alone[:, _CROSSED] * around[:, [crossing]] for crossing in _CROSSING]
    return np.concatenate([page.alone, around, *crossed], axis=1)


def _together(page: Page, opinion: Numbers) -> Numbers:
    count, words = len(opinion), page.words
    kept = opinion * words
    all_kept, all_words = max(1.0, kept.sum()), max(1.0, words.sum())
    firm = np.nonzero((opinion > 0.5) & (words >= 5))[0]
    first, last = (int(firm[0]), int(firm[-1])) if len(firm) else (0, count - 1)
    place: Numbers = np.arange(count)
    kept_before, words_before = np.concatenate(([0], np.cumsum(kept))), np.concatenate(([0], np.cumsum(words)))
    done = kept_before[:count] / all_kept
    padded = np.concatenate((np.zeros(3), opinion, np.zeros(3)))
    columns = [
        opinion, (place - first) / count, (place - last) / count, (place >= first) & (place <= last),
        np.clip((place - first) / 20, -1, 1), np.clip((place - last) / 20, -1, 1), done, done >= 0.999, done <= 0,
        *(padded[3 + distance : 3 + distance + count] for distance in _DISTANCES),
    ]  # fmt: skip
    for reach in _REACHES:
        low, high = np.maximum(0, place - reach), np.minimum(count, place + reach + 1)
        columns.append((kept_before[high] - kept_before[low]) / np.maximum(1, words_before[high] - words_before[low]))
    for group in (page.alike, page.siblings):
        of_group, words_of = np.bincount(group, kept), np.bincount(group, words)
        mean = np.bincount(group, opinion) / np.bincount(group)
        columns += [
            (of_group / np.maximum(1, words_of))[group], (of_group / all_kept)[group], (words_of / all_words)[group],
            mean[group],
        ]  # fmt: skip
    columns.append(np.full(count, all_kept / all_words))
    return np.stack(columns, axis=1).astype(float)
