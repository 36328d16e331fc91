"""Atom 0.3 and 1.0, and the drafts before them."""

from __future__ import annotations

from typing import Any

from broadsheet.feeds import core, rss
from broadsheet.feeds.draft import Context, Draft, Handler
from broadsheet.model import FeedInfo

_VERSIONS = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}


def version(root: Any) -> str:
    """Return ``atom10``, ``atom03``, ``atom02``, ``atom01``, or ``atom`` for what says neither."""
    if "http://www.w3.org/2005/atom" in [uri.lower().rstrip("/") for uri in root.nsmap.values() if uri]:
        return "atom10"
    return _VERSIONS.get((root.get("version") or "").strip(), "atom")


_BOTH: dict[str, Handler] = {
    "title": core.title,
    "link": core.link,
    "author": core.author,
    "contributor": core.contributor,
    "category": core.category,
    "published": core.published,
    "issued": core.published,
    "updated": core.updated,
    "modified": core.updated,
    "rights": core.rights,
    "copyright": core.rights,
    "generator": core.generator,
    "icon": core.icon,
    "logo": core.logo,
    "info": core.info,
}

# Writers mix the formats; an RSS element in Atom is read as what it is.
ENTRY: dict[str, Handler] = (
    rss.ENTRY
    | _BOTH
    | {
        "id": core.guid,
        "summary": core.summary,
        "content": core.content,
        "created": core.created,
        "source": rss.source,
    }
)

FEED: dict[str, Handler] = (
    rss.FEED
    | _BOTH
    | {
        "id": core.feed_id,
        "subtitle": core.subtitle,
        "tagline": core.subtitle,
        "created": core.feed_created,
    }
)


def parse(root: Any, context: Context, local: str) -> tuple[FeedInfo, list[Any]]:
    """Return the feed and its entry elements, in document order."""
    if local == "entry":
        return FeedInfo(language=context.inside(root).lang), [root]
    items: list[Any] = []
    draft = Draft()

    def collect(_: Draft, element: Any, __: Context) -> None:
        items.append(element)

    table = FEED | {"entry": collect, "item": collect}
    context = context.inside(root)
    draft.language = context.lang
    rss.read(draft, root, context, context.feed, table)
    return draft.info(), items


def read_entry(element: Any, context: Context) -> Draft:
    """Return what an entry holds."""
    return rss.read_entry(element, context, ENTRY)
