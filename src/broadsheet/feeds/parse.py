"""``parse_feed``: any bytes to a feed with its entries, or to an error that says what the bytes are instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from broadsheet import encoding
from broadsheet.errors import LimitExceeded, NotAFeed
from broadsheet.feeds import atom, foreign, jsonfeed, limits, rss, tree
from broadsheet.feeds.draft import Context, Draft
from broadsheet.feeds.names import prefix_of
from broadsheet.model import Entry, ParsedFeed

_ROOTS = {"rss": rss, "rdf": rss, "channel": rss, "feed": atom, "entry": atom}
_MARKED = re.compile(rb"xml:")  # looked for in half of the time that ``in`` takes
# Characters that may have been meant otherwise: C1 controls, and UTF-8 that was read as Latin-1 and encoded again.
# One expression, whose literal first byte is looked for at the speed of memchr.
_MEANT_OTHERWISE = re.compile(rb"\xc2(?:[\x80-\x9f]|(?<=\xc3[\x82-\xb4]\xc2))")
_REFERENCE = re.compile(rb"#(?:12[89]|1[345]\d|x[89][0-9a-f]|19[4-9]|2[0-3]\d|24[0-4]|x[c-f][0-9a-f]);", re.IGNORECASE)
_OLDEST = datetime(1, 1, 1, tzinfo=UTC)


def parse_feed(
    data: bytes, *, url: str = "", content_type: str | None = None, reference: datetime | None = None
) -> ParsedFeed:
    """Return the feed that a document holds: RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0, JSON Feed, CDF.

    ``url`` is the address that the document came from, against which relative links are resolved; ``content_type`` is
    its Content-Type header, of which only the charset counts; ``reference`` is when it was fetched, from which dates such as
    "今天 08:30" count: without it they are none. Entries stand in document order and are unsanitised.
    ``problems`` names what had to be repaired.

    Raises ``NotAFeed``, which says what the document is instead, and ``LimitExceeded``, which names the limit;
    nothing else, whatever the bytes are.
    """
    limits.check_size(data)
    try:
        if data.lstrip(b"\xef\xbb\xbf\x00\xff\xfe \t\r\n")[:1] in (b"{", b"["):
            return _parse_json(data, url, content_type)
        return _parse_xml(data, url, content_type, reference)
    except RecursionError:
        raise LimitExceeded(f"elements are nested deeper than {limits.DEPTH}", "feed_depth") from None


def _parse_json(data: bytes, url: str, content_type: str | None) -> ParsedFeed:
    decoded = encoding.to_utf8(data, content_type)
    value, mended = jsonfeed.decode(decoded.data)
    if not jsonfeed.is_feed(value):
        raise NotAFeed(f"the document is JSON, but no JSON Feed: {foreign.json_kind(value)}")
    context = Context(url, vocabulary="json")
    name, info, items = jsonfeed.parse(value, context)
    entries = _entries(items, context, jsonfeed.read_item)
    return ParsedFeed(
        format=name,
        encoding=decoded.encoding,
        feed=info,
        entries=entries,
        problems=(*decoded.problems, *mended, *context.problems),
    )


def _parse_xml(data: bytes, url: str, content_type: str | None, reference: datetime | None) -> ParsedFeed:
    loaded = tree.load(data, content_type)
    root = loaded.root
    if root is None:
        raise NotAFeed(foreign.describe(data, loaded.text, None))
    local = tree.local_name(root)
    module = _ROOTS.get(local)
    if module is None:
        raise NotAFeed(foreign.describe(data, loaded.text, root))
    context = Context(url, vocabulary="atom" if module is atom else "rss", reference=reference)
    context.root_uri = _own_vocabulary(root)
    context.marked = _MARKED.search(data) is not None or loaded.encoding.startswith("utf-16")
    context.odd = _is_odd(data)
    context.problems.update(loaded.problems)
    if module is atom:
        name = atom.version(root)
        context.atom10 = name == "atom10"
        context.atom03 = not context.atom10
        info, items = atom.parse(root, context, local)
        read = atom.read_entry
    else:
        name = rss.version(root, local, loaded.doctype)
        info, items = rss.parse(root, context, local)
        read = rss.read_item
    entries = _entries(items or rss.wrapped(root, context), context.inside(root), read)
    return ParsedFeed(
        format=name, encoding=loaded.encoding, feed=info, entries=entries, problems=tuple(context.problems)
    )


def _own_vocabulary(root: Any) -> str:
    """Return the namespace that the feed's own elements are in, where that is none of a feed's: the root's or the channel's."""
    for element in (root, *root[:1]):
        uri = str(element.tag)[1:].rpartition("}")[0]
        if uri and tree.local_name(element) in _ROOTS and prefix_of(uri, "?") == "?":
            return uri
    return ""


def _is_odd(data: bytes) -> bool:
    if not data.isascii() and _MEANT_OTHERWISE.search(data):
        return True
    return b"#" in data and any(
        data[found.start() - 1 : found.start()] in (b"&", b";") for found in _REFERENCE.finditer(data)
    )


def _entries(items: list[Any], context: Context, read: Callable[[Any, Context], Draft]) -> tuple[Entry, ...]:
    if len(items) <= limits.ENTRIES:
        return tuple([read(item, context).entry() for item in items])
    entries = tuple([read(item, context).entry() for item in rss.limit(items, context)])
    context.problem(f"limit feed_entries: the newest {limits.ENTRIES:,} of {len(entries):,} kept")
    return newest(entries)


def newest(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return as many entries as are kept, the newest, in document order; among equals, and without dates, the first."""
    order = sorted(
        range(len(entries)),
        key=lambda index: entries[index].published or entries[index].updated or _OLDEST,
        reverse=True,
    )
    return tuple([entries[index] for index in sorted(order[: limits.ENTRIES])])
