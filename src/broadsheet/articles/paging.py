"""Articles that are cut into several pages: the address of the next one, and their bodies put together. Pure.

A link counts only where its address is the article's own with the next number in it (``story_2.html``, ``story/2``,
``?page=2``), whatever the link says: "next" leads to the next article as often as to the next page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from broadsheet import urls
from broadsheet.articles.tree import Element, drop, make, text_blocks, text_of
from broadsheet.limits import value

MAX_PAGES = value("page_count")
"""Pages of one article that are put together."""
_NEXT_PAGE = re.compile(
    r"^\W*(?:下一?[页頁]|后一页|後一頁|余下全文|餘下全文|次のページ|next page|page \d+|seite \d+|\d{1,2})\W*$",
    re.IGNORECASE,
)
_NEXT = re.compile(r"^\W*next\W*$", re.IGNORECASE)
_ENDING = re.compile(r"(\.[a-z]{3,5})?$", re.IGNORECASE)
_NUMBERED = re.compile(r"[_-]\d{1,2}$")
_FIRST = re.compile(r"([_-]1|/1|/page/1)(?=(\.[a-z]{3,5})?$)", re.IGNORECASE)
_QUERY = ("page", "pn", "pageno", "pagenum", "curpage", "p")
_MOST_SAID = 0.5
"""Share of a page's text that may have stood on the pages before: what says more of the same is no further page."""
_OF_QUERY = re.compile(
    rb"=[12](?![0-9])(?:" + b"|".join(rb"(?<=[?&;]%b=[12])" % name.encode() for name in _QUERY) + b")"
)
"""The sign first: a page is looked through for one character many times as fast as for one of three."""
_OF_PATH = re.compile(rb"(?:\.[a-zA-Z]{3,5})?(?:[_-]|/(?:page/)?)[12](?![0-9])")
_RELATIVE = re.compile(rb"""["'/]2(?:\.[a-z]{3,5})?/?["']""", re.IGNORECASE)


def may_go_on(html: bytes, url: str) -> bool:
    """Return whether a page can have a link to its second page at all: most have not, and need no look at their links."""
    path = _plain(url).partition("?")[0]
    base = _FIRST.sub("", path)
    # A path's case counts, as it does for ``next_page``; looked for in any case it would take twenty times as long.
    name = base[: _ENDING.search(base).start()].rpartition("/")[2].encode()  # type: ignore[union-attr]
    start = html.find(name) if name else -1
    while start >= 0:
        if _OF_PATH.match(html, start + len(name)):
            return True
        start = html.find(name, start + 1)
    if _OF_QUERY.search(html):
        return True
    return base != path and _RELATIVE.search(html) is not None


def leads_on(addresses: Iterable[str], url: str) -> bool:
    """Return whether one of a page's links has an address that its article's second page may have, whatever the link says."""
    wanted = (_addresses(url, 2) | _addresses(url, 1)) - {_plain(url)}
    return any(_plain(urls.resolve(url, address.strip())) in wanted for address in addresses)


def next_page(tree: Element, url: str, first: str, known: int) -> str:
    """Return the address of the page after this one, empty where there is none.

    ``url`` is this page's address, ``first`` that of the article's first page, ``known`` how many pages are known.
    """
    if known >= MAX_PAGES:
        return ""
    sure, likely = _addresses(first, known + 1), _addresses(first, known)
    if known == 1:
        likely -= {_plain(first)}
    for link in tree.iter("a", "link"):
        href = (link.get("href") or "").strip()
        if not href or href.startswith("#"):
            continue
        address = urls.resolve(url, href)
        plain = _plain(address)
        if plain in sure and (
            _says_next_page(link) if _is_namesake(plain) else not _is_vague(plain) or _says_next(link)
        ):
            return address
        if known == 1 and plain in likely and _says_next(link) and plain.rsplit("?", 1)[0] != _plain(first):
            return address  # the second page is called 1 by some
    return ""


def _is_vague(plain: str) -> bool:
    """Return whether the number may be anything: ``?p=2`` is another article on many sites."""
    return bool(re.search(r"[?&]p=\d+(?:&|$)", plain))


def _is_namesake(plain: str) -> bool:
    """Return whether an address without an ending has its number in its name: sites tell articles of one title apart so."""
    path = plain.partition("?")[0]
    return "?" not in plain and not _ENDING.search(path)[0] and bool(_NUMBERED.search(path))  # type: ignore[index]


def _says_next(link: Element) -> bool:
    return (
        "next" in (link.get("rel") or "").lower().split()
        or bool(_NEXT.match(text_of(link)[:40]))
        or _says_next_page(link)
    )


def _says_next_page(link: Element) -> bool:
    return bool(_NEXT_PAGE.match(text_of(link)[:40]))


def _addresses(first: str, number: int) -> set[str]:
    """Return the addresses that page ``number`` of an article may have."""
    plain = _plain(first)
    path, _, query = plain.partition("?")
    base = _FIRST.sub("", path)
    stem, ending = base[: _ENDING.search(base).start()], _ENDING.search(base)[0]  # type: ignore[union-attr,index]
    more = f"?{query}" if query else ""
    found = {f"{stem}{sign}{number}{ending}{more}" for sign in ("_", "-", "/", "/page/")}
    if ending:
        found |= {f"{base}/{number}{more}", f"{stem}/{number}{more}"}
    kept = [part for part in query.split("&") if part and part.partition("=")[0] not in _QUERY]
    return found | {f"{base}?{'&'.join(sorted((*kept, f'{name}={number}')))}" for name in _QUERY}


def _plain(address: str) -> str:
    """Return an address for comparison: without scheme, ``www.``, fragment and last slash, the query in lower case and order."""
    parts = urlsplit(address)
    query = "?" + "&".join(sorted(parts.query.lower().split("&"))) if parts.query else ""
    return f"{parts.netloc.lower().removeprefix('www.')}{parts.path.rstrip('/')}{query}"


def join(body: Element, further: Element) -> bool:
    """Put a further page's body at the end of an article's; return False, and nothing is changed, where it says nothing new.

    What stood on the pages before (the title, a standfirst, a picture's caption) is left out.
    """
    said = {text for _, text in text_blocks(body)}
    blocks = text_blocks(further)
    total = sum(len(text) for _, text in blocks)
    again = [(block, text) for block, text in blocks if text in said]
    if not total or sum(len(text) for _, text in again) > total * _MOST_SAID:
        return False
    for block, _ in again:
        drop(block)
    pictures = {image.get("src") for image in body.iter("img")}
    for image in list(further.iter("img")):
        if image.get("src") in pictures:
            drop(image)
    if further.text and further.text.strip():
        body.append(make("p", further.text))
    for child in list(further):
        body.append(child)
    return True
