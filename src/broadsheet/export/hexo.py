"""Hexo: ``source/_posts/<section>/<source>/<channel>/<name>.md`` with the fields that the ancestor's themes know.

The body is one line of HTML with ``disableNunjucks``: in several lines, a blank one within an element made visible code of
what followed, and as a template one ``{% x %}`` in one article ended the build of all.

Dates are naive wall time in the site's ``timezone``. It is the only form that Hexo reads alike on every machine; what
names its zone is shifted by the difference between the machine and the site. A site without a ``timezone`` reads wall
time in the machine's zone: for such a site, dates are texts in UTC, which then alone are right everywhere.

Hexo's helpers print the names of categories and tags as HTML, so these hold no ``<``, ``>`` and ``"``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from broadsheet.export import frontmatter, sites
from broadsheet.export.base import ExportArticle, Manifest, Target
from broadsheet.export.bodies import one_line
from broadsheet.export.folder import Folder
from broadsheet.export.names import Folders, Labels, hexo_key, unmarked

PUBLIC = True
_POSTS = "source/_posts/"


def write(articles: Iterable[ExportArticle], target: Target) -> Manifest:
    """Bring a Hexo site's posts and pictures to what the articles are; an empty folder becomes a site."""
    with Folder(target, "hexo", owned=("source/_posts", "source/m"), signs=("_config.yml", "_config.yaml")) as folder:
        if folder.site is None:
            _start(folder, target)
        site = _Site(folder, target)
        for item in articles:
            site.post(item)
        folder.notes.append(site.note)
        return folder.finish()


class _Site:
    def __init__(self, folder: Folder, target: Target) -> None:
        known = sites.settings(folder.site) or _settings(target)
        self._root = sites.root_path(known.get("root"), known.get("url"))
        zone = known.get("timezone")
        self._zone = sites.zone_of(zone, target.zone) if zone else None
        self._folder = folder
        self._permalinks = target.permalinks
        self._folders = Folders(folder.names)
        self._categories = Labels(hexo_key, unmarked)
        self._tags = Labels(hexo_key, unmarked)
        self._pictures = sites.Pictures(target, folder, lambda path: f"source/{path}")
        self.note = f"timezone: {self._zone or 'UTC, quoted'}"

    def post(self, item: ExportArticle) -> None:
        """Write one post."""
        html, lead = self._pictures.settle(item, lambda path: self._root + path)
        name = f"{_POSTS}{self._folders.of(item.path)}{item.name}.md"
        self._folder.put(name, frontmatter.page(self._fields(item, lead), one_line(html)), item.id)

    def _fields(self, item: ExportArticle, lead: str) -> dict[str, Any]:
        """Return the ancestor's fields in the ancestor's order, then ours."""
        return {
            "title": item.title,
            "categories": [self._categories.of(name) for name in item.path],
            "headimg": lead or None,
            "author": unmarked(item.source),
            "comments": False,
            "date": self._date(item.date),
            "thumbnail": lead or None,
            "updated": self._date(item.modified or item.date),
            "tags": sites.tags_of(item, self._tags) or None,
            "link": item.stored.article.url or None,
            "source": unmarked(item.source),
            "permalink": item.stored.permalink if self._permalinks else None,
            "disableNunjucks": True,
        }

    def _date(self, instant: datetime) -> datetime | str:
        if self._zone is None:
            return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return sites.wall(instant, self._zone)


def _settings(target: Target) -> dict[str, Any]:
    return {
        "title": target.title,
        "url": target.url or "http://example.com",
        "language": sites.LOCALES.get(target.language, target.language),
        "timezone": target.timezone,
        "theme": "landscape",
    }


def _start(folder: Folder, target: Target) -> None:
    """Make a site of an empty folder: what ``hexo init`` would, without its first post."""
    folder.start("_config.yml", frontmatter.dump(_settings(target)).encode())
    plugins = "generator-archive generator-category generator-index generator-tag renderer-ejs renderer-marked"
    package = {
        "name": "newspaper",
        "version": "0.0.0",
        "private": True,
        "scripts": {"build": "hexo generate", "server": "hexo server"},
        "hexo": {"version": ""},
        "dependencies": {
            "hexo": "^8.1.2",
            **{f"hexo-{name}": "*" for name in (*plugins.split(), "renderer-stylus", "theme-landscape")},
        },
    }
    folder.start("package.json", msgspec.json.format(msgspec.json.encode(package), indent=2) + b"\n")
