"""A page as its blocks of text in document order, and a page cut down to the blocks that were chosen.

A block is a run of text and inline elements that stands on lines of its own: a paragraph, a heading, a list item, a
cell, or what lies loose between the blocks of a ``div``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from broadsheet.articles.embeds import POST, address_of
from broadsheet.articles.tree import BLOCKS, Element, drop, make, raw_text

# Words of class and id attributes, by what they speak of. None is the name of a site.
HINTS = {
    "related": "related relateds recommend recommended recommendation recommendations more popular trending most next "
    "similar teaser teasers promo latest outbrain taboola others suggested also further highlights",
    "social": "share sharing shares social socials follow facebook twitter whatsapp sns like likes",
    "comment": "comment comments disqus reply respond discussion discuss forum",
    "advert": "ad ads adv advert adverts advertisement sponsor sponsored banner dfp gpt affiliate partner marketing "
    "commercial promotion",
    "about": "byline author authors meta date time publish published dateline datetime info source timestamp "
    "contributor bio about profile vcard",
    "navigation": "nav navigation navbar menu breadcrumb breadcrumbs masthead toolbar pagination pager tabs tab "
    "submenu topbar skip",
    "foot": "footer foot copyright legal disclaimer bottom imprint license rights",
    "side": "sidebar side rail widget widgets aside column col right left secondary",
    "sign-up": "newsletter subscribe subscription signup paywall login register modal popup overlay cookie cookies "
    "consent gdpr form cta join premium donate donation membership",
    "tags": "tag tags topic topics category categories keyword keywords label labels",
    "media": "caption captions figcaption figure gallery image images img photo photos picture video videos player "
    "media slideshow carousel slider credit thumb thumbnail",
    "body": "article articlebody body content entry post story text main copy prose richtext markdown paragraph detail "
    "page maincontent",
    "title": "title headline heading head kicker hero overline",
    "lead": "lead intro introduction summary description standfirst dek excerpt subtitle subhead abstract chapo deck "
    "teaser",
    "hidden": "hidden visually screen sr print noprint invisible hide collapsed",
    "contents": "toc index jump anchor tableofcontents",
    "box": "box infobox fact facts note callout factbox inset highlight embed",
    "grid": "list lists grid item items card cards tile tiles feed stream row listing",
}
HINT = {name: 1 << place for place, name in enumerate(HINTS)}
_WORDS: dict[str, int] = {}
for _name, _listed in HINTS.items():
    for _word in _listed.split():
        _WORDS[_word] = _WORDS.get(_word, 0) | HINT[_name]
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

_WHOLE_PAGES = frozenset(("__next", "__nuxt"))
"""What frameworks call the element that holds the whole page; it speaks of nothing in it."""

_MAX_BYLINE = 200
_MAX_PICTURES = 40
_ABOVE = 12
"""Blocks above the headline among which its picture may stand."""

MEANINGS = "article main aside nav header footer form table ul figure blockquote section details".split()
"""Elements whose name says what they hold."""
_MEANING = {name: 1 << place for place, name in enumerate(MEANINGS)}
_MEANING |= {"ol": _MEANING["ul"], "dl": _MEANING["ul"], "menu": _MEANING["ul"] | _MEANING["nav"]}
BODY_PROPERTY = 1 << len(MEANINGS)
"""Inside an element that is marked as the body (schema.org ``articleBody``)."""

_NO_TEXT = (
    "script style noscript template svg object select option textarea input canvas math link meta map head"
).split()
MEDIA = ("img", "iframe", "video", "audio", "embed")
# What holds text without a meaning of its own; it goes once the blocks are chosen.
_WRAPPERS = (
    "div section article main header footer aside nav span center font form fieldset label address hgroup button "
    "search legend small"
).split()
# A run in one of these stays as it is; elsewhere it becomes a paragraph.
_HOLDERS = frozenset(
    "p h1 h2 h3 h4 h5 h6 li td th dt dd blockquote pre figcaption caption summary figure table tr ul ol dl".split()
)
_NOT_OF_ARTICLE = sum(
    HINT[name] for name in ("related", "social", "comment", "advert", "navigation", "foot", "sign-up", "tags")
)
_PLAYERS = re.compile(
    r"(?i)//(?:[\w-]+\.){0,3}(?:youtube(?:-nocookie)?\.com|youtu\.be|vimeo\.com|dailymotion\.com|bilibili\.com|"
    r"soundcloud\.com|spotify\.com|ted\.com|twitter\.com|x\.com|instagram\.com|tiktok\.com|youku\.com|qq\.com|"
    r"archive\.org|bsky\.app|threads\.(?:net|com)|reddit\.com|podcasts\.apple\.com|music\.163\.com)/"
)
"""Frames that show a film, sound or a post; others are adverts and widgets more often than not."""


@dataclass(slots=True, eq=False)
class Block:
    """A run of text, and where it stands."""

    element: Element
    """The block element that holds the run."""
    pieces: list[tuple[Element, str]]
    """What the run is made of: (element, ``text`` | ``tail`` | ``whole``)."""
    text: str
    """On one line."""
    linked: int
    """Characters of it inside links."""
    near: int
    """Hints of the holder, its parent and theirs."""
    far: int
    """Hints of all that it stands in."""
    meaning: int
    """Of all elements that it stands in."""
    depth: int
    signature: int
    """Equal for blocks whose ancestors have the same names and classes."""
    inline: frozenset[str]
    """Inline elements at the top of the run."""


@lru_cache(maxsize=1 << 16)
def hints(attribute: str) -> int:
    """Return what a ``class`` or ``id`` speaks of, as bits of ``HINT``."""
    found = 0
    if attribute in _WHOLE_PAGES:
        return found
    for word in _WORD.findall(attribute[:300]):
        found |= _WORDS.get(word.lower(), 0)
    return found


def hints_of(element: Element) -> int:
    """Return what an element's attributes speak of, as bits of ``HINT``."""
    found = 0
    for name, value in element.items():
        if name in ("class", "id"):
            found |= hints(value)
        elif (
            name == "hidden"
            or (name == "aria-hidden" and value == "true")
            or (name == "style" and "display:none" in value.replace(" ", ""))
        ):
            found |= HINT["hidden"]
    return found


def page_blocks(body: Element) -> list[Block]:
    """Return the blocks of a page's body; what holds no text (scripts, drawings, small buttons) is taken out of it."""
    _pictures_from_noscript(body)
    etree.strip_elements(body, *_NO_TEXT, with_tail=False)
    for button in list(body.iter("button")):
        if len(raw_text(button)) < 200 and button.find(".//p") is None:
            drop(button)
    found: list[Block] = []
    _visit(body, found, (0, 0), 0, 0, 0, 0, False)
    return found


def _pictures_from_noscript(body: Element) -> None:
    """Give a picture that waits for a script the address that stands beside it for those who run none."""
    for place in list(body.iter("noscript")):
        inner, before = place.find(".//img"), place.getprevious()
        if inner is None or before is None or place.getparent() is None:
            continue
        waiting = before if before.tag == "img" else before.find(".//img")
        if waiting is not None and inner.get("src"):
            waiting.set("data-original", inner.get("src"))


def _visit(
    element: Element, found: list[Block], above: tuple[int, int], far: int, meaning: int, depth: int, signature: int,
    linked: bool,
) -> None:  # fmt: skip
    tag = element.tag
    own = hints_of(element)
    meaning |= _MEANING.get(tag, 0)
    if "articleBody" in (element.get("itemprop") or ""):
        meaning |= BODY_PROPERTY
    far |= own
    signature = hash((signature, tag, element.get("class") or ""))
    near = own | above[0] | above[1]
    run: list[tuple[Element, str, str, bool]] = []

    def end_run() -> None:
        text = " ".join("".join(piece[2] for piece in run).split()) if run else ""
        if text:
            found.append(
                Block(
                    element=element, pieces=[(piece[0], piece[1]) for piece in run], text=text,
                    linked=sum(len(piece[2]) for piece in run if piece[3]), near=near, far=far, meaning=meaning,
                    depth=depth, signature=signature,
                    inline=frozenset(piece[0].tag for piece in run if piece[1] == "whole"),
                )
            )  # fmt: skip
        run.clear()

    if element.text:
        run.append((element, "text", element.text, linked))
    for child in element:
        if child.tag in BLOCKS or (len(child) and _holds_blocks(child)):
            end_run()
            _visit(child, found, (own, above[0]), far, meaning, depth + 1, signature, linked or child.tag == "a")
        else:
            inner = " " if child.tag == "br" else raw_text(child)
            run.append((child, "whole", inner, linked or _is_linked(child, inner)))
        if child.tail:
            run.append((child, "tail", child.tail, linked))
    end_run()


def _holds_blocks(element: Element) -> bool:
    return any(True for _ in element.iterdescendants(*BLOCKS))


def _is_linked(element: Element, text: str) -> bool:
    if element.tag == "a" or not len(element):
        return bool(element.tag == "a")
    return bool(sum(len(raw_text(link)) for link in element.iter("a")) * 2 > len(text))


def keep(body: Element, blocks: Sequence[Block], chosen: Iterable[bool]) -> None:
    """Cut the body down to the chosen blocks, with the pictures and players between them and their captions."""
    picked = list(chosen)
    media = _media_kept(body, blocks, picked)
    captions = _captions(blocks, picked, media)
    for block, wanted in zip(blocks, picked, strict=True):
        if not wanted and block.element not in captions:
            _blank(block)
        elif block.element.tag not in _HOLDERS:
            _wrap(block)
    for element in reversed(list(body.iter())):
        if element is body or element in media or len(element) or element.tag in ("br", "hr", "td", "th"):
            continue
        if not (element.text or "").strip() and element.tag != "source":
            drop(element)
    for table in list(body.iter("table")):
        if not raw_text(table).strip() and table.find(".//img") is None:
            drop(table)
    etree.strip_tags(body, *_WRAPPERS)


def _blank(block: Block) -> None:
    """Take a run out of its holder; pictures inside it stay."""
    for element, part in block.pieces:
        if part == "text":
            element.text = None
        elif part == "tail":
            element.tail = None
    for element, part in block.pieces:
        if part != "whole":
            continue
        if next(element.iter(*MEDIA), None) is None:
            element.getparent().remove(element)
            continue
        for inner in element.iter():
            inner.text = None
            if inner is not element:
                inner.tail = None


def _wrap(block: Block) -> None:
    """Put a loose run into a paragraph, so that it stays apart from its neighbours without their wrappers."""
    first, part = block.pieces[0]
    paragraph = make("p")
    if part == "text":
        paragraph.text, first.text = first.text, None
        first.insert(0, paragraph)
    elif part == "tail":
        paragraph.text, first.tail = first.tail, None
        first.addnext(paragraph)
    else:
        first.addprevious(paragraph)
    for element, kind in block.pieces:
        if kind == "whole":
            paragraph.append(element)  # and the text behind it, which is of the same run


def _media_kept(body: Element, blocks: Sequence[Block], picked: Sequence[bool]) -> set[Element]:
    """Return the pictures and players that stand between chosen blocks, or right before the first, and are no furniture."""
    kept: set[Element] = set()
    starts = {block.pieces[0][0]: place for place, block in enumerate(blocks)}
    starts |= {
        element: place for place, block in enumerate(blocks) for element, part in block.pieces if part == "whole"
    }
    places = [place for place, wanted in enumerate(picked) if wanted]
    if not places:
        return kept
    first, last = places[0], places[-1]
    shared = _shared(blocks[first].element, blocks[last].element)
    before = -1
    for element in body.iter():
        before = starts.get(element, before)
        if element.tag not in MEDIA:
            continue
        inside = first - 1 <= before <= last and shared is not None and shared in element.iterancestors()
        if not inside or not _is_shown(element, shared):
            continue
        around = picked[max(before - 1, 0) : before + 3]
        if any(around) or before == first - 1:
            kept.add(element)
    return kept


def pictures_at_top(body: Element, blocks: Sequence[Block], chosen: Iterable[bool]) -> list[tuple[Element, bool]]:
    """Return the pictures around the headline, down to the article's third block, and of each whether its place is the lead's."""
    places = [place for place, wanted in enumerate(chosen) if wanted]
    if not places:
        return []
    # The headline is the one that most of the article follows: what was chosen above it by mistake tells nothing.
    headings = [place for place, block in enumerate(blocks) if block.element.tag == "h1"]
    heading = next((place for place in headings if bisect_right(places, place) * 2 < len(places)), None)
    places = [place for place in places if heading is None or place >= heading]
    low, high = (places[0] - 4 if heading is None else heading - 1), places[min(2, len(places) - 1)]
    # What holds the article is no furniture, whatever it is called.
    holders = {body}
    for place in places:
        for above in blocks[place].element.iterancestors():
            if above in holders:
                break
            holders.add(above)
    starts = {block.pieces[0][0]: place for place, block in enumerate(blocks)}
    found: list[tuple[Element, bool]] = []
    before = -1
    for element in body.iter():
        before = starts.get(element, before)
        if before > high or len(found) >= _MAX_PICTURES:
            break
        if element.tag == "img" and before >= low - _ABOVE and not _is_portrait(element):
            first = low if next(element.iterancestors("figure"), None) is None else low - 2
            within = next(above for above in element.iterancestors() if above in holders)
            found.append((element, before >= first and _is_shown(element, within)))
    return found


def _shared(one: Element, other: Element) -> Element | None:
    over = {one, *one.iterancestors()}
    return next((element for element in (other, *other.iterancestors()) if element in over), None)


def _is_portrait(element: Element) -> bool:
    """Return whether a picture stands in a byline: within five elements above it, one speaks of authors and says little."""
    for above in [element, *element.iterancestors()][:5]:
        spoken = hints_of(above)
        if spoken & HINT["about"] and (not spoken & HINT["body"] or len(raw_text(above)) < _MAX_BYLINE):
            return True
    return False


def _is_shown(element: Element, within: Element | None) -> bool:
    if element.tag in ("iframe", "embed") and not _PLAYERS.search(address_of(element)):
        return False
    # What holds a post is called after its network, as buttons are.
    unwanted = _NOT_OF_ARTICLE & ~HINT["social"] if element.get(POST) else _NOT_OF_ARTICLE
    for ancestor in (element, *element.iterancestors()):
        if ancestor is within:
            return True
        if hints_of(ancestor) & unwanted or ancestor.tag in ("aside", "nav", "footer"):
            return False
    return True


def _captions(blocks: Sequence[Block], picked: Sequence[bool], media: set[Element]) -> set[Element]:
    figures = {figure for element in media for figure in element.iterancestors("figure")}
    return {
        block.element
        for block, wanted in zip(blocks, picked, strict=True)
        if not wanted
        and block.element.tag == "figcaption"
        and any(figure in figures for figure in block.element.iterancestors("figure"))
    }
