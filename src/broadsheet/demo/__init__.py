"""A small world of news to try Broadsheet on: written for it, served from this machine, the same at every start.

The outlets, people, companies and places are invented. The world lives from 9 to 15 March 2026.
"""

from broadsheet.demo.content import Change, Entry, Source, changes, load_sources
from broadsheet.demo.server import DEFAULT_PORT, DemoServer
from broadsheet.demo.subscriptions import config, subscriptions

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
