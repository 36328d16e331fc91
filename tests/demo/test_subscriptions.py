"""The list of feeds and the configuration that the demo starts with."""

from __future__ import annotations

import tomllib

from lxml import etree

from broadsheet.configfile import parse_config
from broadsheet.demo import config, load_sources, subscriptions

BASE = "http://127.0.0.1:8766"


def test_every_feed_is_listed_with_the_broken_ones() -> None:
    root = etree.fromstring(subscriptions(BASE))
    listed = set(root.xpath("//outline/@xmlUrl"))
    assert listed >= {BASE + source.subscribed_path for source in load_sources()}
    assert len(listed) == len(load_sources()) + 3


def test_sections_are_nested_two_and_three_deep() -> None:
    root = etree.fromstring(subscriptions(BASE))
    depths = {len(feed.xpath("ancestor-or-self::outline")) for feed in root.xpath("//outline[@xmlUrl]")}
    assert depths == {2, 3}
    names = root.xpath("/opml/body/outline/@text")
    assert len(names) == len(set(names)) == 5


def test_the_configuration_is_valid() -> None:
    text = config(BASE)
    parsed = parse_config(text)
    assert parsed.opml == "feeds.opml"
    assert parsed.poll.allow_private == ("127.0.0.1:8766",)
    assert {feed.mode for feed in parsed.feeds} == {"full"}
    assert {feed.full_text for feed in parsed.feeds} == {"always", "never"}
    assert text.startswith("#")
    assert tomllib.loads(text)["site"]["title"] == "The Harbour Broadsheet · 海港大报"


def test_configured_feeds_can_be_left_out_of_the_list() -> None:
    root = etree.fromstring(subscriptions(BASE, configured=False))
    configured = {feed.url for feed in parse_config(config(BASE)).feeds}
    rest = set(root.xpath("//outline/@xmlUrl"))
    assert not configured & rest
    assert len(rest) == 5, "two feeds with nothing to set, and the three broken ones"
