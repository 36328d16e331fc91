"""The one sanitiser. It is the last step before an article is kept; nothing (Markdown, unescaping, cutting) follows it.

nh3 (ammonia) parses as browsers do and keeps an allow-list. Three things it leaves to us: time (100,000 nested
elements take it over a minute), so depth and bytes are capped first; ``cite`` with any scheme, so it is not on the
list; foreign pictures, which the pictures stage replaces by local copies.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import nh3

from broadsheet import urls
from broadsheet.text import visible_text

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 200

TAGS = set(
    (
        "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption "
        "figure h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strong sub summary "
        "sup table tbody td tfoot th thead time tr u ul var wbr"
    ).split()
)
"""No svg, math, style, iframe, form: every bypass of ammonia so far needed one of them."""

ATTRIBUTES: dict[str, set[str]] = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "time": {"datetime"},
    "details": {"open"},
}
"""No id, name, class, style, data-*: they reach into the page that the article stands in."""

_SCHEMES = {"http", "https", "mailto"}
_DROPPED_WHOLE = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "noscript",
    "template",
    "svg",
    "math",
    "form",
    "select",
}
_NUMBERS = frozenset(("width", "height", "colspan", "rowspan", "span", "start", "value"))
_WORDS = {"dir": {"ltr", "rtl", "auto"}, "scope": {"row", "col", "rowgroup", "colgroup"}, "type": set("1aAiI")}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# Void elements, and those that end by themselves when the next one begins: many in a row are no depth.
_FLAT = frozenset(
    (
        "area base br col embed hr img input link meta param source track wbr p li dd dt td th tr tbody thead tfoot "
        "option rp rt colgroup"
    ).split()
)


def sanitize_html(markup: str, *, base_url: str) -> str:
    """Return HTML that is safe to print inside an article: balanced, allow-listed, links absolute.

    Links and pictures are resolved against ``base_url``; other schemes than http, https and mailto lose their
    attribute. Markup that is longer than 1 MiB or nested deeper than 200 elements comes back as its text.
    """
    return _clean(markup, lambda value: urls.resolve(base_url, value))


def _clean(markup: str, resolve: Callable[[str], str]) -> str:
    if len(markup) > MAX_BYTES or depth(markup) > MAX_DEPTH:
        return f"<p>{html.escape(visible_text(markup[: 4 * MAX_BYTES]))}</p>"

    def attribute(_tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return value if value.lower().startswith("mailto:") else resolve(value) or None
        if name == "src":
            return value if value.startswith("/m/") else resolve(value) or None
        if name in _NUMBERS:
            return value if value.isascii() and value.isdigit() and len(value) < 6 else None
        if name in _WORDS:
            return value if value in _WORDS[name] else None
        return value[:1000]

    return nh3.clean(
        markup,
        tags=TAGS,
        attributes=ATTRIBUTES,
        clean_content_tags=_DROPPED_WHOLE,
        attribute_filter=attribute,
        url_schemes=_SCHEMES,
        link_rel="noopener nofollow ugc",
        # One attribute an element only: the order in which nh3 adds several differs from process to process.
        set_tag_attribute_values={"img": {"loading": "lazy"}},
    )


def depth(markup: str) -> int:
    """Return an upper bound of how deep elements nest, in one pass over the text."""
    deepest = level = 0
    for match in _TAG.finditer(markup):
        if match[2].lower() in _FLAT:
            continue
        level = max(0, level - 1) if match[1] else level + 1
        deepest = max(deepest, level)
    return deepest
