"""The site's search next to Pagefind on the same pages: making the index, and queries in Chromium.

The number of articles is set by ``SEARCHED=20000``. Their letters follow each other as in real Chinese articles; queries are
pieces of titles, of two to six characters.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests import node
from tests.e2e.chromium import Chromium
from tests.site.test_search import holding

from benchmarks import build
from benchmarks.measure import Row, apart, cpu
from broadsheet.newspaper import Newspaper

ARTICLES = int(os.environ.get("SEARCHED", "5000"))
QUERIES = 60

_INDEX = """
from pathlib import Path
from broadsheet.newspaper import Newspaper
from broadsheet.pipeline.searchindex import SearchIndex
from broadsheet.site.compose import Composer
from broadsheet.store import feeds, queue
with Newspaper(sys.argv[1], environ={}) as paper:
    with paper.store.begin() as connection:
        known = queue.get_meta(connection, "search")
        queue.set_meta(connection, "search", "")
    with paper.store.read() as connection:
        titles = {feed_id: state.title for feed_id, state in feeds.states(connection).items()}
        index = SearchIndex(connection, Composer(paper.config, feeds.everyone(connection), titles))
        result["bytes"] = sum(len(output.body) for output in index.outputs([], Path("/nowhere")))
    with paper.store.begin() as connection:
        queue.set_meta(connection, "search", known)
"""
_MORE = """
import time
from broadsheet.newspaper import Newspaper
from broadsheet.pipeline.searchindex import SearchIndex

whole, spent = SearchIndex.outputs, 0.0

def timed(*given):
    global spent
    outputs = whole(*given)
    while True:
        started = time.perf_counter()
        output = next(outputs, None)
        spent += time.perf_counter() - started
        if output is None:
            return
        yield output

SearchIndex.outputs = timed
with Newspaper(sys.argv[1], environ={}) as paper:
    paper.build()
result["spent"] = spent
"""
_WAIT = """
new Promise(done => {
  const status = document.getElementById('status'), form = document.getElementById('search');
  const look = () => {
    const said = status.textContent, shown = document.querySelectorAll('#results li').length;
    const none = said === form.dataset.none.split('{query}').join(form.elements.q.value);
    const more = !document.getElementById('more').hidden;
    if (none || (said && said !== form.dataset.busy && (shown === 10 || !more) && shown))
      setTimeout(() => done(JSON.stringify({said, shown})), 50);
    else setTimeout(look, 20);
  };
  look();
})
"""


class _Counting(SimpleHTTPRequestHandler):
    """Counts the bytes of the search's own files."""

    sent: Counter[str] = Counter()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send a file and count it."""
        body = source.read()
        if self.path.startswith("/search/") and not self.path.startswith("/search/?"):
            self.sent["bytes"] += len(body)
            self.sent["files"] += 1
        with suppress(BrokenPipeError):  # the browser has gone on to the next query
            outputfile.write(body)


def run() -> Iterator[Row]:
    """Measure and yield the rows."""
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as beside:
        folder = Path(scratch)
        (folder / "broadsheet.toml").write_text(f'[site]\nlanguage = "zh"\n{build.TABLES}', "utf-8")
        apart(build.FILL, scratch, "0", str(ARTICLES), "markov")
        apart(_MORE, scratch)
        ours = apart(_INDEX, scratch)
        theirs = _pagefind(folder / "public", Path(beside))
        told = f"{ARTICLES:,} articles: index"
        yield Row(
            told, f"{ours['cpu']:.1f} CPU s, {ours['peak_mb']} MiB", f"Pagefind {theirs['cpu']:.1f} CPU s, {theirs['mb']} MiB",
            ours["cpu"] / theirs["cpu"], "CPU, ours / theirs", "at most 0.2",
        )  # fmt: skip
        yield Row(
            "peak memory",
            f"{ours['peak_mb']} MiB",
            f"{theirs['mb']} MiB",
            ours["peak_mb"] / theirs["mb"],
            "ratio",
            "at most 0.05",
        )
        yield Row(
            "size", f"{ours['bytes'] / 1e6:.1f} MB", f"{theirs['bytes'] / 1e6:.1f} MB", ours["bytes"] / theirs["bytes"],
            "ours / theirs", "",
        )  # fmt: skip
        yield from _queries(folder)
        apart(build.FILL, scratch, str(ARTICLES), str(ARTICLES + 20), "markov")
        more = apart(_MORE, scratch)
        told = f"{more['spent']:.2f} s of {more['wall']:.2f} s for the whole build"
        yield Row("20 more", told, "", more["spent"], "s, the search", "at most 0.5")


def _pagefind(site: Path, place: Path) -> dict[str, float]:
    """Return what Pagefind takes for the articles' pages."""
    package = {"name": "search", "private": True, "dependencies": {"pagefind": "^1.6"}}
    command = node.modules(package, "") / "@pagefind" / "linux-x64" / "bin" / "pagefind_extended"
    command.chmod(0o755)
    before = cpu()
    words = [command, "--site", site, "--glob", "2*/**/[0-9]*.html", "--output-path", place]
    subprocess.run(words, check=True, capture_output=True)
    size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    return {"cpu": cpu() - before, "mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, "bytes": size}


def _queries(folder: Path) -> Iterator[Row]:
    with Newspaper(folder, environ={}) as paper:
        texts = [f"{article.title}\n{article.text}" for article in paper.articles()]
    chance = random.Random(0)
    titles = [piece for text in texts for piece in re.findall(r"\w{7,}", text.partition("\n")[0])]
    queries = []
    for number in range(QUERIES):
        title, size = chance.choice(titles), 2 + number % 5
        start = chance.randrange(len(title) - size)
        queries.append(title[start : start + size])
    root = folder / "public" / "search"
    script = len((folder / "public" / "assets" / "search.js").read_bytes())
    found = [_hits(root, query) for query in queries]
    right = [{number for number, text in enumerate(texts) if query in text} for query in queries]
    seen = asyncio.run(_in_chromium(folder, queries))
    wrong = [query for query, hits, told in zip(queries, found, seen, strict=True) if len(hits) != told["count"]]
    if wrong:
        print(f"the page and the index disagree on {wrong}", file=sys.stderr)
    recall = statistics.mean(len(hits & all_) / len(all_) for hits, all_ in zip(found, right, strict=True))
    precision = statistics.mean(len(hits & all_) / max(1, len(hits)) for hits, all_ in zip(found, right, strict=True))
    agree = f"{QUERIES - len(wrong)} of {QUERIES} as on the page"
    yield Row("recall of what holds the words", agree, "", recall, "mean", "at least 0.99")
    yield Row("precision", agree, "", precision, "mean", "at least 0.95")
    sizes = sorted(told["bytes"] for told in seen)
    yield Row(
        "bytes of a first query", f"median {statistics.median(sizes) / 1e3:.0f} kB, most {sizes[-1] / 1e3:.0f} kB", "",
        sizes[-1] / 1e3, "kB", "at most 150; script 30",
    )  # fmt: skip
    yield Row("script", f"{script / 1e3:.1f} kB", "", script / 1e3, "kB", "at most 30")


def _hits(root: Path, query: str) -> set[int]:
    """Return the articles that the index has for all terms of a query."""
    manifest = json.loads((root / "index.json").read_bytes())
    found: set[int] = set()
    for span in manifest["spans"]:
        folder = root / span["folder"]
        here = holding(query, span["shards"], lambda shard, folder=folder: (folder / f"{shard}.bin").read_bytes())
        found |= {span["start"] + number for number in here}
    return found


async def _in_chromium(folder: Path, queries: list[str]) -> list[dict[str, int]]:
    """Return of each query, asked on a page that has nothing yet: articles found, and bytes of the search's files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Counting, directory=folder / "public"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found = []
    async with Chromium.open(folder) as opened:
        for query in queries:
            _Counting.sent.clear()
            address = f"http://127.0.0.1:{server.server_address[1]}/search/?q={query}"
            (sight,) = await opened.ask(
                [address], _WAIT, tabs=1, screen={"Network.setCacheDisabled": {"cacheDisabled": True}}
            )
            digits = "".join(letter for letter in sight.told["said"].replace(query, "") if letter.isdigit())
            found.append({"count": int(digits or sight.told["shown"]), "bytes": _Counting.sent["bytes"]})
    server.shutdown()
    server.server_close()
    return found
