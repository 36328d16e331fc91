"""Which entry is this: new, changed, or the same as one that we know. Pure decisions; the store acts on them.

An article may be known by several keys: the guid (g), the canonical link (l), title with date (t), the text (x); where
guid and link say nothing, also title, date and text together (y); the raw entry where there is nothing else (e).
A kind of key that is missing or repeated in over 5 % of a document is not trusted in that document, because bad
identity is rare per feed but total where it occurs. Position is never a key. A key once seen is kept for ever.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from broadsheet import urls
from broadsheet.feeds.names import ORIGINAL_LINK
from broadsheet.model import Entry, Record
from broadsheet.text import digest, plain_title, visible_text

TRUSTED_SHARE = 0.05
"""Share of missing or repeated keys up to which a kind of key is trusted in a document."""


_STRENGTH = "glytxe"
"""Kinds of keys, the one that proves most first."""
_NO_PASSAGE = re.compile(r"=|:~:|^(?:comments?|respond|disqus_thread|more|top)$", re.IGNORECASE)
"""Fragments that are no part of an address: ``#xtor=RSS-1``, ``#:~:text=``, and where all pages of a site have a place."""


class Known(Record, frozen=True, kw_only=True):
    """What identity is decided by: keys, most trusted first, and the digest of what a reader sees."""

    keys: tuple[str, ...]
    digest: str


class Keyed(Known, frozen=True, kw_only=True):
    """An entry with its keys."""

    entry: Entry


K = TypeVar("K", bound=Known)


class Decision(msgspec.Struct, Generic[K], frozen=True, kw_only=True):
    """What to do with an entry. ``article_id`` is empty for a new article."""

    what: str
    """``new``, ``changed`` or ``same``."""
    keyed: K
    article_id: str = ""


def key_entries(entries: Sequence[Entry]) -> list[Keyed]:
    """Return the entries with their keys, none of which two have; an entry that repeats another is left out."""
    # JSON can hold the character NUL, which PostgreSQL does not take and which ends a text in SQLite's JSON.
    guids = _trusted([entry.guid.strip().replace("\0", "\ufffd") for entry in entries])
    links = _trusted([link_key(entry.link) for entry in entries])
    counted = _single([link_key(link) if (link := _counted_link(entry)) else "" for entry in entries])
    # Some are told apart by what they say alone.
    alike = not all(guid or link for guid, link in zip(guids, links, strict=True))
    owned: set[str] = set()
    found: dict[int, Keyed] = {}
    # Those with guid or link first: the others are compared with them wherever in the document they stand.
    for place in sorted(range(len(entries)), key=lambda place: not (guids[place] or links[place])):
        entry, guid, link, other = entries[place], guids[place], links[place], counted[place]
        title = plain_title(entry.title)
        seen = visible_text(entry.content or entry.summary).encode("utf-8", "surrogatepass")
        moment = entry.published or entry.updated
        date = moment.isoformat() if moment else ""
        strong = [f"g:{_short(guid)}" if guid else ""]
        strong += [f"l:{_short(known)}" if known else "" for known in (link, other)]
        whole = f"y:{digest(title, date, seen)}" if alike else ""
        if not any(strong) and whole in owned and (title or seen):
            continue
        weak = f"t:{digest(title, date, '' if moment else seen)}" if title else f"x:{digest(seen)}" if seen else ""
        bare = f"e:{digest(repr(entry.raw), entry.link, entry.guid)}" if not (weak or any(strong)) else ""
        keys = [key for key in (*strong, weak, bare) if key and key not in owned]
        if not any(strong) and title:
            keys.append(whole)
        if not keys:
            continue
        owned.update(keys, [whole])
        found[place] = Keyed(entry=entry, keys=tuple(keys), digest=digest(title, seen))
    return [found[place] for place in sorted(found)]


def link_key(link: str) -> str:
    """Return the form in which links are compared: canonical, without scheme and ``www.``; empty for a bare host.

    A fragment belongs to it (``changelog#v2``), save one that counts readers or marks a passage.
    """
    address, fragment = urls.canonical_http(link).partition("#")[0].rstrip("?"), link.strip().partition("#")[2]
    name, _, path = address.partition("://")[2].partition("/")
    passage = f"#{fragment}" if fragment and not _NO_PASSAGE.search(fragment) else ""
    return f"{name.removeprefix('www.')}/{path}{passage}" if path or passage else ""


def decide(
    keyed: Sequence[K], known: Mapping[str, str], digests: Callable[[str], str] | Mapping[str, str]
) -> list[Decision[K]]:
    """Return what to do with each entry, given the articles that keys are known to lead to.

    ``known`` maps key to article id, ``digests`` an article id to the digest of its newest entry. Each article is
    taken once: where two entries of a document lead to one article, the one with the stronger key has it. The other
    is an article of its own by the keys that nobody has yet, and a repetition where it has none.
    """
    if not known:
        return [Decision(what="new", keyed=item) for item in keyed if item.keys]
    digest_of = digests if callable(digests) else digests.__getitem__
    claims: dict[int, str] = {}
    taken: set[str] = set()
    bids = [(key, place) for place, item in enumerate(keyed) for key in item.keys if key in known]
    # In the order of the keys, not of the document: where two guids lead to one article (one was once taken for the
    # other, renamed), the same entry has it at every poll.
    for key, place in sorted(bids, key=lambda bid: (_STRENGTH.index(bid[0][0]), bid)):
        article = known[key]
        if place not in claims and article not in taken:
            claims[place] = article
            taken.add(article)
    decisions: list[Decision[K]] = []
    for place, item in enumerate(keyed):
        if place in claims:
            article = claims[place]
            what = "same" if digest_of(article) == item.digest else "changed"
            decisions.append(Decision(what=what, keyed=item, article_id=article))
        elif own := tuple(key for key in item.keys if key not in known):
            fresh = item if own == item.keys else msgspec.structs.replace(item, keys=own)
            decisions.append(Decision(what="new", keyed=fresh))
    return decisions


def _counted_link(entry: Entry) -> str:
    """Return the address that counts the readers of an entry whose own is known too: it may be known by that one only."""
    if ORIGINAL_LINK not in entry.extensions:
        return ""
    return next(
        (link.href for link in reversed(entry.links) if link.rel == "alternate" and link.href != entry.link), ""
    )


def _trusted(values: list[str]) -> list[str]:
    """Return the values, without those that are repeated, and none at all where too many are bad."""
    single = _single(values)
    return single if single.count("") <= max(1, len(values) * TRUSTED_SHARE) else [""] * len(values)


def _single(values: list[str]) -> list[str]:
    counts = Counter(values)
    return [value if counts[value] == 1 else "" for value in values]


def _short(value: str) -> str:
    return value if len(value) <= 200 else digest(value)
