"""Media RSS: groups, files, pictures, credits. Pictures become the entry's image, other files its enclosures."""

from __future__ import annotations

from typing import Any

from broadsheet.feeds import core, limits
from broadsheet.feeds.draft import Context, Draft, construct, number, short_text, text_of
from broadsheet.feeds.names import split
from broadsheet.model import Enclosure, Image

_CATEGORY_SCHEME = "http://search.yahoo.com/mrss/category_schema"


def _children(element: Any, context: Context) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        if isinstance(child.tag, str):
            prefix, local = split(child.tag, child.prefix, context.root_uri)
            if prefix == "media":
                found.setdefault(local.lower(), child)
    return found


def group(draft: Draft, element: Any, context: Context) -> None:
    """One thing in several renditions: read as if its parts stood in the entry."""
    for child in element:
        if isinstance(child.tag, str):
            prefix, local = split(child.tag, child.prefix, context.root_uri)
            handler = GROUPED.get(local.lower()) if prefix == "media" else None
            (handler or core.unknown(f"{prefix}:{local}"))(draft, child, context)


def content(draft: Draft, element: Any, context: Context) -> None:
    url = context.resolve((element.get("url") or "").strip()) if element.get("url") else ""
    kept: dict[str, Any] = {name: value[: limits.TITLE] for name, value in element.items()}
    parts = _children(element, context) if len(element) else {}
    texts = {name: short_text(child, context) for name, child in parts.items() if name in _TEXTS}
    kept.update({name: text for name, text in texts.items() if text})
    if url:
        kept["url"] = url
        _file(draft, element, url, texts)
    draft.extend("media:content", kept)
    for name, child in parts.items():
        if name in ("thumbnail", "category", "keywords", "player", "rating"):
            GROUPED[name](draft, child, context)


_TEXTS = frozenset(("title", "description", "text", "credit", "copyright"))


def _file(draft: Draft, element: Any, url: str, texts: dict[str, str]) -> None:
    media_type = (element.get("type") or "").strip().lower()
    medium = (element.get("medium") or "").strip().lower()
    if core.is_picture(url, media_type, medium):
        width = number(element.get("width"))
        image = Image(
            url=url,
            width=width,
            height=number(element.get("height")),
            alt=texts.get("title", ""),
            caption=texts.get("description", "") or texts.get("text", ""),
            credit=texts.get("credit", "") or texts.get("copyright", ""),
        )
        # Among several renditions the widest is the one to show.
        draft.offer_image(image, 1_000 + min(width or 0, 100_000))
        return
    if len(draft.enclosures) >= limits.VALUES:
        return
    seconds = number(element.get("duration"))
    others = [old for old in draft.enclosures if old.url != url]
    size = number(element.get("fileSize"))
    for old in draft.enclosures:
        if old.url == url:
            media_type, size = old.type or media_type, old.length if old.length is not None else size
    record = Enclosure(
        url=url,
        type=media_type,
        length=size,
        medium=medium,
        duration=None if seconds is None else float(seconds),
        title=texts.get("title", ""),
    )
    draft.enclosures = (*others, record)


def thumbnail(draft: Draft, element: Any, context: Context) -> None:
    url = (element.get("url") or text_of(element, context)).strip()
    if url:
        url = context.resolve(url)
        draft.offer_image(Image(url=url, width=number(element.get("width")), height=number(element.get("height"))), 500)
        draft.extend("media:thumbnail", {**dict(element.items()), "url": url})


def title(draft: Draft, element: Any, context: Context) -> None:
    """The title of the file, and of the entry where it has none."""
    draft.otherwise("title", construct(element, context, "text/plain", limits.TITLE)[0])


def description(draft: Draft, element: Any, context: Context) -> None:
    """A caption, and the summary where there is none: never the content."""
    draft.otherwise("summary", construct(element, context, "text/plain")[0])


def category(draft: Draft, element: Any, context: Context) -> None:
    draft.add_tag(
        short_text(element, context), (element.get("scheme") or _CATEGORY_SCHEME).strip(), element.get("label") or ""
    )


def copyright_(draft: Draft, element: Any, context: Context) -> None:
    draft.otherwise("rights", short_text(element, context))


def _nothing(_draft: Draft, _element: Any, _context: Context) -> None:
    """Groups do not nest, and a transcript is no summary."""


GROUPED = {
    "group": _nothing,
    "content": content,
    "thumbnail": thumbnail,
    "title": title,
    "description": description,
    "text": _nothing,
    "category": category,
    "keywords": core.comma_tags,
    "copyright": copyright_,
    "rights": copyright_,
    "credit": core.unknown("media:credit"),
    "player": core.unknown("media:player"),
    "rating": core.unknown("media:rating"),
    "license": core.unknown("media:license"),
    "restriction": core.unknown("media:restriction"),
}
HANDLERS = {f"media:{name}": handler for name, handler in GROUPED.items() if name not in ("group", "text")} | {
    "media:group": group
}
