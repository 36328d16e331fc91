"""A page is read as blocks of text, and cut down to those that were chosen without losing their structure."""

from __future__ import annotations

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.articles.blocks import HINT, hints, keep, page_blocks, pictures_at_top
from broadsheet.articles.tree import Element, serialise


def body_of(markup: str) -> Element:
    return lxml.html.document_fromstring(f"<html><body>{markup}</body></html>").find("body")


def kept(markup: str, *wanted: str) -> str:
    """Return the markup that is left when the blocks with these texts are kept."""
    body = body_of(markup)
    blocks = page_blocks(body)
    keep(body, blocks, [block.text in wanted for block in blocks])
    return serialise(body)


@pytest.mark.parametrize(
    ("markup", "texts"),
    [
        ("<p>one</p><p>two <b>bold</b> end</p>", ["one", "two bold end"]),
        ("loose <a href='/'>link</a><p>one</p>tail", ["loose link", "one", "tail"]),
        ("<ul><li>one<li>two</ul>", ["one", "two"]),
        ("<div>before<div>inside</div>after</div>", ["before", "inside", "after"]),
        ("<a href='/'><h3>card</h3><p>teaser</p></a>", ["card", "teaser"]),
        ("<script>x</script><style>y</style><p> </p><button>Share</button>", []),
        ("<button><p>An article that was never closed</p></button>", ["An article that was never closed"]),
        ("<p>line<br>next</p>", ["line next"]),
    ],
)
def test_the_blocks_of_a_page(markup: str, texts: list[str]) -> None:
    assert [block.text for block in page_blocks(body_of(markup))] == texts


def test_what_a_block_says_of_its_place() -> None:
    page = "<article class='post-body'><aside id='relatedStories'><a href='/'>A link and</a> more</aside></article>"
    (block,) = page_blocks(body_of(page))
    assert block.near & HINT["related"]
    assert block.far & HINT["body"]
    assert block.linked == len("A link and")
    assert block.depth == 2


@pytest.mark.parametrize(
    ("attribute", "names"),
    [
        ("article-body", {"body"}), ("relatedPosts", {"related"}), ("shared-ad_slot", {"advert"}), ("x9", set()),
        ("adverb", set()), ("siteNavigation", {"navigation"}),
    ],
)  # fmt: skip
def test_hints(attribute: str, names: set[str]) -> None:
    assert {name for name, bit in HINT.items() if hints(attribute) & bit} == names


def test_structure_is_kept() -> None:
    page = (
        "<nav>menu</nav><div><h2>Head</h2><div>Loose <b>text</b>.</div><ul><li>one</li><li>two</li></ul>"
        "<pre>a\n  b</pre><table><tr><th>n</th><td></td></tr><tr><td>1</td><td>2</td></tr></table></div><footer>end</footer>"
    )
    found = kept(page, "Head", "Loose text.", "one", "two", "a b", "n", "1", "2")
    assert found == (
        "<h2>Head</h2><p>Loose <b>text</b>.</p><ul><li>one</li><li>two</li></ul><pre>a\n  b</pre>"
        "<table><tr><th>n</th><td></td></tr><tr><td>1</td><td>2</td></tr></table>"
    )


def test_pictures_between_the_blocks_stay_with_their_captions() -> None:
    figure = "<figure><img src='/a.jpg'><figcaption>Caption</figcaption></figure>"
    related = "<div class='related'><img src='/b.jpg'><p>Other</p></div>"
    found = kept(f"<article><p>one</p>{figure}{related}<p>two</p></article><img src='/c.jpg'>", "one", "two")
    assert found == '<p>one</p><figure><img src="/a.jpg"><figcaption>Caption</figcaption></figure><p>two</p>'


def test_players_stay_and_other_frames_go() -> None:
    film, advert = (
        "<iframe src='https://www.youtube.com/embed/1'></iframe>",
        "<iframe src='https://ads.example/1'></iframe>",
    )
    found = kept(f"<div><p>one</p>{film}{advert}<p>two</p></div>", "one", "two")
    assert "youtube" in found
    assert "ads.example" not in found


def test_a_picture_that_waits_for_a_script_gets_its_address() -> None:
    waiting = "<img src='data:image/gif;base64,R0'><noscript><img src='/true.jpg'></noscript>"
    assert "/true.jpg" in kept(f"<div><p>one</p>{waiting}<p>two</p></div>", "one", "two")


def at_top(page: str, chosen: str = "p") -> list[tuple[str, bool]]:
    body = body_of(page)
    blocks = page_blocks(body)
    found = pictures_at_top(body, blocks, [block.element.tag == chosen for block in blocks])
    return [(image.get("src"), placed) for image, placed in found]


ARTICLE = "<p>one</p><p>two</p><p>three</p><p>four</p><img src='/late.jpg'>"


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        (
            ("<header class='nav'><img src='/logo.png'></header><main><h1>Head</h1><div class='author'><img src='/face.jpg'></div>"
            f"<img src='/top.jpg'>{ARTICLE}</main>"),
            [("/logo.png", False), ("/top.jpg", True)],
        ),
        # What holds the article is named after its tags, as WordPress does it, or after a framework.
        (
            f"<div id='__next'><article class='post tag-sea'><h1>Head</h1><img src='/a.jpg'>{ARTICLE}</article></div>",
            [("/a.jpg", True)],
        ),
        (f"<main><div class='post-author'>Ann <img src='/a.jpg'></div><h1>Head</h1>{ARTICLE}</main>", []),
        (f"<main><figure><img src='/a.jpg'></figure><h1>Head</h1>{ARTICLE}</main>", [("/a.jpg", True)]),
        (f"<main><h1>Head</h1><div class='related'><img src='/a.jpg'></div>{ARTICLE}</main>", [("/a.jpg", False)]),
        # A line above the headline that was taken for the article's does not move its top up there.
        (
            "<p>menu</p><img src='/other.jpg'><i>1</i>" + "<div>x</div>" * 5 + f"<h1>Head</h1><img src='/a.jpg'>{ARTICLE}",
            [("/other.jpg", False), ("/a.jpg", True)],
        ),
        ("<h1>Head</h1><img src='/a.jpg'>", []),
    ],
)  # fmt: skip
def test_the_pictures_at_the_top(page: str, wanted: list[tuple[str, bool]]) -> None:
    assert at_top(page) == wanted


def test_an_element_that_holds_the_whole_page_speaks_of_nothing() -> None:
    assert hints("__next") == 0
    assert hints("next") == HINT["related"]


PIECES = st.sampled_from(
    "<p> </p> <div> </div> <b> </b> <a> </a> <li> <ul> </ul> <table><tr><td> </td></tr></table> text 字 <br> <img>".split()
)


@given(st.lists(PIECES, max_size=40), st.data())
def test_any_choice_of_any_page_leaves_the_chosen_text_in_its_order(pieces: list[str], data: st.DataObject) -> None:
    body = body_of("<p>x</p>" + " ".join(pieces))
    blocks = page_blocks(body)
    chosen = data.draw(st.lists(st.booleans(), min_size=len(blocks), max_size=len(blocks)))
    wanted = " ".join(block.text for block, there in zip(blocks, chosen, strict=True) if there)
    keep(body, blocks, chosen)
    assert " ".join(" ".join(body.itertext()).split()).replace(" ", "") == wanted.replace(" ", "")
