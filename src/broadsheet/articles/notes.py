"""Footnotes: what a mark in an article leads to on the same page is of the article, wherever it stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from broadsheet.articles.blocks import Block
from broadsheet.articles.tree import BLOCKS, Element, raw_text, text_of

_MARK = re.compile(
    r"[\[(（［【]?\s*(?:(?:注|註|fn|note)?\s*\d{1,3}|[a-z]|[ivx]{1,5}|[*†‡§¶]{1,3})\s*[\])）］】]?", re.IGNORECASE
)
"""A mark: ``[12]``, ``*``, ``†``, ``注1``; links that say anything else lead to parts of the page."""
_MAX_NOTE = 2_000


def with_notes(body: Element, blocks: Sequence[Block], kept: Sequence[bool]) -> list[bool]:
    """Return which blocks to keep: those that are kept already, and the notes to which they lead."""
    wanted = {name for block, is_kept in zip(blocks, kept, strict=True) if is_kept for name in _led_to(block)}
    if not wanted:
        return list(kept)
    notes = {holder for element in body.iter() if _name(element) in wanted and (holder := _holder(element)) is not None}
    return [
        is_kept or not notes.isdisjoint((block.element, *block.element.iterancestors()))
        for block, is_kept in zip(blocks, kept, strict=True)
    ]


def _led_to(block: Block) -> list[str]:
    links = [link for element, part in block.pieces if part == "whole" for link in element.iter("a")]
    return [
        name for link in links
        if (name := (link.get("href") or "")[1:]) and link.get("href")[0] == "#" and _MARK.fullmatch(text_of(link))
    ]  # fmt: skip


def _name(element: Element) -> str:
    return element.get("id") or (element.get("name") if element.tag == "a" else "") or ""


def _holder(element: Element) -> Element | None:
    """Return the block of a note that has this name, or whose number has; None for what is longer than notes are."""
    above = element
    while above is not None and above.tag not in BLOCKS:
        above = above.getparent()
    return above if above is not None and above.tag != "body" and len(raw_text(above)) <= _MAX_NOTE else None
