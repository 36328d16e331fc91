"""Atom (RFC 4287), JSON Feed 1.1, OPML and sitemap of what is published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from markupsafe import escape

from broadsheet.model import Record

_XML = '<?xml version="1.0" encoding="utf-8"?>'
_ATOM_TYPE = "application/atom+xml"
_HISTORY = ' xmlns:fh="http://purl.org/syndication/history/1.0"'
_SITEMAP = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff\ud800-\udfff]")
_NOT_AS_IT_STANDS = re.compile(f"[&<>'\"\r{_ILLEGAL.pattern[1:]}")


class OutEntry(Record, frozen=True, kw_only=True):
    """An article as our feeds carry it; ``html`` holds absolute addresses and is already safe."""

    id: str
    title: str
    url: str
    original: str
    html: str = ""
    summary: str = ""
    """Plain text, where there is no ``html``."""
    published: datetime
    updated: datetime
    author: str
    source: str
    source_url: str
    """Of its page on our site: the source's own feed is known by it."""
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
    previous: str = ""
    """The archive (RFC 5005) with the entries before these."""
    current: str = ""
    """Of an archive: the feed that it belongs to."""


def atom(feed: OutFeed) -> bytes:
    """Return the feed as Atom."""
    links = [("alternate", "text/html", feed.url), ("self", _ATOM_TYPE, feed.self_url)]
    links += [("prev-archive", _ATOM_TYPE, feed.previous)] if feed.previous else []
    links += [("current", _ATOM_TYPE, feed.current)] if feed.current else []
    sources = {(entry.source, entry.source_url) for entry in feed.entries}
    of_one = len(sources) == 1  # then the feed is that source's, and names it once (section 4.2.1)
    lines = [
        _XML,
        f'<feed xmlns="http://www.w3.org/2005/Atom"{_HISTORY if feed.current else ""} xml:lang="{_xml(feed.language)}">',
        f"<title>{_xml(feed.title)}</title>",
        f"<id>{_xml(feed.url)}</id>",
        f"<updated>{_rfc3339(feed.updated)}</updated>",
        *(f'<link rel="{rel}" type="{kind}" href="{_xml(address)}"/>' for rel, kind, address in links),
        *(f"<author><name>{_xml(name)}</name></author>" for name, _ in sources if of_one),
        "<generator>Broadsheet</generator>",
        *(["<fh:archive/>"] if feed.current else []),
        *(_atom_entry(entry, feed.language, of_one) for entry in feed.entries),
        "</feed>\n",
    ]
    return "\n".join(lines).encode("utf-8", "replace")


@lru_cache(maxsize=4096)
def _atom_entry(entry: OutEntry, language: str, of_one: bool) -> str:
    """Return an entry as XML, without what its feed says for it. The same stands in the feeds of several lists."""
    via = entry.original if entry.original != entry.url else ""
    author = entry.author or ("" if of_one else entry.source)
    lines = (
        f"<entry{_language(entry.language if entry.language != language else '')}>",
        f"<title>{_xml(entry.title)}</title>",
        f"<id>{_xml(entry.id)}</id>",
        f'<link rel="alternate" href="{_xml(entry.url)}"/>',
        f'<link rel="via" href="{_xml(via)}"/>' if via else "",
        f"<published>{_rfc3339(entry.published)}</published>",
        f"<updated>{_rfc3339(entry.updated)}</updated>",
        f"<author><name>{_xml(author)}</name></author>" if author else "",
        *(f'<category term="{_xml(term)}"/>' for term in entry.categories),
        "" if of_one else f"<source><id>{_xml(entry.source_url)}</id><title>{_xml(entry.source)}</title></source>",
        f'<content type="html">{_xml(entry.html)}</content>' if entry.html else "",
        f"<summary>{_xml(entry.summary)}</summary>" if entry.summary and not entry.html else "",
        "</entry>",
    )
    return "\n".join(filter(None, lines))


def forget() -> None:
    """Let go of the entries of a build; kept from build to build, they would hold a process's memory in pieces."""
    _atom_entry.cache_clear()


def _language(language: str) -> str:
    return f' xml:lang="{_xml(language)}"' if language else ""


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
                    "content_html": _clean(entry.html), "content_text": "" if entry.html else _clean(entry.summary),
                    "image": entry.image,
                    "date_published": _rfc3339(entry.published), "date_modified": _rfc3339(entry.updated),
                    "authors": [{"name": _clean(entry.author or entry.source)}], "tags": [_clean(tag) for tag in entry.categories],
                    "language": entry.language, "_source": {"title": _clean(entry.source), "url": entry.source_url},
                }.items()
                if value
            }
            for entry in feed.entries
        ],
    }  # fmt: skip
    return msgspec.json.encode(document) + b"\n"


def sitemap(addresses: Iterable[str]) -> bytes:
    """Return a part of a sitemap (sitemaps.org 0.9): 50,000 addresses at most."""
    lines = (f"<url><loc>{_xml(address)}</loc></url>" for address in addresses)
    return "\n".join((_XML, f"<urlset {_SITEMAP}>", *lines, "</urlset>\n")).encode()


def sitemap_index(addresses: Iterable[str]) -> bytes:
    """Return the index of a sitemap's parts."""
    lines = (f"<sitemap><loc>{_xml(address)}</loc></sitemap>" for address in addresses)
    return "\n".join((_XML, f"<sitemapindex {_SITEMAP}>", *lines, "</sitemapindex>\n")).encode()


def newest(entries: Sequence[OutEntry]) -> datetime:
    """Return the time of a feed's newest entry; the epoch of a feed without any, so that its bytes do not change."""
    return max((entry.updated for entry in entries), default=datetime(1970, 1, 1, tzinfo=UTC))


def _xml(text: str) -> str:
    """Return the text as it stands in XML, within quotation marks or not."""
    if not _NOT_AS_IT_STANDS.search(text):
        return text  # as most are, in half the time
    return str(escape(_clean(text))).replace("\r", "&#13;")  # or it would be read back as a line feed


def _clean(text: str) -> str:
    return _ILLEGAL.sub("", text)


def _rfc3339(instant: datetime) -> str:
    return f"{instant.isoformat(timespec='seconds')[:19]}Z"
