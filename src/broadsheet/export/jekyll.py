"""Jekyll: ``_posts/YYYY-MM-DD-<name>.html`` with pictures below ``m/``.

Liquid is off twice: ``render_with_liquid: false`` for Jekyll 4, and braces as character references for Jekyll 3, which
GitHub still runs and which does not know that field. Every post has its address in ``permalink``: made of categories, as
Jekyll does it, two posts could have one. Liquid escapes nothing by itself, so names hold no ``<``, ``>`` and ``"``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from broadsheet.export import frontmatter, sites
from broadsheet.export.base import ExportArticle, Manifest, Target
from broadsheet.export.bodies import inert
from broadsheet.export.folder import Folder
from broadsheet.export.names import Labels, hexo_key, unmarked

PUBLIC = True


def write(articles: Iterable[ExportArticle], target: Target) -> Manifest:
    """Bring a Jekyll site's posts and pictures to what the articles are; an empty folder gets a configuration."""
    with Folder(
        target, "jekyll", owned=("_posts", "m"), signs=("_config.yml", "_config.yaml", "_config.toml")
    ) as folder:
        if folder.site is None:
            folder.start("_config.yml", frontmatter.dump(_settings(target)).encode())
        known = sites.settings(folder.site) or _settings(target)
        root = sites.root_path(known.get("baseurl"))
        zone = sites.zone_of(known.get("timezone"), target.zone)
        labels = Labels(hexo_key, unmarked)
        pictures = sites.Pictures(target, folder, lambda path: path)
        for item in articles:
            html, lead = pictures.settle(item, lambda path: root + path)
            # The day of the name is where Jekyll takes it from when the date is missing; they agree.
            date = sites.local(item.date, zone)
            name = f"_posts/{date:%Y-%m-%d}-{item.name}.html"
            fields = _fields(item, lead, labels) | {"date": date}
            if item.modified:
                fields["last_modified_at"] = sites.local(item.modified, zone)
            folder.put(name, frontmatter.page(fields, inert(html)), item.id)
        return folder.finish()


def _fields(item: ExportArticle, lead: str, labels: Labels) -> dict[str, Any]:
    article = item.stored.article
    return {
        "layout": "post",
        "title": item.title,
        "categories": [labels.of(name) for name in item.path],
        "tags": sites.tags_of(item, labels) or None,
        "author": unmarked(item.source),
        "image": lead or None,
        "description": article.excerpt or None,
        "link": article.url or None,
        "source": unmarked(item.source),
        "comments": False,
        "permalink": f"/{item.stored.permalink}",
        "redirect_from": [f"/{path}" for path in item.also_at] or None,
        "render_with_liquid": False,
    }


def _settings(target: Target) -> dict[str, Any]:
    return {
        "title": target.title,
        "url": target.url.rstrip("/") or None,
        "lang": sites.LOCALES.get(target.language, target.language),
        "timezone": target.timezone,
    }
