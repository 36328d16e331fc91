"""Where a site keeps its articles is learnt from several pages, and believed only where it gives what the blocks gave."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from broadsheet.articles import container as containers
from broadsheet.articles.container import ANYWHERE, Container, agreement
from broadsheet.articles.extract import extract_article
from broadsheet.articles.template import learn_template
from broadsheet.articles.tree import Element, parse_fragment, text_of
from broadsheet.model import Entry, Person

WORDS = "harbour council bridge ferry market school river winter spring lantern orchard granite".split()


def page(number: int, *, body: str = "story-body", extra: str = "") -> bytes:
    own = "".join(
        f"<p>In part {part} of report {number} the {WORDS[(number + part) % 12]} and the {WORDS[(number * 5 + part) % 12]} "
        f"are described, with what {WORDS[(part * 7 + number) % 12]} keepers said, what it cost, and why it matters here.</p>"
        for part in range(6)
    )
    menu = "".join(f"<li><a href='/{word}'>{word.title()}</a></li>" for word in WORDS)
    related = (
        f"<div class='related-box'><h3>More</h3><ul><li><a href='/r{number}'>Other story {number}</a></li></ul></div>"
    )
    return (
        f"<html><head><title>Report {number}</title></head><body><nav><ul>{menu}</ul></nav>"
        f"<main><div class='{body}'><h1>Report {number}</h1>{own}{extra}{related}</div></main>"
        f"<footer>Copyright Gazette {number}</footer></body></html>"
    ).encode()


def apply_container(page: bytes, container: Container) -> Element | None:
    return containers.apply_container(LexborHTMLParser(page), container)


def pages(count: int) -> list[tuple[bytes, str]]:
    return [(page(number), f"https://gazette.example/{number}") for number in range(count)]


NAMES = ["Ann Lee", "Bo Ek", "Cy Orr", "Di Fox", "Ed Gill", "Flo Hay", "Gus Ito"]


def signed(number: int, line: str) -> bytes:
    """Return a page that shows its author above the article."""
    shown = line.format(name=NAMES[number % len(NAMES)], number=number)
    return page(number).replace(b"<main>", f"<main><h1>Report {number}</h1>{shown}".encode(), 1)


@pytest.mark.parametrize(
    ("line", "selector"),
    [
        ("<p class='by-who'>By {name}</p>", "p.by-who"),
        ("<div class='byline'><a rel='author' href='/{name}'>{name}</a> | 2 March 2026</div>", "div.byline"),
        ("<p class='x{number}'>By {name}</p>", ANYWHERE),
        ("<p class='note'>On the harbour</p>", ""),
    ],
)
def test_the_place_of_the_byline_is_learnt(line: str, selector: str) -> None:
    known = [(signed(number, line), f"https://gazette.example/{number}") for number in range(6)]
    template = learn_template(known)
    assert template.container.selector == "div.story-body"
    assert template.container.byline == selector
    new = signed(6, line)
    fast, slow = (extract_article(new, url="https://gazette.example/6", template=one) for one in (template, None))
    assert fast.byline == slow.byline == (NAMES[6] if selector else "")
    assert fast.provenance.get("byline") == slow.provenance.get("byline")
    named = Entry(title="Report 6", authors=(Person(name="The Feed"),), link="https://gazette.example/6")
    assert extract_article(new, url="https://gazette.example/6", entry=named, template=template).byline == "The Feed"


HEADS = [
    "<title>Report 6 | The Gazette</title><meta property='og:site_name' content='The Gazette'>",
    (
        '<meta property="og:title" content="Six facts on reports">'
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Report 6", "author": {"name": "Ann"}}</script>'
    ),
    (
        "<meta name='author' content='Ann'><meta property='article:published_time' content='2026-03-02T01:00:00+09:00'>"
        "<meta property='og:image' content='/bridge-opening-day_og.jpg'><link rel='canonical' href='/six'>"
    ),
    "<title>Report</title>",
]
TOPS = [
    "",
    "<time>2 March 2026</time>",
    "<nav><h1>Menu of the day</h1></nav>",
    "<a href='/'><h1>The Gazette</h1></a>",
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("top", TOPS)
def test_the_quick_way_reads_the_same_of_the_page(head: str, top: str) -> None:
    new = (
        page(6)
        .replace(b"<head>", b'<head lang="en">' + head.encode(), 1)
        .replace(b"<main>", f"{top}<main>".encode(), 1)
    )
    url = next(url for url in map("https://gazette.example/{}".format, range(9)) if not containers.is_checked(url))
    fast, slow = (extract_article(new, url=url, template=one) for one in (learn_template(pages(6)), None))
    for field in (
        "title",
        "byline",
        "published",
        "published_source",
        "modified",
        "image",
        "url",
        "language",
        "provenance",
    ):
        assert getattr(fast, field) == getattr(slow, field), field


def test_the_pages_own_copy_of_its_picture_leads_on_both_ways() -> None:
    head = b"<head><meta property='og:image' content='/bridge-opening-day_og.jpg'>"
    top = b"<h1>Report 6</h1><img src='/bridge-opening-day.jpg' alt='The bridge' width='800'><main>"
    new = page(6).replace(b"<head>", head, 1).replace(b"<main>", top, 1)
    for template in (learn_template(pages(6)), None):
        lead = extract_article(new, url="https://gazette.example/6", template=template).image
        assert lead is not None
        assert (lead.url, lead.alt) == ("https://gazette.example/bridge-opening-day.jpg", "The bridge")


@pytest.mark.parametrize("count", [1, 3])
def test_few_pages_teach_nothing(count: int) -> None:
    assert not learn_template(pages(count)).container.selector


def test_the_container_and_what_to_drop_are_learnt() -> None:
    container = learn_template(pages(6)).container
    assert container.selector == "div.story-body"
    assert any("related-box" in name for name in container.drop)


def test_a_new_page_goes_by_the_container_and_says_the_same() -> None:
    template = learn_template(pages(6))
    fast = extract_article(page(50), url="https://gazette.example/50", template=template)
    slow = extract_article(page(50), url="https://gazette.example/50")
    assert fast.text == slow.text
    assert "Other story" not in fast.text
    assert fast.title == "Report 50"


def test_a_page_of_another_layout_goes_the_general_way() -> None:
    template = learn_template(pages(6))
    moved = page(50, body="new-layout")
    assert apply_container(moved, template.container) is None
    found = extract_article(moved, url="https://gazette.example/50", template=template)
    assert found.text == extract_article(moved, url="https://gazette.example/50").text
    assert "part 5 of report 50" in found.text


@pytest.mark.parametrize(
    "body",
    [b"<div class='story-body'>short</div>", b"<div class='story-body'>x</div><div class='story-body'>y</div>", b"",
     b"<div class='story-body'>" + b"word " * 100_000 + b"</div>"],
)  # fmt: skip
def test_a_container_that_does_not_fit_is_not_taken(body: bytes) -> None:
    assert apply_container(body, learn_template(pages(6)).container) is None


def rebuilt(number: int) -> bytes:
    """Return a page of the site as it is built later: its old container has the beginning of the article only."""
    body = page(number).decode()
    head, mark, tail = body.partition("<p>In part 2")
    return f"{head}</div><div class='rest'>{mark}{tail}".encode()


@pytest.mark.parametrize("checked", [False, True])
def test_of_twenty_pages_one_shows_that_the_site_was_built_anew(checked: bool) -> None:
    template = learn_template(pages(6))
    urls = (f"https://gazette.example/{number}" for number in range(1000))
    url = next(url for url in urls if containers.is_checked(url) == checked)
    found = extract_article(rebuilt(50), url=url, template=template)
    assert ("part 5 of report 50" in found.text) == checked
    assert found.provenance.get("doubt", "") == ("its container has 50% of the same words" if checked else "")
    same = extract_article(page(50), url=url, template=template)
    assert "doubt" not in same.provenance
    assert same.text == extract_article(page(50), url=url).text


@pytest.mark.parametrize(("link", "own"), [("/archive?page=2", False), ("{}?page=2", True), ("{}/2", True)])
def test_what_goes_on_in_another_page_goes_the_general_way(link: str, own: bool) -> None:
    template = learn_template(pages(6))
    urls = (f"https://gazette.example/report-{number}" for number in range(1000))
    url = next(url for url in urls if not containers.is_checked(url))
    further = f"<a href='{link.format(url)}'>2</a></body>".encode()
    found = extract_article(rebuilt(50).replace(b"</body>", further), url=url, template=template)
    assert ("part 5 of report 50" in found.text) == own
    assert found.provenance.get("next", "") == (link.format(url) if own else "")


@pytest.mark.parametrize("top", TOPS)
def test_a_title_from_the_feed_changes_nothing_else(top: str) -> None:
    url = next(url for url in map("https://gazette.example/{}".format, range(9)) if not containers.is_checked(url))
    new = page(6).replace(b"<main>", f"{top}<main>".encode(), 1)
    template = learn_template(pages(6))
    bare, titled = (
        extract_article(new, url=url, template=template, entry=Entry(title=title)) for title in ("", "Other")
    )
    assert titled.title == "Other"
    for field in ("byline", "published", "image", "url", "language"):
        assert getattr(titled, field) == getattr(bare, field), field


def test_one_page_in_twenty_is_checked() -> None:
    assert 20 <= sum(containers.is_checked(f"https://gazette.example/{number}") for number in range(1000)) <= 80


def test_agreement_is_counted_in_words() -> None:
    one, other = parse_fragment("<p>渡轮 stops here</p>"), parse_fragment("<p>渡轮 stops there now</p>")
    assert agreement(one, one) == 1
    assert agreement(one, other) == pytest.approx(2 * 2 / (3 + 4))
    assert agreement(one, parse_fragment("")) == 0


def test_what_is_dropped_is_out_of_the_container() -> None:
    root = apply_container(
        page(50, extra="<script>x</script><p>A last word of the report.</p>"), learn_template(pages(6)).container
    )
    assert root is not None
    assert "A last word of the report." in text_of(root)
    assert "Other story" not in text_of(root)
