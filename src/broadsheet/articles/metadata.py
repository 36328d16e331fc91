"""What a page says of itself: JSON-LD, Open Graph, meta tags, in that order of trust.

On news sites these alone equal the metadata libraries at a thirtieth of the cost (title 0.86, author 0.86,
date 0.95 of 258 pages).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate, chain
from typing import Any, NamedTuple

import msgspec
from lxml import etree

from broadsheet import urls
from broadsheet.articles import visible
from broadsheet.articles.tree import Element, drop, text_of
from broadsheet.model import Record
from broadsheet.text import collapse, letters, plain_title

_ARTICLE_TYPES = re.compile(
    r"(News|Blog|Report|Analysis|Opinion|Review|Scholarly|Tech)?.{0,12}(Article|Posting|BlogPost)$"
)
_PUBLISHED = (
    "article:published_time",
    "og:published_time",
    "datepublished",
    "date",
    "pubdate",
    "dc.date",
    "dcterms.created",
)
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "lastmod")
_AUTHOR = ("author", "article:author", "dc.creator", "dcterms.creator", "byl", "parsely-author", "sailthru.author")

_WRITTEN_BY = frozenset(
    (
        "writtenby author by verfasstvon geschriebenvon autor écritpar rédigépar auteur escritopor scrittoda geschrevendoor "
        "auteur escritpor skrevetaf skrivenav författare автор 作者 撰稿人 執筆者 投稿者 글쓴이"
    ).split()
)
"""What plug-ins for search engines call the author in ``twitter:label1``, letters only; the name is in ``twitter:data1``."""


_BETWEEN = "|｜ㅣ_-–—·•»"
"""Signs that stand between a headline and its site's name."""
_MIN_TITLE = 5
_BEFORE = re.compile(r"<!--|(?://|/\*)?\s{0,8}<!\[CDATA\[\s{0,8}(?:\*/)?")
_BEHIND = re.compile(r"(?:-->|(?://|/\*)?\s{0,8}\]\]>\s{0,8}(?:\*/)?)$")
"""What hides linked data from readers that know no scripts, or from parsers of XML."""
_NOBODY = frozenset("admin administrator editor webmaster root user guest anonymous 小编 佚名 匿名 管理员 本站".split())
_CANONICAL = etree.XPath("//link[@rel='canonical']/@href")
_LINKED = etree.XPath("//script[@type='application/ld+json']")


class Metadata(Record, frozen=True, kw_only=True):
    """What a page says of itself. ``origin`` tells of each field where it was found."""

    title: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    modified: datetime | None = None
    image: str = ""
    description: str = ""
    language: str = ""
    canonical: str = ""
    site: str = ""
    publisher: tuple[str, ...] = ()
    """What stands in the author's place without being a person's name: the site's, an address."""
    closed: str = ""
    """How it says that it is not free; empty where it does not."""
    origin: dict[str, str] = {}


class Told(NamedTuple):
    """What elements of a page that no reader sees tell of it, as they stand there, whichever parser found them."""

    meta: dict[str, str]
    """Contents of meta tags by their names in small letters; the first of each name."""
    linked: Sequence[str]
    """JSON-LD."""
    canonical: str
    language: str


def read_metadata(tree: Element, url: str) -> Metadata:
    """Return what the page's tree says of it; addresses are absolute."""
    told = Told(
        contents_by_name(tag.attrib for tag in tree.iter("meta")), _scripts(tree),
        str(next(iter(_CANONICAL(tree)), "")), tree.get("lang") or "",
    )  # fmt: skip
    return metadata_of(told, url, tree)


def metadata_of(told: Told, url: str, tree: Element | None) -> Metadata:
    """Return what is told of a page, and the title that its tree shows: none without a tree. Addresses are absolute."""
    meta = told.meta
    linked, whole = _json_ld(told.linked)
    origin: dict[str, str] = {}

    def pick(field: str, *sources: tuple[str, Any]) -> Any:
        for name, value in sources:
            if value:
                origin[field] = name
                return value
        return None

    def first(names: tuple[str, ...]) -> str:
        return next((meta[name] for name in names if meta.get(name)), "")

    title, title_origin = _headline(tree, url, meta, linked) if tree is not None else ("", "")
    if title_origin:
        origin["title"] = title_origin
    site = collapse(meta.get("og:site_name", ""))
    image = pick(
        "image", ("open-graph", meta.get("og:image") or meta.get("og:image:url")), ("json-ld", _address(linked.get("image"))),
        ("meta", meta.get("twitter:image") or meta.get("twitter:image:src")),
    )  # fmt: skip
    meta_author = first(_AUTHOR)
    labelled = next(
        (
            meta.get(f"twitter:data{number}", "") for number in (1, 2)
            if letters(meta.get(f"twitter:label{number}", "")) in _WRITTEN_BY
        ), meta.get("twitter:misc:written by", ""),
    )  # fmt: skip

    def persons(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if not _is_site(name, site, url))

    authors = pick(
        "byline", ("json-ld", persons(_names(linked.get("author")))),
        ("meta", persons(_split_names(meta_author))),
        ("meta", persons(_split_names(labelled))),
    )  # fmt: skip
    return Metadata(
        title=title,
        authors=authors or (),
        publisher=() if authors else _somebody(_names(linked.get("author"))) or _somebody(_split_names(meta_author)),
        published=pick(
            "published",
            ("json-ld", _date(linked.get("datePublished"))),
            ("meta", _date(first(_PUBLISHED))),
            ("json-ld", _date(whole.get("datePublished"))),
            ("json-ld", _date(linked.get("dateCreated"))),
        ),
        modified=pick("modified", ("json-ld", _date(linked.get("dateModified"))), ("meta", _date(first(_MODIFIED)))),
        image=urls.resolve(url, image) if image else "",
        description=collapse(meta.get("og:description") or meta.get("description") or ""),
        language=collapse(told.language or meta.get("og:locale", "").replace("_", "-"))[:35],
        canonical=urls.resolve(url, told.canonical) if told.canonical else "",
        site=site,
        closed=_closed(linked, meta),
        origin=origin,
    )


def _headline(tree: Element, url: str, meta: Mapping[str, str], linked: Mapping[str, Any]) -> tuple[str, str]:
    """Return the page's title and where it was found."""
    # News sites say their headline in Open Graph, and in JSON-LD more often one for search engines, or one with the rubric.
    named = plain_title(_text(linked.get("headline")))
    found = (
        ("open-graph", meta.get("og:title", "")), ("json-ld", named), ("meta", meta.get("twitter:title", "")),
        ("meta", meta.get("articletitle", "")), ("title", _page_title(tree, url)),
    )  # fmt: skip
    origin, title = next(((origin, plain_title(title)) for origin, title in found if title), ("", ""))
    if named and visible.is_with_tail(title, named):
        title = named
    sites = (collapse(meta.get("og:site_name", "")), *visible.site_names(tree, url))
    title, named = _without_site(title, sites), _without_site(named, sites)
    shown = visible.headline(tree, title, url, named=named)
    return (shown, "heading") if shown and shown != title else (title, origin)


def with_date(meta: Metadata, tree: Element, url: str) -> Metadata:
    """Return the metadata with the date that the page shows."""
    shown = visible.date(tree, url)
    if shown and meta.modified and shown.date() == meta.modified.date():
        # The day of a change is taken for that of publication where a page says the one for machines only.
        for element in [*_LINKED(tree), *(tag for tag in tree.iter("meta") if _name_of(tag) in _MODIFIED)]:
            drop(element)
        shown = visible.date(tree, url) or shown
    return msgspec.structs.replace(
        meta, published=shown, origin=meta.origin | ({"published": "page text"} if shown else {})
    )


def _closed(linked: Mapping[str, Any], meta: Mapping[str, str]) -> str:
    """Return how a page says that its article is not free (schema.org/isAccessibleForFree, Facebook's content tiers)."""
    if str(linked.get("isAccessibleForFree")).lower() == "false":
        return "isAccessibleForFree is false"
    tier = meta.get("article:content_tier", "").lower()
    return f"article:content_tier is {tier}" if tier in ("locked", "metered") else ""


def _is_site(name: str, site: str, url: str) -> bool:
    """Return whether an author's name is the site's own, an address, or nobody's: then the page may show the true one."""
    own = letters(name)
    host = urls.registrable_domain(url).partition(".")[0].replace("-", "")
    return (
        not own or own.isdigit() or own in _NOBODY or "@" in name
        or bool(re.search(r"\w\.(?:com|org|net|de|at|co|fr|cn|jp|uk)\b", name))
        or own == letters(site) or own == host or _begins_with(name, {letters(site), host} - {""})
    )  # fmt: skip


def _somebody(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if letters(name) not in _NOBODY)


def _begins_with(name: str, own: set[str]) -> bool:
    """Return whether a name is the site's with a word behind it: its newsroom."""
    said = list(accumulate(map(letters, name.split())))
    return not own.isdisjoint(said[:-1])


def contents_by_name(tags: Iterable[Mapping[str, str | None]]) -> dict[str, str]:
    """Return the contents of meta tags, of which the attributes are given, by their names; the first of each name."""
    found: dict[str, str] = {}
    for tag in tags:
        name = _name_of(tag)
        content = (tag.get("content") or "").strip()
        if name and content:
            found.setdefault(name, content)
    return found


def _name_of(tag: Element) -> str:
    return str(tag.get("property") or tag.get("name") or tag.get("itemprop") or "").strip().lower()


def _without_site(title: str, names: Iterable[str]) -> str:
    """Return a title without the site's name behind it."""
    for name in filter(None, names):
        before = title[: -len(name)].rstrip()
        if title.lower().endswith(name.lower()) and before[-1:] in _BETWEEN and len(before) > _MIN_TITLE:
            return before.rstrip(_BETWEEN + " ")
    return title


def _page_title(tree: Element, url: str) -> str:
    """Return what the page's tab is called, without the site's name where one of its headings stands before that."""
    element = tree.find(".//title")
    title = text_of(element) if element is not None else ""
    return next((text for text in visible.headings(tree, url) if visible.is_with_tail(title, text)), title)


def _scripts(tree: Element) -> list[str]:
    return [script.text or "" for script in _LINKED(tree)]


def _json_ld(scripts: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the first article object of the page's JSON-LD and its object for the page itself, empty where there is none."""
    whole: dict[str, Any] = {}
    documents: list[Any] = []
    for script in scripts:
        documents.append(_document(script))
        for item in _objects(documents[-1]):
            kind = item.get("@type")
            names = [name for name in (kind if isinstance(kind, list) else [kind]) if isinstance(name, str)]
            if any(_ARTICLE_TYPES.fullmatch(name[:60]) for name in names):
                return _resolved(item, chain(documents, map(_document, scripts[len(documents) :]))), whole
            whole = whole or (item if "WebPage" in names else {})
    return {}, whole


def _resolved(article: dict[str, Any], documents: Iterable[Any]) -> dict[str, Any]:
    """Return an article's object with the authors and pictures that it names by their ``@id`` only."""
    wanted = [field for field in ("author", "image") if _is_reference(article.get(field))]
    if not wanted:
        return article
    known = {item["@id"]: item for document in documents for item in _objects(document) if _is_told(item)}

    def told(value: Any) -> Any:
        found = (
            known.get(value["@id"], value) if isinstance(value, dict) and isinstance(value.get("@id"), str) else value
        )
        return [told(one) for one in value] if isinstance(value, list) else found

    return article | {field: told(article[field]) for field in wanted}


def _is_reference(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return any(isinstance(item, dict) and isinstance(item.get("@id"), str) and len(item) <= 2 for item in items)


def _is_told(item: Mapping[str, Any]) -> bool:
    return isinstance(item.get("@id"), str) and bool(item.get("name") or item.get("url") or item.get("contentUrl"))


def _document(script: str) -> Any:
    """Return what a script of linked data holds, or None where it cannot be read."""
    try:
        return json.loads(_bare(script.strip()), strict=False)
    except (ValueError, RecursionError):
        return None


def _bare(text: str) -> str:
    if before := _BEFORE.match(text):
        behind = _BEHIND.search(text, max(before.end(), len(text) - 40))
        text = text[before.end() : behind.start() if behind else None]
    return text.strip().rstrip(";")


def linked_body(tree: Element) -> str:
    """Return the article's text as the page's JSON-LD has it, or nothing."""
    told = _json_ld(_scripts(tree))[0].get("articleBody")
    return told if isinstance(told, str) else ""


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    waiting, seen = [document], 0
    while waiting and seen < 500:
        item = waiting.pop(0)
        seen += 1
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            yield item
            waiting += [item[name] for name in ("@graph", "mainEntity", "mainEntityOfPage") if name in item]


def _text(value: Any) -> str:
    return collapse(value) if isinstance(value, str) else ""


def _address(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("url") or value.get("contentUrl") or ""
    return value if isinstance(value, str) else ""


def _names(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    names = [_text(item.get("name") if isinstance(item, dict) else item) for item in items]
    return tuple(name for name in names if name and not name.startswith("http"))


def _split_names(value: str) -> tuple[str, ...]:
    if value.startswith("http"):
        return ()
    return tuple(name for name in (collapse(part) for part in re.split(r"[,;、，]| and ", value)) if name)


def _date(value: Any) -> datetime | None:
    """Return an ISO 8601 instant, in the zone in which it is said: its day is the publisher's. Without a zone UTC is taken."""
    if not isinstance(value, str):
        return None
    text = value.strip()[:40]
    text = text.replace("/", "-") if text[4:5] == text[7:8] == "/" else text
    match = re.match(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(\.\d+)?\s?(Z|[+-]\d{2}:?\d{2})?)?$", text)
    if not match:
        return None
    try:
        parsed = datetime.fromisoformat(text.replace(" +", "+").replace(" Z", "Z"))
    except ValueError:
        return None
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    try:
        aware.astimezone(UTC)
    except OverflowError:
        return None
    return aware
