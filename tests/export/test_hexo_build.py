"""Exports built by the real Hexo with its default theme."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from broadsheet.export import ExportArticle, frontmatter, hexo
from broadsheet.export.names import unmarked
from tests.e2e.test_posts import Post
from tests.export.conftest import Paper
from tests.export.made import Desk, article
from tests.export.pages import one, page, same_body, seen, text_of

_FIELDS = """
hexo.extend.generator.register('fields', locals => ({path: 'fields.json', data: JSON.stringify(locals.posts.map(p => ({
  path: p.path, source: p.source, title: p.title, date: p.date.toISOString(), updated: p.updated.toISOString(),
  categories: p.categories.map(c => c.name), slugs: p.categories.map(c => c.path), tags: p.tags.map(t => t.path),
  headimg: p.headimg, thumbnail: p.thumbnail, author: p.author, comments: p.comments, link: p.link })))}));
"""
"""What a theme is given of each post."""


def build(site: Path, node_modules: Path, zone: str = "America/New_York") -> list[dict[str, Any]]:
    """Build a site and return what themes see of its posts. The machine's zone is not the site's: it may not matter."""
    (site / "node_modules").symlink_to(node_modules)
    (site / "scripts").mkdir()
    (site / "scripts" / "fields.js").write_text(_FIELDS, "utf-8")
    done = subprocess.run(
        ["node", "node_modules/hexo-cli/bin/hexo", "generate", "--bail"], cwd=site, capture_output=True, text=True,
        check=False, timeout=240, env=os.environ | {"TZ": zone, "NO_COLOR": "1"},
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-3000:]
    assert not re.search(r"^(WARN|ERROR|FATAL)", output, re.MULTILINE), output[-3000:]
    found: list[dict[str, Any]] = json.loads((site / "public" / "fields.json").read_text("utf-8"))
    return found


def check(site: Path, built: list[dict[str, Any]], articles: list[ExportArticle]) -> None:
    """Check the built pages against the articles: as many, and each with its title, date, categories and whole text."""
    by_name = {Path(post["source"]).stem: post for post in built}
    assert len(built) == len(by_name) == len({post["path"] for post in built}) == len(articles)
    for item in articles:
        post = by_name[item.name]
        tree = page(site / "public" / unquote(post["path"]) / "index.html")
        # JavaScript's parser takes U+0085 and a few others for blanks; a reader cannot tell.
        title = one(tree, "//h1[contains(@class, 'article-title')] | //h1/a[contains(@class, 'article-title')]")
        assert seen(text_of(title)) == seen(item.title)
        assert seen(post["title"]) == seen(item.title)
        shown = datetime.fromisoformat(one(tree, "//time[contains(@class, 'dt-published')]").get("datetime"))
        assert shown == datetime.fromisoformat(post["date"]) == item.date.replace(microsecond=0)
        assert len(post["categories"]) == len(item.path)
        links = tree.xpath("//*[@class='article-category']//a")
        assert [text_of(link) for link in links] == post["categories"]
        lead = item.stored.article.image
        assert post.get("headimg", "") == post.get("thumbnail", "") == (address(lead) if lead else "")
        if lead and lead.path:
            assert (site / "public" / lead.path).is_file()
        assert post["author"] == unmarked(item.source)
        assert post["comments"] is False
        assert post["link"] == item.stored.article.url
        same_body(one(tree, "//*[contains(@class, 'article-entry')]"), item)


def address(lead: Any) -> str:
    return f"/{lead.path}" if lead.path else str(lead.url)


def category_pages(site: Path, built: list[dict[str, Any]]) -> None:
    """Check that no two categories or tags have one page."""
    for field in ("slugs", "tags"):
        for post in built:
            assert len(set(post[field])) == len(post[field])
            for path in post[field]:
                assert (site / "public" / unquote(path) / "index.html").is_file()
                assert unquote(path).strip("/") not in ("categories", "tags")


def test_the_demo_newspaper(demo: Paper, node_modules: Path, tmp_path: Path) -> None:
    demo.export("hexo", tmp_path)
    articles = demo.articles()
    assert len(articles) > 60
    check(tmp_path, build(tmp_path, node_modules), articles)
    again = demo.export("hexo", tmp_path, "--json")
    assert json.loads(again.stdout)["written"] == 0, "a built site is still the export's own"


@pytest.mark.corpus
def test_the_ancestors_posts(posts: tuple[Paper, dict[str, Post]], node_modules: Path, tmp_path: Path) -> None:
    paper, _ = posts
    paper.export("hexo", tmp_path)
    articles = paper.articles()
    built = build(tmp_path, node_modules)
    check(tmp_path, built, articles)
    assert len(articles) == 69
    assert {len(post["categories"]) for post in built} == {3}
    category_pages(tmp_path, built)


@pytest.mark.corpus
def test_a_sina_post_is_the_ancestors_without_its_faults(posts: tuple[Paper, dict[str, Post]], tmp_path: Path) -> None:
    paper, by_name = posts
    paper.export("hexo", tmp_path)
    exported = [
        frontmatter.read(path.read_text("utf-8")) for path in (tmp_path / "source/_posts/金融/新浪财经").rglob("*.md")
    ]
    sina = [post for name, post in by_name.items() if name.startswith("金融/新浪财经/")]
    assert len(exported) == len(sina) == 12
    by_title = {fields["title"]: (fields, body) for fields, body in exported}
    for post in sina:
        before = frontmatter.read(before_text(post))[0]
        fields, body = by_title[post.title]
        assert list(fields)[:2] == ["title", "categories"]
        for name in ("title", "categories", "author", "comments"):
            assert fields[name] == before[name], name
        # The site's zone is 8 hours ahead of UTC and knows no summer time.
        assert post.instant is not None
        assert fields["date"].replace(tzinfo=UTC).timestamp() - 8 * 3600 == post.instant.timestamp()
        assert "343233024" not in str(fields.get("headimg"))
        assert fields.get("headimg") == fields.get("thumbnail")
        if "headimg" in fields:
            assert fields["headimg"].split("/")[-1] in post.body
        assert not re.search(r"<!--|<style|appendQr|责任编辑|343233024|海量资讯、精准解读", body)


def before_text(post: Post) -> str:
    from tests.conftest import CORPUS

    return (CORPUS / "posts" / post.name).read_text("utf-8").lstrip()


def test_hostile_articles(attack: Desk, node_modules: Path, tmp_path: Path) -> None:
    made = hexo.write(iter(attack.articles), attack.target(tmp_path / "site"))
    built = build(tmp_path / "site", node_modules)
    check(tmp_path / "site", built, attack.articles)
    category_pages(tmp_path / "site", built)
    assert made.notes == ("timezone: Asia/Shanghai",)
    written = [path for path in tmp_path.iterdir() if path != tmp_path / "site"]
    assert written == [], "nothing left the site's folder"


@pytest.mark.parametrize(("setting", "machine"), [("''", "Asia/Shanghai"), ("''", "UTC"), ("Europe/Berlin", "UTC")])
def test_dates_in_a_site_of_ones_own(setting: str, machine: str, node_modules: Path, tmp_path: Path) -> None:
    """An existing site keeps its configuration; its zone, or that it has none, decides how dates are written."""
    (tmp_path / "_config.yml").write_text(
        f"title: Mine\nroot: /blog/\ntheme: landscape\ntimezone: {setting}\n", "utf-8"
    )
    # As "hexo init" makes it: Hexo loads the plugins that package.json names, the Markdown renderer among them.
    package = {"name": "mine", "hexo": {"version": ""}, "dependencies": {"hexo": "*", "hexo-renderer-marked": "*"}}
    (tmp_path / "package.json").write_text(json.dumps(package), "utf-8")
    desk = Desk([article(1, lead=True, body='<p>x <img src="/m/aa/0001.webp"></p>'), article(2)])
    hexo.write(iter(desk.articles), desk.target(tmp_path))
    built = build(tmp_path, node_modules, machine)
    by_name = {Path(post["source"]).stem: post for post in built}
    for item in desk.articles:
        assert datetime.fromisoformat(by_name[item.name]["date"]) == item.date
    assert by_name[desk.articles[0].name]["headimg"] == "/blog/m/aa/0001.webp"
    assert (tmp_path / "public" / "m/aa/0001.webp").is_file()


def test_permalinks_when_asked(demo: Paper, node_modules: Path, tmp_path: Path) -> None:
    demo.export("hexo", tmp_path, "--permalinks", "--section", "World")
    articles = [item for item in demo.articles() if item.section == "World"]
    built = build(tmp_path, node_modules)
    assert articles
    assert {post["path"].lstrip("/") for post in built} == {item.stored.permalink for item in articles}
    for item in articles:
        same_body(
            one(page(tmp_path / "public" / item.stored.permalink), "//*[contains(@class, 'article-entry')]"), item
        )
