"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

from broadsheet.errors import LimitExceeded, NotAFeed
from broadsheet.feeds import core, limits, markup
from broadsheet.feeds.dates import parse_date
from broadsheet.feeds.draft import Context, Draft, clipped, number, person_of
from broadsheet.model import Content, Enclosure, FeedInfo, Image, Link, Person

_FEED_WORDS = """
    version title home_page_url feed_url description user_comment next_url icon favicon authors author language
    expired hubs items
"""
_FEED = frozenset(_FEED_WORDS.split())
_ITEM_WORDS = """
    id url external_url title content_html content_text summary image banner_image date_published date_modified
    authors author tags language attachments
"""
_ITEM = frozenset(_ITEM_WORDS.split())
_TEXT = r'"(?:[^"\\]|\\.)*+"'
_COMMA = re.compile(rf"({_TEXT})|,(?=\s*+[}}\]])", re.DOTALL)
_STRUCTURE = re.compile(rf"{_TEXT}|[\[\]{{}}]", re.DOTALL)
_ITEM_DEPTH = 2
"""Brackets that are open around an item: of the document, and of ``items``."""


def decode(data: bytes) -> tuple[Any, tuple[str, ...]]:
    """Return the JSON value of a document, and what had to be mended in it.

    Raises ``NotAFeed`` or ``LimitExceeded`` (``feed_depth``).
    """
    try:
        try:
            return msgspec.json.decode(data), ()
        except msgspec.DecodeError:
            value, problems = _mended(data.decode("utf-8", "replace"))
            # Half a character costs a character and not the feed.
            return msgspec.json.decode(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")), problems
    except RecursionError:
        raise LimitExceeded("JSON values are nested too deep", "feed_depth") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise NotAFeed(f"the document starts like JSON and is not JSON: {str(error)[:200]}") from None


def _mended(text: str) -> tuple[Any, tuple[str, ...]]:
    """Return the value of JSON with control characters in its texts, commas before its brackets, or without its end."""
    plain = _without_last_commas(text)
    commas = ("commas at the end",) if plain != text else ()
    attempts = [(text, ()), (plain, commas), (_closed(plain), (*commas, "truncated"))]
    faults = []
    for mended, problems in attempts:
        try:
            return json.loads(mended, strict=False), problems
        except ValueError as error:
            faults.append(error)
    raise faults[0]


def _without_last_commas(text: str) -> str:
    return _COMMA.sub(lambda match: match[1] or "", text)


def _closed(text: str) -> str:
    """Return the text up to the end of its last whole item, with the brackets closed that are open there."""
    opened: list[str] = []
    end, closing = 0, ""
    for match in _STRUCTURE.finditer(text):
        sign = match[0]
        if sign in ("{", "["):
            opened.append("}" if sign == "{" else "]")
        elif sign in ("}", "]"):
            if not opened or opened.pop() != sign:
                return text
            if len(opened) == _ITEM_DEPTH:
                end, closing = match.end(), "".join(reversed(opened))
    return text[:end] + closing if opened and end else text


def is_feed(value: Any) -> bool:
    """Return whether a JSON value is a JSON Feed: it says so in ``version``, or has a title and items that have ids."""
    if not isinstance(value, dict):
        return False
    version = value.get("version")
    if isinstance(version, str) and "jsonfeed.org" in version.lower():
        return True
    items = value.get("items")
    return (
        isinstance(version, str)
        and isinstance(items, list)
        and bool(items)
        and isinstance(items[0], dict)
        and "id" in items[0]
    )


def parse(value: dict[str, Any], context: Context) -> tuple[str, FeedInfo, list[Any]]:
    """Return (format, feed, items) of a JSON Feed."""
    version = str(value.get("version"))
    name = "json11" if version.rstrip("/").endswith("1.1") else "json10" if "jsonfeed" in version else "json"
    context.lang = _text(value, "language", context)[:64]
    draft = Draft()
    draft.title = _text(value, "title", context)
    home = _text(value, "home_page_url", context)
    draft.link = context.resolve(home) if home else ""
    draft.id = _text(value, "feed_url", context)
    if draft.link:
        draft.add_link(Link(href=draft.link, type="text/html"))
    if draft.id:
        draft.add_link(Link(href=context.resolve(draft.id), rel="self", type="application/feed+json"))
    draft.subtitle = _text(value, "description", context, limits.TEXT)
    draft.language = context.lang
    draft.icon = _address(value, "favicon", context)
    icon = _address(value, "icon", context)
    if icon:
        draft.offer_image(Image(url=icon), 1)
    draft.next_url = _address(value, "next_url", context)
    _people(draft, value, context)
    hubs = value.get("hubs")
    if isinstance(hubs, list):
        draft.hubs = tuple(
            _address(hub, "url", context) for hub in hubs[:20] if isinstance(hub, dict) and hub.get("url")
        )
    _rest(draft, value, _FEED)
    for key in ("user_comment", "expired"):
        if value.get(key):
            draft.extend(f"json:{key}", value[key])
    items = value.get("items")
    return name, draft.info(), items if isinstance(items, list) else []


def read_item(value: Any, context: Context) -> Draft:
    """Return what an item holds; one that is no object is an empty entry, named in ``problems``."""
    draft = Draft()
    if not isinstance(value, dict):
        context.problem("item that is no object")
        return draft
    raw_id = value.get("id")
    if raw_id is not None and not isinstance(raw_id, (dict, list)):
        if not isinstance(raw_id, str):
            context.problem("id that is no string")
            raw_id = (
                str(int(raw_id))
                if isinstance(raw_id, float) and math.isfinite(raw_id) and raw_id == int(raw_id)
                else str(raw_id)
            )
        draft.guid = raw_id.strip()
    draft.language = _text(value, "language", context)[:64]
    draft.title = _text(value, "title", context)
    draft.link = _address(value, "url", context)
    external = _address(value, "external_url", context)
    if draft.link:
        draft.add_link(Link(href=draft.link, type="text/html"))
    if external:
        draft.add_link(Link(href=external, rel="related"))
        draft.extend("json:external_url", external)
        draft.otherwise("link", external)
    _bodies(draft, value, context)
    for key, field in (("date_published", "published"), ("date_modified", "updated")):
        text = _text(value, key, context)
        if text:
            draft.raw[field] = text[:200]
            setattr(draft, field, parse_date(text))
    _people(draft, value, context)
    tags = value.get("tags")
    for tag in tags.split(",") if isinstance(tags, str) else _several(tags):
        if isinstance(tag, str):
            draft.add_tag(tag.strip())
    draft.offer_image(Image(url=_address(value, "image", context)), 1000)
    banner = _address(value, "banner_image", context)
    draft.offer_image(Image(url=banner), 500)
    if banner:
        draft.extend("json:banner_image", banner)
    _attachments(draft, value, context)
    _rest(draft, value, _ITEM)
    core.finish_entry(draft)
    return draft


def _bodies(draft: Draft, value: dict[str, Any], context: Context) -> None:
    html = markup.resolve_links(_text(value, "content_html", context, limits.TEXT), context.base)
    text = _text(value, "content_text", context, limits.TEXT)
    language = draft.language or context.lang
    if html:
        draft.contents = (Content(value=html, type="text/html", language=language, base=context.base),)
    if text:
        draft.contents = (*draft.contents, Content(value=text, type="text/plain", language=language, base=context.base))
    draft.content = html or text
    if draft.content:
        draft.details["content"] = context.detail("text/html" if html else "text/plain")
    draft.summary = _text(value, "summary", context, limits.TEXT)
    if draft.summary:
        draft.details["summary"] = context.detail("text/plain")


def _attachments(draft: Draft, value: dict[str, Any], context: Context) -> None:
    for part in _several(value.get("attachments")):
        if isinstance(part, dict) and (url := _address(part, "url", context)):
            media_type = _text(part, "mime_type", context)
            record = Enclosure(
                url=url,
                type=media_type,
                length=int(size) if (size := _number(part, "size_in_bytes")) is not None else None,
                duration=_number(part, "duration_in_seconds"),
                title=_text(part, "title", context),
            )
            draft.enclosures = (*draft.enclosures, record)
            if core.is_picture(url, media_type):
                draft.offer_image(Image(url=url), 2)


def _number(value: dict[str, Any], key: str) -> float | None:
    found = value.get(key)
    if isinstance(found, str):
        found = number(found)
    return (
        float(found) if isinstance(found, (int, float)) and not isinstance(found, bool) and 0 <= found < 1e15 else None
    )


def _people(draft: Draft, value: dict[str, Any], context: Context) -> None:
    for person in _several(value.get("authors")) or _several(value.get("author")):
        if isinstance(person, dict):
            draft.add_person(
                "authors", Person(name=_text(person, "name", context), url=_address(person, "url", context))
            )
            if person.get("avatar"):
                draft.extend("json:avatar", str(person["avatar"])[: limits.TITLE])
        elif isinstance(person, str):
            draft.add_person("authors", person_of(person.strip()[: limits.TITLE]))


def _several(value: Any) -> list[Any]:
    """Return the values of a list, or one that stands where a list should."""
    return value[: limits.VALUES] if isinstance(value, list) else [value] if value else []


def _rest(draft: Draft, value: dict[str, Any], known: frozenset[str]) -> None:
    for key, kept in value.items():
        if key not in known and kept not in (None, "", [], {}):
            draft.extend(key if key.startswith("_") else f"json:{key}", kept)


def _text(value: dict[str, Any], key: str, context: Context, limit: int = limits.TITLE) -> str:
    found = value.get(key)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        found = str(found)
    return (
        clipped(markup.without_marks(found.strip()), limit, "title" if limit == limits.TITLE else "text", context)
        if isinstance(found, str)
        else ""
    )


def _address(value: dict[str, Any], key: str, context: Context) -> str:
    found = value.get(key)
    found = found.strip() if isinstance(found, str) else ""
    return context.resolve(found) if found else ""
