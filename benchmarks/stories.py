"""Near-duplicates: real posts beside datasketch at its best threshold, and 100,000 synthetic articles in the store."""

from __future__ import annotations

import itertools
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from benchmarks.edits import Made, world
from benchmarks.measure import CORPUS, Row, cpu, memory_of

SIZE = int(os.environ.get("STORIES", "100000"))


def f1(
    found: set[frozenset[str]], wanted: set[frozenset[str]], neutral: set[frozenset[str]]
) -> tuple[float, float, float]:
    """Return pairwise precision, recall and F1; neutral pairs count neither way."""
    counted = found - neutral
    hits = len(counted & wanted)
    precision = hits / len(counted) if counted else 1.0
    recall = hits / len(wanted) if wanted else 1.0
    return precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0


def _pairs(groups: list[list[str]]) -> set[frozenset[str]]:
    return {frozenset(pair) for group in groups for pair in itertools.combinations(group, 2)}


def posts() -> Iterator[Row]:
    """Yield the rows of the real posts."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.stories.posts import candidates, clusters

    from broadsheet.stories.duplicates import compare

    items, texts = candidates(CORPUS)
    truth = clusters(CORPUS)
    wanted = _pairs(truth["same_story"]) | _pairs(truth["same_item_retitled"])
    neutral = _pairs(truth["same_event_other_report"])
    ours = {frozenset((a.id, b.id)) for a, b in itertools.combinations(items, 2) if compare(a, b)}
    precision, recall, score = f1(ours, wanted, neutral)
    yield Row("posts: precision", f"{precision:.2f}", "", precision, "share", "1.00")
    yield Row("posts: recall", f"{recall:.2f}", "", recall, "share", "at least 0.95")
    if find_spec("datasketch") is None:
        yield Row("posts: F1 beside datasketch", "", "not installed: pip install '.[bench]'", 0.0, "-", "-")
        return
    from datasketch import MinHash

    from broadsheet.stories.signature import SHINGLE, tokens_of

    sketches = {}
    for name, text in texts.items():
        sketch = MinHash(num_perm=128)
        tokens = tokens_of(text)
        sketch.update_batch(
            ["".join(tokens[at : at + SHINGLE]).encode() for at in range(max(1, len(tokens) - SHINGLE + 1))]
        )
        sketches[name] = sketch
    similar = {
        frozenset(pair): sketches[pair[0]].jaccard(sketches[pair[1]]) for pair in itertools.combinations(sketches, 2)
    }
    best = max(
        (f1({pair for pair, score in similar.items() if score >= at / 100}, wanted, neutral)[2], at)
        for at in range(5, 96, 5)
    )
    peer = f"datasketch 128 at {best[1] / 100:.2f}: {best[0]:.3f}"
    yield Row("posts: F1", f"{score:.3f}", peer, score / best[0] if best[0] else 0.0, "ours / peer", "above 1")


def synthetic() -> Iterator[Row]:
    """Yield the rows of the synthetic articles, kept and found through the real store."""
    from broadsheet.store import stories
    from broadsheet.store.database import Store
    from broadsheet.stories.cluster import components
    from broadsheet.stories.duplicates import Candidate, compare
    from broadsheet.stories.signature import sign

    when = datetime(2026, 3, 1, tzinfo=UTC)
    groups: dict[str, list[str]] = defaultdict(list)
    links: dict[str, list[str]] = defaultdict(list)
    spent = {"seconds": 0.0, "cpu": 0.0, "compared": 0}

    def take(store: Store, batch: list[Made]) -> None:
        began, before = time.monotonic(), cpu()
        with store.begin() as connection:
            items = [
                Candidate(
                    id=made.id, feed_id=made.feed, link="", published=when + timedelta(minutes=int(made.id[:8])),
                    signature=sign(made.title, made.text),
                )
                for made in batch
            ]  # fmt: skip
            near = stories.remember(connection, items)
            found = []
            for item in items:
                others = stories.recall(connection, near[item.id])
                spent["compared"] += len(others)
                found += [match for other in others if (match := compare(item, other))]
            stories.add_matches(connection, found)
            for match in found:
                links[match.a].append(match.b)
                links[match.b].append(match.a)
        spent["seconds"] += time.monotonic() - began
        spent["cpu"] += cpu() - before

    with tempfile.TemporaryDirectory() as scratch:
        store = Store.open("sqlite:///stories.db", Path(scratch))
        source = world(SIZE + 1000)

        def feed(count: int) -> None:
            while count > 0:
                batch = list(itertools.islice(source, min(count, 200)))
                for made in batch:
                    groups[made.group].append(made.id)
                take(store, batch)
                count -= len(batch)

        feed(SIZE)
        whole = dict(spent)
        ids = [item for members in groups.values() for item in members]
        wanted = _pairs(list(groups.values()))
        found = _pairs(components(ids, links))
        precision, recall, _ = f1(found, wanted, set())
        feed(1000)
        more = {name: spent[name] - whole[name] for name in spent}
        store.close()
    what = f"{SIZE:,} articles"
    yield Row(f"{what}: precision", f"{precision:.4f}", "", precision, "share", "at least 0.995")
    yield Row(f"{what}: recall", f"{recall:.4f}", "", recall, "share", "at least 0.98")
    each = whole["cpu"] / SIZE * 1000
    yield Row(f"{what}: CPU an article", f"{each:.2f} ms", "", each, "ms", "at most 0.8")
    yield Row(
        "1,000 more: seconds",
        f"{more['seconds']:.2f}",
        f"all {whole['seconds']:.1f}",
        more["seconds"] / whole["seconds"],
        "share",
        f"at most {2000 / SIZE:.2g}",
    )
    yield Row(
        "1,000 more: comparisons",
        f"{more['compared']:.0f}",
        f"all {whole['compared']:.0f}",
        more["compared"] / max(1, whole["compared"]),
        "share",
        f"at most {2000 / SIZE:.2g}",
    )
    peak = memory_of(os.getpid())
    yield Row("peak memory", f"{peak} MiB", "", peak, "MiB", "at most 500")


def run() -> Iterator[Row]:
    """Measure and yield the rows."""
    if (CORPUS / "posts" / "clusters.json").exists():
        yield from posts()
    yield from synthetic()


if __name__ == "__main__":
    print(json.dumps([row._asdict() for row in run()], indent=1))
