"""Where the shared corpus is, and how its expectations are put to our records."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from broadsheet.feeds.dates import parse_date
from broadsheet.feeds.parse import parse_feed
from broadsheet.model import Entry, FeedInfo, ParsedFeed, Person

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
FEEDS = CORPUS / "feeds"
HOSTILE = CORPUS / "hostile" / "feeds"

needs_corpus = pytest.mark.skipif(not FEEDS.is_dir(), reason="the shared corpus is not beside the project")


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def conformance() -> list[dict[str, Any]]:
    path = FEEDS / "conformance.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def body_of(case: dict[str, Any]) -> bytes:
    return case["text"].encode() if "text" in case else base64.b64decode(case["base64"])


def plain(text: str) -> str:
    """Return a title as expected.json writes it: tags out, entities decoded twice, white space collapsed."""
    text = re.sub(r"<[^<>]*>", "", text)
    return " ".join(html.unescape(html.unescape(text)).split())


def summary_of(parsed: ParsedFeed) -> dict[str, Any]:
    """Return what expected.json speaks of."""
    first = parsed.entries[0] if parsed.entries else Entry()
    date = first.published or first.updated
    ids = json.dumps([entry.guid for entry in parsed.entries])
    return {
        "title": plain(parsed.feed.title),
        "entry_count": len(parsed.entries),
        "first_id": first.guid,
        "first_link": first.link,
        "first_title": plain(first.title),
        "first_date": date.strftime("%Y-%m-%dT%H:%M:%SZ") if date else None,
        "ids_sha256": hashlib.sha256(ids.encode()).hexdigest(),
    }


# ---------------------------------------------------------------- feedparser's names for what our records hold


def nine(date: datetime | None) -> list[int] | None:
    return list(date.utctimetuple()) if date else None


def _person(person: Person | None) -> dict[str, Any]:
    if person is None:
        return {}
    found = {"name": person.name, "email": person.email, "href": person.url}
    return {key: value for key, value in found.items() if value}


def _who(person: dict[str, Any]) -> str | None:
    if person.get("name") and person.get("email"):
        return f"{person['name']} ({person['email']})"
    return person.get("name") or person.get("email")


def _detail(record: Entry | FeedInfo, field: str, value: str) -> dict[str, Any]:
    found = record.details.get(field)
    if found is None:
        return {"value": value}
    return {"value": value, "type": found.type, "language": found.language or None, "base": found.base}


def _image(record: Entry | FeedInfo) -> dict[str, Any]:
    image = record.image
    if image is None:
        return {}
    more = record.extensions.get("rss:image", {})
    return {
        "href": image.url,
        "url": image.url,
        "width": image.width,
        "height": image.height,
        "title": image.alt,
        **more,
    }


def view(record: Entry | FeedInfo) -> dict[str, Any]:
    """Return an entry or a feed under feedparser's names."""
    authors = [_person(person) for person in record.authors]
    contributors = [_person(person) for person in record.contributors]
    publisher = _person(record.publisher)
    tags = [{"term": tag.term or None, "scheme": tag.scheme or None, "label": tag.label or None} for tag in record.tags]
    links = [
        {
            name: value
            for name in ("rel", "type", "href", "title", "hreflang", "length")
            if (value := getattr(link, name))
        }
        for link in record.links
    ]
    found: dict[str, Any] = {
        "title": record.title,
        "title_detail": _detail(record, "title", record.title),
        "link": record.link,
        "links": links,
        "language": record.language or None,
        "authors": authors,
        "author_detail": authors[-1] if authors else {},
        "author": _who(authors[-1]) if authors else None,
        "contributors": contributors,
        "publisher_detail": publisher,
        "publisher": _who(publisher),
        "tags": tags,
        "category": tags[0]["term"] if tags else None,
        "rights": record.rights,
        "rights_detail": _detail(record, "rights", record.rights),
        "copyright": record.rights,
        "copyright_detail": _detail(record, "rights", record.rights),
        "license": record.license,
        "image": _image(record),
        "published_parsed": nine(record.published),
        "updated_parsed": nine(record.updated),
        **{name: record.raw.get(name) for name in ("published", "updated", "created", "expired")},
    }
    extensions = {name.replace(":", "_").lower(): value for name, value in record.extensions.items()}
    for name, value in extensions.items():
        for prefix in ("", "rss_", "atom_"):
            if name.startswith(prefix):
                found.setdefault(name.removeprefix(prefix), value)
    for name in ("itunes_block", "itunes_explicit"):
        if name in extensions:
            found[name] = int(str(extensions[name]).lower() in {"yes", "true"})
    if "dcterms_valid" in extensions:
        for end in ("start", "end"):
            found[f"validity_{end}"] = extensions["dcterms_valid"].get(end)
            found[f"validity_{end}_parsed"] = nine(parse_date(found[f"validity_{end}"] or ""))
    found["info"] = extensions.get("atom_info")
    found["info_detail"] = _detail(record, "info", found["info"] or "")
    found["created_parsed"] = nine(parse_date(record.raw.get("created", "")))
    found.update(_entry(record) if isinstance(record, Entry) else _feed(record))
    return found


def _entry(entry: Entry) -> dict[str, Any]:
    files = [
        {
            "href": file.url,
            "url": file.url,
            "type": file.type,
            "length": None if file.length is None else str(file.length),
        }
        for file in entry.enclosures
    ]
    contents = [
        {"value": part.value, "type": part.type, "language": part.language or None, "base": part.base, "src": part.src}
        for part in entry.contents
    ]
    return {
        "id": entry.guid,
        "guid": entry.guid,
        "summary": entry.summary,
        "description": entry.summary,
        "summary_detail": _detail(entry, "summary", entry.summary),
        "content": contents,
        "enclosures": files,
        "comments": entry.comments_url,
        "expired_parsed": nine(entry.expired),
        "source": view(entry.source) if entry.source else {},
    }


def _feed(feed: FeedInfo) -> dict[str, Any]:
    generator = feed.generator
    return {
        "id": feed.id,
        "subtitle": feed.subtitle,
        "description": feed.subtitle,
        "tagline": feed.subtitle,
        "subtitle_detail": _detail(feed, "subtitle", feed.subtitle),
        "description_detail": _detail(feed, "subtitle", feed.subtitle),
        "tagline_detail": _detail(feed, "subtitle", feed.subtitle),
        "generator": generator.name if generator else "",
        "generator_detail": {"name": generator.name, "href": generator.url, "version": generator.version}
        if generator
        else {},
        "icon": feed.icon,
        "logo": feed.image.url if feed.image else None,
        "ttl": None if feed.ttl is None else str(feed.ttl),
        "href": feed.link,
    }


def lookup(parsed: ParsedFeed, path: list[Any]) -> Any:
    """Return what stands at a path of feedparser's names in our records."""
    value: Any = {
        "version": parsed.format,
        "encoding": parsed.encoding,
        "feed": view(parsed.feed),
        "entries": [view(entry) for entry in parsed.entries],
    }
    for step in path:
        if isinstance(value, dict) and step == "url" and "url" not in value:
            step = "href"
        try:
            value = value[step.lower() if isinstance(step, str) else step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def meets(parsed: ParsedFeed, check: dict[str, Any]) -> tuple[bool, Any]:
    """Return whether a check holds, and what was found."""
    found = lookup(parsed, check["path"])
    if check["op"] == "len":
        return found is not None and len(found) == check["value"], found
    wanted = check["value"]
    if check["path"] == ["encoding"]:
        return str(found).lower() == str(wanted).lower(), found
    if not wanted and not found:
        return True, found
    return found == wanted, found


def parse_case(case: dict[str, Any]) -> ParsedFeed:
    return parse_feed(body_of(case), content_type=(case.get("headers") or {}).get("content-type"))
