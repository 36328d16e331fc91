"""Fragments in, fragments out, and what is asked of a tree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.articles.tree import (
    drop,
    last_blocks,
    leaf_blocks,
    lines,
    make,
    parse_fragment,
    prune,
    replace,
    serialise,
    text_of,
)

ROUND = [
    "",
    "text &amp; &lt;more&gt;",
    "<p>a</p>tail<p>b</p>",
    "<ul><li>a</li><li>b</li></ul>",
    "<pre>  two\n  lines</pre>",
    "<p>价格 &lt; 5 €</p>",
    "<ruby>漢<rt>かん</rt></ruby>",
    "a<br>b",
]


@pytest.mark.parametrize("markup", ROUND)
def test_markup_goes_round(markup: str) -> None:
    assert serialise(parse_fragment(markup)) in (markup, f"<div>{markup}</div>")
    assert text_of(parse_fragment(serialise(parse_fragment(markup)))) == text_of(parse_fragment(markup))


def test_what_is_no_content_is_gone() -> None:
    root = parse_fragment("a<!-- b --><?php c ?>\x00\x0bd\ud800e\ufffe")
    assert "".join(root.itertext()).replace("\n", "") == "ade"
    assert "<!--" not in serialise(root)


def test_void_elements_hold_nothing() -> None:
    """A thousand break opportunities are no depth, and a picture is beside its sources."""
    assert text_of(parse_fragment("<wbr>" * 1000 + "text")) == "text"
    root = parse_fragment('<picture><source srcset="a"><track src="b"><img src="c"></picture>')
    assert [child.tag for child in root.find(".//picture")] == ["source", "track", "img"]


def test_drop_keeps_the_text_behind() -> None:
    root = parse_fragment("<p>a<b>b</b>c<i>d</i>e</p>")
    for name in ("b", "i"):
        drop(root.find(f".//{name}"))
    assert serialise(root.find(".//p")) == "ace"
    drop(root)  # the root of a tree stays
    assert text_of(root) == "ace"


def test_replace_keeps_the_text_behind() -> None:
    root = parse_fragment("<p>a<b>b</b>c</p>")
    replace(root.find(".//b"), make("a", "link", href="https://x.example/"))
    assert serialise(root.find(".//p")) == 'a<a href="https://x.example/">link</a>c'


LINES = {
    "<p>a</p><p>b</p>": ["a", "b"],
    "a<br>b<br><br>c": ["a", "b", "c"],
    "<div>a<p>b</p>c</div>d": ["a", "b", "c", "d"],
    "<ul><li>a</li><li>b <b>c</b> d</li></ul>": ["a", "b c d"],
    "<table><tr><td>a</td><td>b</td></tr></table>": ["a", "b"],
    "<p> \n </p><p>\u3000</p>": [],
    "<p>one\n  line</p>": ["one line"],
    "<h2>t</h2>text<hr>more": ["t", "text", "more"],
    "": [],
}


@pytest.mark.parametrize("markup", LINES)
def test_lines(markup: str) -> None:
    assert lines(parse_fragment(markup)) == LINES[markup]


def test_leaf_blocks_hold_no_other_block() -> None:
    root = parse_fragment("<div><p>a</p><ul><li>b</li><li><p>c</p></li></ul><div>d<b>e</b></div></div>")
    assert [text_of(block) for block in leaf_blocks(root)] == ["a", "b", "c", "de"]
    for number in range(6):
        assert last_blocks(root, number) == list(leaf_blocks(root))[4 - min(number, 4) :]


def test_leaf_blocks_inside_of_inline_elements() -> None:
    root = parse_fragment("<p>a</p><b><i><p>b</p></i></b><ul><li><b>c</b></li></ul><p></p>d")
    assert [block.tag for block in leaf_blocks(root)] == ["p", "p", "li", "p"]
    assert last_blocks(root, 3) == list(leaf_blocks(root))[1:]


PRUNED = {
    "<p></p><p>a</p>": "<p>a</p>",
    "<div><div><p> </p></div></div>a": "a",
    "<p>\u3000</p><p>\u00a0</p>a": "a",
    "<p><img src='x'></p>": '<p><img src="x"></p>',
    "<p><br></p>": "",
    "<p><br>&nbsp;</p>": "",
    "<p><br>x</p>": "<p><br>x</p>",
    "<p>x<br></p>": "<p>x<br></p>",
    "<ul><li></li></ul>a": "a",
    "<p>a<span></span>b</p>": "<p>ab</p>",
    "<table><tr><td></td><td>a</td></tr></table>": "<table><tr><td></td><td>a</td></tr></table>",
}


@pytest.mark.parametrize("markup", PRUNED)
def test_prune(markup: str) -> None:
    root = parse_fragment(markup)
    prune(root)
    assert serialise(root).removeprefix("<div>").removesuffix("</div>") == PRUNED[markup]


@given(
    st.lists(
        st.sampled_from(["<p>", "</p>", "<td>", "<b>", "</div>", "<!--", "&#0;", "\x00", "text", "<", "字"])
        | st.text(max_size=5)
    )
)
@settings(max_examples=200, deadline=None)
def test_any_markup_is_a_tree(pieces: list[str]) -> None:
    root = parse_fragment("".join(pieces))
    prune(root)
    assert isinstance(serialise(root), str)
    assert all(line == line.strip() != "" for line in lines(root))
