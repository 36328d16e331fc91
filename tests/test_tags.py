"""How many attributes are counted: never fewer than a parser gives to an element, whatever the markup looks like."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from broadsheet.tags import most_attributes

_BEFORE = st.sampled_from(["", "<!-- ", "text ", "<a title='", "<script>", "<b x>"])
_START = st.sampled_from(["<p ", "<p/", "<p\n", "<i\f/ ", "<p", "<p =", "<p x= "])
_ATTRIBUTE = st.sampled_from(
    ["N", "N=1", "N=", "=N", "N='1'", 'N="/ >"', "N = 1", "N=a/b", "<N", "éN", "\x0bN", "N='", 'N"']
)
_BETWEEN = st.sampled_from(["", " ", "/", "\n", " / ", "\f", ">", "<", "="])


def _seen(markup: str) -> int:
    return max((len(node.attributes) for node in LexborHTMLParser(markup).css("*")), default=0)


@given(_BEFORE, _START, st.lists(st.tuples(_ATTRIBUTE, _BETWEEN), min_size=1, max_size=3), st.sampled_from((64, 90)))
@settings(max_examples=1_000)
def test_no_element_has_more_than_are_counted(before: str, start: str, unit: list[tuple[str, str]], few: int) -> None:
    # Each name is another: parsers drop what is said twice.
    many = "".join(
        attribute.replace("N", f"a{number}x{place}") + between
        for number in range(100)
        for place, (attribute, between) in enumerate(unit)
    )
    markup = f"{before}{start}{many}>"
    assert _seen(markup) <= max(few, most_attributes(markup, few))


def test_text_and_bytes_are_counted_alike() -> None:
    markup = "<p " + " ".join(f"é{number}='ü y'" for number in range(90)) + ">"
    assert most_attributes(markup) == most_attributes(markup.encode()) == 90
    assert most_attributes(markup, 200) == 0
