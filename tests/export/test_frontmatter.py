"""Front matter comes back equal, whatever its texts hold, and cannot be ended or added to by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from broadsheet.export import frontmatter
from tests.export.made import HOSTILE_TITLES

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_SIGNS = st.text(st.sampled_from("---\n\r\t:#'\"{}[]%@&*!|>`~ \x00\x07\x1b\x85\u2028\u2029\ufeff\u202e0ayn=<"))


@given(title=_TEXTS | _SIGNS, tags=st.lists(_TEXTS | _SIGNS), body=_TEXTS)
@example(title="\n---\n", tags=["---", "- a: b"], body="---\nx: y\n---\n")
def test_it_is_read_back_equal(title: str, tags: list[str], body: str) -> None:
    fields = {"title": title, "tags": tags, "nested": {"author": title}, "comments": False}
    text = frontmatter.page(fields, body).decode()
    assert frontmatter.read(text) == (fields, body)


@pytest.mark.parametrize("title", HOSTILE_TITLES)
def test_each_text_is_one_line_of_its_own(title: str) -> None:
    """Hexo, Hugo and Jekyll find the end of front matter by a line of hyphens, before any YAML is read."""
    lines = frontmatter.page({"title": title, "author": title}, "body").decode().split("\n")
    assert [line.partition(":")[0] for line in lines] == ["---", "title", "author", "---", "body"]
    for line in lines[1:3]:
        assert line.endswith('"')
        assert not set(line) & set("\r\x85\u2028\u2029\ufeff\x00\x08")


def test_instants_keep_their_form() -> None:
    instant = datetime(2022, 4, 12, 14, 33, 54, tzinfo=UTC)
    east = instant.astimezone(timezone(timedelta(hours=8)))
    text = frontmatter.dump({"wall": instant.replace(tzinfo=None), "utc": instant, "east": east, "none": None})
    assert text == "wall: 2022-04-12 14:33:54\nutc: 2022-04-12T14:33:54+00:00\neast: 2022-04-12T22:33:54+08:00\n"
    assert yaml.safe_load(text)["east"] == instant


def test_half_a_pair_is_replaced() -> None:
    assert frontmatter.page({"title": "a\ud800b"}, "\udfff") == b'---\ntitle: "a\xef\xbf\xbdb"\n---\n?'


def test_a_text_without_front_matter_is_all_body() -> None:
    assert frontmatter.read("plain") == ({}, "plain")
