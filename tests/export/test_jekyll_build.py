"""Exports built by the real Jekyll, with Liquid on for every page that does not turn it off."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from broadsheet.export import ExportArticle, frontmatter, jekyll
from broadsheet.export.names import unmarked
from tests.e2e.test_posts import Post
from tests.export.conftest import Paper
from tests.export.made import Desk, article
from tests.export.pages import one, page, same_body, seen, text_of

_POST = """<!doctype html><html><title>{{ page.title | escape }}</title><h1>{{ page.title | escape }}</h1>
<time class="when" datetime="{{ page.date | date_to_xmlschema }}"></time>
{% for name in page.categories %}<b class="category">{{ name }}</b>{% endfor %}
{% if page.image %}<img class="lead" src="{{ page.image }}">{% endif %}
<p class="from"><a href="{{ page.link }}">{{ page.source }}</a></p>
<article>{{ content }}</article></html>"""


def build(site: Path, command: str) -> None:
    """Build a site with a layout of a few lines; the machine's zone is not the site's."""
    (site / "_layouts").mkdir()
    (site / "_layouts" / "post.html").write_text(_POST, "utf-8")
    done = subprocess.run(
        [command, "build", "--strict_front_matter", "--trace"], cwd=site, capture_output=True, text=True, check=False,
        timeout=240, env=os.environ | {"TZ": "America/New_York", "LANG": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Warning" not in done.stderr, done.stderr[-3000:]
    assert "Error" not in done.stderr, done.stderr[-3000:]


def check(site: Path, articles: list[ExportArticle]) -> None:
    """Check the built pages against the articles: as many, and each with its fields and whole text."""
    public = site / "_site"
    pages = [path for path in public.rglob("*.html") if b"<article>" in path.read_bytes()]
    assert {path.relative_to(public).as_posix() for path in pages} == {item.stored.permalink for item in articles}
    for item in articles:
        tree = page(public / item.stored.permalink)
        assert seen(text_of(one(tree, "//h1"))) == seen(item.title)
        assert datetime.fromisoformat(one(tree, "//time[@class='when']").get("datetime")) == item.date.replace(
            microsecond=0
        )
        categories = [text_of(name) for name in tree.xpath("//b[@class='category']")]
        assert len(categories) == len(set(item.path))
        assert not tree.xpath("//script | //b[@class='category']/*")
        lead = item.stored.article.image
        shown = tree.xpath("//img[@class='lead']/@src")
        assert shown == ([f"/{lead.path}" if lead.path else lead.url] if lead else [])
        if lead and lead.path:
            assert (public / lead.path).is_file()
        link = one(tree, "//p[@class='from']/a")
        assert (link.get("href"), seen(text_of(link))) == (item.stored.article.url, seen(unmarked(item.source)))
        same_body(one(tree, "//article"), item)


def test_the_demo_newspaper(demo: Paper, jekyll_command: str, tmp_path: Path) -> None:
    demo.export("jekyll", tmp_path)
    build(tmp_path, jekyll_command)
    check(tmp_path, demo.articles())


@pytest.mark.corpus
def test_the_ancestors_posts(posts: tuple[Paper, dict[str, Post]], jekyll_command: str, tmp_path: Path) -> None:
    paper, _ = posts
    paper.export("jekyll", tmp_path)
    build(tmp_path, jekyll_command)
    check(tmp_path, paper.articles())


@pytest.mark.parametrize("liquid", [False, True])
def test_hostile_articles(liquid: bool, attack: Desk, jekyll_command: str, tmp_path: Path) -> None:
    """Jekyll 3 does not know ``render_with_liquid``; without it the text is as safe."""
    write(attack, tmp_path)
    if liquid:
        for path in (tmp_path / "_posts").iterdir():
            path.write_bytes(path.read_bytes().replace(b"\nrender_with_liquid: false\n", b"\n", 1))
    build(tmp_path, jekyll_command)
    check(tmp_path, attack.articles)


def write(desk: Desk, folder: Path) -> None:
    jekyll.write(iter(desk.articles), desk.target(folder))


def test_a_site_of_ones_own(tmp_path: Path) -> None:
    """The base address of pictures and the zone of dates are the site's."""
    (tmp_path / "_config.yml").write_text("baseurl: /blog\ntimezone: Europe/Berlin\n", "utf-8")
    (tmp_path / "index.md").write_text("mine", "utf-8")
    desk = Desk([article(1, lead=True)])
    write(desk, tmp_path)
    (post,) = (tmp_path / "_posts").iterdir()
    fields, _ = frontmatter.read(post.read_text("utf-8"))
    assert post.name == f"2026-03-10-{desk.articles[0].name}.html"
    assert fields["date"].isoformat() == "2026-03-10T22:30:15+01:00"
    assert fields["image"] == "/blog/m/aa/0001.webp"
    assert (tmp_path / "index.md").read_text("utf-8") == "mine"
