"""The shared corpus: expectations that several parsers agree on, feedparser's own test suite, and attack documents."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from feed_corpus import (
    FEEDS,
    HOSTILE,
    conformance,
    load,
    meets,
    needs_corpus,
    parse_case,
    summary_of,
)

from broadsheet.errors import NotAFeed, ParseError
from broadsheet.feeds.discover import discover
from broadsheet.feeds.opml import read_opml
from broadsheet.feeds.parse import parse_feed

pytestmark = [pytest.mark.corpus, needs_corpus]

EXPECTED: dict[str, Any] = load(FEEDS / "expected.json")
INDEX: dict[str, Any] = {document["file"]: document for document in load(FEEDS / "index.json") or []}
MANIFEST: list[dict[str, Any]] = [case for case in load(HOSTILE / "manifest.json") or [] if not case.get("encode")]

# Checks that we fail on purpose; why stands in docs/reference/feed-parsing.md.
DIFFERENT = {"wellformed/rss/item_description_not_a_doctype.xml"}


@pytest.mark.parametrize("file", EXPECTED)
def test_what_several_parsers_agree_on(file: str) -> None:
    expected = EXPECTED[file]["expected"]
    data = (FEEDS / file).read_bytes()
    if expected.get("is_feed") is False:
        with pytest.raises(NotAFeed):
            parse_feed(data)
        return
    parsed = parse_feed(data, content_type=INDEX[file].get("http_content_type"))
    found = summary_of(parsed)
    if parsed.entries and "feedburner:origLink" in parsed.entries[0].extensions:
        found["first_link"] = parsed.entries[0].links[0].href  # the others keep the address that counts readers
    assert {name: found[name] for name in expected if name in found} == {
        name: value for name, value in expected.items() if name in found
    }
    assert len(parsed.entries) >= expected.get("min_entries", 0)
    if "must_not_leak" in expected:
        assert expected["must_not_leak"] not in repr(parsed)


@pytest.mark.parametrize("case", conformance(), ids=lambda case: case["name"])
def test_conformance(case: dict[str, Any]) -> None:
    parsed = parse_case(case)
    failed = [(check, found) for check in case["checks"] for good, found in [meets(parsed, check)] if not good]
    assert bool(failed) == (case["name"] in DIFFERENT), failed


def test_entries_equal_feedparsers() -> None:
    oracle = pytest.importorskip("feed_oracle")
    total = different = 0
    for file, document in INDEX.items():
        if document["kind"] in {"json", "other"}:
            continue
        data, content_type = (FEEDS / file).read_bytes(), document.get("http_content_type")
        others = oracle.entries_of(data, content_type)
        entries = parse_feed(data, content_type=content_type).entries
        total += len(others)
        different += abs(len(others) - len(entries))
        different += sum(bool(oracle.differences(*pair)) for pair in zip(entries, others, strict=False))
    assert total > 1000
    assert different <= total * 0.01


def _body(case: dict[str, Any]) -> bytes:
    if "file" in case:
        return (HOSTILE / case["file"]).read_bytes()
    return "".join(
        text.replace("{i}", str(number)) if "{i}" in text else text
        for text, times in case["parts"]
        for number in range(times)
    ).encode()


@pytest.mark.parametrize("case", MANIFEST, ids=lambda case: case["id"])
def test_hostile_documents_end_soon_and_by_name(case: dict[str, Any]) -> None:
    body = _body(case)
    started = time.process_time()
    with contextlib.suppress(ParseError):
        if case["cls"] == "opml":
            read_opml(body)
        elif case["cls"] == "page":
            discover(body, "https://feed.example/")
        else:
            parsed = parse_feed(body, url="https://feed.example/feed.xml", content_type=case["ct"])
            assert "root:" not in repr(parsed)
    assert time.process_time() - started < 5
