"""The site: a full build next to Hugo's of the same articles, twenty more articles, and nothing new, by size of the archive.

Sizes are set by ``SIZES=1000,20000,100000``. In a small archive what a program needs to start weighs most.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row, apart, cpu

ASKED_AT = 20_000
"""Articles from which on a full build is to be faster than Hugo's."""
SIZES = tuple(int(size) for size in os.environ.get("SIZES", "1000,20000").split(","))

FILL = """
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
import msgspec
from benchmarks import prose
from broadsheet.model import Article, Entry
from broadsheet.newspaper import Newspaper
from broadsheet.store import articles, feeds

words = prose.by_name(sys.argv[4] if len(sys.argv) > 4 else "zipf")

first, last = int(sys.argv[2]), int(sys.argv[3])
base = datetime(2026, 1, 1, tzinfo=UTC)
with Newspaper(sys.argv[1], environ={}) as paper:
    wanted = paper.subscriptions()
    with paper.store.begin() as connection:
        feeds.sync(connection, wanted)
        for number in range(first, last):
            chance = random.Random(number)
            text = words(chance, 900)
            article_id = f"{number:012d}"
            when = base + timedelta(minutes=7 * number)
            article = Article(
                id=article_id, feed_id=wanted[number % len(wanted)].id, title=words(chance, 18), text=text,
                html="".join(f"<p>{text[at:at + 150]}</p>" for at in range(0, 900, 150)), excerpt=text[:100],
                url=f"https://news.example/{number}", published=when, published_source="feed", language="zh",
                digest=str(number),
            )
            new = articles.NewEntry(
                article_id=article_id, feed_id=article.feed_id, data=msgspec.json.encode(Entry(link=article.url)),
                link=article.url, digest="", seen=when, response=None,
                permalink=f"{when:%Y/%m/%d}/{article_id}.html",
            )
            articles.add_entries(connection, [new])
            articles.save(connection, article, changed=when, live=True)
"""
_BUILD = """
from broadsheet.newspaper import Newspaper
if sys.argv[2:] == ["pages"]:  # and nothing of the search
    from broadsheet.pipeline.searchindex import SearchIndex
    SearchIndex.outputs = lambda *_: iter(())
with Newspaper(sys.argv[1], environ={}) as paper:
    report = paper.build()
result = {"files": report.pages_written, "bytes": report.bytes_written, "seconds": report.seconds}
"""


TABLES = "".join(
    f'[[feeds]]\nurl = "https://{number}.example/feed"\nmode = "full"\n'
    f'section = "版面{number % 5}/来源{number % 12}/频道{number}"\n'
    for number in range(24)
)
_PAGE = "<!doctype html><title>{{ .Title }}</title><h1>{{ .Title }}</h1>"
_HUGO = {
    "single.html": f"{_PAGE}<time>{{{{ .Date }}}}</time><article>{{{{ .Content }}}}</article>",
    "list.html": f"{_PAGE}{{{{ range .Pages }}}}<a href='{{{{ .RelPermalink }}}}'>{{{{ .Title }}}}</a>{{{{ end }}}}",
}


def _hugo(paper: Path, scratch: Path) -> float:
    """Return the pages a CPU second that Hugo builds, with a theme of two lines, from its export of the paper."""
    programs = Path(sys.executable).parent
    subprocess.run([programs / "broadsheet", "-q", "-C", paper, "export", "hugo", scratch], check=True)
    (scratch / "layouts").mkdir()
    for name, text in _HUGO.items():
        (scratch / "layouts" / name).write_text(text, "utf-8")
    before = cpu()
    subprocess.run([programs / "hugo", "--quiet"], cwd=scratch, check=True)
    taken = cpu() - before
    return len(list((scratch / "public").rglob("*.html"))) / taken


def run() -> Iterator[Row]:
    """Measure and yield the rows."""
    touched: dict[int, int] = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as beside:
            folder = Path(scratch)
            (folder / "broadsheet.toml").write_text(f'[site]\nlanguage = "zh"\n{TABLES}', "utf-8")
            apart(FILL, scratch, "0", str(size))
            kept = Path(beside) / "bare"
            shutil.copytree(folder, kept)
            bare = apart(_BUILD, str(kept), "pages")
            shutil.rmtree(kept)
            full = apart(_BUILD, scratch)
            # Without those that only lead on.
            pages = sum(b"page-moved" not in path.read_bytes() for path in (folder / "public").rglob("*.html"))
            theirs = _hugo(folder, Path(beside) / "hugo")
            apart(FILL, scratch, str(size), str(size + 20))
            more = apart(_BUILD, scratch)
            none = apart(_BUILD, scratch)
        touched[size] = more["files"]
        for told, built in (("its pages, as Hugo builds them", bare), ("its search too, which Hugo has none of", full)):
            rate = pages / built["cpu"]
            yield Row(
                f"full build of {size:,} articles, {told}",
                f"{rate:.0f} pages a CPU s",
                f"{theirs:.0f} pages a CPU s",
                rate / theirs,
                "ours / Hugo",
                "at least 3" if size >= ASKED_AT else f"at least 3 from {ASKED_AT:,}",
            )
        yield Row(f"peak memory at {size:,}", f"{full['peak_mb']} MiB", "", full["peak_mb"], "MiB", "at most 300")
        written = f"{more['files']} files, {more['bytes'] / 1e6:.2f} MB, {more['cpu']:.1f} CPU s, {more['peak_mb']} MiB"
        yield Row(f"20 more at {size:,}", written, "", more["files"], "files", "at most 150, 1.5 MB, 1 s, 150 MiB")
        yield Row(
            f"nothing new at {size:,}",
            f"{none['files']} files, {none['seconds']:.2f} s",
            "",
            none["files"],
            "files",
            "0, in 0.2 s",
        )
    small, large = touched[SIZES[0]], touched[SIZES[-1]]
    yield Row("files for 20 more, large / small", str(large), str(small), large / small, "ratio", "0.9 to 1.1")
