"""RSS 0.9x and 2.0, RDF Site Summary 0.90 to 1.1, and CDF: a channel with items, wherever the items stand."""

from __future__ import annotations

from typing import Any

from broadsheet.feeds import core, limits, modules
from broadsheet.feeds.dates import parse_date
from broadsheet.feeds.draft import Context, Draft, Handler, number, short_text, text_of
from broadsheet.feeds.names import RDF, split
from broadsheet.model import FeedInfo, Generator, Image, Link

ABOUT = f"{{{RDF}}}about"
_VERSIONS = {"0.90": "rss090", "0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094", "1.0": "rss10"}


def version(root: Any, local: str, doctype: str) -> str:
    """Return the name of the format, such as ``rss20`` or ``rss10``."""
    spaces = [uri.lower() for uri in root.nsmap.values() if uri]
    if local == "rdf" or any(uri == "http://purl.org/rss/1.0/" for uri in spaces if local == "rss"):
        if any("/rdf/simple/0.9" in uri for uri in spaces):
            return "rss090"
        return "rss11" if any("rss1.1" in uri for uri in spaces) else "rss10"
    if "netscape" in doctype.lower():
        return "rss091n"
    given = (root.get("version") or root.get("VERSION") or "").strip()
    if local == "channel" and (root.get("href") or root.get("HREF") or root.get("Href")):
        return "cdf"
    return _VERSIONS.get(given) or ("rss20" if given.startswith("2") else "rss")


def source(draft: Draft, element: Any, context: Context) -> None:
    """Where an item was reprinted from: RSS's address and title, or Atom's description of a feed."""
    context = context.inside(element)
    inner = Draft()
    if any(isinstance(child.tag, str) for child in element):
        read(inner, element, context, context.feed, FEED)
    else:
        inner.title = short_text(element, context)
        url = (element.get("url") or "").strip()
        if url:
            inner.link = context.resolve(url)
    core.reprinted(draft, inner.info())


def item_image(draft: Draft, element: Any, context: Context) -> None:
    draft.offer_image(_image(element, context)[0], 300)


def feed_image(draft: Draft, element: Any, context: Context) -> None:
    """The feed's picture; what it says beside address and size is kept under ``rss:image``."""
    image, rest = _image(element, context)
    draft.offer_image(image, 350)
    if rest:
        draft.extend("rss:image", rest)


def _image(element: Any, context: Context) -> tuple[Image, dict[str, str]]:
    found: dict[str, str] = {}
    for child in element:
        if isinstance(child.tag, str):
            _, local = split(child.tag, child.prefix, context.root_uri)
            found.setdefault(local.lower(), short_text(child, context))
    url = found.get("url") or found.get("href") or element.get("url") or element.get("href") or ""
    if not found and not url:
        url = text_of(element, context)
    url = context.resolve(url.strip()) if url else ""
    image = Image(
        url=url, width=number(found.get("width")), height=number(found.get("height")), alt=found.get("title", "")
    )
    return image, {name: value for name, value in found.items() if value and name not in ("url", "width", "height")}


def ttl(draft: Draft, element: Any, context: Context) -> None:
    value = number(text_of(element, context))
    if value is not None:
        draft.__dict__["ttl"] = value


def skip_hours(draft: Draft, element: Any, context: Context) -> None:
    hours = [number(text_of(child, context)) for child in element if isinstance(child.tag, str)]
    # Hour 24 is midnight in RSS 0.91.
    draft.__dict__["skip_hours"] = tuple(
        dict.fromkeys([hour % 24 for hour in hours[:50] if hour is not None and hour <= 24])
    )


def skip_days(draft: Draft, element: Any, context: Context) -> None:
    days = [text_of(child, context)[:40] for child in element if isinstance(child.tag, str)]
    draft.__dict__["skip_days"] = tuple(dict.fromkeys([day for day in days[:50] if day]))


def generator(draft: Draft, element: Any, context: Context) -> None:
    core.generator(draft, element, context)
    if draft.generator is not None and not draft.generator.url and draft.generator.name[:4] == "http":  # type: ignore[unreachable]
        draft.generator = Generator(name=draft.generator.name, url=draft.generator.name)  # type: ignore[unreachable]


def _skip(draft: Draft, element: Any, context: Context) -> None:
    """The table of contents of RSS 1.0: the items say it themselves."""


_BOTH: dict[str, Handler] = {
    "title": core.title,
    "link": core.link,
    "author": core.author,
    "managingeditor": core.author,
    "contributor": core.contributor,
    "webmaster": core.publisher,
    "category": core.category,
    "keywords": core.category,
    "tags": core.comma_tags,
    "pubdate": core.published,
    "published": core.published,
    "issued": core.published,
    "updated": core.updated,
    "modified": core.updated,
    "lastbuilddate": core.updated,
    "rights": core.rights,
    "copyright": core.rights,
    "language": core.language,
    "generator": generator,
    "guid": core.guid,
    "icon": core.icon,
    "logo": core.logo,
    "info": core.info,
}

ENTRY: dict[str, Handler] = (
    modules.ENTRY
    | _BOTH
    | {
        "description": core.description,
        "abstract": core.summary,
        "summary": core.summary,
        "content": core.content,
        "body": core.body,
        "fullitem": core.encoded,
        "id": core.guid,
        "created": core.created,
        "expirationdate": core.expired,
        "enclosure": core.enclosure,
        "source": source,
        "comments": core.comments,
        "image": item_image,
    }
)

FEED: dict[str, Handler] = (
    modules.FEED
    | _BOTH
    | {
        "description": core.html_subtitle,
        "abstract": core.subtitle,
        "summary": core.subtitle,
        "tagline": core.subtitle,
        "subtitle": core.subtitle,
        "created": core.feed_created,
        "id": core.feed_id,
        "guid": core.feed_id,
        "image": feed_image,
        "ttl": ttl,
        "skiphours": skip_hours,
        "skipdays": skip_days,
        "items": _skip,
    }
)


def read(draft: Draft, element: Any, context: Context, handlers: dict[Any, Handler], table: dict[str, Handler]) -> None:
    """Read the children of an element. ``handlers`` remembers, by tag, what ``table`` says of a name."""
    for child in element:
        tag = child.tag
        try:
            handler = handlers[tag]
        except KeyError:
            handler = modules.handler_for(child, table, context)
            if len(handlers) < limits.NAMES:
                handlers[tag] = handler
            elif handler.__name__ == "keep":
                context.problem(f"limit feed_names: more than {limits.NAMES:,} different elements")
                continue
        handler(draft, child, context)


def read_entry(element: Any, context: Context, table: dict[str, Handler]) -> Draft:
    """Return what an item or entry holds."""
    draft = Draft()
    if context.marked:
        parent = element.getparent()
        if parent is not None and parent.getparent() is not None:
            context = context.inside(parent)  # a channel within the root, whose own base holds already
        context = context.inside(element)
        if context.lang and element.attrib:
            draft.language = context.lang
    read(draft, element, context, context.entry, table)
    if not draft.link or draft.fallback:
        core.finish_entry(draft)
    if "extensions" in draft.__dict__ and draft.enclosures:
        modules.settle_duration(draft)
    return draft


def parse(root: Any, context: Context, local: str) -> tuple[FeedInfo, list[Any]]:
    """Return the feed and its item elements in document order; the root is ``rss``, ``RDF`` or ``channel``."""
    draft = Draft()
    items: list[Any] = []

    def collect(_: Draft, element: Any, __: Context) -> None:
        items.append(element)

    def channel(outer: Draft, element: Any, context: Context) -> None:
        context = context.inside(element)
        draft.id = draft.id or element.get(ABOUT) or ""
        if context.lang:
            draft.language = draft.language or context.lang
        if element.get("href") or element.get("HREF"):
            cdf(outer, element, context)
        read(outer, element, context, context.feed, table)

    table = FEED | {"item": collect, "entry": collect, "channel": channel}
    context = context.inside(root)
    draft.language = context.lang
    if local == "channel":
        channel(draft, root, context)
    else:
        read(draft, root, context, context.feed, table)
    return draft.info(), items


def wrapped(root: Any, context: Context) -> list[Any]:
    """Return the outermost items, wherever they stand: some writers put them all into an element of their own making."""
    found: list[Any] = []
    for element in root.iter("{*}item", "{*}entry"):
        own = not split(element.tag, element.prefix, context.root_uri)[0]
        if own and len(element) and not any(outer in found[-1:] for outer in element.iterancestors()):
            found.append(element)
    return found


def read_item(element: Any, context: Context) -> Draft:
    """Return what an item holds; RDF's ``about`` and CDF's attributes count where no element says the same."""
    draft = read_entry(element, context, ENTRY)
    if element.attrib:
        about = element.get(ABOUT) or element.get("about")
        if about and not draft.guid:
            draft.guid = about.strip()
            draft.link = draft.link or (draft.guid if draft.guid[:4] == "http" else "")
        if element.get("href") or element.get("HREF"):
            cdf(draft, element, context)
    return draft


def cdf(draft: Draft, element: Any, context: Context) -> None:
    """Read the attributes of a channel or item in Microsoft's Channel Definition Format."""
    for name, value in element.items():
        if name.lower() == "href" and not draft.link:
            draft.link = context.resolve(value.strip())
            draft.add_link(Link(href=draft.link, type="text/html"))
        elif name.lower() == "lastmod" and not draft.updated:
            draft.raw["updated"] = value[:200]
            draft.updated = parse_date(value)  # type: ignore[assignment]


def limit(items: list[Any], context: Context) -> list[Any]:
    """Return the items that are looked at."""
    if len(items) > limits.ENTRIES_READ:
        context.problem(
            f"limit feed_entries_read: only the first {limits.ENTRIES_READ:,} of {len(items):,} were looked at"
        )
        return items[: limits.ENTRIES_READ]
    return items
