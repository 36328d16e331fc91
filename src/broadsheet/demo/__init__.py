"""A small world of news to try Broadsheet on: written for it, served from this machine, the same at every start.

The outlets, people, companies and places are invented. The world lives from 9 to 15 March 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from broadsheet.demo.content import Change, Entry, Source, changes, load_sources
from broadsheet.demo.subscriptions import config, subscriptions

if TYPE_CHECKING:
    from broadsheet.demo.server import DEFAULT_PORT, DemoServer

__all__ = [
    "DEFAULT_PORT",
    "Change",
    "DemoServer",
    "Entry",
    "Source",
    "changes",
    "config",
    "load_sources",
    "subscriptions",
]


def __getattr__(name: str) -> Any:
    """Return what ``server.py`` gives; it is imported late, so that ``python -m broadsheet.demo.server`` runs it once."""
    if name in {"DEFAULT_PORT", "DemoServer"}:
        from broadsheet.demo import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
