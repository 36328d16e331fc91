"""What the exports for site generators share: the site's own configuration, the fields of a page, and pictures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml

from broadsheet.export import bodies
from broadsheet.export.base import ExportArticle, Target
from broadsheet.export.folder import Folder
from broadsheet.export.names import Labels

LOCALES = {"en": "en", "zh": "zh-CN"}


def settings(path: Path | None) -> dict[str, Any]:
    """Return a site's YAML configuration; nothing where there is none or it cannot be understood."""
    if path is None:
        return {}
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}


def root_path(*candidates: object) -> str:
    """Return the path that a site lies below, with slashes around it, from the first setting that says so."""
    for candidate in candidates:
        if isinstance(candidate, str) and candidate.strip():
            path = urlsplit(candidate.strip()).path if "://" in candidate else candidate.strip()
            return f"/{path.strip('/')}/".replace("//", "/")
    return "/"


def zone_of(name: object, fallback: tzinfo) -> tzinfo:
    """Return a time zone by its name, or the fallback where there is no such zone."""
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else fallback
    except (ValueError, OSError, KeyError):
        return fallback


def wall(instant: datetime, zone: tzinfo) -> datetime:
    """Return an instant as the clocks of a zone show it, without the zone."""
    return instant.astimezone(zone).replace(tzinfo=None, microsecond=0)


def local(instant: datetime, zone: tzinfo) -> datetime:
    """Return an instant with the offset of a zone, to the second."""
    return instant.astimezone(zone).replace(microsecond=0)


def tags_of(item: ExportArticle, labels: Labels) -> list[str]:
    """Return the article's own categories as labels, each once."""
    given = (name for name in item.stored.article.categories if name.strip())
    return list(dict.fromkeys(labels.of(name) for name in given))


class Pictures:
    """Puts the pictures of articles into an export and says at which address they are there."""

    def __init__(self, target: Target, folder: Folder, place: Callable[[str], str]) -> None:
        self._archive = target.archive
        self._folder = folder
        self._place = place

    def bring(self, path: str, article: str) -> bool:
        """Copy a picture (``m/…``) into the export; return whether there is one."""
        body = self._archive.picture(path)
        if body is None:
            return False
        self._folder.put(self._place(path), body, article)
        return True

    def settle(self, item: ExportArticle, address: Callable[[str], str]) -> tuple[str, str]:
        """Return (HTML, address of the lead picture) with the pictures that are there, at what ``address`` makes of them."""

        def place(path: str) -> str:
            return address(path) if self.bring(path, item.id) else ""

        lead = item.stored.article.image
        shown = ""
        if lead is not None:
            shown = (place(lead.path) if lead.path else "") or lead.url
        return bodies.with_pictures(item.html, place), shown
