"""Broadsheet turns a list of feeds into a newspaper."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["Newspaper", "extract_article", "learn_template", "parse_feed", "sanitize_html"]

if TYPE_CHECKING:
    from broadsheet.articles.extract import extract_article
    from broadsheet.articles.sanitize import sanitize_html
    from broadsheet.articles.template import learn_template
    from broadsheet.feeds.parse import parse_feed
    from broadsheet.newspaper import Newspaper

_HOMES = {
    "Newspaper": "broadsheet.newspaper",
    "extract_article": "broadsheet.articles.extract",
    "learn_template": "broadsheet.articles.template",
    "parse_feed": "broadsheet.feeds.parse",
    "sanitize_html": "broadsheet.articles.sanitize",
}


def __getattr__(name: str) -> Any:
    # Imported at first use: the command line answers --help in under 0.3 s without lxml and the database.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'broadsheet' has no attribute {name!r}")
