"""Which entry is this: new, changed, or the same as one that we know. Pure decisions; the store acts on them.

An article may be known by several keys, most trusted first: the guid, the canonical link, title with date, the text.
A kind of key that is missing or repeated in over 5 % of a document is not trusted in that document, because bad
identity is rare per feed but total where it occurs. Position is never a key. A key once seen is kept for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from broadsheet import urls
from broadsheet.model import Entry, Record
from broadsheet.text import digest, plain_title, visible_text

TRUSTED_SHARE = 0.05
"""Share of missing or repeated keys up to which a kind of key is trusted in a document."""


class Keyed(Record, frozen=True, kw_only=True):
    """An entry with its keys, most trusted first, and the digest of what a reader sees of it."""

    entry: Entry
    keys: tuple[str, ...]
    digest: str


class Decision(Record, frozen=True, kw_only=True):
    """What to do with an entry. ``article_id`` is empty for a new article."""

    what: str
    """``new``, ``changed`` or ``same``."""
    keyed: Keyed
    article_id: str = ""


def key_entries(entries: Sequence[Entry]) -> list[Keyed]:
    """Return the entries with their keys; an entry that repeats an earlier one of the document is left out."""
    guids = _trusted([entry.guid.strip() for entry in entries])
    links = _trusted([link_key(entry.link) for entry in entries])
    found: list[Keyed] = []
    taken: set[str] = set()
    for entry, guid, link in zip(entries, guids, links, strict=True):
        title = plain_title(entry.title)
        seen = visible_text(entry.content or entry.summary)
        moment = entry.published or entry.updated
        keys = [
            f"g:{_short(guid)}" if guid else "",
            f"l:{_short(link)}" if link else "",
            f"t:{digest(title, moment.isoformat() if moment else '', '' if moment else seen)}" if title else "",
            f"x:{digest(seen)}" if seen and not title else "",
        ]
        usable = tuple(key for key in keys if key) or (f"e:{digest(repr(entry.raw), entry.link, entry.guid)}",)
        if usable[0] in taken:
            continue
        taken.add(usable[0])
        found.append(Keyed(entry=entry, keys=usable, digest=digest(title, seen)))
    return found


def link_key(link: str) -> str:
    """Return the form in which links are compared: canonical, without scheme and ``www.``; empty for a bare host."""
    if not urls.is_http(link):
        return ""
    parts = urlsplit(urls.canonical(link))
    if parts.path in ("", "/") and not parts.query:
        return ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.removeprefix('www.')}{parts.path}{query}"


def decide(
    keyed: Sequence[Keyed], known: Mapping[str, str], digests: Callable[[str], str] | Mapping[str, str]
) -> list[Decision]:
    """Return what to do with each entry, given the articles that keys are known to lead to.

    ``known`` maps key to article id, ``digests`` an article id to the digest of its newest entry. Each article is
    taken once: where two entries of a document lead to one article by weaker keys, the first has it, and the other
    is an article of its own.
    """
    digest_of = digests if callable(digests) else digests.__getitem__
    claimed = {known[item.keys[0]] for item in keyed if item.keys[0] in known}
    decisions: list[Decision] = []
    for item in keyed:
        article = known.get(item.keys[0], "")
        if not article:
            article = next((known[key] for key in item.keys[1:] if key in known and known[key] not in claimed), "")
            claimed.add(article)
        known_as = "same" if article and digest_of(article) == item.digest else "changed"
        what = known_as if article else "new"
        decisions.append(Decision(what=what, keyed=item, article_id=article))
    return decisions


def _trusted(values: list[str]) -> list[str]:
    """Return the values, without those that are repeated, and none at all where too many are bad."""
    counts = Counter(value for value in values if value)
    bad = sum(1 for value in values if not value or counts[value] > 1)
    if bad > max(1, len(values) * TRUSTED_SHARE):
        return ["" for _ in values]
    return [value if counts[value] == 1 else "" for value in values]


def _short(value: str) -> str:
    return value if len(value) <= 200 else digest(value)
