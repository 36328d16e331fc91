"""Fit the weights by which blocks of a page are chosen, and say how they do on sites that they were not fitted to.

``python -m benchmarks fit`` prints the figures of a five-fold cross-validation by site; with ``--write`` it also fits to all
annotated pages and writes ``articles/weights.json``. Ridge logistic regression by Newton's method, a block weighted by
its share of the article's text.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.measure import CORPUS, Row
from broadsheet.articles import choose, evidence
from broadsheet.articles.metadata import read_metadata
from broadsheet.articles.page import advice, blocks_of, parse_page

PAGES = CORPUS / "pages"
TARGET = Path(choose.__file__).with_name("weights.json")
FOLDS = 5
KEEP, SURE = 0.42, 0.94
RIDGE = {"first": 50.0, "second": 600.0, "advised": 300.0}
"""How strongly weights are drawn to nothing; chosen by the cross-validation."""


@dataclass
class Sample:
    """An annotated page in numbers."""

    page: evidence.Page
    advised: evidence.Numbers
    tokens: list[list[str]]
    gold: list[list[str]]
    labels: evidence.Numbers
    site: str
    part: str
    script: str


def run() -> Iterator[Row]:
    """Cross-validate and yield the rows; write the weights where ``--write`` was given."""
    scorer = _scorer()
    samples = list(_samples(scorer))
    sites = sorted({sample.site for sample in samples})
    random.Random(3).shuffle(sites)
    fold = {site: place % FOLDS for place, site in enumerate(sites)}
    outcome = np.zeros((len(samples), 3))
    for number in range(FOLDS):
        train = [sample for sample in samples if fold[sample.site] != number]
        looks = _fit(train)
        for place, sample in enumerate(samples):
            if fold[sample.site] == number:
                outcome[place] = _score(scorer, sample, looks)
    parts: dict[str, list[int]] = {"all": list(range(len(samples)))}
    for place, sample in enumerate(samples):
        parts.setdefault(sample.part, []).append(place)
        if sample.script != "latin":
            parts.setdefault(sample.script, []).append(place)
    for part, places in parts.items():
        ours, peer, asked = outcome[places].mean(axis=0)
        yield Row(
            f"blocks of unseen sites, {part} ({len(places)})", f"F1 {ours:.4f}", f"trafilatura {peer:.4f}",
            asked, "share asked", "",
        )  # fmt: skip
    if "--write" in sys.argv:
        _write(_fit(samples))


def _scorer() -> Any:
    spec = importlib.util.spec_from_file_location("score", PAGES / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _samples(scorer: Any) -> Iterator[Sample]:
    for item in json.loads((PAGES / "gold.json").read_text("utf-8")):
        gold = item["gold"]
        if not gold.get("body"):
            continue
        tree = parse_page(gzip.decompress((PAGES / item["file"]).read_bytes()), item["url"])
        if tree is None:
            continue
        meta = read_metadata(tree, item["url"])
        blocks = blocks_of(tree.find("body"))
        if not blocks:
            continue
        page = evidence.read_page(blocks, title=meta.title, author=", ".join(meta.authors))
        readings = [scorer.tokens(text) for text in (gold["body"], gold.get("body_min")) if text]
        tokens = [scorer.tokens(block.text) for block in blocks]
        yield Sample(
            page=page, advised=evidence.opinion(page, advice(tree, item["url"])), tokens=tokens, gold=readings,
            labels=_labels(tokens, gold["body"], scorer), site=item["site"], part=item["source"],
            script=item.get("script") or "latin",
        )  # fmt: skip


def _labels(tokens: list[list[str]], gold: str, scorer: Any) -> evidence.Numbers:
    """Return for each block whether most of its runs of four tokens stand in the gold text; short ones as whole lines."""
    every = scorer.tokens(gold)
    lines = {tuple(scorer.tokens(line)) for line in gold.split("\n")}
    runs = {size: {tuple(every[at : at + size]) for at in range(len(every) - size + 1)} for size in range(1, 5)}
    labels = []
    for own in tokens:
        size = min(4, len(own))
        if not size or (size < 4 and tuple(own) not in lines):
            labels.append(False)
            continue
        there = [tuple(own[at : at + size]) in runs[size] for at in range(len(own) - size + 1)]
        labels.append(sum(there) * 2 > len(there))
    return np.array(labels)


Look = Callable[[evidence.Numbers], evidence.Numbers]
_Looks = tuple[tuple[np.ndarray, float], tuple[np.ndarray, float], tuple[np.ndarray, float]]


def _fit(samples: list[Sample]) -> _Looks:
    labels = np.concatenate([sample.labels for sample in samples]).astype(float)
    importance = np.concatenate([_importance(sample) for sample in samples])
    alone = np.concatenate([sample.page.alone for sample in samples])
    first = _regress(alone, labels, importance, RIDGE["first"])
    # The second look learns from first looks at pages of other sites, as it will meet them.
    sites = sorted({sample.site for sample in samples})
    fold = np.concatenate([np.full(len(sample.labels), sites.index(sample.site) % FOLDS) for sample in samples])
    seen = np.zeros(len(labels))
    for number in range(FOLDS):
        inner = _regress(alone[fold != number], labels[fold != number], importance[fold != number], RIDGE["first"])
        seen[fold == number] = choose.weigh(alone[fold == number], inner)
    ends = np.cumsum([len(sample.labels) for sample in samples])[:-1]
    looked = np.concatenate(
        [evidence.both(sample.page, part) for sample, part in zip(samples, np.split(seen, ends), strict=True)]
    )
    second = _regress(looked, labels, importance, RIDGE["second"])
    told = np.concatenate([evidence.both(sample.page, sample.advised) for sample in samples])
    return first, second, _regress(told, labels, importance, RIDGE["advised"])


def _importance(sample: Sample) -> evidence.Numbers:
    length = max(30, len(sample.gold[0]))
    return np.minimum(np.array([len(tokens) for tokens in sample.tokens]) / length, 1.0) + 0.002


def _regress(
    numbers: evidence.Numbers, labels: evidence.Numbers, importance: evidence.Numbers, ridge: float
) -> tuple[np.ndarray, float]:
    """Return (weights, bias) of a ridge logistic regression; columns are scaled to equal spread while it is fitted."""
    mean, spread = numbers.mean(axis=0), numbers.std(axis=0) + 1e-6
    scaled = np.concatenate([(numbers - mean) / spread, np.ones((len(labels), 1))], axis=1)
    importance = importance * len(labels) / importance.sum()
    penalty = np.full(scaled.shape[1], ridge)
    penalty[-1] = 1e-6
    found = np.zeros(scaled.shape[1])
    for _ in range(30):
        guess = 1 / (1 + np.exp(-np.clip(scaled @ found, -30, 30)))
        slope = scaled.T @ (importance * (guess - labels)) + penalty * found
        curve = (scaled * (importance * guess * (1 - guess))[:, None]).T @ scaled + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        found = found - step
        if np.abs(step).max() < 1e-4:
            break
    return found[:-1] / spread, float(found[-1] - (found[:-1] / spread * mean).sum())


def _score(scorer: Any, sample: Sample, looks: _Looks) -> tuple[float, float, float]:
    first, second, advised = looks
    found = choose.weigh(evidence.both(sample.page, choose.weigh(sample.page.alone, first)), second)
    asked = choose.expected_f1(found, sample.page.words, KEEP) < SURE
    if asked:
        found = choose.weigh(evidence.both(sample.page, sample.advised), advised)
    return _f1(scorer, sample, found >= KEEP), _f1(scorer, sample, sample.advised > 0.5), float(asked)


def _f1(scorer: Any, sample: Sample, kept: evidence.Numbers) -> float:
    text = [token for tokens, there in zip(sample.tokens, kept, strict=True) if there for token in tokens]
    return float(max(scorer.bag(text, gold)[2] for gold in sample.gold))


def _write(looks: _Looks) -> None:
    def named(names: list[str], look: tuple[np.ndarray, float]) -> choose.Weights:
        return choose.Weights(
            bias=round(look[1], 4),
            weights={name: round(float(value), 4) for name, value in zip(names, look[0], strict=True)},
        )

    scale = choose.Scale(
        first=named(evidence.ALONE, looks[0]), second=named(evidence.BOTH, looks[1]),
        advised=named(evidence.BOTH, looks[2]), keep=KEEP, sure=SURE,
    )  # fmt: skip
    TARGET.write_bytes(msgspec.json.format(msgspec.json.encode(scale), indent=1) + b"\n")
