"""What of a page tells of its article, found with lexbor, or cut out for libxml2: a twentieth of its bytes.

A heading keeps the elements that it stands in, with their names: that of another article is known by these.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import islice
from typing import Any

from broadsheet.articles.metadata import Told, contents_by_name

_LINKED = 'script[type="application/ld+json"]'
_NUMBERED = ", ".join(f'{tag}[href*="{number}"]' for tag in ("a", "link") for number in (1, 2))
_MAX_PICTURES = 40
_MAX_HEADINGS, _MAX_LENGTH, _MAX_ABOVE = 20, 5_000, 100
"""Of each rank, characters of one, and elements above it: real pages have fewer."""
_KEPT = ("class", "id", "href")


def told(page: Any) -> Told:
    """Return what a page that lexbor has parsed tells of itself: in its body, too, as sites do."""
    canonical = page.css_first('link[rel="canonical"][href]')
    return Told(
        contents_by_name(node.attributes for node in page.css("meta")),
        [node.text() for node in page.css(_LINKED)],
        canonical.attributes["href"] or "" if canonical is not None else "",
        page.root.attributes.get("lang") or "",
    )


def outline(page: Any) -> str:
    """Return a document of the title and headings of a page that lexbor has parsed."""
    parts = [node.html or "" for node in page.css("title")]
    for node in page.css("h1")[:_MAX_HEADINGS]:
        markup, above = node.html or "", list(islice(_above(node), _MAX_ABOVE))
        if len(markup) <= _MAX_LENGTH:
            parts += [*map(_start, reversed(above)), markup, *(f"</{one.tag}>" for one in above)]
    # Of headings of second rank only their wording counts.
    parts += [f"<h2>{escape(node.text()[:_MAX_LENGTH])}</h2>" for node in page.css("h2")[:_MAX_HEADINGS]]
    return f"{_start(page.root)}<body>{''.join(parts)}</body></html>"


def pictures(page: Any, word: str) -> str:
    """Return those of the first pictures of a page that lexbor has parsed that have a word, in small letters, in their markup."""
    found = (node.html or "" for node in page.css("img")[:_MAX_PICTURES])
    return "".join(markup for markup in found if word in markup.lower())


def links(page: Any) -> Iterator[str]:
    """Yield where the links of a page that lexbor has parsed lead that have one of the first two numbers in their address."""
    return (node.attributes.get("href") or "" for node in page.css(_NUMBERED))


def _above(node: Any) -> Iterator[Any]:
    while (node := node.parent) is not None and node.tag not in ("body", "html"):
        yield node


def _start(node: Any) -> str:
    return f"<{node.tag}{''.join(_attribute(name, node.attributes.get(name)) for name in _KEPT)}>"


def _attribute(name: str, value: str | None) -> str:
    return f' {name}="{escape(value)}"' if value else ""
