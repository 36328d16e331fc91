"""What markup may ask of a parser: the depth is never told too small, and real articles are far below the limits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from broadsheet.articles import limits
from broadsheet.articles.limits import depth, exceeded, measure, page_exceeded
from tests.conftest import calls

DEPTHS = {
    "": 0,
    "no markup": 0,
    "<p>a</p><p>b</p>": 1,
    "<p>a<p>b<p>c": 1,
    "<div><div><div></div></div></div>": 3,
    "<div></div>" * 1000: 1,
    "<br>" * 1000: 0,
    "<img src=x>" * 1000: 0,
    "<ul><li>a<li>b<li>c</li></ul>" * 100: 2,
    "<dl><dt>a<dd>b<dt>c<dd>d</dd></dl>" * 100: 2,
    "<table><tr><td>a<td>b</td></tr><tr><td>c</td></tr></table>" * 100: 3,
    "<p>a</p><!-- <div><div><div> -->": 1,
    "<p title='</p><div><div>'>a</p>": 1,
    '<a href="x>y">a</a>' * 300: 1,
    "a < b and c > d" * 100: 0,
    "<div><p>text</div>" * 300: 2,
    "<li><p>text</li>" * 300: 2,
    "<DIV></div>" * 300: 1,
    "<custom-element></custom-element>" * 300: 1,
}


@pytest.mark.parametrize("markup", DEPTHS, ids=range(len(DEPTHS)))
def test_depth_of_honest_markup(markup: str) -> None:
    assert depth(markup) == DEPTHS[markup]
    assert exceeded(markup) == ""


DEEP = {
    "div": "<div>" * 100_000,
    "formatting": "<b>" * 100_000,
    "p, font and a": "<p><font><a>" * 4_000,
    "ends of others": "<div></b>" * 100_000,
    "ends in comments": "<b><!--</b>-->" * 60_000,
    "ends in attributes": "<b title='</b>'>" * 60_000,
    "ends in bogus comments": "<b><?</b>>" * 60_000,
    "misnested": "<span><div></span>" * 50_000,
    "span and p": "<span><p></span></p>" * 50_000,
    "rt": "<rt>" * 100_000,
    "svg": "<svg>" + "<wbr>" * 100_000,
    "math": "<math>" + "<tr>" * 100_000,
    "svg cdata": "<svg>" + "<g><![CDATA[></g>]]>" * 40_000,
    "names that begin like void ones": "<svg><![CDATA[]]>" + "<br-x>" * 90_000,
    "svg title": "<svg><title><div></svg></div></title>" + "<link>" * 50_000,
    "tables": "<table><td>" * 80_000,
    "lists": "<li><dd>" * 100_000,
    "options": "<option><b>" * 90_000,
    "capitals": "<DIV></DIv >" * 10 + "<Div>" * 1_000,
    "tabs and slashes": "<div\t/>" * 100_000,
    "unclosed comment": "<div>" * 300 + "<!-- ",
    "a blank that is none": "<div><script></script\xa0></div></script>" * 20_000,
    "a letter that is none": "<div><script></\u017fcript></div></script>" * 20_000,
    "frames": "<iframe><div></iframe></div><b>" * 20_000,
    "select": "<select><div></select><i></div>" * 20_000,
}


@pytest.mark.parametrize("how", DEEP)
def test_deep_markup_is_told(how: str) -> None:
    markup = DEEP[how][: limits.MAX_BYTES]
    assert exceeded(markup) == "html_depth"


def test_many_attributes_are_told() -> None:
    for text in (
        " ".join(f"a{number}" for number in range(40_000)),
        "".join(f'a{number}="1"' for number in range(40_000)),
        "/".join(f"a{number}='x y'" for number in range(40_000)),
    ):
        assert exceeded(f"<p {text}>x</p>") == "html_attributes"
        assert page_exceeded(f"<p {text}>x</p>".encode()) == "page_attributes"


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("<script>// <!--\n</script><p ", ">x</p>"), ("<script>'<!--<a title=\"</script><p ", " x=\"-->\">x</p>"),
        ("<noscript><p ", ">x</p></noscript>"), ("<svg><style><p ", "></style></svg>"),
        ("<select><textarea><p ", "></textarea></select>"), ("<!-- <a title=' --><p ", " x='>x</p>"),
        ("<p title='<i ", "'>x</p>"), (f"<p x={'y' * 100}z=\"u ", ">x</p>"), (f"<p x={'y/' * 100}z=\"u ", ">x</p>"),
        (f"<p {'y' * 100}z=\">\" ", ">x</p>"),
        (f"<{'y' * 100}=\"u ", ">x</p>"),
    ],
)  # fmt: skip
def test_attributes_are_counted_wherever_a_tag_may_begin(before: str, behind: str) -> None:
    """What hides a tag from us may not hide it from a parser; lexbor and libxml2 take quadratic time for its attributes."""
    many = " ".join(f"a{number}=1" for number in range(limits.MAX_PAGE_ATTRIBUTES + 1))
    few = " ".join(f"a{number}=1" for number in range(limits.MAX_PAGE_ATTRIBUTES // 2))
    assert page_exceeded(f"{before}{many}{behind}".encode()) == "page_attributes"
    assert page_exceeded(f"{before}{few}{behind}{before}{few}{behind}".encode()) == ""


@pytest.mark.parametrize("unit", ["<a x='", "<a ", "<a x='<b y=\"", "<a x='" + "y" * 60, "<a b c=\"'>"])
def test_tags_within_tags_are_counted_in_linear_time(unit: str) -> None:
    def steps(count: int) -> int:
        return calls(page_exceeded, (unit * count).encode())

    assert steps(4_000) <= 2.2 * steps(2_000) + 500


@pytest.mark.timeout(30)
@pytest.mark.parametrize("unit", ["<a", "<b/x=", "<b/x='", "<a/", '<a b="'])
def test_names_and_values_that_tags_share_are_not_looked_through_by_each(unit: str) -> None:
    """Half a page of tags, and a name or value to its end; work that grew with the square would take an hour."""
    assert page_exceeded((unit * 90_000).encode() + b"x" * (limits.MAX_PAGE_BYTES // 2)) == "page_attributes"


def test_a_long_value_is_one_attribute() -> None:
    assert measure(f"<p title='{'a b=c ' * 5000}' lang=en>x</p>") == (1, 2)


def test_bytes_are_told_first() -> None:
    assert exceeded("x" * limits.MAX_BYTES) == ""
    assert exceeded("x" * (limits.MAX_BYTES + 1)) == "html_bytes"
    assert page_exceeded(b"x" * limits.MAX_PAGE_BYTES) == ""
    assert page_exceeded(b"x" * (limits.MAX_PAGE_BYTES + 1)) == "page_bytes"


def test_too_many_elements_of_a_page_are_told() -> None:
    assert page_exceeded(b"<a></a>" * limits.MAX_PAGE_ELEMENTS) == ""
    assert page_exceeded(b"<a></a>" * (limits.MAX_PAGE_ELEMENTS + 1)) == "page_elements"


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "unit", ["<a b='", '<a b="', "<!--", "<", "</", "<a ", "<a b", "<a b=", "<?", "<li><dd></div>", "<a/", "<a\"'"]
)
def test_measuring_comes_to_an_end(unit: str) -> None:
    """A mebibyte of anything; work that grew with the square would take hours."""
    measure(unit * (limits.MAX_BYTES // len(unit)))


def true_depth(markup: str) -> int:
    """Return how deep the tree of a browser's parser is below the body."""
    body = LexborHTMLParser(markup).body
    deepest = 0
    waiting: list[tuple[LexborNode, int]] = [(body, 0)] if body else []
    while waiting:
        node, level = waiting.pop()
        deepest = max(deepest, level)
        child = node.child
        while child is not None:
            waiting.append((child, level + 1))
            child = child.next
    return deepest


PIECES = [
    *(f"<{name}>" for name in (
        "div span b a p li ul dd dl table tr td h1 h2 section svg math desc title select option rt ruby button form "
        "iframe textarea style br wbr font nobr object caption"
    ).split()),
    *(f"</{name}>" for name in (
        "div span b a p li ul dd dl table tr td h1 section svg math desc title select rt ruby button form iframe "
        "textarea style font object"
    ).split()),
    "text", "<!--", "-->", "<a title='</div>'>", "<b class=x>", "<![CDATA[", "]]>", "<svg/>", "<path/>",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8), st.integers(20, 60))
@settings(max_examples=600, deadline=None)
def test_the_depth_is_an_upper_bound(pieces: list[str], times: int) -> None:
    """Whatever is repeated: a browser's tree is at most a few implied elements a counted one deeper."""
    markup = "".join(pieces) * times
    assert true_depth(markup) <= 5 * depth(markup) + 16
