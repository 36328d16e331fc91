"""A source -> the bytes of its feed, in RSS 2.0, RSS 1.0 (RDF), Atom 1.0 or JSON Feed 1.1. Pure."""

from __future__ import annotations

import html
import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

from lxml import etree

from broadsheet.demo.content import Entry, Source, shifted
from broadsheet.demo.markup import first_paragraph, picture, to_html

NS = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
RSS1 = "http://purl.org/rss/1.0/"
BEIJING = timezone(timedelta(hours=8))
CONTENT_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "rdf": "application/rdf+xml",
    "json": "application/feed+json",
}


def feed_bytes(source: Source, base_url: str) -> bytes:
    """Return the feed of ``source`` as served below ``base_url`` (no slash at its end)."""
    writer = {"rss": _rss, "atom": _atom, "rdf": _rdf, "json": _json}[source.format]
    return writer(source, base_url)


def content_type(source: Source) -> str:
    """Return the value of the Content-Type header."""
    return f"{CONTENT_TYPES[source.format]}; charset={source.encoding}"


def entry_url(source: Source, entry: Entry, base_url: str) -> str:
    """Return the address of an article's page."""
    return f"{base_url}/{source.slug}/{entry.published:%Y/%m/%d}/{entry.slug}.html"


def media_url(source: Source, name: str, base_url: str) -> str:
    """Return the address of a picture; a bare name is a drawn illustration."""
    return f"{base_url}/{source.slug}/media/{name if '.' in name else name + '.jpg'}"


def guid(source: Source, entry: Entry) -> str:
    """Return the entry's identity: the same in every edition and on every port."""
    return f"tag:{source.slug}.example,2026-03:{entry.slug}"


def article_html(source: Source, entry: Entry, base_url: str) -> str:
    """Return the article's own HTML, with its lead picture and absolute addresses."""
    body = to_html(entry.body, lambda name: media_url(source, name, base_url), base=f"{base_url}/{source.slug}")
    if entry.picture:
        return picture(media_url(source, entry.picture, base_url), entry.caption, css="lead") + "\n" + body
    return body


def summary(entry: Entry) -> str:
    """Return the lines that a feed of excerpts gives, as plain text."""
    return entry.summary or first_paragraph(entry.body)


def _content(source: Source, entry: Entry, base_url: str) -> str:
    """Return what the feed carries as content: the article, and what this house puts around it."""
    text = article_html(source, entry, base_url)
    if source.junk == "qr":
        # Word for word the same in every item, as a publishing system leaves it there.
        return (
            f"<!-- begin article {entry.slug} -->\n<!--enpcontent-->{text}<!--/enpcontent-->\n"
            "<style>.app-qr{margin:24px auto;padding:16px;text-align:center}.app-qr img{width:160px}"
            ".app-qr p{color:#888;font-size:14px}</style>\n"
            f'<div class="app-qr"><img src="{media_url(source, "qr.png", base_url)}" alt="二维码" width="160" '
            f'height="160"><p>扫描二维码，下载{source.title}客户端，好消息不迟到</p></div>\n'
            "<!-- ad slot 3 : closed -->"
        )
    if source.junk == "appeared":
        where = entry_url(source, entry, base_url)
        return (
            f'{text}\n<p>The post <a href="{where}">{html.escape(entry.title)}</a> appeared first on '
            f'<a href="{base_url}/{source.slug}/">{html.escape(source.title)}</a>.</p>'
            f'<img src="{media_url(source, "pixel.gif", base_url)}" width="1" height="1" alt="">'
        )
    return text


def _rfc822(source: Source, moment: datetime) -> str:
    if source.clock == "mislabelled":
        return format_datetime(shifted(moment, 8), usegmt=True)
    if source.clock == "local":
        return format_datetime(moment.astimezone(BEIJING))
    return format_datetime(moment, usegmt=True)


def _iso(source: Source, moment: datetime) -> str:
    if source.clock == "local":
        return moment.astimezone(BEIJING).isoformat()
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _add(parent: Any, tag: str, text: str = "", *, cdata: bool = False, rdf: str = "", **attributes: str) -> Any:
    """Return a new child; ``rdf`` is the resource that it is about or points to.

    A name ``prefix:name`` is looked up among the namespaces; a bare one takes the parent's own.
    """
    prefix, _, name = tag.rpartition(":")
    own = etree.QName(parent).namespace if prefix == "" else NS[prefix]
    if prefix == "" and etree.QName(parent).localname == "RDF":
        own = RSS1
    child = etree.SubElement(parent, f"{{{own}}}{name}" if own else name, attributes)
    if rdf:
        child.set(f"{{{NS['rdf']}}}{'resource' if name == 'li' else 'about'}", rdf)
    if text:
        child.text = etree.CDATA(text.replace("]]>", "]]&gt;")) if cdata else text
    return child


def _bytes(root: Any, encoding: str) -> bytes:
    etree.indent(root, space=" ")
    return bytes(etree.tostring(root, xml_declaration=True, encoding=encoding.upper()))


def _rss(source: Source, base_url: str) -> bytes:
    used = {prefix: NS[prefix] for prefix in ("atom", "content", "dc", "media", "sy")}
    root = etree.Element("rss", {"version": "2.0"}, nsmap=used)
    channel = _add(root, "channel")
    _add(channel, "title", source.title)
    _add(channel, "link", f"{base_url}/{source.slug}/")
    _add(channel, "atom:link", rel="self", type="application/rss+xml", href=base_url + source.path)
    _add(channel, "description", source.description)
    _add(channel, "language", source.language)
    if source.clock != "none":
        _add(channel, "lastBuildDate", _rfc822(source, source.modified))
    _add(channel, "ttl", "30")
    _add(channel, "sy:updatePeriod", "hourly")
    for entry in source.entries:
        _rss_item(channel, source, entry, base_url)
    return _bytes(root, source.encoding)


def _rss_item(channel: Any, source: Source, entry: Entry, base_url: str) -> None:
    item = _add(channel, "item")
    _add(item, "title", entry.markup_title or entry.title)
    _add(item, "link", entry_url(source, entry, base_url))
    _add(item, "guid", guid(source, entry), isPermaLink="false")
    if source.clock != "none":
        _add(item, "pubDate", _rfc822(source, entry.published))
    if entry.author:
        _add(item, "dc:creator", entry.author)
    for category in entry.categories:
        _add(item, "category", category)
    if source.full and source.junk == "qr":  # this house has one element for everything
        _add(item, "description", _content(source, entry, base_url), cdata=True)
    else:
        _add(item, "description", html.escape(summary(entry), quote=False))
        if source.full:
            _add(item, "content:encoded", _content(source, entry, base_url), cdata=True)
    if entry.picture and not source.full:
        address = media_url(source, entry.picture, base_url)
        media = _add(item, "media:content", url=address, type="image/jpeg", medium="image", width="1200", height="675")
        _add(media, "media:description", entry.caption, type="plain")


def _rdf(source: Source, base_url: str) -> bytes:
    used: dict[str | None, str] = {None: RSS1, "rdf": NS["rdf"], "content": NS["content"], "dc": NS["dc"]}
    root = etree.Element(f"{{{NS['rdf']}}}RDF", nsmap=used)
    channel = _add(root, "channel", rdf=base_url + source.path)
    _add(channel, "title", source.title)
    _add(channel, "link", f"{base_url}/{source.slug}/")
    _add(channel, "description", source.description)
    _add(channel, "dc:language", source.language)
    order = _add(_add(channel, "items"), "rdf:Seq")
    for entry in source.entries:
        _add(order, "rdf:li", rdf=entry_url(source, entry, base_url))
    for entry in source.entries:
        where = entry_url(source, entry, base_url)
        item = _add(root, "item", rdf=where)
        _add(item, "title", entry.markup_title or entry.title)
        _add(item, "link", where)
        _add(item, "description", html.escape(summary(entry), quote=False))
        _add(item, "dc:date", _iso(source, entry.published))
        _add(item, "dc:identifier", guid(source, entry))
        if entry.author:
            _add(item, "dc:creator", entry.author)
        for category in entry.categories:
            _add(item, "dc:subject", category)
        if source.full:
            _add(item, "content:encoded", _content(source, entry, base_url), cdata=True)
    return _bytes(root, source.encoding)


def _atom(source: Source, base_url: str) -> bytes:
    root = etree.Element(f"{{{NS['atom']}}}feed", nsmap={None: NS["atom"]})
    root.set("{http://www.w3.org/XML/1998/namespace}lang", source.language)
    _add(root, "id", f"tag:{source.slug}.example,2026:feed")
    _add(root, "title", source.title)
    _add(root, "subtitle", source.description)
    _add(root, "link", rel="self", href=base_url + source.path)
    _add(root, "link", rel="alternate", type="text/html", href=f"{base_url}/{source.slug}/")
    _add(root, "updated", _iso(source, source.modified))
    for entry in source.entries:
        node = _add(root, "entry")
        _add(node, "id", guid(source, entry))
        _add(node, "title", html.escape(entry.title, quote=False), type="html")
        _add(node, "link", rel="alternate", type="text/html", href=entry_url(source, entry, base_url))
        _add(node, "published", _iso(source, entry.published))
        _add(node, "updated", _iso(source, entry.updated))
        _add(_add(node, "author"), "name", entry.author or source.title)
        for category in entry.categories:
            _add(node, "category", term=category)
        _add(node, "summary", summary(entry))
        if source.full:
            _add(node, "content", _content(source, entry, base_url), type="html")
        elif entry.picture:
            _add(node, "link", rel="enclosure", type="image/jpeg", href=media_url(source, entry.picture, base_url))
    return _bytes(root, source.encoding)


def _json(source: Source, base_url: str) -> bytes:
    items: list[dict[str, object]] = []
    for entry in source.entries:
        item: dict[str, object] = {
            "id": guid(source, entry),
            "url": entry_url(source, entry, base_url),
            "title": entry.title,
            "summary": summary(entry),
            "date_published": _iso(source, entry.published),
            "date_modified": _iso(source, entry.updated),
            "tags": list(entry.categories),
        }
        item |= {"content_html": _content(source, entry, base_url)} if source.full else {"content_text": summary(entry)}
        if entry.author:
            item["authors"] = [{"name": entry.author}]
        if entry.picture:
            item["image"] = media_url(source, entry.picture, base_url)
        items.append(item)
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": source.title,
        "home_page_url": f"{base_url}/{source.slug}/",
        "feed_url": base_url + source.path,
        "description": source.description,
        "language": source.language,
        "items": items,
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
