"""What is done to a document that has failed as XML: each repair by name, and no more than is needed.

Everything here is one pass over the text; a construct that is never closed runs to the end and is looked for only once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5, name2codepoint
from typing import NamedTuple

from broadsheet.errors import LimitExceeded
from broadsheet.feeds import limits
from broadsheet.feeds.names import KNOWN_PREFIXES

_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_NO_CHARACTERS = re.compile("[\ufffe\uffff\ud800-\udfff]")
_OPAQUE = r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)"
_REFERENCE = re.compile(r"&(?!(?:lt|gt|amp|quot|apos);)(?:#(\d{1,7}|[xX][0-9a-fA-F]{1,6});|([a-zA-Z_][\w.\-]{0,39});)?")
_ROOT = re.compile(
    r"<(rss|feed|(?:\w{1,20}:)?rdf|(?:atom|a|rss)\d{0,2}:(?:feed|rss)|channel|entry)(?=[\s>/])", re.IGNORECASE
)
_START = re.compile(r"<([\w:.\-]{1,60})((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)>")
_ITEM = re.compile(rf"{_OPAQUE}|<(/?)((?:[\w.\-]{{1,20}}:)?(?:item|entry))(?=[\s>/])", re.DOTALL | re.IGNORECASE)
_VOID = re.compile(
    rf"({_OPAQUE})|<(br|hr|img|wbr|input)((?:\s[^<>]{{0,4000}})?)(?<!/)>(?!</\2>)", re.DOTALL | re.IGNORECASE
)
_FIELD = re.compile(
    r"<(title|description|summary|content|content:encoded|subtitle|itunes:summary|dc:description)(\s[^<>]{0,2000})?(?<!/)>",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"</?([A-Za-z_][\w.\-]{0,30}):[\w]|\s([A-Za-z_][\w.\-]{0,30}):[\w.\-]{1,60}=[\"']")
_DECLARED = re.compile(r"\sxmlns:([\w.\-]{1,40})\s{0,8}=")
_DOCTYPE_END = re.compile(r"\]\s*+>")
_SAFE_ENTITY = re.compile(
    r"<!ENTITY\s{1,8}([\w.\-]{1,40})\s{1,8}(?:\"([^\"&%<]{0,200})\"|'([^'&%<]{0,200})'|\"&(#x?[0-9a-fA-F]{1,7});\")\s{0,8}>"
)
_SPACE = re.compile(r"\s*+")


class Prolog(NamedTuple):
    """Where the text after the prolog starts, the DOCTYPE as it stood, and its harmless entities."""

    end: int
    doctype: str = ""
    entities: dict[str, str] = {}


def prolog(text: str) -> Prolog:
    """Return what stands before the root. The parser never sees a DOCTYPE: only short entities of plain text count."""
    here, doctype = 0, ""
    while True:
        match = _SPACE.match(text, here)
        here = match.end() if match else here
        if text.startswith("<?", here):
            end = text.find("?>", here)
            after = end + 2
        elif text.startswith("<!--", here):
            end = text.find("-->", here)
            after = end + 3
        elif text[here : here + 9].upper() == "<!DOCTYPE" and not doctype:
            end = _doctype_end(text, here)
            after = end
            doctype = text[here:after] if end > 0 else ""
        else:
            return Prolog(here, doctype, _entities(doctype))
        if end < 0:
            return Prolog(here, doctype, _entities(doctype))
        here = after


def _doctype_end(text: str, start: int) -> int:
    close, subset = text.find(">", start), text.find("[", start)
    if 0 <= subset < close:
        match = _DOCTYPE_END.search(text, subset)
        return match.end() if match else -1
    return close + 1 if close >= 0 else -1


def _entities(doctype: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, reference in _SAFE_ENTITY.findall(doctype) if "<!ENTITY" in doctype else ():
        if len(found) < 500:
            found.setdefault(name, _character(reference[1:]) if reference else double or single)
    return found


def _character(digits: str) -> str:
    code = int(digits[1:], 16) if digits[:1] in "xX" else int(digits)
    if code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF:
        return chr(code)
    return ""


def references(text: str, entities: dict[str, str], problems: dict[str, None]) -> str:
    """Return the text with HTML's entities as characters and bare ampersands escaped, outside CDATA and comments."""
    growth = 0
    if len(text) > limits.REFERENCES and text.count("&") > limits.REFERENCES:
        raise LimitExceeded(f"a broken document has more than {limits.REFERENCES:,} references", "feed_references")

    def replace(match: re.Match[str]) -> str:
        nonlocal growth
        digits, name = match.groups()
        if digits is not None:
            if _character(digits):
                return match[0]
            problems["character reference to no character"] = None
            return "\ufffd"
        if name is None:
            problems["bare ampersand"] = None
            return "&amp;"
        value = entities.get(name)
        if value is not None:
            growth += len(value)
            if growth > limits.ENTITY_GROWTH:
                raise LimitExceeded("the document's own entities make it too long", "feed_entities")
        else:
            # XML documents that use these names mean XHTML's: there "lang" is U+2329, in HTML U+27E8.
            value = chr(name2codepoint[name]) if name in name2codepoint else html5.get(f"{name};")
            problems["undefined entity" if value is None else "html entity"] = None
            if value is None:
                return "&amp;" + match[0][1:]
        return value.replace("&", "&amp;").replace("<", "&lt;")

    return "".join([part if opaque else _REFERENCE.sub(replace, part) for opaque, part in _parts(text)])


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """Yield (whether it is CDATA or a comment, text) of each part."""
    here = 0
    following = {"<![CDATA[": 0, "<!--": 0}
    while True:
        for mark, position in following.items():
            if 0 <= position <= here:
                following[mark] = text.find(mark, here)
        starts = [(position, mark) for mark, position in following.items() if position >= 0]
        if not starts:
            break
        start, mark = min(starts)
        close = "]]>" if mark == "<![CDATA[" else "-->"
        end = text.find(close, start + len(mark))
        end = len(text) if end < 0 else end + len(close)
        yield False, text[here:start]
        yield True, text[start:end]
        here = end
    yield False, text[here:]


def legal(text: str, problems: dict[str, None]) -> str:
    """Return the text without the control characters and half characters that XML forbids."""
    data = text.encode("utf-8", "surrogatepass")
    cleaned = data.translate(None, _CONTROLS)
    if len(cleaned) != len(data):
        text = cleaned.decode("utf-8", "surrogatepass")
        problems["control characters"] = None
    # The bytes EF BF BE, EF BF BF and ED A0..BF: looked for only where a character above U+D7FF can be.
    if b"\xef\xbf" in cleaned or b"\xed" in cleaned:
        text = _NO_CHARACTERS.sub("", text)
    return text


def closed_text(text: str, problems: dict[str, None]) -> str:
    """Return the text with the end of a CDATA section that was cut off: what is there of it was read."""
    start = text.rfind("<![CDATA[")
    if start < 0 or "]]>" in text[start:]:
        return text
    problems["truncated"] = None
    return text.rstrip("]") + "]]>"


def from_root(text: str, problems: dict[str, None]) -> str:
    """Return the text from the feed's root on, and no further than its end; ``""`` where no feed's root is."""
    start = prolog(text).end
    root = _ROOT.search(text, start)
    if root is None:
        return ""
    before = text[start : root.start()].strip()
    if "<?xml" in text[:start]:
        problems["xml declaration not at the start"] = None
    if before:
        html = re.match(r"<(?:!doctype\s+)?html", before, re.IGNORECASE)
        problems["feed inside an html page" if html else "text before the root"] = None
    closing = f"</{root[1]}"
    end = text.rfind(closing)
    if end < root.start():
        if not _start_tag(text, root.start()).endswith("/>"):
            problems["truncated"] = None
        return text[root.start() :]
    stop = text.find(">", end)
    stop = len(text) if stop < 0 else stop + 1
    rest = text[stop:]
    if rest and prolog(rest).end < len(rest):
        problems["text after the end"] = None
    return text[root.start() : stop]


def _start_tag(text: str, start: int) -> str:
    match = _START.match(text, start)
    return match[0] if match else ""


def declared_prefixes(text: str, problems: dict[str, None]) -> str:
    """Return the text with every prefix declared at the root that is used and declared nowhere."""
    known = set(_DECLARED.findall(text)) | {"xml", "xmlns"}
    missing: list[str] = []
    for found in _PREFIX.finditer(text):
        prefix = found[1] or found[2]
        if prefix not in known:
            known.add(prefix)
            missing.append(prefix)
            if len(missing) >= 50:
                break
    if not missing:
        return text
    match = _START.match(text)
    if match is None:
        return text
    problems[f"undeclared prefix {missing[0][:30]}"] = None
    added = "".join(
        f' xmlns:{prefix}="{KNOWN_PREFIXES.get(prefix.lower(), "urn:undeclared:" + prefix)}"' for prefix in missing
    )
    end = match.start(2)
    return text[:end] + added + text[end:]


def closed_voids(text: str) -> str:
    """Return the text with HTML's void elements closed, which XML asks for and HTML does not."""

    def close(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        # Apart from the slash: a value without quotation marks goes on to the next blank.
        return f"<{match[2]}{match[3]}{' ' if match[3] else ''}/>"

    return _VOID.sub(close, text)


def items(text: str) -> list[str]:
    """Return the text of each item or entry, from its start tag to its end tag or to the next item's start."""
    found: list[str] = []
    start: int | None = None
    for match in _ITEM.finditer(text):
        if match[2] is None:
            continue
        if start is not None:
            if match[1]:
                close = text.find(">", match.end())
                found.append(text[start : close + 1] if close >= 0 else text[start:])
            else:
                found.append(text[start : match.start()])
            start = None
        if not match[1]:
            start = match.start()
            if len(found) >= limits.ENTRIES_READ:
                return found
    if start is not None:
        found.append(text[start:])
    return found


def opaque_fields(item: str) -> str:
    """Return an item with the markup in its text fields wrapped in CDATA: only the fields must be well-formed."""
    parts: list[str] = []
    here = 0
    never_closed: set[str] = set()
    lowered = item.lower()
    for match in _FIELD.finditer(item):
        name = match[1].lower()
        if match.start() < here or name in never_closed:
            continue
        close = lowered.find(f"</{name}", match.end())
        if close < 0:
            never_closed.add(name)
            continue
        inner = item[match.end() : close]
        if "<" in inner and "<![CDATA[" not in inner:
            parts += (item[here : match.end()], "<![CDATA[", inner.replace("]]>", "]]&gt;"), "]]>")
            here = close
    parts.append(item[here:])
    return "".join(parts)


def root_tag(text: str) -> tuple[str, str]:
    """Return (start tag, end tag) of the root, to wrap items in one by one."""
    match = _START.match(text)
    if match is None or len(match[0]) > 20_000:
        return "", ""
    return match[0].removesuffix("/>").removesuffix(">") + ">", f"</{match[1]}>"
