"""The feeds' special ways: what each house does differently."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from lxml import etree

from broadsheet.demo import Source, load_sources
from broadsheet.demo.feeds import NS, feed_bytes
from broadsheet.demo.markup import to_text

BASE = "http://127.0.0.1:8766"
SOURCES = {source.slug: source for source in load_sources()}


def parsed(slug: str) -> Any:
    return etree.fromstring(feed_bytes(SOURCES[slug], BASE))


def dates(slug: str) -> list[datetime]:
    return [parsedate_to_datetime(text) for text in parsed(slug).xpath("//item/pubDate/text()")]


def true_dates(source: Source) -> list[datetime]:
    return [entry.published for entry in source.entries]


def test_beijing_time_labelled_gmt_is_eight_hours_ahead() -> None:
    shown, true = dates("tide-finance"), true_dates(SOURCES["tide-finance"])
    assert [(one - other).total_seconds() for one, other in zip(shown, true, strict=True)] == [8 * 3600.0] * len(true)


@pytest.mark.parametrize("slug", ["harbour-post", "strait-wire", "haiwan", "yuanfan", "lamplight-review"])
def test_the_other_feeds_tell_the_time(slug: str) -> None:
    assert [date.astimezone(UTC) for date in dates(slug)] == true_dates(SOURCES[slug])


def test_one_feed_has_no_dates() -> None:
    assert b"Date>" not in feed_bytes(SOURCES["tern-gazette"], BASE)


def test_one_feed_repeats_its_sign_in_every_item() -> None:
    texts = parsed("haiwan").xpath("//item/description/text()")
    assert all("qr.png" in text and "<style>" in text and "<!--" in text for text in texts)


def test_one_feed_says_where_each_post_appeared_first() -> None:
    texts = parsed("lamplight-review").xpath("//item/content:encoded/text()", namespaces=NS)
    assert len(texts) == len(SOURCES["lamplight-review"].entries)
    assert all("appeared first on" in text for text in texts)


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.slug)
def test_feeds_carry_the_end_of_an_article_only_where_they_are_full(source: Source) -> None:
    feed = feed_bytes(source, BASE).decode(source.encoding)
    for entry in source.entries:
        lines = to_text(entry.body).splitlines()
        if len(lines) > 1 and lines[-1].isprintable() and not set("'\"<&`*") & set(lines[-1]):
            assert (lines[-1][-12:] in feed) == source.full, entry.slug


def test_awkward_titles_arrive_escaped() -> None:
    titles = parsed("lamplight-review").xpath("//item/title/text()")
    assert "Concerto for three foghorns: <b>“a sound you wear”</b>" in titles
    atom = parsed("patch-cable").xpath("//a:entry/a:title/text()", namespaces={"a": NS["atom"]})
    assert "What happens when you put &lt;script&gt; in a headline?" in atom
    assert any("📡" in title for title in atom)
    assert any("{{ first_name }}" in title for title in parsed("strait-wire").xpath("//item/title/text()"))
    assert max(len(entry.title) for entry in SOURCES["harbour-post"].entries) > 250
