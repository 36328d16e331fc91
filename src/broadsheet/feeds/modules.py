"""Elements of modules that have a field of ours; all others are kept in ``extensions`` under ``prefix:name``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

from broadsheet.feeds import core, limits, media
from broadsheet.feeds.draft import Context, Draft, Handler, number, short_text, text_of
from broadsheet.feeds.names import RDF, split
from broadsheet.model import Generator, Image, Link

_ITUNES = "http://www.itunes.com/"
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,4})(?:\.\d{1,6})?")


def _resource(element: Any) -> str:
    return element.get(f"{{{RDF}}}resource") or element.get("resource") or ""


def license_resource(draft: Draft, element: Any, context: Context) -> None:
    """``cc:license rdf:resource`` and the text of ``creativeCommons:license``."""
    address = _resource(element).strip() or text_of(element, context)
    if address:
        draft.license = draft.license or address
        draft.add_link(Link(href=address, rel="license"))


def generator_agent(draft: Draft, element: Any, _context: Context) -> None:
    address = _resource(element).strip()
    if address:
        draft.generator = Generator(name=address, url=address)  # type: ignore[assignment]


def valid(draft: Draft, element: Any, context: Context) -> None:
    """DCMI Period: ``start=...;end=...;scheme=...``."""
    parts = [part.partition("=") for part in text_of(element, context)[:1000].split(";")]
    period = {name.strip(): value.strip() for name, equals, value in parts if equals}
    if period:
        draft.extend("dcterms:valid", period)


def cover(key: str) -> Handler:
    """Return a handler of a podcast's picture, which keeps it under its name too: another may be what shows the entry."""

    def read(draft: Draft, element: Any, context: Context) -> None:
        address = (element.get("href") or element.get("url") or text_of(element, context)).strip()
        if address:
            address = context.inside(element).resolve(address)
            draft.offer_image(Image(url=address), 400)
            draft.extend(key, {"href": address})

    return read


def itunes_category(draft: Draft, element: Any, context: Context) -> None:
    value = element.get("text") or text_of(element, context)
    draft.add_tag((value or "").strip(), _ITUNES)
    for child in element:
        if isinstance(child.tag, str) and child.get("text"):
            draft.add_tag((child.get("text") or "").strip(), _ITUNES)


def itunes_keywords(draft: Draft, element: Any, context: Context) -> None:
    for term in text_of(element, context)[: limits.TEXT].split(",", limits.VALUES):
        draft.add_tag(term.strip(), _ITUNES if term.strip() else "")


def itunes_title(draft: Draft, element: Any, context: Context) -> None:
    value = short_text(element, context)
    draft.otherwise("title", value)
    if value:
        draft.extend("itunes:title", value)


def itunes_subtitle(draft: Draft, element: Any, context: Context) -> None:
    value = short_text(element, context)
    draft.otherwise("subtitle", value)
    if value:
        draft.extend("itunes:subtitle", value)


def feed_summary(draft: Draft, element: Any, context: Context) -> None:
    value = text_of(element, context)[: limits.TEXT]
    draft.otherwise("subtitle", value)
    if value:
        draft.extend("itunes:summary", value)


def itunes_duration(draft: Draft, element: Any, context: Context) -> None:
    value = text_of(element, context)[:40]
    if value:
        draft.extend("itunes:duration", value)


def seconds(text: str) -> float | None:
    """Return the length of ``1:02:03``, ``62:03`` or ``3723`` in seconds, or None."""
    found = _CLOCK.fullmatch(text.strip())
    if found:
        return float(int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3]))
    whole = number(text)
    return None if whole is None else float(whole)


def update_period(draft: Draft, element: Any, context: Context) -> None:
    draft.update_period = text_of(element, context).lower()[:40]


def update_frequency(draft: Draft, element: Any, context: Context) -> None:
    value = number(text_of(element, context))
    if value is not None:
        draft.__dict__["update_frequency"] = value


SHARED: dict[str, Handler] = {
    "dc:title": core.title,
    "dc:creator": core.author,
    "dc:author": core.author,
    "dc:publisher": core.publisher,
    "dc:contributor": core.contributor_name,
    "dc:subject": core.category,
    "dc:date": core.updated,
    "dc:language": core.language,
    "dc:rights": core.rights,
    "dcterms:issued": core.published,
    "dcterms:modified": core.updated,
    "dcterms:valid": valid,
    "dcterms:creator": core.author,
    "cc:license": license_resource,
    "creativecommons:license": license_resource,
    "admin:generatoragent": generator_agent,
    "itunes:author": core.author,
    "googleplay:author": core.author,
    "itunes:owner": core.publisher,
    "itunes:image": cover("itunes:image"),
    "itunes:link": cover("itunes:link"),
    "googleplay:image": cover("googleplay:image"),
    "itunes:category": itunes_category,
    "itunes:keywords": itunes_keywords,
    "feedburner:browserfriendly": core.info,
    **media.HANDLERS,
}

ENTRY: dict[str, Handler] = SHARED | {
    "content:encoded": core.encoded,
    "content:encode": core.encoded,
    "xhtml:body": core.body,
    "dc:description": core.description,
    "dcterms:abstract": core.summary,
    "dcterms:created": core.created,
    "itunes:summary": core.summary,
    "itunes:title": itunes_title,
    "feedburner:origlink": core.original_link,
    "itunes:subtitle": core.unknown("itunes:subtitle"),
    "itunes:duration": itunes_duration,
}

FEED: dict[str, Handler] = SHARED | {
    "dc:description": core.html_subtitle,
    "dcterms:created": core.feed_created,
    "itunes:summary": feed_summary,
    "itunes:title": itunes_title,
    "itunes:subtitle": itunes_subtitle,
    "sy:updateperiod": update_period,
    "sy:updatefrequency": update_frequency,
}


def handler_for(element: Any, table: dict[str, Handler], context: Context) -> Handler:
    """Return what reads elements of this name: the table's function, or one that keeps it as an extension."""
    if not isinstance(element.tag, str):
        return _ignore
    name, prefix, local = _name(element.tag, element.prefix, context.root_uri)
    found = table.get(name)
    if found is not None:
        return found
    return core.unknown(f"{prefix or context.vocabulary}:{local}")


@lru_cache(maxsize=4_096)
def _name(tag: str, prefix: str | None, root_uri: str) -> tuple[str, str, str]:
    """Return (name in the tables, canonical prefix, local name) of an element."""
    canonical, local = split(tag, prefix, root_uri)
    lower = local.lower()
    return (f"{canonical.lower()}:{lower}" if canonical else lower), canonical, local


def _ignore(draft: Draft, element: Any, context: Context) -> None:
    """Comments, processing instructions and entity references."""


def settle_duration(draft: Draft) -> None:
    """Give an entry's only audio or video file the length that iTunes says."""
    value = draft.__dict__.get("extensions", {}).get("itunes:duration")
    length = seconds(value) if isinstance(value, str) else None
    if length is not None and len(draft.enclosures) == 1 and draft.enclosures[0].duration is None:
        draft.enclosures = (msgspec.structs.replace(draft.enclosures[0], duration=length),)
