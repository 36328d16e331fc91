"""The limits of the feed parser; ``limits.LIMITS`` has them all.

They are far above every feed of the corpus (largest 1.1 MB, 33 levels, 1,275 entries) and low enough that the
worst document inside them ends in about a second.
"""

from __future__ import annotations

from broadsheet.errors import LimitExceeded
from broadsheet.limits import value

BYTES = value("feed_bytes")
ATTRIBUTES = value("feed_attributes")
"""libxml2 needs 11 s for 100,000 (it compares each with each)."""
DEPTH = value("feed_depth")
"""libxml2 itself stops at 256; JSON values may nest about 1,000 deep."""
ELEMENTS = value("feed_elements")
"""Angle brackets, escaped ones not counted. The tree takes 100 to 200 bytes for each."""
REFERENCES = value("feed_references")
NAMES = value("feed_names")
ENTRIES = value("feed_entries")
"""More is named in ``problems``, not refused."""
ENTRIES_READ = value("feed_entries_read")
TITLE = value("feed_title")
"""The rest is cut on a character boundary and named in ``problems``."""
TEXT = value("feed_text")
VALUES = value("feed_values")
"""Of values of one extension, too."""
ENTITY_GROWTH = value("feed_entities")

_LONG_TAG = 2_048


def check_size(data: bytes) -> None:
    """Return nothing, or raise ``LimitExceeded`` for a document that is too large to look at."""
    if len(data) > BYTES:
        raise LimitExceeded(f"the document has {len(data):,} bytes, more than {BYTES:,}", "feed_bytes")


def check_tags(data: bytes) -> None:
    """Return nothing, or raise ``LimitExceeded`` when there are too many elements, or attributes in one start tag.

    ``<`` cannot stand in an attribute value, so a tag with many attributes is a long gap between two of them. Looking
    for gaps touches about 1 byte in 2,000 of an ordinary document.
    """
    here, size = 0, len(data)
    if size > 2 * ELEMENTS and data.count(b"<") > ELEMENTS:
        raise LimitExceeded(f"the document has more than {ELEMENTS:,} elements", "feed_elements")
    while here < size:
        found = data.rfind(b"<", here + 1, here + _LONG_TAG)
        if found > 0:
            here = found
            continue
        following = data.find(b"<", here + _LONG_TAG)
        following = size if following < 0 else following
        if data.count(b"=", here, following) > ATTRIBUTES:
            _count_attributes(data[here + 1 : following])
        here = following


def _count_attributes(tag: bytes) -> None:
    if not tag[:1].isalpha() and tag[:1] not in (b"_", b":") and tag[:1] < b"\x80":
        return
    count, here, size = 0, 0, len(tag)
    while here < size and count <= ATTRIBUTES:
        equals = tag.find(b"=", here)
        end = tag.find(b">", here, equals if equals >= 0 else size)
        if equals < 0 or end >= 0:
            return
        count += 1
        value = equals + 1
        while value < size and tag[value] in b" \t\r\n":
            value += 1
        if tag[value : value + 1] in (b'"', b"'"):
            close = tag.find(tag[value : value + 1], value + 1)
            here = size if close < 0 else close + 1
        else:
            here = value
    if count > ATTRIBUTES:
        raise LimitExceeded(f"one element has more than {ATTRIBUTES} attributes", "feed_attributes")
