"""Elements that RSS, RDF and Atom share under one name or several; ``rss.py`` and ``atom.py`` add their own."""

from __future__ import annotations

from typing import Any

from broadsheet import urls
from broadsheet.feeds import limits
from broadsheet.feeds.draft import Context, Draft, Handler, construct, date_of, number, person_of, short_text, text_of
from broadsheet.feeds.names import ORIGINAL_LINK, split
from broadsheet.model import Content, Enclosure, FeedInfo, Generator, Image, Link, Person

_HTML = frozenset(("text/html", "application/xhtml+xml"))
_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif")
_NOT_A_PAGE = frozenset(
    ("self", "edit", "edit-media", "enclosure", "replies", "hub", "license", "next", "previous", "first", "last")
)


def title(draft: Draft, element: Any, context: Context) -> None:
    """The first title that is not empty counts."""
    if draft.title:
        return
    if context.marked:
        context = context.inside(element)
    value, media_type = construct(element, context, "text/plain", limits.TITLE)
    if value:
        draft.title = value
        draft.details["title"] = context.detail(media_type)


def description(draft: Draft, element: Any, context: Context, default: str = "text/html") -> None:
    """A first description is the summary; a second one, while there is no content, is the content."""
    if draft.summary and not draft.has_content:
        content(draft, element, context, default)
        return
    if context.marked:
        context = context.inside(element)
    value, media_type = construct(element, context, default)
    if value:
        draft.summary = value
        draft.details["summary"] = context.detail(media_type)


def summary(draft: Draft, element: Any, context: Context) -> None:
    description(draft, element, context, "text/plain")


def content(draft: Draft, element: Any, context: Context, default: str = "text/plain") -> None:
    if context.marked:
        context = context.inside(element)
    value, media_type = construct(element, context, default)
    source = element.get("src")
    draft.has_content = True
    if not value and not source:
        return
    if len(draft.contents) < limits.VALUES:
        record = Content(
            value=value,
            type=media_type,
            language=context.lang,
            base=context.base,
            src=context.resolve(source) if source else "",
        )
        draft.contents = (*draft.contents, record)
    if not draft.content and (media_type in _HTML or media_type == "text/plain"):
        draft.content = value
        draft.details["content"] = context.detail(media_type)
        draft.otherwise("summary", value)


def encoded(draft: Draft, element: Any, context: Context) -> None:
    content(draft, element, context, "text/html")


def body(draft: Draft, element: Any, context: Context) -> None:
    content(draft, element, context, "application/xhtml+xml")


def subtitle(draft: Draft, element: Any, context: Context) -> None:
    _construct(draft, element, context, "subtitle", "text/plain")


def html_subtitle(draft: Draft, element: Any, context: Context) -> None:
    _construct(draft, element, context, "subtitle", "text/html")


def rights(draft: Draft, element: Any, context: Context) -> None:
    _construct(draft, element, context, "rights", "text/plain")


def _construct(draft: Draft, element: Any, context: Context, field: str, default: str) -> None:
    context = context.inside(element)
    value, media_type = construct(element, context, default)
    if value:
        setattr(draft, field, value)
        draft.details[field] = context.detail(media_type)


def info(draft: Draft, element: Any, context: Context) -> None:
    """Text for people who open a feed in a browser (Atom 0.3 ``info``, Feedburner)."""
    context = context.inside(element)
    value, media_type = construct(element, context, "text/plain")
    if value:
        draft.extend("atom:info", value)
        draft.details["info"] = context.detail(media_type)


def guid(draft: Draft, element: Any, context: Context) -> None:
    """Atom ids and RSS guids are kept as they stand. RSS says that a guid is an address unless it says otherwise."""
    value = text_of(element, context)
    if value:
        draft.guid = value
        permalink = element.get("isPermaLink")
        if permalink is None and element.attrib:
            permalink = next((value for name, value in element.items() if name.lower() == "ispermalink"), None)
        draft.guid_is_permalink = permalink is None or permalink.strip().lower() == "true"


def feed_id(draft: Draft, element: Any, context: Context) -> None:
    draft.id = text_of(element, context) or draft.id


def link(draft: Draft, element: Any, context: Context) -> None:
    """Both kinds: RSS's text and Atom's attributes, wherever they stand."""
    if element.attrib:
        if context.marked:
            context = context.inside(element)
        href = element.get("href")
        if href is None:
            href = element.get("url") or element.get("uri")
        if href is not None or element.get("rel"):
            _atom_link(draft, element, context, href)
            return
    value = text_of(element, context)
    if value:
        address = context.resolve(value)
        draft.link = address
        draft.add_link(Link(href=address, type="text/html"))


def _atom_link(draft: Draft, element: Any, context: Context, href: str | None) -> None:
    if href is None:
        href = text_of(element, context)
        if not href:
            return
    address = context.resolve(href.strip())
    rel = (element.get("rel") or "alternate").strip().lower()
    rel = rel.removeprefix("http://www.iana.org/assignments/relation/")
    media_type = (element.get("type") or "").strip().lower()
    if not media_type:
        media_type = "application/atom+xml" if rel == "self" else "text/html" if rel == "alternate" else ""
    label = element.get("title") or ""
    draft.add_link(
        Link(
            href=address,
            rel=rel,
            type=media_type,
            title=label[: limits.TITLE],
            hreflang=element.get("hreflang") or "",
            length=(element.get("length") or "")[:20],
        )
    )
    if rel == "alternate":
        if media_type in _HTML or (media_type == "text" and not draft.link):
            draft.link = address
        else:
            draft.otherwise("link", address)
    elif rel in _LINKS:
        _LINKS[rel](draft, element, address, media_type)


def _rel_enclosure(draft: Draft, element: Any, address: str, media_type: str) -> None:
    add_enclosure(draft, address, media_type, element.get("length"), element.get("title") or "")


def _rel_license(draft: Draft, _element: Any, address: str, _media_type: str) -> None:
    draft.license = draft.license or address


def _rel_hub(draft: Draft, _element: Any, address: str, _media_type: str) -> None:
    if len(draft.hubs) < limits.VALUES:
        draft.hubs = (*draft.hubs, address)


def _rel_next(draft: Draft, _element: Any, address: str, _media_type: str) -> None:
    draft.next_url = draft.next_url or address


def _rel_replies(draft: Draft, _element: Any, address: str, media_type: str) -> None:
    if not media_type or media_type in _HTML:
        draft.otherwise("comments_url", address)


_LINKS = {
    "enclosure": _rel_enclosure,
    "license": _rel_license,
    "hub": _rel_hub,
    "next": _rel_next,
    "prev-archive": _rel_next,
    "replies": _rel_replies,
}


def add_enclosure(draft: Draft, url: str, media_type: str = "", length: str | None = None, label: str = "") -> None:
    """Attach a file; a picture among them may be the entry's picture."""
    if not url or len(draft.enclosures) >= limits.VALUES:
        return
    draft.enclosures = (
        *draft.enclosures,
        Enclosure(url=url, type=media_type, length=number(length), title=label[: limits.TITLE]),
    )
    if is_picture(url, media_type):
        draft.offer_image(Image(url=url), 2)


def is_picture(url: str, media_type: str, medium: str = "") -> bool:
    """Return whether a file is a picture: by what is said of it, and by its name where nothing is."""
    if medium or media_type:
        return medium == "image" or media_type[:6] == "image/"
    return url.partition("?")[0].lower().endswith(_PICTURES)


def enclosure(draft: Draft, element: Any, context: Context) -> None:
    context = context.inside(element)
    url = element.get("url") or element.get("href") or element.get("uri") or ""
    url = context.resolve(url.strip()) if url else ""
    if url:
        media_type = (element.get("type") or "").strip().lower()
        length = (element.get("length") or "").strip()
        draft.add_link(Link(href=url, rel="enclosure", type=media_type, length=length[:20]))
        add_enclosure(draft, url, media_type, length)


def person(element: Any, context: Context) -> Person:
    """Return the person of an element that holds a name, an address and a page, or just text."""
    if not len(element):
        return person_of(short_text(element, context))
    context = context.inside(element)
    name = email = url = ""
    for child in element:
        if isinstance(child.tag, str):
            _, local = split(child.tag, child.prefix, context.root_uri)
            local = local.lower()
            if local == "name":
                name = short_text(child, context)
            elif local in ("email", "mbox"):
                email = short_text(child, context)
            elif local in ("url", "uri", "homepage"):
                url = context.resolve(text_of(child, context.inside(child)))
    if not (name or email or url):
        return person_of(short_text(element, context))
    return Person(name=name, email=email, url=url)


def author(draft: Draft, element: Any, context: Context) -> None:
    draft.add_person("authors", person(element, context))


def contributor(draft: Draft, element: Any, context: Context) -> None:
    draft.add_person("contributors", person(element, context))


def contributor_name(draft: Draft, element: Any, context: Context) -> None:
    draft.add_person("contributors", Person(name=short_text(element, context)))


def publisher(draft: Draft, element: Any, context: Context) -> None:
    draft.publisher = person(element, context)


def category(draft: Draft, element: Any, context: Context) -> None:
    value = short_text(element, context) if element.text else ""
    if element.attrib:
        term = (element.get("term") or "").strip()
        scheme = (element.get("scheme") or element.get("domain") or "").strip()
        draft.add_tag(term or value, scheme, (element.get("label") or "").strip())
        if term and value and value != term:
            draft.add_tag(value)
    elif value:
        draft.add_tag(value)


def comma_tags(draft: Draft, element: Any, context: Context) -> None:
    for term in text_of(element, context)[: limits.TEXT].split(",", limits.VALUES):
        draft.add_tag(term.strip())


def published(draft: Draft, element: Any, context: Context) -> None:
    date_of(draft, element, context, "published")


def updated(draft: Draft, element: Any, context: Context) -> None:
    date_of(draft, element, context, "updated")


def created(draft: Draft, element: Any, context: Context) -> None:
    date_of(draft, element, context, "created")


def expired(draft: Draft, element: Any, context: Context) -> None:
    date_of(draft, element, context, "expired")


def feed_created(draft: Draft, element: Any, context: Context) -> None:
    draft.raw["created"] = text_of(element, context)[:200]


def language(draft: Draft, element: Any, context: Context) -> None:
    draft.language = text_of(element, context)[:64].replace("_", "-")


def generator(draft: Draft, element: Any, context: Context) -> None:
    url = element.get("uri") or element.get("url") or element.get("href") or ""
    name = short_text(element, context)
    if name or url:
        url = context.resolve(url) if url else ""
        draft.generator = Generator(name=name, url=url, version=(element.get("version") or "")[:200])  # type: ignore[assignment]


def original_link(draft: Draft, element: Any, context: Context) -> None:
    """Where the link leads that Feedburner counts the readers of: ``finish_entry`` prefers it, wherever it stands."""
    value = text_of(element, context)
    address = context.resolve(value) if value else ""
    if address:
        draft.extensions.setdefault(ORIGINAL_LINK, address)
    if urls.is_http(address):
        draft.otherwise("link", address)


def comments(draft: Draft, element: Any, context: Context) -> None:
    value = text_of(element, context)
    if value:
        draft.comments_url = context.resolve(value)


def icon(draft: Draft, element: Any, context: Context) -> None:
    draft.icon = context.resolve(text_of(element, context.inside(element)))


def logo(draft: Draft, element: Any, context: Context) -> None:
    draft.offer_image(Image(url=context.resolve(text_of(element, context.inside(element)))), 3)


_ADDRESSES = frozenset(("href", "src", "url", "uri", "img", "feedUrl"))


def unknown(key: str) -> Handler:
    """Return a handler that keeps an element which has no field of its own under ``prefix:name``."""

    def keep(draft: Draft, element: Any, context: Context) -> None:
        value = plain_value(element, context)
        if value or value == 0:
            draft.extend(key, value)

    return keep


def plain_value(element: Any, context: Context, depth: int = 3) -> Any:
    """Return an element as a string, or as a mapping of its attributes, its children and its text (``value``).

    Attributes that every vocabulary has addresses in are resolved.
    """
    if not len(element) and not element.attrib:
        return text_of(element, context)[: limits.TEXT]
    if context.marked:
        context = context.inside(element)
    found: dict[str, Any] = {}
    for key, value in element.items():
        name = key.rpartition("}")[2]
        found[name] = context.resolve(value.strip()) if name in _ADDRESSES and value.strip() else value
    for child in element:
        if isinstance(child.tag, str) and depth and len(found) < limits.VALUES:
            prefix, local = split(child.tag, child.prefix, context.root_uri)
            name = f"{prefix}:{local}" if prefix else local
            value = plain_value(child, context, depth - 1)
            if name not in found:
                found[name] = value
            elif isinstance(found[name], list):
                if len(found[name]) < limits.VALUES:
                    found[name].append(value)
            else:
                found[name] = [found[name], value]
    text = (element.text or "").strip()
    if text:
        found["value"] = text[: limits.TEXT]
    return found


def finish_entry(draft: Draft) -> None:
    """Settle what only the whole entry can say: a link that only the guid or another element or relation holds."""
    if draft.fallback and urls.is_http(original := draft.__dict__.get("extensions", {}).get(ORIGINAL_LINK, "")):
        draft.link = original
    if not draft.link and draft.guid_is_permalink and draft.guid[:8].lower().startswith(("http://", "https://")):
        draft.link = draft.guid
    if not draft.link and not (draft.fallback and draft.fallback.get("link")):
        for other in draft.links:
            if other.rel not in _NOT_A_PAGE and (not other.type or other.type in _HTML):
                draft.link = other.href
                break


def reprinted(draft: Draft, info: FeedInfo) -> None:
    draft.__dict__["source"] = info
