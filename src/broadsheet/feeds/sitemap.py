"""Sitemaps as feeds: their addresses as entries, with titles where a news sitemap has them. Pure.

The protocol is that of sitemaps.org, with Google's extensions for news and images. A sitemap lists what a site has, not what is
new: the newest addresses are kept, and the front page, which is no article, is left out.
"""

from __future__ import annotations

import zlib
from typing import Any

from broadsheet import urls
from broadsheet.errors import LimitExceeded, NotAFeed
from broadsheet.feeds import foreign, limits, markup, tree
from broadsheet.feeds.dates import parse_date
from broadsheet.feeds.parse import newest
from broadsheet.limits import value
from broadsheet.model import Entry, FeedInfo, Image, ParsedFeed

ADDRESSES = value("sitemap_addresses")
"""``addresses``: of one sitemap, as the protocol has it."""
_NAMED = 3
"""Sitemaps of an index that the error names."""


def is_sitemap(data: bytes) -> bool:
    """Return whether a document that is no feed may be a sitemap or an index of sitemaps, compressed or not."""
    head = data[:2_000] if data[:2] != b"\x1f\x8b" else _unpacked(data, 2_000)
    return b"urlset" in head or b"sitemapindex" in head


def parse_sitemap(data: bytes, *, url: str = "", content_type: str | None = None) -> ParsedFeed:
    """Return the entries of a sitemap, at most ``limits.ENTRIES``, the newest; in document order.

    ``lastmod`` is an entry's ``updated``; title, date, language and keywords come from ``news:news``. Raises ``NotAFeed``,
    for an index of sitemaps with the newest of them, and ``LimitExceeded``.
    """
    if data[:2] == b"\x1f\x8b":
        data = _unpacked(data, limits.BYTES + 1)
    limits.check_size(data)
    loaded = tree.load(data, content_type)
    kind = tree.local_name(loaded.root) if loaded.root is not None else ""
    if kind == "sitemapindex":
        raise NotAFeed(_index(loaded.root, url))
    if kind != "urlset":
        raise NotAFeed(foreign.describe(data, loaded.text, loaded.root))
    addresses = [node for node in loaded.root if tree.local_name(node) == "url"]
    if len(addresses) > ADDRESSES:
        raise LimitExceeded(
            f"the sitemap has {len(addresses):,} addresses, more than {ADDRESSES:,}", "sitemap_addresses"
        )
    found: dict[str, Entry] = {}
    for node in addresses:
        entry = _entry(node, url)
        if entry is not None:
            found.setdefault(entry.link, entry)
    problems = loaded.problems
    entries = tuple(found.values())
    if len(entries) > limits.ENTRIES:
        problems[f"limit feed_entries: the newest {limits.ENTRIES:,} of {len(entries):,} kept"] = None
        entries = newest(entries)
    names = {name for node in addresses[:50] if (name := _text(node, "news", "publication", "name"))}
    info = FeedInfo(title=markup.escape(names.pop()) if len(names) == 1 else "", link=_site(url))
    return ParsedFeed(format="sitemap", encoding=loaded.encoding, feed=info, entries=entries, problems=tuple(problems))


def children(data: bytes, url: str) -> list[str]:
    """Return the sitemaps that an index lists, the newest first; none where it is no index."""
    try:
        root = tree.load(_unpacked(data, limits.BYTES) if data[:2] == b"\x1f\x8b" else data, None).root
    except LimitExceeded:
        return []
    return _children(root, url) if root is not None and tree.local_name(root) == "sitemapindex" else []


def _entry(node: Any, url: str) -> Entry | None:
    link = _address(node, url)
    if not urls.is_http(link) or not link.partition("://")[2].partition("/")[2]:
        return None
    changed, published = _text(node, "lastmod"), _text(node, "news", "publication_date")
    keywords = _text(node, "news", "keywords") or _text(node, "news", "genres")
    picture = _address(node, url, "image")
    raw = {"published": published[:200], "updated": changed[:200]}
    return Entry(
        link=link, title=markup.escape(_text(node, "news", "title")), published=parse_date(published),
        updated=parse_date(changed), language=_text(node, "news", "publication", "language")[:64],
        categories=tuple(dict.fromkeys(filter(None, (word.strip() for word in keywords.split(",")[: limits.VALUES])))),
        image=Image(url=picture) if urls.is_http(picture) else None,
        raw={name: value for name, value in raw.items() if value},
    )  # fmt: skip


def _index(root: Any, url: str) -> str:
    found = _children(root, url)
    named = "".join(f"\n  {address}" for address in found[:_NAMED])
    return f"the document is an index of {len(found)} sitemaps: subscribe to one of them{', newest first:' if named else ''}{named}"


def _children(root: Any, url: str) -> list[str]:
    dated = []
    for node in root[:ADDRESSES]:
        address = _address(node, url)
        if urls.is_http(address):
            date = parse_date(_text(node, "lastmod"))
            dated.append((date.timestamp() if date else float("-inf"), address))
    # News first where the address says so: that is what one subscribes to.
    return [address for _, address in sorted(dated, key=lambda item: ("news" not in item[1].lower(), -item[0]))]


def _text(node: Any, *path: str) -> str:
    """Return the text at the end of a path of element names, whatever their namespaces."""
    for name in path:
        node = next((child for child in node if tree.local_name(child) == name), None)
        if node is None:
            return ""
    return " ".join("".join(node.itertext()).split())[: limits.TITLE]


def _address(node: Any, url: str, *path: str) -> str:
    address = _text(node, *path, "loc")
    return urls.resolve(url, address) if address else ""


def _site(url: str) -> str:
    return urls.resolve(url, "/") if urls.is_http(url) else ""


def _unpacked(data: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(data, most)
    except zlib.error:
        return b""
