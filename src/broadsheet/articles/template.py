"""What a site repeats: lines and pictures that stand in several of its pages or feed items.

A block is boilerplate in its time only, so a template carries the number of its samples and is learnt anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import msgspec

from broadsheet.articles.affixes import Affixes, learn_affixes
from broadsheet.articles.container import Container, learn_container
from broadsheet.articles.images import settle_sources
from broadsheet.articles.limits import page_exceeded
from broadsheet.articles.page import judge
from broadsheet.articles.rules import QUOTED
from broadsheet.articles.structure import paragraphs_from_breaks
from broadsheet.articles.tree import Element, drop, parse_fragment, text_blocks, text_of
from broadsheet.model import Record, Removed
from broadsheet.text import digest

MIN_SAMPLES = 4
"""With fewer pages repetition proves nothing: with two pages a site the gain measured is nil."""
MIN_SHARE = 0.6
"""Share of the samples in which a line must stand."""
MAX_REMOVED = 0.35
"""Largest share of an article's text that repetition alone may cut: sliders carry other articles in full."""

_MAX_JUDGED = 10
"""Pages whose blocks are judged to find the container; more of them say the same."""
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_SERIES = _HEADINGS | {"figcaption", "th"}
"""Headings and captions recur in honest series ("Upgrading", "Chart of the day") and are kept."""


class Template(Record, frozen=True, kw_only=True):
    """Lines (digests) and picture addresses that recur, each with the number of samples it was seen in.

    ``container`` is where the site keeps its articles, empty where no selector says that well enough.
    """

    samples: int = 0
    lines: dict[str, int] = {}
    images: dict[str, int] = {}
    affixes: Affixes = Affixes()
    container: Container = Container()

    def digest(self) -> str:
        """Return a name for what the template knows."""
        where = (self.container.selector, *self.container.drop) if self.container.selector else ()
        ends = (*self.affixes.heads, *self.affixes.tails)
        if not (self.lines or self.images or where or ends):
            return ""
        return digest(*sorted(self.lines), "|", *sorted(self.images), *where, *ends)


def learn_template(pages: Iterable[tuple[bytes, str]]) -> Template:
    """Return what recurs in (HTML, address) pages of one site and where it keeps its articles; nothing below four pages."""
    known = list(pages)
    learnt = _learn((page.decode("utf-8", "replace"), url) for page, url in known)
    if learnt.samples < MIN_SAMPLES:
        return learnt
    judged = [found for page, url in known[:_MAX_JUDGED] if (found := judge(page, url)) is not None]
    return msgspec.structs.replace(learnt, container=learn_container(judged))


def learn_fragments(fragments: Iterable[str]) -> Template:
    """Return what recurs in pieces of markup of one source: page bodies, or the items of a feed."""
    return _learn(((fragment, "") for fragment in fragments), of_feed=True)


def _learn(pieces: Iterable[tuple[str, str]], *, of_feed: bool = False) -> Template:
    lines: Counter[str] = Counter()
    images: Counter[str] = Counter()
    samples = 0
    ends: list[tuple[str, str]] = []
    for fragment, base_url in pieces:
        if page_exceeded(fragment.encode("utf-8", "ignore")):
            continue
        samples += 1
        root = parse_fragment(fragment)
        settle_sources(root, base_url)
        paragraphs_from_breaks(root)
        blocks = [text for _, text in text_blocks(root)]
        lines.update(set(map(_key, blocks)))
        whole = blocks or [text_of(root)]
        ends.append((whole[0], whole[-1]))
        images.update({address for address in (image.get("src") for image in root.iter("img")) if address})
    if samples < MIN_SAMPLES:
        return Template(samples=samples)
    needed = max(3, samples * MIN_SHARE)
    return Template(
        samples=samples,
        lines={key: count for key, count in sorted(lines.items()) if count >= needed},
        images={address: count for address, count in sorted(images.items()) if count >= needed},
        affixes=learn_affixes(ends, needed) if of_feed else Affixes(),
    )


def apply_template(
    root: Element, template: Template, keep: Sequence[str] = (), blocks: Sequence[tuple[Element, str]] | None = None
) -> list[Removed]:
    """Take what recurs out of the tree, but for what is to be kept; return what that was, each with its evidence.

    ``blocks`` are the tree's blocks with their texts, where they are known.
    """
    removed: list[Removed] = []
    for image in list(root.iter("img")):
        count = template.images.get(image.get("src") or "")
        if count and image.get("src") not in keep:
            removed.append(
                Removed(what=image.get("src"), why="repeated picture", evidence=_evidence(count, template.samples))
            )
            drop(image)
    known = text_blocks(root) if blocks is None else blocks
    repeated = [
        (block, text, template.lines[key])
        for block, text in known
        if block.tag not in _SERIES and (key := _key(text)) in template.lines and text[:QUOTED] not in keep
    ]
    if not repeated or len(repeated) == len(known):  # what says nothing else says that
        return removed
    repeated += _left_alone(known, {block for block, _, _ in repeated}, template, keep)
    total = len(text_of(root))
    if sum(len(text) for _, text, _ in repeated) > total * MAX_REMOVED and total > 400:
        return removed
    for block, text, count in repeated:
        removed.append(Removed(what=text[:QUOTED], why="repeated block", evidence=_evidence(count, template.samples)))
        drop(block)
    return removed


def _left_alone(
    blocks: Sequence[tuple[Element, str]], gone: Collection[Element], template: Template, keep: Sequence[str]
) -> list[tuple[Element, str, int]]:
    """Return the recurring headings under which nothing is left."""
    found: list[tuple[Element, str, int]] = []
    after: Element | None = None
    is_cut = False
    for block, text in reversed(blocks):
        if block in gone:
            is_cut = True
            continue
        count = template.lines.get(_key(text), 0) if block.tag in _HEADINGS and text[:QUOTED] not in keep else 0
        if is_cut and count and (after is None or after.tag in _HEADINGS):
            found.append((block, text, count))
        else:
            after, is_cut = block, False
    return found


def _key(text: str) -> str:
    return digest(text, size=8)


def _evidence(count: int, samples: int) -> str:
    return f"in {count} of {samples} samples"
