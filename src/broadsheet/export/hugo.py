"""Hugo: a page bundle an article, ``content/posts/<section>/<source>/<channel>/<name>/index.md`` with its pictures.

The body is one line of HTML that Goldmark hands on as it is; braces are character references, since one unknown
shortcode in one article leaves a site of none. Hugo prints raw HTML where ``markup.goldmark.renderer.unsafe`` is set.
(HTML sources are refused since 0.162 unless ``security.allowContent`` names them.)

Hugo has one flat list a taxonomy: section, source and channel are three categories of an article.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from broadsheet.export import frontmatter, sites
from broadsheet.export.base import ExportArticle, Manifest, Target
from broadsheet.export.bodies import one_line
from broadsheet.export.folder import Folder
from broadsheet.export.names import Folders, Labels, hugo_key, hugo_plain

PUBLIC = True
_CONTENT = "content/posts/"
_SIGNS = (
    "hugo.toml hugo.yaml hugo.yml hugo.json config.toml config.yaml config.yml config.json config/_default/hugo.toml "
    "config/_default/config.toml config/_default/hugo.yaml config/_default/config.yaml"
).split()


def write(articles: Iterable[ExportArticle], target: Target) -> Manifest:
    """Bring a Hugo site's ``content/posts`` to what the articles are; an empty folder gets a configuration."""
    with Folder(target, "hugo", owned=("content/posts",), signs=_SIGNS) as folder:
        if folder.site is None:
            folder.start("hugo.toml", _configuration(target).encode())
        elif not _prints_html(folder.site):
            folder.notes.append(f"{folder.site}: markup.goldmark.renderer.unsafe must be true, or Hugo prints no body")
        folders, categories, tags = Folders(folder.names, hugo_plain), Labels(hugo_key), Labels(hugo_key)
        for item in articles:
            _bundle(item, target, folder, folders.of(item.path), categories, tags)
        for names, place in folders.used.items():
            title = names.rpartition("\x1f")[2]
            folder.put(f"{_CONTENT}{place}_index.md", frontmatter.page({"title": title}, ""))
        return folder.finish()


def _bundle(item: ExportArticle, target: Target, folder: Folder, place: str, categories: Labels, tags: Labels) -> None:
    bundle = f"{_CONTENT}{place}{item.name}/"

    pictures = sites.Pictures(target, folder, lambda path: bundle + _beside(path))
    html, lead = pictures.settle(item, _beside)
    article = item.stored.article
    fields: dict[str, Any] = {
        "title": item.title,
        "date": sites.local(item.date, target.zone),
        "lastmod": sites.local(item.modified or item.date, target.zone),
        "url": f"/{item.stored.permalink}" if target.permalinks else None,
        "aliases": [f"/{path}" for path in item.also_at] or None if target.permalinks else None,
        "description": article.excerpt or None,
        "categories": list(dict.fromkeys(map(categories.of, item.path))),
        "tags": sites.tags_of(item, tags) or None,
        "images": [lead] if lead else None,
        "isCJKLanguage": article.language.split("-")[0] in ("zh", "ja", "ko") or None,
        "params": {"author": item.source, "source": item.source, "link": article.url, "image": lead},
    }
    folder.put(f"{bundle}index.md", frontmatter.page(fields, one_line(html)), item.id)


def _beside(path: str) -> str:
    """Return what a picture is called in a bundle."""
    return path.removeprefix("m/").replace("/", "")


def _configuration(target: Target) -> str:
    values = {
        "baseURL": target.url or "http://example.com/",
        "title": target.title,
        "locale": sites.LOCALES.get(target.language, target.language),
        "timeZone": target.timezone,
        "capitalizeListTitles": False,
        "pluralizeListTitles": False,
    }
    lines = [f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in values.items()]
    return "".join(lines) + "\n[markup.goldmark.renderer]\nunsafe = true # the articles are sanitised HTML\n"


def _prints_html(path: Path) -> bool:
    """Return whether a configuration lets raw HTML through, as far as one can see from this one file."""
    try:
        text = path.read_text("utf-8")
        found = tomllib.loads(text) if path.suffix == ".toml" else sites.settings(path)
        return bool(found["markup"]["goldmark"]["renderer"]["unsafe"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
