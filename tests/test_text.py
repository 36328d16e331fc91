"""Text: plain forms, language, tokens, excerpts. Any string is taken, nothing raises, the work is linear."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet import text
from tests.conftest import calls

# ------------------------------------------------------------------------------------------- clean, collapse


@pytest.mark.parametrize(
    ("given_text", "wanted"),
    [
        ("e\u0301", "é"), ("a\x00b\x1b[31mc\x9bd", "ab[31mcd"), ("a\u202eb\u2066c", "abc"), ("a\ud800b", "ab"),
        ("a\tb\nc\rd", "a\tb\nc\rd"), ("\ufffe\uffff", ""), ("", ""), ("日本", "日本"), ("Ver\u00adfas\u00adsung", "Verfassung"),
        ("e" + "\u0301" * 100, "é" + "\u0301" * 29),
    ],
)  # fmt: skip
def test_clean(given_text: str, wanted: str) -> None:
    assert text.clean(given_text) == wanted


@pytest.mark.parametrize(
    ("given_text", "wanted"),
    [
        (" a \n\t b ", "a b"), ("a\u3000b\u00a0c\u2003d", "a b c d"), ("\ufeffa\u200bb\u2060", "a b"), ("a\x85b", "ab"),
        ("\r\n", ""), ("a\u2028b\u2029c", "a b c"), ("a\u200db", "a\u200db"),
    ],
)  # fmt: skip
def test_collapse(given_text: str, wanted: str) -> None:
    assert text.collapse(given_text) == wanted


# -------------------------------------------------------------------------------------------------- titles

TITLES = {
    "Plain": "Plain",
    "AT&amp;T &amp; R&amp;D": "AT&T & R&D",
    "AT&T & R&D": "AT&T & R&D",
    "&amp;amp;": "&",
    "&amp;lt;b&amp;gt;": "<b>",
    "<b>Bold</b> and <i>italic</i>": "Bold and italic",
    "&lt;b&gt;Bold&lt;/b&gt;": "Bold",
    "The <b> tag": "The <b> tag",
    "Use <video> and <div>": "Use <video> and <div>",
    "a < b and c > d": "a < b and c > d",
    "x<y": "x<y",
    "List<String> in Java": "List<String> in Java",
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "line<br/>break": "line break",
    'before<img src="x">after': "before after",
    "<a href='x'>link</a>": "link",
    "it&#8217;s &#x2013; ok": "it’s – ok",
    "&amp; &#99999999999; &#xFFFFFFFFF;": "& \ufffd \ufffd",
    "&amp; &#" + "9" * 5000 + ";": "& \ufffd",
    "a <!-- b --> c": "a c",
    "a <!-- b": "a <!-- b",
    "  two\nlines ": "two lines",
    "&nbsp;": "",
    "<B>CAPS</B>": "CAPS",
    "中<em>文</em>标题": "中文标题",
    "": "",
}


@pytest.mark.parametrize("markup", TITLES)
def test_plain_title(markup: str) -> None:
    assert text.plain_title(markup) == TITLES[markup]


def test_a_plain_text_title_keeps_its_brackets() -> None:
    assert text.plain_title("The <b>x</b> tags", "text/plain") == "The <b>x</b> tags"
    assert text.plain_title("AT&amp;T", "text/plain") == "AT&T"


VISIBLE = {
    "no markup &amp; none": "no markup & none",
    "<p>a</p><p>b</p>": "a b",
    "a<!-- b --><b>c</b>": "a c",
    "<script>var a = '<p>';</script>x": "x",
    "<STYLE type='text/css'>p { }</STYLE>x": "x",
    "<noscript><img src=x></noscript>x<template>y</template>": "x",
    "<p>&lt;p&gt; is a tag</p>": "<p> is a tag",
    "<script>never closed": "never closed",
    "İ<script>x</script>y": "İy",
    "<p>&#99999999999999999999;</p>": "\ufffd",
    "": "",
}


@pytest.mark.parametrize("markup", VISIBLE)
def test_visible_text(markup: str) -> None:
    assert text.visible_text(markup) == VISIBLE[markup]


# ------------------------------------------------------------------------------------------------- language

LONG = {
    "en": "The council has voted on the plan for the harbour and the works will start in the spring of this year.",
    "de": "Der Gemeinderat hat gestern über den Plan für den Hafen abgestimmt, und die Arbeiten beginnen im Frühjahr.",
    "fr": "Le conseil municipal a voté hier le projet du port et les travaux commenceront au printemps prochain.",
    "ru": "Городской совет вчера проголосовал за план реконструкции порта, и работы начнутся весной этого года.",
    "zh": "市议会昨天就港口计划进行了表决，工程将于春季开始。",
    "zh-Hant": "市議會昨天就港口計劃進行了表決，工程將於春季開始。",
    "ja": "市議会は昨日、港の計画について採決し、工事は春に始まります。",
    "ko": "시의회는 어제 항구 계획에 대해 표결했으며 공사는 봄에 시작됩니다.",
}


@pytest.mark.parametrize("code", LONG)
def test_language(code: str) -> None:
    assert text.language(LONG[code]) == code


@pytest.mark.parametrize("code", LONG)
def test_the_hint_does_not_overrule_a_long_text(code: str) -> None:
    for hint in ("en", "de", "zh", "ja"):
        assert text.language(LONG[code] * 2, hint).split("-")[0] == code.split("-")[0]


@pytest.mark.parametrize(
    ("sample", "hint", "code"),
    [
        ("", "de", "de"), ("", "", ""), ("123 !", "fr", "fr"), ("Short", "fr-CA", "fr-CA"), ("Short", "zh", "en"),
        ("中文", "", "zh"), ("中文", "zh-TW", "zh-Hant"), ("中文", "en", "zh"), (LONG["de"], "de-AT", "de-AT"),
    ],
)  # fmt: skip
def test_the_hint_decides_for_a_short_text(sample: str, hint: str, code: str) -> None:
    assert text.language(sample, hint) == code


@pytest.mark.parametrize(
    ("sample", "cjk"),
    [
        ("中文 and English", False),
        ("中文标题 ok", True),
        ("", False),
        ("한국어", True),
        ("カナ", True),
        ("English", False),
    ],
)
def test_is_cjk(sample: str, cjk: bool) -> None:
    assert text.is_cjk(sample) is cjk


# ------------------------------------------------------------------------------------------- words, tokens


@pytest.mark.parametrize(
    ("sample", "wanted"),
    [
        ("Hello, World 42!", ["hello", "world", "42"]), ("东京奥运", ["东京", "京奥", "奥运"]), ("字", ["字"]),
        ("iPhone手机降价", ["iphone", "手机", "机降", "降价"]), ("ＡＢＣ１２", ["abc12"]), ("snake_case", ["snake", "case"]),
        ("", []), ("!!!", []), ("한국어", ["한국", "국어"]), ("ﾊﾝｶｸ", ["ハン", "ンカ", "カク"]), ("Straße", ["straße"]),
    ],
)  # fmt: skip
def test_tokens(sample: str, wanted: list[str]) -> None:
    assert text.tokens(sample) == wanted


@pytest.mark.parametrize(
    ("sample", "count"), [("", 0), ("one two", 2), ("中文字", 3), ("iPhone 手机", 3), ("a-b", 2), ("...", 0)]
)
def test_words(sample: str, count: int) -> None:
    assert text.words(sample) == count


@pytest.mark.parametrize(
    ("sample", "minutes"),
    [("", 1), ("word " * 230, 1), ("word " * 460, 2), ("字" * 4000, 10), ("字" * 400 + " word" * 230, 2)],
)
def test_reading_minutes(sample: str, minutes: int) -> None:
    assert text.reading_minutes(sample) == minutes


# ------------------------------------------------------------------------------------------------- excerpt


@pytest.mark.parametrize(
    ("sample", "width", "wanted"),
    [
        ("Short.", 200, "Short."),
        ("One sentence here. Another one that is longer.", 30, "One sentence here."),
        ("A. " + "word " * 20, 40, "A. word word word word word word word…"),
        ("第一句话在这里。第二句话更长一些，写不完。", 20, "第一句话在这里。"),
        ("没有句号的一长串文字" * 5, 20, "没有句号的一长串文字…"),
        ("Version 1.2.3 is out and brings much that is new", 20, "Version 1.2.3 is…"),
        ('He said "yes." She said nothing at all today', 24, 'He said "yes."'),
        ("unbreakable" * 10, 20, "unbreakableunbreakab…"),
        ("  spaced\n\nout  ", 50, "spaced out"),
        ("“Can you hear?” “Is it you?” “喂？” “是我。”", 80, "“Can you hear?” “Is it you?” “喂？”“是我。”"),
        (
            "它是给鸭子画的。\n学校有水塘。 “是吗？”\n「是」 Yes. 张三 李四",
            80,
            "它是给鸭子画的。学校有水塘。“是吗？”「是」 Yes. 张三 李四",
        ),
        (
            "They met in the U.S. Senate and then spoke with Dr. Lee about it.",
            45,
            "They met in the U.S. Senate and then spoke…",
        ),
        ("It came on Monday. They met at No. 10 and at St. Paul's for tea", 34, "It came on Monday."),
        ("Am Ende kam am 3. November die Fähre an, die alle sahen.", 22, "Am Ende kam am 3.…"),
        ("The new one is version 2.0, and it is here", 25, "The new one is version…"),
        ("It was so in 2020. Then it was no more, said all", 25, "It was so in 2020."),
        ("", 10, ""),
    ],
)
def test_excerpt(sample: str, width: int, wanted: str) -> None:
    assert text.excerpt(sample, width=width) == wanted


def columns(sample: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in sample)


@given(st.text(max_size=300), st.integers(1, 100))
def test_an_excerpt_keeps_within_its_width_and_is_the_beginning(sample: str, width: int) -> None:
    cut = text.excerpt(sample, width=width)
    assert columns(cut) <= width + 1
    flat, shown = text.collapse(sample).replace(" ", ""), cut.replace(" ", "")
    assert shown == flat or flat.startswith(shown.removesuffix("…"))
    assert flat == "" or cut != ""


# -------------------------------------------------------------------------------------------------- digest


def test_a_digest_tells_its_parts_apart() -> None:
    assert text.digest("ab", "c") != text.digest("a", "bc") != text.digest("abc")
    assert text.digest("a") == text.digest(b"a")
    assert len(text.digest("a", size=8)) == 16
    assert text.digest("\ud800")


# ---------------------------------------------------------------------------------------------- any string

FUNCTIONS: list[Callable[[str], Any]] = [
    text.clean, text.collapse, text.plain_title, text.is_cjk, text.language, text.tokens, text.words,
    text.reading_minutes, text.excerpt, text.digest, text.visible_text,
]  # fmt: skip
NASTY = [
    "<", ">", "&", ";", "#", "x", "/", "!", "-", "<!--", "-->", "<b>", "</b>", "<script", "</script>", "&#", "&amp;",
    "9" * 50, "\u0301", "\u0344", "\u200b", "\ud800", "\x00", "字", "ア", "한", "İ", "ß", "ﷺ", " ", "\u3000", ".", "。",
]  # fmt: skip
markup = st.lists(st.sampled_from(NASTY) | st.text(max_size=6), max_size=40).map("".join)


@given(markup)
@settings(max_examples=400, deadline=None)
def test_no_string_raises(sample: str) -> None:
    for function in FUNCTIONS:
        function(sample)
    text.plain_title(sample, "text/plain")


@given(markup)
@settings(max_examples=400, deadline=None)
def test_cleaning_twice_is_cleaning_once(sample: str) -> None:
    for function in (text.clean, text.collapse):
        once = function(sample)
        assert function(once) == once
    for function in (text.plain_title, text.visible_text, text.excerpt):
        line = function(sample)
        assert line == text.collapse(line)
        line.encode()


@given(markup)
@settings(deadline=None)
def test_tokens_are_searchable(sample: str) -> None:
    """No empty token, no white space, and each is found again when it is searched for by itself."""
    for token in text.tokens(sample):
        assert token
        assert not re.search(r"\s", token)


# --------------------------------------------------------------------------------------------- linear work

ENDLESS = {
    "words": "word ", "han": "字", "tags": "<b>", "closed": "<b>x</b>", "comments": "<!--", "scripts": "<script ",
    "styles": "<style></styl", "entities": "&amp;", "numbers": "&#", "digits": "9", "marks": "\u0301\u0316", "opens": "<",
    "closes": ">", "spaces": " ", "blanks in a tag": "<b " + " " * 50, "ends": ".”", "dots": ". ", "controls": "\x00",
    "zero width": "\u200b", "arabic": "ﷺ", "joiners": "\u200d", "turkish": "İ<!--",
}  # fmt: skip


@pytest.mark.parametrize("kind", ENDLESS)
def test_twice_the_text_is_at_most_twice_the_work(kind: str) -> None:
    unit = ENDLESS[kind]
    for function in FUNCTIONS:
        function(unit * 50)  # what is loaded once is no part of the work
        once, twice = (calls(function, unit * count) for count in (400, 800))
        assert twice <= 2 * once + 50, function.__name__


@pytest.mark.timeout(30)
@pytest.mark.parametrize("kind", ENDLESS)
def test_a_long_text_comes_back_at_all(kind: str) -> None:
    """Half a million characters: work inside one call that grew with the square would take minutes to hours."""
    unit = ENDLESS[kind]
    sample = unit * (500_000 // len(unit))
    for function in (text.collapse, text.plain_title, text.visible_text, text.excerpt, text.language, text.tokens):
        function(sample)


def test_every_combining_mark_is_looked_for() -> None:
    """The quick look before the exact one passes over none of them."""
    marks = [chr(code) for code in range(0x110000) if unicodedata.combining(chr(code))]
    assert len(marks) > 900
    assert all(text._MAY_HOLD_MARKS.search(mark) for mark in marks if ord(mark) < 0x1F000)
    assert len(text.clean("a" + marks[0] * 100)) < 50
    assert text.clean("渡轮 abc") == "渡轮 abc"
