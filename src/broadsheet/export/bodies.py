"""The bodies of articles in other tools' files: inert to template engines and Markdown, with pictures that are there.

Sanitised HTML has no element whose text is raw (no script, style, textarea), every attribute is quoted, and no name
holds any of the characters below. So a character reference means the same character everywhere in it, and none of
the tools looks for its openers behind one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

_ENGINES = {
    ord("{"): "&#123;",  # Nunjucks, Go templates, Liquid
    ord("}"): "&#125;",
    ord("`"): "&#96;",  # Hexo makes code of fences in any source, HTML too
    ord("~"): "&#126;",
    0xFFFC: "&#65532;",  # Hexo's own marks for what it has put aside; a false one ends its build
}
_ONE_LINE = _ENGINES | {ord("\n"): "&#10;", ord("\r"): "&#13;", ord("\t"): "&#9;"}
_PICTURE = re.compile(r'<img\b(?:[^>"]|"[^"]*")*>')
_SOURCE = re.compile(r'\ssrc="/(m/[^"]+)"')


def inert(markup: str) -> str:
    """Return sanitised HTML of which no template engine takes anything for its own."""
    return markup.translate(_ENGINES)


def one_line(markup: str) -> str:
    """Return sanitised HTML as one line that Markdown leaves as it is: an HTML block that no blank line ends.

    CommonMark 0.31, section 4.6: a line that begins with ``<div`` starts a block of raw HTML up to a blank line.
    """
    return f"<div>{markup.translate(_ONE_LINE)}</div>\n"


def pictures(markup: str) -> list[str]:
    """Return the paths (``m/…``) of our pictures in the HTML, each once, in their order."""
    found = (_SOURCE.search(tag) for tag in _PICTURE.findall(markup))
    return list(dict.fromkeys(html.unescape(match[1]) for match in found if match))


def with_pictures(markup: str, place: Callable[[str], str]) -> str:
    """Return the HTML with ``place(path)`` as the address of each of our pictures; one without an address goes."""

    def settle(match: re.Match[str]) -> str:
        source = _SOURCE.search(match[0])
        if source is None:
            return match[0]
        address = place(html.unescape(source[1]))
        if not address:
            return ""
        return match[0].replace(source[0], f' src="{html.escape(address)}"')

    return _PICTURE.sub(settle, markup)
