"""What a document is that is no feed, in words for the person who subscribed to it."""

from __future__ import annotations

import html
import re
from typing import Any

_MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a RIFF file (WebP, WAV or AVI)"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip data that was not decompressed"),
    (b"\x28\xb5\x2f\xfd", "zstandard data that was not decompressed"),
    (b"BZh", "bzip2 data"),
    (b"ID3", "an MP3 file"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a SQLite database"),
)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_HTML = re.compile(r"<(?:!doctype\s{1,8}html|html|head|body|title|meta|script|div|p|h1)(?=[\s>/])", re.IGNORECASE)
_PASSWORD = re.compile(r"<input\b[^<>]{0,500}type\s{0,4}=\s{0,4}[\"']?password", re.IGNORECASE)
_CHALLENGE = re.compile(
    r"cf-browser-verification|cf_chl_|challenge-platform|captcha|just a moment|access denied|verify you are human",
    re.IGNORECASE,
)
_KINDS = {
    "opml": "an OPML list of feeds: import it instead of subscribing to it",
    "urlset": "a sitemap",
    "sitemapindex": "a sitemap index",
    "svg": "an SVG picture",
    "html": "an HTML page",
    "opensearchdescription": "an OpenSearch description",
    "error": "an XML error message",
    "envelope": "a SOAP message",
    "plist": "a property list",
}


def describe(data: bytes, text: str, root: Any) -> str:
    """Return what the document is, as a clause: ``the document is an HTML page titled "Sign in"``."""
    head = data[:100_000]
    if not head.strip(b"\xef\xbb\xbf\x00\xff\xfe \t\r\n"):
        return "the document is empty"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return f"the document is {kind}"
    sample = text[:100_000] or head.decode("utf-8", "replace")
    local = root.tag.rpartition("}")[2].lower() if root is not None and isinstance(root.tag, str) else ""
    if local == "html" or (not local and _HTML.search(sample[:5_000])):
        return f"the document is {_page(sample)}"
    if local:
        return f"the document is {_KINDS.get(local) or f'XML, but no feed: its root is <{local[:60]}>'}"
    if sample.lstrip()[:1] == "<":
        return "the document is markup of which no feed can be read"
    printable = sum(character.isprintable() or character.isspace() for character in sample[:1000])
    if printable * 10 < len(sample[:1000]) * 9:
        return "the document is binary data of an unknown kind"
    start = " ".join(sample[:200].split())[:60]
    return f"the document is plain text: {start!r}"


def _page(sample: str) -> str:
    title = _TITLE.search(sample)
    name = " ".join(html.unescape(title[1]).split())[:100] if title else ""
    named = f' titled "{name}"' if name else ""
    if _PASSWORD.search(sample):
        return f"a login page{named}"
    if _CHALLENGE.search(sample):
        return f"a page that asks for proof of being human, or denies access{named}"
    return f"an HTML page{named}"


def json_kind(value: Any) -> str:
    """Return what a JSON value that is no feed is."""
    if isinstance(value, list):
        return f"a list of {len(value)} values"
    if not isinstance(value, dict):
        return f"a single {type(value).__name__}"
    for key in ("error", "message", "errors"):
        if value.get(key):
            return f'it says {key}: "{str(value[key])[:100]}"'
    names = ", ".join(str(key)[:30] for key in list(value)[:5])
    return f"it has no version of jsonfeed.org; its keys are {names or 'none'}"
