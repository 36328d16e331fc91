"""Feed parsing: CPU seconds over the corpus' documents, beside a bare lxml tree and feedparser."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator

from benchmarks.measure import CORPUS, Row, interleaved


def documents() -> list[tuple[bytes, str]]:
    """Return (document, content type) of every XML feed of the corpus that a parser can be asked to read."""
    folder = CORPUS / "feeds"
    found = []
    for about in json.loads((folder / "index.json").read_text("utf-8")):
        path = folder / about["file"]
        if path.suffix != ".json" and about["kind"] in ("rss", "atom", "rdf"):
            found.append((path.read_bytes(), about.get("http_content_type", "")))
    return found


def run() -> Iterator[Row]:
    """Measure and yield the rows."""
    import feedparser
    from lxml import etree

    from broadsheet import parse_feed
    from broadsheet.errors import ParseError

    warnings.simplefilter("ignore")
    every = documents()
    strict = []
    for data, media_type in every:
        try:
            etree.fromstring(data, etree.XMLParser(huge_tree=False, resolve_entities=False))
            strict.append((data, media_type))
        except etree.XMLSyntaxError:
            continue

    def lxml_tree() -> None:
        for data, _ in strict:
            etree.fromstring(data, etree.XMLParser(huge_tree=False, resolve_entities=False, no_network=True))

    def ours() -> None:
        for data, media_type in strict:
            try:
                parse_feed(data, url="https://news.example/feed", content_type=media_type or None)
            except ParseError:
                continue

    def with_feedparser(*, sanitise: bool) -> None:
        for data, media_type in strict:
            headers = {"content-type": media_type or "application/xml"}
            feedparser.parse(io.BytesIO(data), response_headers=headers, sanitize_html=sanitise)

    taken = interleaved(
        {
            "ours": ours,
            "lxml": lxml_tree,
            "feedparser": lambda: with_feedparser(sanitise=False),
            "feedparser, sanitising": lambda: with_feedparser(sanitise=True),
        }
    )
    size = sum(len(data) for data, _ in strict)
    what = f"parse {len(strict)} feeds, {size / 1e6:.1f} MB"
    mine = f"{taken['ours'] * 1000:.0f} ms"
    yield Row(
        what,
        mine,
        f"bare lxml tree {taken['lxml'] * 1000:.0f} ms",
        taken["ours"] / taken["lxml"],
        "ours / peer",
        "at most 2",
    )
    for peer, bar in (("feedparser", "at least 10"), ("feedparser, sanitising", "at least 35")):
        yield Row(what, mine, f"{peer} {taken[peer] * 1000:.0f} ms", taken[peer] / taken["ours"], "peer / ours", bar)
