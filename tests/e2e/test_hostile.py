"""Each document of the hostile corpus alone, through the whole pipeline beside a healthy feed: named, bounded, harmless."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CORPUS, NOW, Web
from tests.e2e.hostile import Case, HostileWeb, config, manifest
from tests.e2e.victim import Forker

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(120)]
CASES = manifest(CORPUS) if (CORPUS / "hostile").is_dir() else []
RISE = 256 * 1024**2
SECONDS = 30
REFUSED = {
    "deep-xml-100k": "(limit feed_depth)", "title-10m": "(limit feed_piece)", "fmt-json-deep": "(limit feed_depth)",
    "gzip-bomb-1g": "(limit [poll] max_bytes)", "br-bomb": "(limit [poll] max_bytes)", "gzip-truncated": "ended too early",
    "gzip-bad-crc": "damaged", "fmt-html-as-rss": "an HTML page", "fmt-html-discovery-evil": "an HTML page",
    "fmt-png": "a PNG picture", "fmt-pdf": "a PDF document", "http-slow-headers": "(limit [poll] timeout)",
    "http-drip-headers": "(limit [poll] timeout)", "http-endless": "(limit [poll] max_bytes)",
    "http-endless-chunked": "(limit [poll] max_bytes)",
    "http-short-body": "cut off", "http-header-bomb": "(limit header_lines)", "http-header-long": "(limit header_bytes)",
    "http-etag-huge": "(limit header_bytes)", "http-auth-redirect": "private or special",
    "http-redirect-permanent-hijack": "cannot be resolved", "http-bad-version": "Invalid HTTP version",
    "http-length-lies-huge": "(limit [poll] max_bytes)",
}  # fmt: skip
"""What must fail, and a part of the reason that is told."""
ANSWERED = {"http-long-body": ("failed", "unchanged")}
"""The half of it that its length tells holds no item; whether the rest comes in time to be seen as no HTTP is left to chance."""


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[HostileWeb, Web, Forker]]:
    """The web of hostile documents, a canary that nobody may ask, and the process that forks runs."""
    canary = Web()
    web, forker = HostileWeb(CORPUS, canary), Forker()
    yield web, canary, forker
    forker.close()
    web.close()
    canary.close()


@pytest.fixture(scope="module")
def usual(world: tuple[HostileWeb, Web, Forker], tmp_path_factory: pytest.TempPathFactory) -> int:
    """The peak memory of a run over a document without harm."""
    case = next(case for case in CASES if case["id"] == "ok")
    ended, _, _ = read(world, case, tmp_path_factory.mktemp("usual"))
    return int(ended["peak"])


def read(world: tuple[HostileWeb, Web, Forker], case: Case, paper: Path) -> tuple[dict[str, Any], Any, Any]:
    """Run a newspaper of a case and a healthy feed; return how it ended and what it says of the two."""
    web, _, forker = world
    web.show(case)
    (paper / "broadsheet.toml").write_text(config(web, "/feed", "/ok").replace("timeout = 5", "timeout = 3"), "utf-8")
    ended = forker.run(paper, NOW)
    assert ended["code"] == 0
    report = json.loads(next((paper / ".broadsheet" / "runs").glob("*.json")).read_text("utf-8"))
    said = {feed["url"].rsplit("/", 1)[-1]: feed for feed in report["feeds"].values()}
    return ended, said["feed"], said["ok"]


@pytest.mark.parametrize("case", [case for case in CASES if case["cls"] != "opml"], ids=lambda case: case["id"])
def test_a_hostile_document_is_named_bounded_and_harmless(
    case: Case, world: tuple[HostileWeb, Web, Forker], usual: int, tmp_path: Path
) -> None:
    ended, feed, healthy = read(world, case, tmp_path)
    assert healthy["outcome"] == "new"
    assert ended["peak"] - usual < RISE
    assert ended["cpu"] < SECONDS
    assert world[1].hits == [], "the canary was asked"
    assert feed["outcome"] in ANSWERED.get(case["id"], ("new", "failed"))
    if case["id"] in REFUSED:
        assert feed["outcome"] == "failed"
        assert REFUSED[case["id"]] in feed["why"]
    assert feed["outcome"] != "failed" or feed["why"], "a failure says why"
    assert len(feed["why"]) < 400, "no reason quotes the document"
    public = tmp_path / "public"
    for page in public.rglob("*.html"):
        assert not re.search(rb"root:[^\n]{0,3}:0:0", page.read_bytes()), "no file of this machine is printed"
    served = {path.suffix for path in (public / "m").rglob("*") if path.is_file()}
    assert served <= {".webp"}, "pictures are written anew"
