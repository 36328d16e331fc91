"""Markdown: ``<section>/<source>/<channel>/<title>-<name>.md`` with YAML front matter, for Astro, Obsidian, Zola.

The file keeps its name when the article gets another title, so that links to it hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from broadsheet.export import frontmatter, sites
from broadsheet.export.base import ExportArticle, Manifest, Target
from broadsheet.export.folder import Folder
from broadsheet.export.names import Folders, safe_name
from broadsheet.export.prose import markdown

PUBLIC = True
_FILE = "\x1e"
"""Begins the key of a file's name among the names that were given."""


def write(articles: Iterable[ExportArticle], target: Target) -> Manifest:
    """Bring a folder of Markdown files to what the articles are."""
    with Folder(target, "markdown") as folder:
        known = {key: folder.names.pop(key) for key in list(folder.names) if key.startswith(_FILE)}
        folders = Folders(folder.names)
        pictures = sites.Pictures(target, folder, lambda path: path)
        for item in articles:
            place = folders.of(item.path)
            key = _FILE + item.id
            # What was taken down leaves no name behind: names hold titles.
            folder.names[key] = known.get(key) or safe_name(item.title, ending=f"-{item.name}.md")
            up = "../" * place.count("/")
            html, lead = pictures.settle(item, up.__add__)
            folder.put(
                place + folder.names[key], frontmatter.page(_fields(item, lead, target), markdown(html)), item.id
            )
        return folder.finish()


def _fields(item: ExportArticle, lead: str, target: Target) -> dict[str, Any]:
    article = item.stored.article
    return {
        "title": item.title,
        "date": sites.local(item.date, target.zone),
        "updated": sites.local(item.modified, target.zone) if item.modified else None,
        "description": article.excerpt or None,
        "image": lead or None,
        "author": article.byline or item.source,
        "source": item.source,
        "link": article.url or None,
        "categories": list(item.path),
        "tags": list(dict.fromkeys(name for name in article.categories if name.strip())) or None,
        "lang": article.language or None,
        "rights": article.rights or None,
        "sponsored": article.sponsored or None,
        "id": item.id,
    }
