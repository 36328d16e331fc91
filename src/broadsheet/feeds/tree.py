"""Bytes to an element tree: strict XML first, repaired only after that has failed, item by item where that loses any.

The parser knows no DTD, no entities, no network, and never ``huge_tree``: libxml2's own limits (depth 256, 10 MB of
text in one piece) stay in force.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from lxml import etree

from broadsheet import encoding
from broadsheet.errors import LimitExceeded
from broadsheet.feeds import limits, repair

_OPTIONS: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "dtd_validation": False,
    "attribute_defaults": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "collect_ids": False,
}
_STRICT = etree.XMLParser(**_OPTIONS)
_PLAIN = re.compile(rb"""\s{0,64}(?:<\?xml(?P<declaration>[^>?]{0,200})\?>\s{0,64})?<[A-Za-z]""")
_DECLARED_UTF8 = re.compile(rb"""encoding\s{0,8}=\s{0,8}["']utf-?8["']""", re.IGNORECASE)
_DECLARATION = re.compile(rb"\s{0,64}<\?xml[^>]{0,400}\?>", re.IGNORECASE)
_LIMITS = {"XML_ERR_RESOURCE_LIMIT", "XML_ERR_INTERNAL_ERROR", "XML_ERR_NAME_TOO_LONG"}


class Tree(NamedTuple):
    """The root element, or None with the text in which there is none."""

    root: Any
    encoding: str
    problems: dict[str, None]
    doctype: str = ""
    text: str = ""


def load(data: bytes, content_type: str | None) -> Tree:
    """Return the element tree of a document, and what had to be done to get it.

    Raises ``LimitExceeded``. Where nothing in the document can be a feed, ``root`` is None.
    """
    if _is_plain(data, content_type):
        root = _fast(data)
        if root is not None and local_name(root) != "html":
            return Tree(root, "utf-8", {})
    decoded = encoding.to_utf8(data, content_type)
    problems: dict[str, None] = dict.fromkeys(decoded.problems)
    body = decoded.data
    declaration = _DECLARATION.match(body)
    if declaration:
        body = body[declaration.end() :]
    if not body.strip():
        return Tree(None, decoded.encoding, problems)
    head = body[:64].lstrip()
    if head[:2].upper() != b"<!" and head[:1] == b"<" and b"\x00" not in head:
        root = _fast(body)
        if root is not None and local_name(root) != "html":  # a feed may lie inside
            return Tree(root, decoded.encoding, problems)
    return _mended(body.decode("utf-8", "replace"), decoded.encoding, problems)


def _is_plain(data: bytes, content_type: str | None) -> bool:
    """Return whether the document says that it is UTF-8, or nothing, and has no DOCTYPE before its root."""
    match = _PLAIN.match(data[3:] if data[:3] == b"\xef\xbb\xbf" else data)
    if match is None:
        return False
    declaration = match["declaration"]
    if declaration is not None and b"encoding" in declaration and not _DECLARED_UTF8.search(declaration):
        return False
    return (
        not content_type or not (charset := encoding.charset_of(content_type)) or encoding.codec_for(charset) == "utf-8"
    )


def _fast(data: bytes) -> Any:
    limits.check_tags(data)
    try:
        return etree.fromstring(data, _STRICT)
    except etree.XMLSyntaxError as error:
        _raise_limit(error)
    except ValueError:
        pass
    return None


def _raise_limit(error: Any) -> None:
    message = str(error)
    if "Excessive depth" in message or ("depth" in message.lower() and "maximum" in message.lower()):
        raise LimitExceeded(f"elements are nested deeper than {limits.DEPTH}", "feed_depth") from None
    if "huge" in message.lower() or "too long" in message.lower():
        raise LimitExceeded("one text, name or attribute is too long", "feed_piece") from None


def _mended(text: str, name: str, problems: dict[str, None]) -> Tree:
    start = repair.prolog(text)
    found: dict[str, None] = {}
    if len(text) > 2 * limits.ELEMENTS and text.count("<") > limits.ELEMENTS:
        limits.check_tags(text.encode())
    mended = repair.from_root(text, found)
    if not mended:
        return _foreign(text, name, problems, start)
    if len(mended) < len(text):
        # Often the surroundings are all that is wrong.
        root = _fast(mended.encode("utf-8", "replace"))
        if root is not None:
            problems.update(found)
            return Tree(root, name, problems, start.doctype)
    mended = repair.closed_text(repair.legal(mended, found), found)
    data = repair.references(mended, start.entities, found).encode("utf-8", "replace")
    root = _fast(data)
    if root is None:
        mended = repair.declared_prefixes(data.decode(), found)
        closed = repair.closed_voids(mended)
        root = _fast(closed.encode())
        if root is not None and closed != mended:
            found["unclosed tags"] = None
        if root is None:
            found["not well-formed"] = None
            root = _salvage(closed, found)
    problems.update(found)
    return Tree(root, name, problems, start.doctype, text if root is None else "")


def _foreign(text: str, name: str, problems: dict[str, None], start: repair.Prolog) -> Tree:
    """Return the tree of a document that no feed's root starts, where it is XML of another kind (or a strange feed)."""
    root = None
    body = text[start.end :]
    if body[:1] == "<" and body[:2] != "<!":
        root = _fast(repair.references(body, start.entities, {}).encode("utf-8", "replace"))
    return Tree(root, name, problems, start.doctype, text)


def _recovering(text: str) -> Any:
    data = text.encode()
    limits.check_tags(data)
    parser = etree.XMLParser(recover=True, **_OPTIONS)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        _raise_limit(error)
        return None
    except ValueError:
        return None
    for entry in parser.error_log:
        if entry.type_name in _LIMITS:
            _raise_limit(entry.message)
    return root


def local_name(element: Any) -> str:
    """Return the name of an element without its namespace, in lower case; nothing of what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def _container(root: Any) -> Any:
    """Return the element that items stand in: the channel of RSS, else the root."""
    if local_name(root) == "rss":
        for child in root:
            if local_name(child) == "channel":
                return child
    return root


def _item_count(root: Any) -> int:
    parents = [root] if root is not None else []
    parents += [child for child in parents[0] if local_name(child) == "channel"] if parents else []
    return sum(local_name(child) in ("item", "entry") for parent in parents for child in parent)


def _salvage(text: str, problems: dict[str, None]) -> Any:
    """Return a tree of what can be read. ``recover`` drops whole items: they are read one by one if any is missing."""
    start, end = repair.root_tag(text)
    if start:
        text = _opaque_where_broken(text, start, end)
        root = _fast(text.encode())
        if root is not None:
            return root
    root = _recovering(text)
    pieces = repair.items(text)
    if len(pieces) <= _item_count(root) or not pieces or not start:
        return root
    head_end = text.find(pieces[0])
    # In RSS the channel is still open where the first item starts; recovery closes it.
    head = _recovering(text[:head_end] or start + end)
    if head is None:
        head = _recovering(start + end)
    if head is None:
        return root
    container = _container(head)
    lost = 0
    for piece in pieces:
        item = _piece(start, piece, end)
        if item is None:
            lost += 1
        else:
            container.append(item)
    problems["items read one by one"] = None
    if lost:
        problems[f"items lost: {lost}"] = None
    return head if _item_count(head) >= _item_count(root) else root


def _opaque_where_broken(text: str, start: str, end: str) -> str:
    """Return the text with the markup in the fields of items that are not well-formed as text: it swallows what follows."""
    parts: list[str] = []
    here = 0
    for piece in repair.items(text):
        place = text.find(piece, here)
        opaque = repair.opaque_fields(piece)
        if opaque != piece and _fast(f"{start}{piece}{end}".encode()) is None:
            parts += (text[here:place], opaque)
            here = place + len(piece)
    parts.append(text[here:])
    return "".join(parts)


def _piece(start: str, piece: str, end: str) -> Any:
    for text in (piece, repair.opaque_fields(piece)):
        root = _fast(f"{start}{text}{end}".encode())
        if root is not None and len(root):
            return root[0]
    root = _recovering(f"{start}{repair.opaque_fields(piece)}")
    if root is None:
        return None
    return next((child for child in root if local_name(child) in ("item", "entry")), None)
