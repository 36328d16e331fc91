"""Every limit on what strangers may send: its name, its value, and what it is of.

Whoever hits one is told its name, as ``(limit page_bytes)`` behind what happened; a setting is named as it stands in
``broadsheet.toml``. ``docs/concepts/security.md`` lists them all from here. Why a limit has its value is said where it is used.
"""

from __future__ import annotations

from typing import NamedTuple

MIB = 1024 * 1024
_REFUSED = "not taken"
_TEXT_ONLY = "its plain text is kept"


class Limit(NamedTuple):
    """A value, what it is of, and what becomes of the thing that is more."""

    value: int
    of: str
    then: str = _REFUSED


LIMITS = {
    "[poll] max_bytes": Limit(15 * MIB, "bytes of an answer, after decompression"),
    "[poll] timeout": Limit(30, "seconds for an answer, its redirects included"),
    "[media] max_bytes": Limit(10 * MIB, "bytes of a picture"),
    "[media] per_article": Limit(20, "pictures of one article", "further ones stay links to where they are"),
    "redirects": Limit(8, "redirects, one after the other"),
    "header_bytes": Limit(16 * 1024, "bytes of one line of an answer's head"),
    "header_lines": Limit(128, "lines of an answer's head"),
    "codings": Limit(1, "content codings, one over the other"),
    "addresses": Limit(8, "addresses of one host name", "further ones are not tried"),
    "robots_bytes": Limit(500 * 1024, "bytes of robots.txt", "the rest is not read"),
    "url_length": Limit(8_192, "characters of an address", "the link is left out"),
    "feed_bytes": Limit(15_000_000, "bytes of a feed or list"),
    "feed_elements": Limit(750_000, "elements of a feed or list"),
    "feed_depth": Limit(250, "elements nested in one another, in a feed or list"),
    "feed_attributes": Limit(250, "attributes of one element of a feed or list"),
    "feed_piece": Limit(10_000_000, "bytes of one text of a feed or list"),
    "feed_references": Limit(1_000_000, "ampersands of a feed that has to be repaired"),
    "feed_entities": Limit(1_000_000, "characters that a feed's own entities may add"),
    "feed_names": Limit(2_000, "different element names of a feed", "elements of further names are left out"),
    "feed_entries": Limit(2_000, "entries of a feed", "the newest are taken"),
    "feed_entries_read": Limit(20_000, "entries that are looked at for the newest", "the rest is left out"),
    "feed_title": Limit(4_000, "characters of a title, name or category", "cut"),
    "feed_text": Limit(2_000_000, "characters of an entry's summary or content", "cut"),
    "feed_values": Limit(200, "authors, links, categories or enclosures of one entry", "further ones are left out"),
    "list_outlines": Limit(50_000, "outlines of a list of subscriptions"),
    "sitemap_addresses": Limit(50_000, "addresses of a sitemap"),
    "scrape_bytes": Limit(5_000_000, "bytes of a page that is read as a feed"),
    "scrape_tags": Limit(60_000, "tags of such a page"),
    "scrape_depth": Limit(100, "elements nested in one another, in such a page"),
    "scrape_children": Limit(2_000, "elements right inside one element of such a page"),
    "scrape_attributes": Limit(1_000, "attributes of one element of such a page"),
    "scrape_pairs": Limit(400_000, "pairs of an element and one around it, for an XPath with several `//`"),
    "selector": Limit(10_000_000, "nodes that an XPath may gather: as many as libxml2 takes"),
    "page_bytes": Limit(8 * MIB, "bytes of an article's page", "the feed's own words are kept"),
    "page_elements": Limit(50_000, "elements of an article's page", "the feed's own words are kept"),
    "page_attributes": Limit(4_000, "attributes of one element of a page", "the feed's own words are kept"),
    "page_count": Limit(10, "pages of an article that its site has cut up", "further ones are not fetched"),
    "html_bytes": Limit(MIB, "characters of an article's markup", _TEXT_ONLY),
    "html_depth": Limit(200, "elements nested in one another, in an article", _TEXT_ONLY),
    "html_attributes": Limit(200, "attributes of one element of an article", _TEXT_ONLY),
    "image_pixels": Limit(40_000_000, "pixels of a picture"),
    "worker_seconds": Limit(30, "seconds for one item in a worker", "the worker is killed"),
    "worker_memory": Limit(2 * 1024 * MIB, "bytes of memory of a worker"),
    "worker_deaths": Limit(3, "workers that an item may kill", "the item is set aside"),
}


def value(name: str) -> int:
    """Return the value of a limit."""
    return LIMITS[name].value


def over(name: str) -> str:
    """Return what to say of something that is more than a limit allows."""
    return f"more than {LIMITS[name].value:,} {LIMITS[name].of}"


def named(message: str, name: str) -> str:
    """Return a message that ends with the name of the limit."""
    assert name in LIMITS, name
    return f"{message} (limit {name})"
