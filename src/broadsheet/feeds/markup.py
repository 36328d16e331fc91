"""Markup inside fields: relative links made absolute in place, XHTML written out as HTML, HTML told from text."""

from __future__ import annotations

import html
import re
from html.entities import html5
from typing import Any

from broadsheet import urls
from broadsheet.feeds.names import XHTML

_VOID_WORDS = """
    area base basefont br col command embed frame hr img input isindex link meta param source track wbr
"""
_VOID = frozenset(_VOID_WORDS.split())
# Attributes that hold addresses. The first are looked for in all markup.
_MAIN = ("href", "src")
_RARE_WORDS = """
    srcset poster cite action background data longdesc usemap profile codebase HREF SRC
"""
_RARE = tuple(_RARE_WORDS.split())


def _relative(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds the ``=`` of attributes whose value does not start like an absolute address.

    It starts with a literal character, so that the search runs at the speed of memchr.
    """
    ends = "|".join(sorted({name[-2:] for name in names}))  # told apart first, by one look back
    named = "|".join(rf"(?<=[ \t\r\n\"'/]{name}=)" for name in names)
    return re.compile(rf"""=(?<=(?:{ends})=)(?!["'](?:http|mailto:|data:|javascript:))(?:{named})""")


_MAIN_RELATIVE = _relative(_MAIN)
_RARE_RELATIVE = _relative(_RARE)
_ANY_RELATIVE = _relative(_MAIN + _RARE)
_SHORT = 2_000
_VALUE = re.compile(
    r"""(?P<name>[a-zA-Z]{3,10})=(?:"(?P<double>[^"<>]{0,8000}+)"|'(?P<single>[^'<>]{0,8000}+)'|(?P<bare>[^\s"'<>]{1,8000}+))"""
)
_PIECE = re.compile(r"""=\s*+(?:"[^"]{0,8000}+"|'[^']{0,8000}+')|[^=]++|=""")
"""A value in quotation marks, or what stands before the next one."""
# Over UTF-8 with a literal first byte the search runs at the speed of memchr; over characters it takes 10 ns each.
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_C1_MAP = {code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0xA0)}
_C1_MAP = {code: text for code, text in _C1_MAP.items() if text != "\ufffd"}
_C1_CHARACTER = re.compile(r"[\x80-\x9f]")
_NUMERIC_C1 = re.compile(r"&#(12[89]|1[345]\d|[xX][89][0-9a-fA-F]);")
_CLOSE = re.compile(r"</(\w{1,32})>|&#?\w{1,32};")
_NAMES = re.compile(r"</?(\w{1,64})")
_ENTITIES = re.compile(r"&(\w{1,64});")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]{0,30}:")

_HTML_WORDS = """
    a abbr acronym address area article aside audio b bdi bdo big blockquote br button canvas caption center
    cite code col colgroup command datagrid datalist dd del details dfn dialog dir div dl dt em event-source
    fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 header hr i img input ins kbd keygen label
    legend li m map mark menu meter multicol nav nextid noscript ol optgroup option output p picture pre
    progress q rp rt ruby s samp section select small sound source spacer span strike strong sub summary sup
    table tbody td textarea tfoot th thead time tr tt u ul var video wbr
"""
_HTML = frozenset(_HTML_WORDS.split())


def looks_like_html(text: str) -> bool:
    """Return whether unmarked text is HTML: it has a closed element or an entity, and nothing that is not HTML."""
    if ("<" not in text and "&" not in text) or not _CLOSE.search(text):
        return False
    if any(name.lower() not in _HTML for name in _NAMES.findall(text)):
        return False
    return all(f"{name};" in html5 for name in _ENTITIES.findall(text))


def windows_controls(text: str) -> str:
    """Return the text with C1 controls read as the windows-1252 characters that their writers meant."""
    if not _C1.search(text.encode("utf-8", "replace")):
        return text
    return _C1_CHARACTER.sub(lambda match: _C1_MAP.get(ord(match[0]), match[0]), text)


def windows_references(markup: str) -> str:
    """Return the markup with references to C1 controls as HTML reads them: ``&#146;`` is ``&#x2019;`` (13.2.5)."""
    if "&#" not in markup:
        return markup
    return _NUMERIC_C1.sub(lambda match: f"&#x{ord(html.unescape(match[0])):x};", markup)


def without_marks(text: str) -> str:
    """Return the text without the marks of a CDATA section around it, which somebody escaped or put into JSON."""
    if text[:9] == "<![CDATA[" and text[-3:] == "]]>" and "]]>" not in text[9:-3]:
        return text[9:-3].strip()
    return text


def mended(text: str) -> str:
    """Return text that was UTF-8, read as Latin-1 and encoded again, as it was meant; other text unchanged."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _name_start(markup: str, equals: int) -> int:
    """Return where the attribute name that ends before a position starts."""
    start = equals
    while start and markup[start - 1].isalpha():
        start -= 1
    return start


def resolve_links(markup: str, base: str) -> str:
    """Return the markup with relative addresses made absolute and every other character where it was.

    Only attribute values inside start tags change, so code samples and broken markup pass through. In long markup the
    rarer attributes (``srcset``, ``poster``, ...) are looked at only beside a relative ``href`` or ``src``: sites that
    write one of them relative write them all so. Linear time.
    """
    if not base or "=" not in markup:
        return markup
    short = len(markup) < _SHORT
    found = [match.start() for match in (_ANY_RELATIVE if short else _MAIN_RELATIVE).finditer(markup)]
    if found and not short:
        found = sorted(found + [match.start() for match in _RARE_RELATIVE.finditer(markup)])
    parts: list[str] = []
    here = read = 0
    tag = -1
    for equals in found:
        position = _name_start(markup, equals)
        match = _VALUE.match(markup, position)
        if match and position >= here and (opening := _tag_of(markup, position)) >= 0:
            if opening != tag:
                tag = read = opening
            while read < equals and (piece := _PIECE.match(markup, read)):
                read = piece.end()
            if read != equals:
                continue  # within another attribute's value
            parts += (markup[here:position], _absolute(match, base))
            here = match.end()
    if not parts:
        return markup
    parts.append(markup[here:])
    return "".join(parts)


def resolved(name: str, value: str, base: str) -> str:
    """Return the value of an attribute that holds an address, or several (``srcset``), made absolute."""
    if name == "srcset" and "data:" not in value:
        return ", ".join(_candidate(part, base, escaped=False) for part in value.split(",") if part.strip())
    return value if _SCHEME.match(value) else urls.resolve(base, value.strip()) or value


def _tag_of(markup: str, position: int) -> int:
    """Return where the tag begins that a position is in, -1 for none. Looks back 4,000 characters at most."""
    opening = markup.rfind("<", max(0, position - 4_000), position)
    inside = opening >= 0 and markup.rfind(">", opening, position) < 0 and markup[opening + 1 : opening + 2].isalpha()
    return opening if inside else -1


def _absolute(match: re.Match[str], base: str) -> str:
    name = match["name"].lower()
    raw = match["double"] or match["single"] or match["bare"] or ""
    value = raw.strip()
    if name == "srcset":
        fixed = (
            ", ".join(_candidate(part, base) for part in value.split(",") if part.strip())
            if "data:" not in value
            else value
        )
    elif _SCHEME.match(value):
        return match[0]
    else:
        fixed = html.escape(urls.resolve(base, html.unescape(value)) or value, quote=False)
    if fixed == raw:
        return match[0]
    quote = "'" if match["single"] is not None else '"'
    return f"{match['name']}={quote}{fixed.replace(quote, '&quot;' if quote == chr(34) else '&#39;')}{quote}"


def _candidate(part: str, base: str, *, escaped: bool = True) -> str:
    address, blank, rest = part.strip().partition(" ")
    if not _SCHEME.match(address):
        address = urls.resolve(base, html.unescape(address) if escaped else address) or address
        address = html.escape(address, quote=False) if escaped else address
    return f"{address}{blank}{rest}"


def escape(text: str | None) -> str:
    """Return text as markup."""
    if not text:
        return ""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def inner_html(element: Any) -> str:
    """Return what an element holds, written as HTML: XHTML namespaces go, void elements close themselves.

    Depth needs no stack of ours: the parser refuses documents that are deeper than ``limits.DEPTH``.
    """
    parts = [escape(element.text)]
    for child in element:
        _write(child, parts)
    return "".join(parts)


def _write(element: Any, parts: list[str]) -> None:
    tag = element.tag
    if not isinstance(tag, str):
        if element.text and element.__class__.__name__ == "_Comment":
            parts.append(f"<!--{element.text}-->")
        elif element.__class__.__name__ == "_Entity":
            parts.append(element.text)
        parts.append(escape(element.tail))
        return
    uri, _, name = tag.rpartition("}")
    name = name.split(":")[-1].lower() if uri[1:] == XHTML or not uri else name
    parts.append(f"<{name}")
    parent = element.getparent()
    if (
        uri[1:] not in ("", XHTML)
        and name in ("svg", "math")
        and (parent is None or not str(parent.tag).startswith(uri))
    ):
        parts.append(f' xmlns="{uri[1:]}"')
    for key, value in element.items():
        space, _, local = key.rpartition("}")
        prefix = "xml:" if space.endswith("/namespace") else "xlink:" if space.endswith("/xlink") else ""
        parts.append(f' {prefix}{local}="{escape(value).replace(chr(34), "&quot;")}"')
    if name in _VOID and not len(element) and not element.text:
        parts.append(" />")
    else:
        parts += (">", escape(element.text))
        for child in element:
            _write(child, parts)
        parts.append(f"</{name}>")
    parts.append(escape(element.tail))


def without_outer_div(markup: str) -> str:
    """Return the markup without the one ``<div>`` that wraps all of it (RFC 4287, section 3.1.1.3), else unchanged."""
    text = markup.strip()
    start = re.match(r"<div(?:\s[^<>]{0,2000})?>", text, re.IGNORECASE)
    if not start or text[-6:].lower() != "</div>":
        return markup
    depth = 0
    for match in re.finditer(r"<(/?)div(?=[\s>/])", text, re.IGNORECASE):
        depth += -1 if match[1] else 1
        if depth == 0 and match.start() < len(text) - 6:
            return markup
    return text[start.end() : -6]
