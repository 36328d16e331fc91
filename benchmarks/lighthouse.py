"""The demo newspaper under Lighthouse, on a simulated telephone: how quick, accessible and findable its pages are.

Needs Chromium and npm. Its figure of performance follows from the machine, so it is no test.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests import node
from tests.export.browser import browser

from benchmarks.measure import Row

PACKAGE = {"name": "lighthouse", "private": True, "dependencies": {"lighthouse": "^12"}}
_BARS = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
_PAGES = {
    "front page": "index.html",
    "list": "latest/index.html",
    "search": "search/index.html",
    "article": "2*/*/*/*[0-9a-z].html",
}


def run() -> Iterator[Row]:
    """Make the demo, serve it, and judge one page of each sort."""
    program = node.modules(PACKAGE, "no figures of Lighthouse") / "lighthouse" / "cli" / "index.js"
    broadsheet = [sys.executable, "-m", "broadsheet"]
    with tempfile.TemporaryDirectory() as scratch:
        paper = Path(scratch, "paper")
        subprocess.run([*broadsheet, "-q", "demo", str(paper), "--stop"], check=True)
        server = subprocess.Popen(
            [*broadsheet, "-C", str(paper), "serve", "--port", "0", "--no-rebuild"], stderr=subprocess.PIPE, text=True
        )
        assert server.stderr is not None
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+/", server.stderr.readline())
            if found is None:
                raise RuntimeError("the demo is not served")
            for what, path in _PAGES.items():
                file = max((paper / "public").glob(path))
                address = found[0] + file.relative_to(paper / "public").as_posix().removesuffix("index.html")
                # Copies of others' articles are kept out of search engines, and so is the search: that is no fault of theirs.
                kept_out = '"robots" content="noindex"' in file.read_text("utf-8")
                told = Path(scratch, "told.json")
                for name, score in _judged(program, address, told, ["--skip-audits=is-crawlable"] if kept_out else []):
                    yield Row(f"{what}: {name}", f"{score}", "", score, "of 100", f">= {_BARS[name]}")
        finally:
            server.terminate()
            server.wait()


def _judged(program: Path, url: str, told: Path, how: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield the categories of a page with their scores, 0 to 100."""
    subprocess.run(
        [
            "node", str(program), url, "--chrome-flags=--headless=new --no-sandbox", "--output=json", f"--output-path={told}",
            "--quiet", *how,
        ],
        check=True, capture_output=True, env=os.environ | {"CHROME_PATH": browser()},
    )  # fmt: skip
    for name, category in json.loads(told.read_text("utf-8"))["categories"].items():
        yield name, round(100 * category["score"])
