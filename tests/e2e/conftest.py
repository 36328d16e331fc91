"""What several of these tests begin with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from broadsheet.demo import DemoServer, config, subscriptions
from tests.e2e.test_demo import command


@pytest.fixture(scope="session")
def first_demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The demo's address and folder after its first update, before any build: to be copied."""
    folder = tmp_path_factory.mktemp("first")
    with DemoServer(slow=0.2) as server:
        (folder / "feeds.opml").write_bytes(subscriptions(server.url, configured=False))
        (folder / "broadsheet.toml").write_text(config(server.url), "utf-8")
        command(folder, "update")
        return server.url, folder


@pytest.fixture(scope="module")
def demo_paper(first_demo: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Set up the demo, updated, in a folder of the module's own: its language, and lines for ``[site]``."""
    url, first = first_demo
    folder = tmp_path_factory.mktemp("demo") / "paper"

    def made(language: str, lines: str = "") -> Path:
        if not folder.exists():
            shutil.copytree(first, folder)
        text = config(url, site_url="https://paper.example/", language=language)
        (folder / "broadsheet.toml").write_text(text.replace("[site]\n", f"[site]\n{lines}"), "utf-8")
        return folder

    return made
