"""Atom (RFC 4287), JSON Feed 1.1, OPML and sitemap of what is published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from lxml import etree

from broadsheet.model import Record

_ATOM = "http://www.w3.org/2005/Atom"
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff\ud800-\udfff]")


class OutEntry(Record, frozen=True, kw_only=True):
    """An article as our feeds carry it; ``html`` holds absolute addresses and is already safe."""

    id: str
    title: str
    url: str
    original: str
    html: str
    published: datetime
    updated: datetime
    author: str
    source: str
    source_url: str
    language: str = ""
    categories: tuple[str, ...] = ()
    image: str = ""


class OutFeed(Record, frozen=True, kw_only=True):
    """A feed of ours. ``updated`` is that of its newest entry, so that an unchanged feed is the same bytes."""

    title: str
    url: str
    """Of the page that it belongs to."""
    self_url: str
    language: str
    entries: tuple[OutEntry, ...]
    updated: datetime
    subtitle: str = ""


def atom(feed: OutFeed) -> bytes:
    """Return the feed as Atom."""
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})
    root.set("{http://www.w3.org/XML/1998/namespace}lang", feed.language)
    _add(root, "title", feed.title)
    if feed.subtitle:
        _add(root, "subtitle", feed.subtitle)
    _add(root, "id", feed.url)
    _add(root, "updated", _rfc3339(feed.updated))
    _add(root, "link", rel="alternate", type="text/html", href=feed.url)
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.self_url)
    _add(root, "generator", "Broadsheet")
    for entry in feed.entries:
        root.append(_atom_entry(entry))
    return _document(root)


def _atom_entry(entry: OutEntry) -> Any:
    item = etree.Element(f"{{{_ATOM}}}entry")
    if entry.language:
        item.set("{http://www.w3.org/XML/1998/namespace}lang", _clean(entry.language))
    _add(item, "title", entry.title)
    _add(item, "id", entry.id)
    _add(item, "link", rel="alternate", type="text/html", href=entry.url)
    if entry.original:
        _add(item, "link", rel="via", href=entry.original)
    _add(item, "published", _rfc3339(entry.published))
    _add(item, "updated", _rfc3339(entry.updated))
    author = _add(item, "author")
    _add(author, "name", entry.author or entry.source)
    for category in entry.categories:
        _add(item, "category", term=category)
    source = _add(item, "source")
    _add(source, "title", entry.source)
    if entry.source_url:
        _add(source, "id", entry.source_url)
        _add(source, "link", rel="alternate", href=entry.source_url)
    _add(item, "content", entry.html, type="html")
    return item


def json_feed(feed: OutFeed) -> bytes:
    """Return the feed as JSON Feed 1.1."""
    document: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _clean(feed.title),
        "home_page_url": feed.url,
        "feed_url": feed.self_url,
        "language": feed.language,
        "items": [
            {
                key: value
                for key, value in {
                    "id": entry.id, "url": entry.url, "external_url": entry.original, "title": _clean(entry.title),
                    "content_html": _clean(entry.html), "image": entry.image,
                    "date_published": _rfc3339(entry.published), "date_modified": _rfc3339(entry.updated),
                    "authors": [{"name": _clean(entry.author or entry.source)}], "tags": [_clean(tag) for tag in entry.categories],
                    "language": entry.language, "_source": {"title": _clean(entry.source), "url": entry.source_url},
                }.items()
                if value
            }
            for entry in feed.entries
        ],
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def sitemap(addresses: Iterable[str]) -> bytes:
    """Return a sitemap (sitemaps.org 0.9) of at most 50,000 addresses."""
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    root = etree.Element(f"{{{space}}}urlset", nsmap={None: space})
    for address in addresses:
        item = etree.SubElement(root, f"{{{space}}}url")
        etree.SubElement(item, f"{{{space}}}loc").text = address
    return _document(root)


def newest(entries: Sequence[OutEntry]) -> datetime:
    """Return the time of a feed's newest entry; the epoch of a feed without any, so that its bytes do not change."""
    return max((entry.updated for entry in entries), default=datetime(1970, 1, 1, tzinfo=UTC))


def _add(parent: Any, name: str, text: str = "", **attributes: str) -> Any:
    child = etree.SubElement(parent, f"{{{_ATOM}}}{name}", {key: _clean(value) for key, value in attributes.items()})
    if text:
        child.text = _clean(text)
    return child


def _clean(text: str) -> str:
    return _ILLEGAL.sub("", text)


def _rfc3339(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _document(root: Any) -> bytes:
    etree.indent(root, space=" ")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8")) + b"\n"
