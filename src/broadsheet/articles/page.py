"""A page in bytes -> its tree, what it says of itself, and its body cut down to the article."""

from __future__ import annotations

import logging
import re
from configparser import ConfigParser
from functools import lru_cache, partial
from typing import Any, NamedTuple

import lxml.html

from broadsheet import encoding
from broadsheet.articles import blocks as text_blocks
from broadsheet.articles import visible
from broadsheet.articles.container import ANYWHERE, Container, Judged, apply_container, byline_by
from broadsheet.articles.images import picture_at_top
from broadsheet.articles.limits import page_exceeded
from broadsheet.articles.metadata import Metadata, read_metadata
from broadsheet.articles.outline import outline
from broadsheet.articles.scripted import scripted_body
from broadsheet.articles.tree import ILLEGAL_REFERENCE, PARSER, Element
from broadsheet.errors import LimitExceeded
from broadsheet.limits import over
from broadsheet.model import Image
from broadsheet.text import is_cjk

_META_CHARSET = re.compile(
    rb"""<meta\s[^>]{0,200}?charset\s{0,8}=\s{0,8}["']?\s{0,8}([A-Za-z0-9._:\-]{1,40})""", re.IGNORECASE
)
# In both cases by hand: where the case of all letters is ignored, every byte is tried, and not only what follows a "<".
_UNKNOWN_VOID = re.compile(rb"<([eE][mM][bB][eE][dD]|[sS][oO][uU][rR][cC][eE]|[tT][rR][aA][cC][kK])\b([^<>]{0,4000})>")
_MAX_TAGS = 20_000
"""In pages for lexbor: it takes quadratic time on elements that nest a hundred thousand deep."""
_CONTROLS = bytes({*range(32), 127} - {9, 10, 12, 13})
_FORM_FEED = bytes.maketrans(b"\f", b" ")
_NO_CHARACTERS = re.compile(rb"\xef\xbf[\xbe\xbf]")
_CJK_MINIMUM = "80"


def to_utf8(html: bytes) -> bytes:
    """Return a page in UTF-8: byte order mark, the declaration in its head, or what the bytes look like."""
    declared = _META_CHARSET.search(html, 0, 4096)
    label = declared[1].decode("ascii") if declared else "utf-8"
    return encoding.to_utf8(html, f"text/html; charset={label}").data


def _for_libxml2(html: bytes) -> bytes:
    """Return a page in UTF-8 without what a tree may not hold, and with void elements that libxml2 takes for others."""
    data = html.translate(_FORM_FEED, _CONTROLS)
    data = ILLEGAL_REFERENCE.sub(b"", _NO_CHARACTERS.sub(b"", data))
    # libxml2 does not know that these are void, and puts what follows inside them: a picture into its source.
    return _UNKNOWN_VOID.sub(rb"<\1\2></\1>", data)


def parse_page(html: bytes, url: str) -> Element | None:
    """Return the page's tree, or None where there is nothing in it.

    Raises ``LimitExceeded`` where it is more than a parser may have.
    """
    data = _for_libxml2(_checked(html, url))
    if not data.strip():
        return None
    try:
        return lxml.html.document_fromstring(data, parser=PARSER, ensure_head_body=True)
    except lxml.etree.ParserError:
        return None


def _checked(html: bytes, url: str) -> bytes:
    """Return a page in UTF-8 that a parser may have; raises ``LimitExceeded`` for one that it may not."""
    limit = page_exceeded(html.decode("latin-1"))
    if limit:
        raise LimitExceeded(f"{url}: {over(limit)}", limit)
    return to_utf8(html)


class Cut(NamedTuple):
    """A page's body cut down to the article, the picture at its top, and the name that it shows as the author's."""

    body: Element | None = None
    picture: Image | None = None
    byline: str = ""
    near: tuple[str, ...] = ()
    """The blocks at the article's end and those behind it: where a paywall speaks."""


def cut(tree: Element, url: str, *, title: str = "", author: str = "", site: str = "", image: str = "") -> Cut:
    """Return what of a page is its article; the tree is used up. The byline is looked for where ``author`` is empty.

    ``image`` is the address of the picture that the page says is its own.
    """
    body, blocks, kept, *_ = _judged(tree, url, title, author)
    if not any(kept):
        return Cut()
    picture = picture_at_top(text_blocks.pictures_at_top(body, blocks, kept), url, image)
    byline = "" if author else visible.byline(blocks, site)[0]
    last = max(place for place, is_kept in enumerate(kept) if is_kept)
    near = tuple(block.text for block in blocks[max(0, last - 2) : last + 5])
    text_blocks.keep(body, blocks, kept)
    return Cut(body, picture, byline, near)


def cut_scripts(html: bytes, url: str) -> Cut:
    """Return what a page whose own blocks hold no article has for its scripts to show."""
    tree = parse_page(html, url)
    return Cut(scripted_body(tree)) if tree is not None else Cut()


def judge(html: bytes, url: str) -> Judged | None:
    """Return a page with its blocks and which of them are the article's, or None where it cannot be read."""
    try:
        tree = parse_page(html, url)
    except LimitExceeded:
        return None
    if tree is None:
        return None
    meta = read_metadata(tree, url)
    judged = _judged(tree, url, meta.title, ", ".join(meta.authors))
    author, element = visible.byline(judged.blocks, meta.site)
    return judged._replace(author=author, byline=element)


def _judged(tree: Element, url: str, title: str, author: str) -> Judged:
    from broadsheet.articles import choose

    body = tree.find("body")
    blocks = text_blocks.page_blocks(body)
    found = choose.choose(blocks, title=title, author=author, adviser=partial(advice, tree, url))
    return Judged(body, blocks, choose.is_kept(blocks, found))


def cut_by(html: bytes, url: str, container: Container, *, author: str = "") -> tuple[Cut, Metadata] | None:
    """Return the article in the site's container and what the page says of itself, or None where it does not fit.

    The byline is looked for where neither the metadata nor ``author`` tell it.
    """
    from selectolax.lexbor import LexborHTMLParser

    data = _checked(html, url)
    if data.count(b"<") > _MAX_TAGS:
        return None
    parsed = LexborHTMLParser(data)
    told, signed = outline(parsed), byline_by(parsed, container)
    body = apply_container(parsed, container)
    if body is None:
        return None
    tree = lxml.html.document_fromstring(_for_libxml2(told.encode()), parser=PARSER, ensure_head_body=True)
    meta = read_metadata(tree, url)
    # Where a picture stands is not known here; one that is named as the page's own is that.
    picture = picture_at_top([(image, False) for image in tree.iter("img")], url, meta.image)
    if author or meta.authors:
        byline = ""
    elif container.byline == ANYWHERE and (whole := parse_page(html, url)) is not None:
        byline = visible.byline(text_blocks.page_blocks(whole.find("body")), meta.site)[0]
    else:
        byline = visible.name_in(signed, meta.site)
    return Cut(body, picture, byline), meta


def advice(tree: Element, url: str) -> str:
    """Return trafilatura's text of the page, comments left out.

    Its floor of 250 characters makes short Han articles fall through to whole-page fallbacks; 80 and favouring precision
    lift Chinese from F1 0.874 to 0.933.
    """
    from trafilatura import bare_extraction

    han = is_cjk(" ".join(tree.xpath("//p//text()"))[:4000])
    found = bare_extraction(
        tree, url=url, include_comments=False, favor_precision=han, config=_settings() if han else _defaults()
    )
    return str(found.text) if found is not None and found.text else ""


@lru_cache(maxsize=1)
def _defaults() -> Any:
    from trafilatura.settings import DEFAULT_CONFIG

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return DEFAULT_CONFIG


@lru_cache(maxsize=1)
def _settings() -> Any:
    cjk = ConfigParser()
    cjk.read_dict(_defaults())
    cjk.set("DEFAULT", "MIN_EXTRACTED_SIZE", _CJK_MINIMUM)
    return cjk
