"""What of a page tells of its article, cut out of it with lexbor: a twentieth of its bytes, which libxml2 reads at once.

A heading keeps the elements that it stands in, with their names: that of another article is known by these.
"""

from __future__ import annotations

from html import escape
from typing import Any

_TOLD = 'title, meta, link[rel="canonical"], script[type="application/ld+json"], h1'
"""Sites put metadata into the body, too."""
_KEPT = ("class", "id", "href")


def outline(page: Any) -> str:
    """Return a document of the metadata and headings of a page that lexbor has parsed, in the page's order."""
    parts = []
    for node in page.css(_TOLD):
        markup, above = node.html or "", node.parent
        while node.tag == "h1" and above is not None and above.tag not in ("body", "html"):
            markup = f"{_start(above)}{markup}</{above.tag}>"
            above = above.parent
        parts.append(markup)
    # Of headings of second rank only their wording counts.
    parts += [f"<h2>{escape(node.text())}</h2>" for node in page.css("h2")]
    return f"{_start(page.root)}<body>{''.join(parts)}</body></html>"


def _start(node: Any) -> str:
    names = (*_KEPT, "lang") if node.tag == "html" else _KEPT
    return f"<{node.tag}{''.join(_attribute(name, node.attributes.get(name)) for name in names)}>"


def _attribute(name: str, value: str | None) -> str:
    return f' {name}="{escape(value)}"' if value else ""
