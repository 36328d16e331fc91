"""OPML subscription lists, read and written. Nested outlines are sections, as deep as they go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from lxml import etree

from broadsheet import urls
from broadsheet.errors import LimitExceeded, NotAFeed
from broadsheet.feeds import foreign, limits, rsshub, tree
from broadsheet.feeds.repair import legal
from broadsheet.limits import value
from broadsheet.model import Record

OUTLINES = value("list_outlines")


class Subscription(Record, frozen=True, kw_only=True):
    """One feed of a list. ``section`` is the path of the outlines around it."""

    url: str
    title: str = ""
    section: tuple[str, ...] = ()
    html_url: str = ""


class _Listed(Protocol):
    """What can be written: ``Subscription`` and ``model.Feed`` alike."""

    @property
    def url(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def section(self) -> tuple[str, ...]: ...


class Outline(Record, frozen=True, kw_only=True):
    """A whole list; ``problems`` has one line for each outline that could not be taken, without passwords."""

    title: str = ""
    feeds: tuple[Subscription, ...] = ()
    problems: tuple[str, ...] = ()


def parse_opml(data: bytes) -> list[Subscription]:
    """Return the subscriptions of an OPML list in its order. ``read_opml`` also says what was left out."""
    return list(read_opml(data).feeds)


def read_opml(data: bytes) -> Outline:
    """Return a list with its title and what could not be taken from it.

    Addresses of other schemes than http, https and rsshub are left out and named; a feed that stands twice in one
    section is taken once. Raises ``NotAFeed`` for what is no OPML and ``LimitExceeded`` as for feeds.
    """
    limits.check_size(data)
    loaded = tree.load(data, None)
    root = loaded.root
    if root is None or _local(root.tag) not in ("opml", "oml", "body"):
        reason = foreign.describe(data, loaded.text, root)
        raise NotAFeed(f"no OPML list: {reason}")
    title = next((child.text or "" for child in root.iter() if _local(child.tag) == "title"), "")
    feeds: dict[Subscription, None] = {}
    problems: dict[str, None] = dict(loaded.problems)
    seen: set[tuple[str, tuple[str, ...]]] = set()
    body = next((child for child in root if _local(child.tag) == "body"), root)
    count = 0
    stack: list[tuple[Any, tuple[str, ...]]] = [(element, ()) for element in reversed(body)]
    while stack:
        element, section = stack.pop()
        if _local(element.tag) != "outline":
            continue
        count += 1
        if count > OUTLINES:
            raise LimitExceeded(f"the list has more than {OUTLINES:,} outlines", "list_outlines")
        attributes = {name.lower(): value.strip() for name, value in element.items()}
        name = (attributes.get("title") or attributes.get("text") or "")[: limits.TITLE]
        address = attributes.get("xmlurl", "")
        if address:
            feed = _subscription(address, name, section, attributes, problems)
            if feed is not None and (feed.url, section) not in seen:
                seen.add((feed.url, section))
                feeds[feed] = None
        inner = (*section, name) if name and not address else section
        stack += [(child, inner) for child in reversed(element)]
    return Outline(title=title.strip()[: limits.TITLE], feeds=tuple(feeds), problems=tuple(problems))


def _subscription(
    address: str, name: str, section: tuple[str, ...], attributes: dict[str, str], problems: dict[str, None]
) -> Subscription | None:
    if address[:5].lower() == "feed:":
        address = address[5:].removeprefix("//")
        address = address if address[:4].lower() == "http" else "http://" + address
    if not rsshub.is_rsshub(address) and not urls.is_http(address):
        if len(problems) < 1_000:
            problems[f"not an address of a feed: {urls.without_userinfo(address)[:100]!r}"] = None
        return None
    page = attributes.get("htmlurl", "")
    return Subscription(url=address, title=name, section=section, html_url=page if urls.is_http(page) else "")


def _local(tag: Any) -> str:
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def write_opml(feeds: Iterable[_Listed], title: str = "") -> bytes:
    """Return an OPML 2.0 list. The same feeds give the same bytes; ``parse_opml`` gives back what was written.

    Names and passwords in addresses are left out: lists are made to be passed on.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = _clean(title)
    body = etree.SubElement(root, "body")
    sections: dict[tuple[str, ...], Any] = {(): body}
    for feed in feeds:
        name = _clean(feed.title)
        address = _clean(urls.without_userinfo(feed.url))
        attributes = {"type": "rss", "text": name or address, "xmlUrl": address}
        if name:
            attributes["title"] = name
        page = getattr(feed, "html_url", "")
        if page:
            attributes["htmlUrl"] = _clean(page)
        etree.SubElement(_section(sections, feed.section), "outline", attributes)
    etree.indent(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8")) + b"\n"


def _section(sections: dict[tuple[str, ...], Any], path: Sequence[str]) -> Any:
    key = tuple(path)
    if key not in sections:
        name = _clean(key[-1])
        sections[key] = etree.SubElement(_section(sections, key[:-1]), "outline", {"text": name, "title": name})
    return sections[key]


def _clean(text: str) -> str:
    return legal(text, {})


def add_outlines(data: bytes, new: Sequence[Subscription]) -> bytes:
    """Return the list with subscriptions added, each in its section; what was there, comments too, stays as it was.

    Empty ``data`` makes a new list. Raises as ``read_opml``.
    """
    if not data.strip():
        return write_opml(new, "Subscriptions")
    read_opml(data)
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    body = next((child for child in root if _local(child.tag) == "body"), root)
    for feed in new:
        place = body
        for name in feed.section:
            inside = [item for item in place if _local(item.tag) == "outline" and not item.get("xmlUrl")]
            found = next((item for item in inside if name in (item.get("text"), item.get("title"))), None)
            place = found if found is not None else etree.SubElement(place, "outline", {"text": _clean(name)})
        attributes = {"type": "rss", "text": _clean(feed.title) or feed.url, "xmlUrl": _clean(feed.url)}
        if feed.html_url:
            attributes["htmlUrl"] = _clean(feed.html_url)
        etree.SubElement(place, "outline", attributes)
    etree.indent(root)
    return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")) + b"\n"
