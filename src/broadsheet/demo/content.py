"""The demo's sources and their entries, read from ``content/*.toml``.

One file is one source. A body is written in the light markup of ``markup.py``. An entry with a ``[entries.second]``
table is edited or retitled in the second edition; one with ``edition = 2`` first appears there. A text that several
sources carry stands once in ``content/wires.toml``; each entry adds what its house puts before and after it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

Format = Literal["rss", "atom", "rdf", "json"]
Clock = Literal["utc", "local", "mislabelled", "none"]
Kind = Literal["added", "edited", "retitled"]

EDITIONS = (1, 2)
SOURCES = (
    "harbour-post",
    "strait-wire",
    "yuanfan",
    "haiwan",
    "tide-finance",
    "ledger-quay",
    "patch-cable",
    "pixel-teahouse",
    "lamplight-review",
    "lighthouse-supplement",
    "tern-gazette",
    "north-quay",
)
"""File names in ``content/``, in the order in which sections and sources are listed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One article of one source, as one edition tells it."""

    slug: str
    title: str
    body: str
    published: datetime
    updated: datetime
    author: str = ""
    summary: str = ""
    categories: tuple[str, ...] = ()
    picture: str = ""
    caption: str = ""
    markup_title: str = ""
    """The title as the feed gives it, where that is marked up and ``title`` is what is meant."""


@dataclass(frozen=True, slots=True)
class Source:
    """One outlet: where its feed lives, what it looks like, and its entries, newest first."""

    slug: str
    title: str
    section: str
    """Path from section to channel, with the source as its last or middle part: ``财经/海湾通讯社/快讯``."""
    language: str
    description: str
    house: str
    """Name of the template of its pages."""
    entries: tuple[Entry, ...]
    format: Format = "rss"
    feed: str = "feed.xml"
    encoding: str = "utf-8"
    full: bool = False
    """Whether the feed carries whole articles; otherwise only their first lines."""
    clock: Clock = "utc"
    """How the feed writes times: in UTC, at +0800, at +0800 but labelled GMT, or not at all."""
    junk: str = ""
    """What the feed puts into every item: ``qr`` or ``appeared``."""
    moved_from: str = ""
    slow: bool = False
    mode: str = "excerpt"
    full_text: str = "auto"
    disclaimer: str = ""
    colour: str = "#23405c"
    comments: tuple[str, ...] = ()
    """Readers' remarks below its articles, each ``name: text``."""

    @property
    def path(self) -> str:
        """The path of the feed on the server."""
        return f"/{self.slug}/{self.feed}"

    @property
    def subscribed_path(self) -> str:
        """The path that the subscription names: the old one, where the feed has moved."""
        return f"/{self.slug}/{self.moved_from or self.feed}"

    @property
    def modified(self) -> datetime:
        """The newest change of any entry."""
        return max(entry.updated for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the first and the second edition."""

    source: str
    slug: str
    kind: Kind


@lru_cache(maxsize=len(EDITIONS))
def load_sources(edition: int = 1) -> tuple[Source, ...]:
    """Return every source as the edition has it. Raises ``ValueError`` for an edition that there is not."""
    if edition not in EDITIONS:
        raise ValueError(f"edition is {edition}: must be one of {', '.join(map(str, EDITIONS))}")
    wires = _read("wires")
    return tuple(_source(name, _read(name), wires, edition) for name in SOURCES)


@lru_cache(maxsize=1)
def changes() -> tuple[Change, ...]:
    """Return what the second edition changes, in document order. A retitled entry may be edited as well."""
    found: list[Change] = []
    for before, after in zip(load_sources(1), load_sources(2), strict=True):
        old = {entry.slug: entry for entry in before.entries}
        for entry in after.entries:
            if entry.slug not in old:
                found.append(Change(after.slug, entry.slug, "added"))
            elif entry.title != old[entry.slug].title:
                found.append(Change(after.slug, entry.slug, "retitled"))
            elif entry != old[entry.slug]:
                found.append(Change(after.slug, entry.slug, "edited"))
    return tuple(found)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "content" / f"{name}.toml").read_text(encoding="utf-8"))


def _source(name: str, document: dict[str, Any], wires: dict[str, Any], edition: int) -> Source:
    told = [_entry(item, wires, edition) for item in document["entries"] if item.get("edition", 1) <= edition]
    told.sort(key=lambda entry: (entry.published, entry.slug), reverse=True)
    given = document["source"]
    return Source(slug=name, entries=tuple(told), **{**given, "comments": tuple(given.get("comments", ()))})


def _entry(item: dict[str, Any], wires: dict[str, Any], edition: int) -> Entry:
    given = {**item}
    second = given.pop("second", {})
    given.pop("edition", None)
    if "wire" in given:
        given["body"] = given.pop("before", "") + wires[given.pop("wire")]["text"].strip() + given.pop("after", "")
    if edition > 1:
        given |= second
    given["body"] = given["body"].strip()
    given["categories"] = tuple(given.get("categories", ()))
    given["published"] = given["published"].astimezone(UTC)
    given["updated"] = given.get("updated", given["published"]).astimezone(UTC)
    return Entry(**given)


def shifted(moment: datetime, hours: int) -> datetime:
    """Return the clock face of a zone ``hours`` east of UTC, still labelled UTC: what a careless server prints."""
    return moment + timedelta(hours=hours)


def at(edition: int, source: str, slug: str) -> Entry:
    """Return one entry. Raises ``KeyError`` where the edition has none by that name."""
    for candidate in load_sources(edition):
        if candidate.slug == source:
            for entry in candidate.entries:
                if entry.slug == slug:
                    return entry
    raise KeyError(f"{source}/{slug}")
