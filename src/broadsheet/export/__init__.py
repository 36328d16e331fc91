"""The archive for other tools: one module a format, and those that other packages add.

A package adds a format with an entry point of the group ``broadsheet.exporters``: its name is the format, its object
a module or object with ``write(articles, target) -> Manifest`` (see ``base``).
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from broadsheet.errors import UsageError
from broadsheet.export.base import (
    Archive,
    Edition,
    ExportArticle,
    ExportEntry,
    Exporter,
    ExportFeed,
    ExportResponse,
    Kept,
    Manifest,
    Target,
)

__all__ = [
    "GROUP",
    "OURS",
    "Archive",
    "Edition",
    "ExportArticle",
    "ExportEntry",
    "ExportFeed",
    "ExportResponse",
    "Exporter",
    "Kept",
    "Manifest",
    "Target",
    "find",
    "formats",
]

GROUP = "broadsheet.exporters"
OURS = {
    "hexo": "hexo",
    "hugo": "hugo",
    "jekyll": "jekyll",
    "markdown": "markdown",
    "epub": "epub",
    "parquet": "parquet",
    "warc": "warc",
    "json": "jsonlines",
}
"""Format -> module of this package."""


def formats() -> list[str]:
    """Return the names of all formats: ours, then those that other packages add."""
    added = {point.name for point in entry_points(group=GROUP)} - set(OURS)
    return [*OURS, *sorted(added)]


def find(name: str) -> Exporter:
    """Return the exporter of a format; raise ``UsageError`` where there is none or it cannot be loaded."""
    if name in OURS:
        ours: Exporter = import_module(f"broadsheet.export.{OURS[name]}")
        return ours
    for point in entry_points(group=GROUP, name=name):
        try:
            added: Exporter = point.load()
        except (ImportError, AttributeError) as error:
            raise UsageError(f"the export format {name!r} of {point.value} cannot be loaded: {error}") from None
        return added
    raise UsageError(f"there is no export format {name!r}; there are: {', '.join(formats())}")
