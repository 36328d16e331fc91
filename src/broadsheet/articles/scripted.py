"""The article of a page that shows nothing without its scripts: among what they are told, or in the linked data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from broadsheet.articles.limits import exceeded
from broadsheet.articles.metadata import linked_body
from broadsheet.articles.tree import Element, parse_fragment, text_of
from broadsheet.text import letters

_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_MIN_STRING = 300
_MARKUP = re.compile(r"\s*<[a-z]+[\s>]", re.IGNORECASE)
_PARAGRAPH = re.compile(r"</p>|<br|</div>", re.IGNORECASE)
_MIN_PARAGRAPHS = 2
_MIN_LETTERS = 200
"""With fewer it is a teaser, or the label of a button."""


def scripted_body(tree: Element) -> Element | None:
    """Return the longest text that a page holds as markup in a string of its scripts, or the linked data's; None without any."""
    found = [parse_fragment(markup) for markup in _strings(tree)]
    if told := linked_body(tree):
        body = parse_fragment("")
        for line in filter(None, map(str.strip, told.split("\n"))):
            paragraph = body.makeelement("p")
            paragraph.text = line
            body.append(paragraph)
        found.append(body)
    body = max(found, key=_size, default=None)
    return body if body is not None and _size(body) >= _MIN_LETTERS else None


def _size(body: Element) -> int:
    return len(letters(text_of(body)))


def _strings(tree: Element) -> Iterator[str]:
    for script in tree.iter("script"):
        for literal in _literals(script.text or ""):
            try:
                text = json.loads(f'"{literal}"', strict=False)
            except ValueError:  # of JavaScript, not of JSON
                continue
            if _MARKUP.match(text) and len(_PARAGRAPH.findall(text)) >= _MIN_PARAGRAPHS and not exceeded(text):
                yield text


def _literals(script: str) -> Iterator[str]:
    """Yield what stands in long double quotes. What ends a short one may begin the next: scripts quote otherwise, too."""
    start = script.find('"')
    while start >= 0 and (match := _STRING.match(script, start)):
        long = len(match[1]) >= _MIN_STRING
        if long:
            yield match[1]
        start = script.find('"', match.end() if long else match.end() - 1)
