"""The one sanitiser. It is the last step before an article is kept; nothing (Markdown, unescaping, cutting) follows it.

nh3 (ammonia) parses as browsers do and keeps an allow-list. Three things it leaves to us: time (100,000 nested
elements take it over a minute), so markup is measured first; ``cite`` with any scheme, so it is not on the
list; foreign pictures, which the pictures stage replaces by local copies.
"""

from __future__ import annotations

import html
from collections.abc import Callable

import nh3

from broadsheet import urls
from broadsheet.articles.limits import MAX_BYTES, exceeded
from broadsheet.text import visible_text

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


def sanitize_html(markup: str, *, base_url: str) -> str:
    """Return HTML that is safe to print inside an article: balanced, allow-listed, links absolute.

    Links and pictures are resolved against ``base_url``; other schemes than http, https and mailto lose their
    attribute. Half characters become question marks. Markup that is longer than 1 MiB, nested deeper than 200 elements or
    has more than 200 attributes in one element comes back as its text.
    """
    whole = markup.encode("utf-8", "replace").decode()
    return _clean(whole, lambda value: urls.resolve(base_url, value))


def _clean(markup: str, resolve: Callable[[str], str]) -> str:
    if exceeded(markup):
        return f"<p>{html.escape(visible_text(markup[: 4 * MAX_BYTES]))}</p>"

    def attribute(_tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return value if value[:7].lower() == "mailto:" else resolve(value) or None
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
