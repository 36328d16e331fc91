"""What is known of a feed or an entry while its elements are read, and how an element's text is taken."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from broadsheet import urls
from broadsheet.feeds import limits, markup
from broadsheet.feeds.dates import parse_date
from broadsheet.feeds.names import BASE, LANG
from broadsheet.model import Category, Entry, FeedInfo, Image, Link, Person, TextDetail

R = TypeVar("R", Entry, FeedInfo)
Handler = Callable[["Draft", Any, "Context"], None]

_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "xhtml": "application/xhtml+xml"}
_HTML_TYPES = frozenset(("text/html", "application/xhtml+xml"))
_EMAIL = re.compile(r"[\w.+\-]{1,64}+@(?:[\w\-]{1,63}+\.){1,8}+[a-zA-Z]{2,24}(?:\?subject=\S{1,200})?")
_IN_BRACKETS = re.compile(r"^(.{0,400}?)\s{0,8}[(<]\s{0,8}(.{1,400}?)\s{0,8}[)>]$", re.DOTALL)


class Context:
    """What holds for a part of the document: its base address and language, and how its elements are read."""

    __slots__ = (
        "atom03",
        "atom10",
        "base",
        "details",
        "entry",
        "feed",
        "lang",
        "marked",
        "odd",
        "problems",
        "reference",
        "root_uri",
        "vocabulary",
    )

    def __init__(self, base: str = "", *, vocabulary: str = "rss", reference: datetime | None = None) -> None:
        self.base = base
        self.reference = reference
        """When the document was fetched: what relative dates count from."""
        self.lang = ""
        self.marked = False
        """xml:base or xml:lang occurs somewhere."""
        self.odd = False
        """Characters occur that may have been meant otherwise."""
        self.atom10 = False
        self.atom03 = False
        """Text may be base64 without a type that says so."""
        self.root_uri = ""
        self.vocabulary = vocabulary
        self.feed: dict[Any, Handler] = {}
        self.entry: dict[Any, Handler] = {}
        self.details: dict[tuple[str, str, str], TextDetail] = {}
        self.problems: dict[str, None] = {}

    def inside(self, element: Any) -> Context:
        """Return the context that holds inside an element: this one, unless it sets a base or a language."""
        if not self.marked:
            return self
        lang, base = element.get(LANG), element.get(BASE)
        if lang is None and not base:
            return self
        new = Context.__new__(Context)
        for name in Context.__slots__:
            setattr(new, name, getattr(self, name))
        if lang is not None:
            new.lang = lang.strip().replace("_", "-")
        if base:
            new.base = self.resolve(base.strip()) or self.base
        return new

    def resolve(self, address: str) -> str:
        """Return an address of the document made absolute; one that is absolute already keeps its spelling.

        No address means the reference ``&amp;``: it was escaped twice, or stands in CDATA or JSON.
        """
        if "&amp;" in address:
            address = address.replace("&amp;", "&")
        if address[:7] == "http://" or address[:8] == "https://":
            return address
        return self.resolve_odd(address)

    def resolve_odd(self, address: str) -> str:
        if not address:
            return self.base
        if not self.base or ":" in address.partition("/")[0]:
            return address
        return urls.resolve(self.base, address) or address

    def detail(self, media_type: str) -> TextDetail:
        key = (media_type, self.lang, self.base)
        found = self.details.get(key)
        if found is None:
            found = self.details[key] = TextDetail(type=media_type, language=self.lang, base=self.base)
        return found

    def problem(self, text: str) -> None:
        if len(self.problems) < 50:
            self.problems[text] = None


class Draft:
    """Fields of an ``Entry`` or a ``FeedInfo`` as they are found. Only what is set lands in the record."""

    __slots__ = ("__dict__", "fallback", "has_content", "image_rank")

    guid = link = title = summary = content = subtitle = language = rights = license = comments_url = ""
    id = icon = update_period = next_url = ""
    authors: tuple[Person, ...] = ()
    contributors: tuple[Person, ...] = ()
    links: tuple[Link, ...] = ()
    tags: tuple[Category, ...] = ()
    enclosures: tuple[Any, ...] = ()
    contents: tuple[Any, ...] = ()
    hubs: tuple[str, ...] = ()
    publisher: Person | None = None
    image: Image | None = None
    published = updated = None
    generator = None
    guid_is_permalink = False

    def __init__(self) -> None:
        self.has_content = False
        self.image_rank = 0
        self.fallback: dict[str, str] | None = None
        self.details: dict[str, TextDetail] = {}
        self.raw: dict[str, str] = {}

    @property
    def extensions(self) -> dict[str, Any]:
        return self.__dict__.setdefault("extensions", {})  # type: ignore[no-any-return]

    def extend(self, key: str, value: Any) -> None:
        """Keep a value that has no field: alone under its name, as a list from the second on."""
        kept = self.extensions
        old = kept.get(key)
        if old is None:
            if len(kept) < limits.VALUES:
                kept[key] = value
        elif isinstance(old, list):
            if len(old) < limits.VALUES:
                old.append(value)
        else:
            kept[key] = [old, value]

    def otherwise(self, name: str, value: str) -> None:
        """Keep a value for a field that stays empty to the end."""
        if value:
            if self.fallback is None:
                self.fallback = {}
            self.fallback.setdefault(name, value)

    def add_tag(self, term: str, scheme: str = "", label: str = "") -> None:
        if (term or scheme or label) and len(self.tags) < limits.VALUES:
            tag = Category(term=term[: limits.TITLE], scheme=scheme, label=label[: limits.TITLE])
            if tag not in self.tags:
                self.tags = (*self.tags, tag)

    def add_person(self, name: str, person: Person) -> None:
        people = getattr(self, name)
        if len(people) < limits.VALUES and person not in people and (person.name or person.email or person.url):
            setattr(self, name, (*people, person))

    def add_link(self, link: Link) -> None:
        if len(self.links) < limits.VALUES:
            self.links = (*self.links, link)

    def offer_image(self, image: Image, rank: int) -> None:
        """Keep the picture that says most clearly that it is the entry's: a higher rank replaces a lower."""
        if rank > self.image_rank and image.url:
            self.image, self.image_rank = image, rank

    def _settle(self) -> dict[str, Any]:
        for name, value in (self.fallback or {}).items():
            if not getattr(self, name):
                setattr(self, name, value)
        if self.tags:
            self.__dict__["categories"] = tuple(
                dict.fromkeys([tag.label or tag.term for tag in self.tags if tag.label or tag.term])
            )
        return self.__dict__

    def entry(self) -> Entry:
        return self._record(Entry)

    def info(self) -> FeedInfo:
        return self._record(FeedInfo)

    def _record(self, kind: type[R]) -> R:
        fields = self._settle()
        try:
            return kind(**fields)
        except TypeError:
            # An element of entries that stands in the channel, or the reverse: no field, but not lost.
            for name in [name for name in fields if name not in kind.__struct_fields__]:
                value = fields[name]
                self.extend(
                    name,
                    value
                    if isinstance(value, str)
                    else str(value)
                    if not isinstance(value, tuple)
                    else [str(part) for part in value],
                )
            return kind(**{name: value for name, value in fields.items() if name in kind.__struct_fields__})


def text_of(element: Any, context: Context) -> str:
    """Return an element's text without the white space around it."""
    value = "".join(element.itertext()) if len(element) else element.text
    if not value:
        return ""
    value = value.strip()
    if context.odd and not value.isascii():
        value = markup.windows_controls(markup.mended(value))
    return value


def short_text(element: Any, context: Context) -> str:
    """Return an element's text, cut at the limit for names and titles."""
    value = text_of(element, context)
    return value if len(value) <= limits.TITLE else clipped(value, limits.TITLE, "title", context)


def clipped(text: str, length: int, what: str, context: Context) -> str:
    """Return the text, cut on a character boundary if it is longer than the limit, which is then named."""
    if len(text) > length:
        context.problem(f"limit feed_{what}: cut after {length:,} characters")
        return text[:length].rstrip()
    return text


def construct(element: Any, context: Context, default: str, limit: int = limits.TEXT) -> tuple[str, str]:
    """Return (value, media type) of a text construct: text, HTML, XHTML or base64, whichever way it is marked."""
    declared = element.get("type")
    if declared:
        media_type = declared.strip().lower()
        media_type = _TYPES.get(media_type, media_type)
    else:
        media_type = default
    if len(element):
        value, media_type = _inline(element, context, media_type)
    else:
        value = element.text
        if value is None:
            return "", media_type
    value = value.strip()
    if declared or media_type[:5] != "text/" or context.atom03:
        value = _binary(element, value, media_type)
    if context.odd and not value.isascii():
        value = markup.windows_controls(markup.mended(value))
    if "<" in value or "&" in value:
        value = markup.without_marks(value)
        if media_type == "text/plain":
            if context.vocabulary != "atom" and markup.looks_like_html(value[:10_000]):
                media_type = "text/html"
        elif media_type in _HTML_TYPES:
            if context.odd:
                value = markup.windows_references(value)
            if context.base:
                value = markup.resolve_links(value, context.base)
    if len(value) > limit:
        value = clipped(value, limit, "title" if limit == limits.TITLE else "text", context)
    return value, media_type


def _inline(element: Any, context: Context, media_type: str) -> tuple[str, str]:
    """Return markup that stands in a field unescaped. It is XHTML, whatever it is marked as."""
    if not media_type.endswith("xml"):
        children = list(element)
        if all(
            isinstance(child.tag, str) and not len(child) and child.tag.rpartition("}")[2] == "div"
            for child in children
        ):
            # Escaped markup inside a lone div, as some writers do: the div says nothing.
            return "".join(element.itertext()), media_type
        if media_type not in _HTML_TYPES and media_type != "text/plain":
            return markup.inner_html(element), media_type
        media_type = "application/xhtml+xml"
    value = markup.inner_html(_based(element, context))
    return (markup.without_outer_div(value) if context.atom10 else value), media_type


def _based(element: Any, context: Context) -> Any:
    """Resolve links of inner elements that set a base of their own; the rest is resolved in the written markup."""
    if not context.marked:
        return element
    count = sum(1 for inner in element.iterdescendants() if isinstance(inner.tag, str) and inner.get(BASE))
    if not 0 < count <= limits.VALUES:
        return element
    contexts = {element: context}
    for inner in element.iterdescendants():
        if isinstance(inner.tag, str):
            contexts[inner] = here = contexts[inner.getparent()].inside(inner)
            for name in ("href", "src", "srcset", "poster", "cite") if here.base != context.base else ():
                if value := inner.get(name):
                    inner.set(name, markup.resolved(name, value, here.base))
    return element


def _binary(element: Any, value: str, media_type: str) -> str:
    if element.get("mode") != "base64" and (
        media_type[:5] == "text/" or media_type.endswith(("+xml", "/xml")) or media_type in _HTML_TYPES
    ):
        return value
    try:
        return base64.b64decode("".join(value.split()), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return value


def date_of(draft: Draft, element: Any, context: Context, field: str) -> None:
    """Store a date and, raw, what it was read from. The last of several dates of one kind that can be read counts."""
    value = text_of(element, context)
    if value:
        moment = _instant(value)
        if moment is None and context.reference is not None:
            moment = parse_date(value, reference=context.reference)
        if moment is not None or getattr(draft, field, None) is None:
            draft.raw[field] = value[:200]
            setattr(draft, field, moment)


# A date of publication is often that of the change too, or that of the entry before.
_instant = lru_cache(maxsize=64)(parse_date)


def person_of(text: str) -> Person:
    """Return the person that ``me@example.com (Name)``, ``Name <me@example.com>`` or a plain name says."""
    if "@" not in text:
        return Person(name=text)
    found = _EMAIL.search(text)
    if not found:
        return Person(name=text)
    rest = (
        (text[: found.start()] + text[found.end() :])
        .replace("()", "")
        .replace("<>", "")
        .replace("&lt;&gt;", "")
        .replace("mailto:", "")
        .strip()
    )
    if rest[:1] == "(" and rest[-1:] == ")":
        rest = rest[1:-1]
    return Person(name=rest.strip(" ,;"), email=found[0])


def number(text: str | None) -> int | None:
    """Return a whole number that is not negative, or None. Python refuses to convert more than 4,300 digits."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
