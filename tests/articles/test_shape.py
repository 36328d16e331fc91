"""What a subscription makes of its articles: the other orthography, a brief text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.articles.shape import convert_markup, shape
from broadsheet.config import CONVERSIONS
from broadsheet.model import Article, Image
from broadsheet.text import digest

ARTICLE = Article(
    title="臺灣的軟體", byline="張三", language="zh-Hant", text="這個軟體\n很好。", excerpt="這個軟體",
    html='<p><a href="https://x.example/軟體?國=1" title="軟體">這個<b>軟體</b></a></p><p>很好。</p>',
    images=(Image(url="https://x.example/1.png"),), image=Image(url="https://x.example/1.png"), digest="old",
)  # fmt: skip


def test_nothing_asked_is_nothing_done() -> None:
    assert shape(ARTICLE) is ARTICLE


def test_traditional_becomes_simplified_in_title_and_text_and_addresses_stay() -> None:
    made = shape(ARTICLE, opencc="t2s")
    assert (made.title, made.text, made.excerpt, made.language) == ("台湾的软体", "这个软体\n很好。", "这个软体", "zh")
    assert 'href="https://x.example/軟體?國=1"' in made.html
    assert re.sub(r"<[^<>]*>", "", made.html) == "这个软体很好。"
    assert made.byline == "張三"
    assert made.digest == digest(made.title, made.text)
    assert made.provenance["orthography"] == "opencc t2s"


def test_words_of_the_place_too_where_the_conversion_knows_them() -> None:
    assert shape(ARTICLE, opencc="tw2sp").text.startswith("这个软件")


def test_and_back() -> None:
    assert shape(Article(title="软件", language="zh"), opencc="s2t").title == "軟件"
    assert shape(Article(title="这个", language="zh"), opencc="s2t").language == "zh-Hant"


def test_japanese_keeps_its_own_characters() -> None:
    article = Article(title="東京の図書館", language="ja", digest="d")
    assert shape(article, opencc="t2s") == article


@pytest.mark.parametrize("name", CONVERSIONS)
def test_every_conversion_that_the_settings_know_is_there(name: str) -> None:
    assert shape(ARTICLE, opencc=name).provenance["orthography"] == f"opencc {name}"


def test_a_brief_is_plain_text_of_so_many_characters() -> None:
    article = Article(
        title="T", text="a < b & c\nsecond line", html="<p>x</p>", images=ARTICLE.images, image=ARTICLE.image
    )
    made = shape(article, brief=13)
    assert made.text == "a < b & c sec…"
    assert made.html == "<p>a &lt; b &amp; c sec…</p>"
    assert (made.images, made.image) == ((), ARTICLE.image)
    assert made.digest == digest("T", made.text)
    assert shape(article, brief=500).text == "a < b & c second line"
    assert shape(Article(title="T"), brief=5).html == ""


@given(st.text(alphabet='軟體汉a <>&;\n\x00\ud800"', max_size=60), st.integers(1, 40))
def test_a_brief_is_never_longer_and_never_markup(text: str, length: int) -> None:
    made = shape(Article(title="T", text=text), brief=length)
    assert len(made.text) <= length + 1
    assert made.html.count("<") in (0, 2)


@given(
    st.lists(
        st.sampled_from(["<p>", '<a href="/軟體">', "</a>", "軟體", "a", "<", ">", "\n", "\x00", "&#36575;"]),
        max_size=12,
    )
)
def test_conversion_touches_no_tag(parts: list[str]) -> None:
    markup = "".join(parts)
    made = convert_markup(markup, "t2s")
    assert re.findall(r"<[^<>]*>", made) == re.findall(r"<[^<>]*>", markup)
    assert convert_markup(made, "t2s") == made
