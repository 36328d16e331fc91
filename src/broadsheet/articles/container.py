"""Where a site keeps its articles: a selector for the container and for what to drop inside it, learnt and applied.

Applied with lexbor, a page costs a tenth of what judging every block of it costs. A container is only believed where it
gives what the blocks gave on the pages that it was learnt from.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple
from zlib import crc32

from broadsheet.articles.blocks import Block
from broadsheet.articles.embeds import posts_to_frames
from broadsheet.articles.tree import Element, parse_fragment, raw_text, text_of
from broadsheet.articles.visible import name_in
from broadsheet.text import tokens

MIN_AGREEMENT = 0.97
"""F1 in words, of container against blocks, below which a site has no container; on every page 0.75 at least."""
MIN_EVERY = 0.75
_CHECKED = 20
"""Pages of which one is judged in both ways."""
_COVERED = 0.95
"""Share of an article's words that must stand in the container."""
_MIN_SEEN = 2
"""Pages in which something must stand before it is dropped by its selector."""
_MAX_KEPT = 0.03
"""Largest share of its words that may be the article's."""
_MAX_DROPS = 60
_NAME = re.compile(r"[A-Za-z_][A-Za-z_-]{0,60}$")
_UNWANTED = (
    "script:not([type^='math/tex']), style, noscript, template, svg, form, select, textarea, button, nav, footer"
)
"""What never holds an article's text."""
_MIN_LETTERS = 60
ANYWHERE = "body"
_MAX_BYLINE = 300


class Container(NamedTuple):
    """CSS selectors of a site's articles, and how many letters its articles have: (fewest, most)."""

    selector: str = ""
    drop: tuple[str, ...] = ()
    letters: tuple[int, int] = (0, 0)
    byline: str = ""
    """Of what shows the author; ``ANYWHERE`` where that has no place of its own, empty where no page shows one."""


class Judged(NamedTuple):
    """A page of the site whose blocks have been judged."""

    body: Element
    blocks: Sequence[Block]
    kept: Sequence[bool]
    author: str = ""
    """The name that the page shows as its author's."""
    byline: Element | None = None
    """What shows it."""


def learn_container(pages: Sequence[Judged]) -> Container:
    """Return where the pages keep their articles; an empty one where no selector gives what the blocks gave."""
    pages = [page for page in pages if any(page.kept)]
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update(set(_candidates(page)))
    likely = [selector for selector, count in counts.items() if count * 4 >= len(pages) * 3]
    best, score = Container(), 0.0
    for selector in sorted(likely, key=lambda one: (-counts[one], one))[:8]:
        found = _tried(pages, selector)
        if found is not None and found[1] > score:
            best, score = found
    return best._replace(byline=_byline(pages)) if score >= MIN_AGREEMENT else Container()


def apply_container(page: Any, container: Container) -> Element | None:
    """Return the article of a page that lexbor has parsed, or None where it is not built as the container expects.

    The page is used up.
    """
    found = page.css(container.selector)
    if len(found) != 1:
        return None
    node = found[0]
    for unwanted in node.css(", ".join((_UNWANTED, *container.drop))):
        unwanted.decompose()
    root = parse_fragment(node.html or "")
    posts_to_frames(root)
    fewest, most = container.letters
    return root if max(_MIN_LETTERS, fewest // 8) <= _letters(root) <= 8 * most else None


def _letters(root: Element) -> int:
    """Return about how many letters a text has, with one blank between its words."""
    text = raw_text(root)
    return len(text) - sum(text.count(blank) for blank in ("  ", "\n", "\t"))


def byline_by(page: Any, container: Container) -> str:
    """Return what stands on a page that lexbor has parsed where the site shows its authors."""
    node = page.css_first(container.byline) if container.byline not in ("", ANYWHERE) else None
    return node.text(separator=" ")[:_MAX_BYLINE] if node is not None else ""


def is_checked(url: str) -> bool:
    """Return whether a page is one of the twenty of which one is judged block by block all the same.

    A site that is built anew may keep the container's name: its articles then look whole, and are not.
    """
    return crc32(url.encode("utf-8", "replace")) % _CHECKED == 0


def agreement(one: Element, other: Element) -> float:
    """Return how far two cuts of a page are the same: F1 in words, from 0 to 1."""
    here, there = Counter(tokens(text_of(one))), Counter(tokens(text_of(other)))
    return 2 * (here & there).total() / max(1, here.total() + there.total())


def selector_of(element: Element) -> str:
    """Return a selector for elements named like this one: its id, or tag and classes without numbers; may be empty."""
    name = element.get("id") or ""
    if _NAME.match(name):
        return f"{element.tag}#{name}"
    tag = str(element.tag)
    classes = [part for part in (element.get("class") or "").split() if _NAME.match(part)][:4]
    if classes:
        return tag + "".join(f".{part}" for part in classes)
    return tag if tag in ("article", "main") else ""


def _byline(pages: Sequence[Judged]) -> str:
    """Return where the pages show their authors: a selector by whose first match three of four of them are found."""
    signed = [page for page in pages if page.byline is not None]
    if not signed:
        return ""
    counts: Counter[str] = Counter()
    for page in signed:
        assert page.byline is not None
        counts.update({selector_of(one) for one in (page.byline, *page.byline.iterancestors())[:3]} - {""})
    for selector, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:8]:
        if sum(_named_by(page, selector) == page.author for page in signed) * 4 >= len(signed) * 3:
            return selector
    return ANYWHERE


def _named_by(page: Judged, selector: str) -> str:
    found = _matching(page.body, selector)
    return name_in(" ".join(found[0].itertext())) if found else ""


def _candidates(page: Judged) -> list[str]:
    """Return selectors of the lowest elements that hold nearly all of the article, that match once."""
    words: defaultdict[Element, int] = defaultdict(int)
    total = 0
    for block, kept in zip(page.blocks, page.kept, strict=True):
        if kept:
            total += len(block.text)
            for element in (block.element, *block.element.iterancestors()):
                words[element] += len(block.text)
    holding = [
        element for element, count in words.items() if count >= total * _COVERED and element.tag not in ("html", "body")
    ]
    depth = {element: sum(1 for _ in element.iterancestors()) for element in holding}
    names = [selector_of(element) for element in sorted(holding, key=lambda one: -depth[one])[:6]]
    return [name for name in names if name]


def _tried(pages: Sequence[Judged], selector: str) -> tuple[Container, float] | None:
    """Return the container with what to drop inside it, and the mean agreement with the blocks, or None below the floor."""
    inside = [_matching(page.body, selector) for page in pages]
    if sum(len(found) == 1 for found in inside) * 4 < len(pages) * 3:
        return None
    dropped = _drops([(page, found[0]) for page, found in zip(pages, inside, strict=True) if len(found) == 1])
    names = set(dropped)
    scores, letters = [], []
    for page, found in zip(pages, inside, strict=True):
        if len(found) != 1:
            continue
        hit = kept_letters = there = 0
        for block, kept in zip(page.blocks, page.kept, strict=True):
            size = len(block.text)
            shown = _within(block.element, found[0]) and not _is_dropped(block.element, found[0], names)
            kept_letters += kept * size
            there += shown * size
            hit += (kept and shown) * size
        scores.append(2 * hit / max(1, kept_letters + there))
        letters.append(kept_letters)
    if not scores or min(scores) < MIN_EVERY:
        return None
    return Container(selector, tuple(sorted(dropped)), (min(letters), max(letters))), sum(scores) / len(scores)


def _matching(body: Element, selector: str) -> list[Element]:
    return [one for one in body.iter(re.split(r"[.#]", selector, maxsplit=1)[0]) if _matches(one, selector)]


def _drops(pages: Sequence[tuple[Judged, Element]]) -> list[str]:
    """Return selectors of elements inside the container that hold text, on several pages, and never the article's."""
    every: defaultdict[str, int] = defaultdict(int)
    kept_of: defaultdict[str, int] = defaultdict(int)
    seen: defaultdict[str, set[int]] = defaultdict(set)
    for number, (page, container) in enumerate(pages):
        for block, kept in zip(page.blocks, page.kept, strict=True):
            if not _within(block.element, container):
                continue
            for name in _names_between(block.element, container):
                every[name] += len(block.text)
                kept_of[name] += len(block.text) * kept
                seen[name].add(number)
    found = [
        name for name, letters in every.items() if len(seen[name]) >= _MIN_SEEN and kept_of[name] <= letters * _MAX_KEPT
    ]
    return sorted(found, key=lambda name: (-every[name], name))[:_MAX_DROPS]


def _names_between(element: Element, container: Element) -> set[str]:
    names = set()
    for one in (element, *element.iterancestors()):
        if one is container:
            break
        names.add(selector_of(one))
    return names - {"", "article", "main"}


def _within(element: Element, container: Element) -> bool:
    return element is container or any(one is container for one in element.iterancestors())


def _is_dropped(element: Element, container: Element, names: set[str]) -> bool:
    """Return whether a dropped selector matches an element or one between it and the container."""
    for one in (element, *element.iterancestors()):
        if one is container:
            return False
        if any(_matches(one, name) for name in names if name.startswith(str(one.tag))):
            return True
    return False


def _matches(element: Element, selector: str) -> bool:
    tag, sign, rest = re.match(r"([a-z0-9]+)([.#]?)(.*)", selector).groups()  # type: ignore[union-attr]
    if element.tag != tag:
        return False
    if sign == "#":
        return bool(element.get("id") == rest)
    return not sign or set(rest.split(".")) <= set((element.get("class") or "").split())
