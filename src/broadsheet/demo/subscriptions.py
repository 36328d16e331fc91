"""The demo's list of feeds (OPML) and its ``broadsheet.toml``. Pure."""

from __future__ import annotations

from typing import Any

from lxml import etree

from broadsheet.demo.content import Source, load_sources

BROKEN = (
    ("World/Storm Desk", "Storm Desk", "/storm-desk/feed.xml"),
    ("文化/失联频道", "失联频道", "/lost-channel/feed.xml"),
    ("Local/Vanished Weekly", "Vanished Weekly", "/vanished-weekly/feed.xml"),
)
"""Feeds that do not answer well: closed for now (503), hanging up, gone (404)."""

_CONFIG = """\
# The newspaper of the demo. Every key that is left out has its default.
opml = "feeds.opml"

[site]
title = "The Harbour Broadsheet · 海港大报"
subtitle = "News from a small country that does not exist"
url = "{site_url}"
language = "{language}"  # of the interface; articles carry their own
timezone = "Asia/Shanghai"

[store]
url = "sqlite:///.broadsheet/broadsheet.db"

[poll]
# The demo's outlets live on this machine. Nothing private is fetched unless it is named here.
allow_private = ["{address}"]
# All of them share one address, and nobody minds being asked quickly.
per_host = 8
delay = 0
# Asked at every run, whatever they wish (some would like half an hour): a second run shows what nothing new costs.
max_interval = 0

# What differs from the defaults, feed by feed; the rest is in feeds.opml.
"""


def subscriptions(base_url: str, *, configured: bool = True) -> bytes:
    """Return the feeds as OPML 2.0, sections as nested outlines, the broken feeds included.

    ``configured`` tells whether the feeds that ``config`` lists are in it too.
    """
    base = base_url.rstrip("/")
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "The Harbour Broadsheet · 海港大报"
    body = etree.SubElement(root, "body")
    for source in load_sources():
        if configured or not _is_configured(source):
            _outline(body, source.section, source.title, base + source.subscribed_path, f"{base}/{source.slug}/")
    for section, title, path in BROKEN:
        _outline(body, section, title, base + path, "")
    etree.indent(root, space="  ")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


_TOPICS = """\
# What the newspaper keeps an eye on, whichever source it comes from.
[[topics]]
title = "Ferries · 渡轮"
words = ["ferry", "渡轮"]

[[topics]]
title = "Weather · 天气"
words = ["storm", "weather", "gale", "台风", "天气", "气象"]

"""


def config(base_url: str, *, site_url: str = "http://127.0.0.1:8767/", language: str = "en") -> str:
    """Return the text of ``broadsheet.toml`` for outlets served at ``base_url``."""
    base = base_url.rstrip("/")
    text = _CONFIG.format(site_url=site_url, language=language, address=base.partition("://")[2])
    tables = [
        f'[[feeds]]\nurl = "{base}{source.subscribed_path}"\ntitle = "{source.title}"\n'
        f'section = "{source.section}"\nmode = "{source.mode}"\nfull_text = "{source.full_text}"\n'
        for source in load_sources()
        if _is_configured(source)
    ]
    return text + _TOPICS + "\n".join(tables)


def _is_configured(source: Source) -> bool:
    return (source.mode, source.full_text) != ("excerpt", "auto")


def _outline(body: Any, section: str, title: str, feed: str, home: str) -> None:
    """Put one feed below the outlines of its section. The last part of the section is the feed itself."""
    node = body
    for part in section.split("/")[:-1]:
        found = [child for child in node if child.get("text") == part and child.get("xmlUrl") is None]
        node = found[0] if found else etree.SubElement(node, "outline", text=part, title=part)
    last = section.split("/")[-1]
    attributes = {"text": last, "title": title, "type": "rss", "xmlUrl": feed}
    etree.SubElement(node, "outline", attributes | ({"htmlUrl": home} if home else {}))
