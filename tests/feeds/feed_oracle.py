"""Our entries beside feedparser's, in a normal form in which equal is equal.

Normal form: white space is collapsed; markup is compared as text (tags stripped, entities decoded); people are sets of
names and addresses; categories and enclosures are sets; a link that feedparser took from an id that is no address is no
link; dates are instants.
"""

from __future__ import annotations

import calendar
import html
import io
import re
from datetime import UTC, datetime
from typing import Any

import feedparser

from broadsheet.model import Entry

FIELDS = ("title", "link", "id", "published", "updated", "authors", "summary", "content", "categories", "enclosures")


def entries_of(data: bytes, content_type: str | None) -> list[Any]:
    headers = {"content-type": content_type} if content_type else {}
    parsed = feedparser.parse(
        io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False, response_headers=headers
    )
    return list(parsed.entries)


def text(markup: str | None) -> str:
    plain = re.sub(r"<[^<>]*>", " ", html.unescape(markup or ""))
    return "".join(html.unescape(plain).split())


def _date(value: Any) -> datetime | None:
    return datetime.fromtimestamp(calendar.timegm(value), UTC) if value else None


def _whole(date: datetime | None) -> datetime | None:
    return date.replace(microsecond=0) if date else None


def theirs(entry: Any) -> dict[str, Any]:
    link = entry.get("link") or ""
    people = {
        (person.get("name") or "").strip() or (person.get("email") or "")
        for person in entry.get("authors", ())
        if person
    }
    return {
        "title": text(entry.get("title")),
        "link": link.strip() if link.startswith("http") else "",
        "id": (entry.get("id") or "").strip(),
        "published": _date(entry.get("published_parsed")),
        "updated": _date(dict.get(entry, "updated_parsed")),
        "authors": {" ".join(name.split()) for name in people if name},
        "summary": text(entry.get("summary")),
        "content": text(entry.content[0].value) if entry.get("content") else "",
        "categories": {" ".join((tag.term or "").split()) for tag in entry.get("tags", ())} - {""},
        "enclosures": {file.get("href") for file in entry.get("enclosures", ())} - {None},
    }


def ours(entry: Entry) -> dict[str, Any]:
    return {
        "title": text(entry.title),
        "link": entry.link if entry.link.startswith("http") else "",
        "id": entry.guid,
        "published": _whole(entry.published),
        "updated": _whole(entry.updated),
        "authors": {" ".join((person.name or person.email).split()) for person in entry.authors} - {""},
        "summary": text(entry.summary),
        "content": text(entry.content),
        "categories": {" ".join(tag.term.split()) for tag in entry.tags} - {""},
        "enclosures": {file.url for file in entry.enclosures},
    }


def differences(entry: Entry, other: Any) -> list[str]:
    """Return the fields in which an entry differs from what feedparser says of it."""
    mine, his = ours(entry), theirs(other)
    # Where feedparser reads no date, or the year 1 of undated pages, it says nothing to compare with.
    for field in ("published", "updated"):
        if his[field] is None or his[field].year == 1:
            his[field] = mine[field]
    # Files of Media RSS are enclosures to us; feedparser keeps them apart.
    media = entry.extensions.get("media:content", [])
    added = {part.get("url") for part in (media if isinstance(media, list) else [media])}
    his["enclosures"] |= added & mine["enclosures"]
    return [field for field in FIELDS if mine[field] != his[field]]
