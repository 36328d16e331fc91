"""Exports built by the real Hugo with a theme of a few lines."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from broadsheet.export import ExportArticle, hugo
from tests.e2e.test_posts import Post
from tests.export.conftest import Paper
from tests.export.made import Desk, article
from tests.export.pages import one, page, same_body, seen, text_of

_SINGLE = """<!doctype html><html lang="{{ site.Language.Lang }}"><title>{{ .Title }}</title><h1>{{ .Title }}</h1>
<time class="when" datetime="{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}"></time>
<nav>{{ range .GetTerms "categories" }}<a class="category" href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}</nav>
<nav>{{ range .GetTerms "tags" }}<a class="tag" href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}</nav>
<p class="from"><a href="{{ .Params.link }}">{{ .Params.source }}</a></p>
{{ with .Params.image }}{{ with $.Resources.Get . }}<img class="lead" src="{{ .RelPermalink }}">
{{ else }}<img class="lead" src="{{ . }}">{{ end }}{{ end }}
<article>{{ .Content }}</article></html>"""
_LIST = "<!doctype html><title>{{ .Title }}</title>{{ range .Pages }}<a href='{{ .RelPermalink }}'>{{ .Title }}</a>{{ end }}"


def build(site: Path) -> None:
    """Build a site in which every page is printed as it is, and fail on any warning."""
    (site / "layouts").mkdir()
    (site / "layouts" / "single.html").write_text(_SINGLE, "utf-8")
    (site / "layouts" / "list.html").write_text(_LIST, "utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("hugo"), "--panicOnWarning", "--printPathWarnings"], cwd=site,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "WARN" not in done.stdout + done.stderr


def check(site: Path, articles: list[ExportArticle], *, as_is: bool = True) -> None:
    """Check the built pages against the articles: as many, and each with its fields and whole text."""
    public = site / "public"
    pages = {path.parent.name: path for path in public.glob("posts/**/index.html") if b"<article>" in path.read_bytes()}
    assert len(list(public.rglob("index.html"))) > len(pages) == len(articles)
    for item in articles:
        tree = page(pages[item.name])
        assert seen(text_of(one(tree, "//h1"))) == seen(item.title)
        assert datetime.fromisoformat(one(tree, "//time[@class='when']").get("datetime")) == item.date.replace(
            microsecond=0
        )
        categories = tree.xpath("//a[@class='category']")
        for label, name in zip(sorted(map(text_of, categories)), sorted(set(item.path)), strict=False):
            assert label == seen(name) or not as_is
        assert len(categories) == len(set(item.path))
        tags = tree.xpath("//a[@class='tag']")
        assert len(tags) == len({name.strip() for name in item.stored.article.categories})
        for link in [*categories, *tags]:
            assert link.get("href").count("/") == 3, "a term of its own, below its taxonomy"
        lead = item.stored.article.image
        shown = tree.xpath("//img[@class='lead']/@src")
        assert len(shown) == bool(lead)
        if lead and lead.path:
            assert (pages[item.name].parent / Path(shown[0]).name).is_file()
        elif lead:
            assert shown == [lead.url]
        link = one(tree, "//p[@class='from']/a")
        assert (unquote(link.get("href")), seen(text_of(link))) == (unquote(item.stored.article.url), seen(item.source))
        same_body(one(tree, "//article"), item)


def test_the_demo_newspaper(demo: Paper, tmp_path: Path) -> None:
    demo.export("hugo", tmp_path)
    build(tmp_path)
    check(tmp_path, demo.articles())
    assert json.loads(demo.export("hugo", tmp_path, "--json").stdout)["written"] == 0


@pytest.mark.corpus
def test_the_ancestors_posts(posts: tuple[Paper, dict[str, Post]], tmp_path: Path) -> None:
    paper, _ = posts
    paper.export("hugo", tmp_path)
    build(tmp_path)
    check(tmp_path, paper.articles())
    sections = {path.name for path in (tmp_path / "public" / "posts").iterdir() if path.is_dir()}
    assert sections == {"金融", "编程", "新媒体"}


def test_hostile_articles(attack: Desk, tmp_path: Path) -> None:
    hugo.write(iter(attack.articles), attack.target(tmp_path))
    build(tmp_path)
    check(tmp_path, attack.articles, as_is=False)


def test_permalinks_when_asked(tmp_path: Path) -> None:
    desk = Desk([article(1), article(2)])
    hugo.write(iter(desk.articles), desk.target(tmp_path, permalinks=True))
    build(tmp_path)
    for item in desk.articles:
        same_body(one(page(tmp_path / "public" / item.stored.permalink), "//article"), item)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("", True),
        ("[markup.goldmark.renderer]\nunsafe = false\n", True),
        ("[markup.goldmark.renderer]\nunsafe = true\n", False),
    ],
)
def test_a_site_that_prints_no_html_is_told(setting: str, told: bool, tmp_path: Path) -> None:
    """A site's own configuration is not touched; one that would print empty articles is named."""
    text = f'title = "Mine"\n{setting}'
    (tmp_path / "hugo.toml").write_text(text, "utf-8")
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "about.md").write_text("mine", "utf-8")
    desk = Desk([article(1)])
    made: Any = hugo.write(iter(desk.articles), desk.target(tmp_path))
    assert any("unsafe must be true" in note for note in made.notes) is told
    assert (tmp_path / "hugo.toml").read_text("utf-8") == text
    assert (tmp_path / "content" / "about.md").read_text("utf-8") == "mine"
