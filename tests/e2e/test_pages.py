"""Every kind of page of the demo newspaper, in both languages and themes: valid, accessible, light, and asking nobody else."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import feedparser
import pytest

from tests import node
from tests.e2e.chromium import Chromium, Sight
from tests.e2e.test_demo import command

PACKAGE = {"name": "pages", "private": True, "dependencies": {"axe-core": "^4.11", "vnu-jar": "24.10.17"}}
"""The newer releases of the validator fetch it from elsewhere when they are installed; this one has it."""
PAPERS = {"en": ("en", "default"), "zh": ("zh", "default"), "plain": ("zh", "plain")}
"""Language and theme of each site that is looked at."""
SCREENS = [("light", 1440), ("dark", 390)]
if os.environ.get("ALL"):
    SCREENS = [(theme, width) for theme in ("light", "dark") for width in (390, 820, 1440)]
_AXE = """
axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify({
  passes: found.passes.length,
  wide: document.scrollingElement.scrollWidth - innerWidth,
  dark: matchMedia('(prefers-color-scheme: dark)').matches,
  faults: found.violations.flatMap(one => one.nodes.map(node => [one.id, node.target.join(' '), node.failureSummary])),
}))
"""


class _Silent(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        """Serve a page that leads on at once as one that stays, where it is asked for so."""
        path, _, asked = self.path.partition("?")
        if asked != "still":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        body = Path(self.translate_path(path)).read_bytes()
        self.wfile.write(re.sub(rb'<meta http-equiv="refresh"[^>]*>', b"", body))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def demos(demo_paper: Callable[..., Path]) -> dict[str, Path]:
    """The demo's sites, with an article that was taken down; readers may keep all editions."""
    found = {}
    for name, (language, theme) in PAPERS.items():
        folder = demo_paper(language, f'theme = "{theme}"\noffline = true\n')
        if not found:
            command(folder, "build")
            gone = min(path for path in (folder / "public").glob("2*/*/*/*.html") if path.name != "index.html")
            address = gone.relative_to(folder / "public").as_posix()
            command(folder, "takedown", f"https://paper.example/{address}", "--note", "At the author's request")
        command(folder, "build")
        found[name] = folder / f"site-{name}"
        shutil.copytree(folder / "public", found[name])
    return found


@pytest.fixture(scope="module")
def modules() -> Path:
    return node.modules(PACKAGE, "pages are not held to axe-core and to the validator")


@pytest.fixture(scope="module")
def served(demos: dict[str, Path]) -> Iterator[dict[str, str]]:
    """The address of each site."""
    servers = {}
    for name, folder in demos.items():
        servers[name] = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=folder))
        threading.Thread(target=servers[name].serve_forever, daemon=True).start()
    yield {name: f"http://127.0.0.1:{server.server_address[1]}" for name, server in servers.items()}
    for server in servers.values():
        server.shutdown()
        server.server_close()


def kinds(root: Path) -> dict[str, list[str]]:
    """Return the pages of each kind, the largest first."""
    found = defaultdict(list)
    for path in root.rglob("*.html"):
        body = path.read_bytes()
        kind = re.search(rb'<body class="page-(\w+)', body)
        assert kind, path
        found[kind[1].decode()].append((-len(body), path.relative_to(root).as_posix()))
    return {kind: [path for _, path in sorted(pages)] for kind, pages in found.items()}


def sample(root: Path) -> list[str]:
    """Return pages of every kind: the largest and the smallest, and articles written from right to left."""
    found = kinds(root)
    found["moved"] = [f"{path}?still" for path in found["moved"]]
    chosen = [path for pages in found.values() for path in dict.fromkeys((pages[0], pages[-1]))]
    return chosen + [path for path in kinds(root)["article"] if b'dir="rtl"' in (root / path).read_bytes()][:1]


def looked(folder: Path, urls: list[str], probe: str, theme: str, width: int) -> list[Sight]:
    """Return what the pages did on a screen of that theme and width, and what the probe tells of them."""
    screen: dict[str, dict[str, Any]] = {
        "Emulation.setDeviceMetricsOverride": {
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500,
        },
        "Emulation.setEmulatedMedia": {"features": [{"name": "prefers-color-scheme", "value": theme}]},
    }  # fmt: skip

    async def work() -> list[Sight]:
        async with Chromium.open(folder) as opened:
            return await opened.ask(urls, probe, screen=screen)

    return asyncio.run(work())


def test_there_are_all_kinds(demos: dict[str, Path]) -> None:
    for root in demos.values():
        assert set(kinds(root)) >= {
            "front", "section", "source", "channel", "latest", "day", "month", "archive", "story", "article", "gone",
            "about", "search", "missing", "offline", "moved",
        }  # fmt: skip


def test_every_page_is_valid(demos: dict[str, Path], modules: Path, tmp_path: Path) -> None:
    if not shutil.which("java"):
        pytest.skip("java is not installed: pages are not validated")

    def said(*places: Path) -> str:
        jar = modules / "vnu-jar" / "build" / "dist" / "vnu.jar"
        words = ["java", "-Xmx512m", "-jar", jar, "--format", "gnu", "--skip-non-html", *places]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=240).stderr

    (tmp_path / "broken.html").write_text("<!DOCTYPE html><html lang=en><title>x</title><p><div></p></div>", "utf-8")
    assert "error" in said(tmp_path)
    assert said(*demos.values()) == ""


@pytest.mark.parametrize(("theme", "width"), SCREENS)
def test_every_kind_of_page_is_accessible(
    demos: dict[str, Path], served: dict[str, str], modules: Path, tmp_path: Path, theme: str, width: int
) -> None:
    probe = (modules / "axe-core" / "axe.min.js").read_text("utf-8") + _AXE
    urls = [f"{served[name]}/{path}" for name, root in demos.items() for path in sample(root)]
    sights = looked(tmp_path, urls, probe, theme, width)
    assert [(sight.url, sight.foreign, sight.left) for sight in sights if sight.foreign or sight.left] == []
    assert {sight.told["dark"] for sight in sights} == {theme == "dark"}
    assert all(sight.told["passes"] > 10 for sight in sights)
    assert [(sight.url, *fault) for sight in sights for fault in sight.told["faults"]] == []
    assert [sight.url for sight in sights if sight.told["wide"] > 0] == [], "scrolls sideways"


def test_a_fault_would_be_seen(modules: Path, tmp_path: Path) -> None:
    (tmp_path / "x.html").write_text("<!DOCTYPE html><title>x</title><img src=x><p style='width:3000px'>x", "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    probe = (modules / "axe-core" / "axe.min.js").read_text("utf-8") + _AXE
    (sight,) = looked(tmp_path, [f"http://127.0.0.1:{server.server_address[1]}/x.html"], probe, "light", 800)
    server.shutdown()
    server.server_close()
    assert {"image-alt", "html-has-lang"} <= {fault[0] for fault in sight.told["faults"]}
    assert sight.told["wide"] > 0


def test_pages_are_light(demos: dict[str, Path]) -> None:
    """30 kB of HTML and style, an article's own text aside."""
    for root in demos.values():
        for kind, pages in kinds(root).items():
            for path in pages:
                text = (root / path).read_text("utf-8")
                styles = re.findall(r'<link rel="stylesheet" href="/([^"]*)"', text)
                assert styles, path
                style = sum((root / name).stat().st_size for name in styles)
                own = re.search(r'<div class="text".*?</div>\n<footer>', text, re.DOTALL) if kind == "article" else None
                size = len(text.encode()) - (len(own[0].encode()) if own else 0) + style
                assert size <= 30_000, path


def test_every_feed_can_be_read(demos: dict[str, Path]) -> None:
    """By feedparser, without anything that it has to mend."""
    root = demos["en"]
    read = 0
    for path in sorted((*root.rglob("feed.xml"), *(root / "latest").glob("*.xml"), *root.rglob("feed.json"))):
        if path.suffix == ".json":
            continue
        parsed = feedparser.parse(path.read_bytes())
        assert not parsed.bozo, path
        assert parsed.feed.title
        assert parsed.feed.updated_parsed
        assert len({entry.id for entry in parsed.entries}) == len(parsed.entries)
        assert all(
            entry.link and entry.title and entry.updated_parsed and (entry.get("author") or parsed.feed.author)
            for entry in parsed.entries
        )
        read += bool(parsed.entries)
    assert read > 15
