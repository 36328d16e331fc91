"""Articles that are cut into several pages: the next page is known by its address, and their bodies are put together."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.articles.paging import MAX_PAGES, join, leads_on, may_go_on, next_page
from broadsheet.articles.tree import parse_fragment, text_of
from broadsheet.newspaper import Newspaper
from broadsheet.store import takedown
from tests.conftest import NOW, Answer, Web

FIRST = "https://news.example/2026/ferry.html"


def found(first: str, link: str, *, known: int = 1, url: str = "") -> str:
    tree = lxml.html.document_fromstring(f"<body><p>Text</p>{link}</body>")
    return next_page(tree, url or first, first, known)


@pytest.mark.parametrize(
    ("first", "link", "address"),
    [
        (FIRST, '<a href="ferry_2.html">2</a>', "https://news.example/2026/ferry_2.html"),
        (FIRST, '<a href="/2026/ferry-2.html">Next page</a>', "https://news.example/2026/ferry-2.html"),
        (FIRST, '<a href="?page=2">下一页</a>', "https://news.example/2026/ferry.html?page=2"),
        (FIRST, '<a href="ferry_1.html">下一页</a>', "https://news.example/2026/ferry_1.html"),
        ("https://news.example/ferry/", '<a href="/ferry/2/">2</a>', "https://news.example/ferry/2/"),
        ("https://news.example/ferry", '<link rel="next" href="/ferry/page/2">', "https://news.example/ferry/page/2"),
        ("https://news.example/a?id=7", '<a href="/a?id=7&pn=2">余下全文</a>', "https://news.example/a?id=7&pn=2"),
        ("https://news.example/a_1.shtml", '<a href="a_2.shtml">后一页</a>', "https://news.example/a_2.shtml"),
        ("https://news.example/a?id=7", '<a href="/a?page=2&id=7">Next</a>', "https://news.example/a?page=2&id=7"),
        ("https://news.example/ferry", '<a href="/ferry-2">2</a>', "https://news.example/ferry-2"),
        ("http://news.example/a.htm", '<a href="https://www.news.example/a_2.htm#top">2</a>', "https://www.news.example/a_2.htm#top"),
    ],
)  # fmt: skip
def test_the_next_page(first: str, link: str, address: str) -> None:
    assert found(first, link) == address


@pytest.mark.parametrize(
    "link",
    [
        '<a rel="next" href="/2026/storm.html">Next</a>', '<a href="/2026/ferry_3.html">3</a>', '<a href="#2">2</a>',
        '<a href="https://other.example/2026/ferry_2.html">2</a>', '<a href="?p=2">An article</a>', '<a href="">2</a>',
        '<a href="ferry_1.html">The first of them</a>', '<a href="/2026/ferry.html">下一页</a>', "",
    ],
)  # fmt: skip
def test_another_article_is_no_page_of_this_one(link: str) -> None:
    assert found(FIRST, link) == ""


def test_pages_are_counted_from_the_first() -> None:
    link = '<a href="ferry_2.html">2</a><a href="ferry_3.html">3</a>'
    second = "https://news.example/2026/ferry_2.html"
    assert found(FIRST, link, known=2, url=second) == "https://news.example/2026/ferry_3.html"
    assert found(FIRST, link, known=3, url="https://news.example/2026/ferry_3.html") == ""
    assert found(FIRST, f'<a href="ferry_{MAX_PAGES + 1}.html">next</a>', known=MAX_PAGES) == ""


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_address_leads_somewhere_or_nowhere(first: str, href: str) -> None:
    tree = lxml.html.document_fromstring("<body><p>x</p><a>2</a></body>")
    try:
        tree.find(".//a").set("href", href)
    except ValueError:  # no XML
        return
    assert isinstance(next_page(tree, "https://news.example/a", f"https://news.example/{first}", 1), str)


@pytest.mark.parametrize(
    ("first", "link"),
    [
        ("ferry.html", "ferry_2.html"), ("ferry.html", "/ferry-2.html"), ("ferry.html", "ferry.html/2"), ("ferry", "/ferry/2/"),
        ("ferry", "/ferry/page/2"), ("ferry", "?page=2"), ("ferry?id=7", "/ferry?id=7&amp;p=2"), ("ferry.html", "ferry_1.html"),
        ("ferry_1.html", "ferry_2.html"), ("ferry/1", "2"), ("ferry/1.html", "2.html"),
    ],
)  # fmt: skip
def test_a_page_with_a_link_to_its_second_one_is_looked_at(first: str, link: str) -> None:
    url = f"https://news.example/{first}"
    assert may_go_on(f'<a href="{link}">2</a>'.encode(), url)
    assert leads_on(["/elsewhere_2", unescape(link)], url)
    assert next_page(parse_fragment(f'<a href="{link}">2</a>'), url, url, 1)


def test_most_pages_are_not_looked_at() -> None:
    url = "https://news.example/ferry.html"
    assert not may_go_on(b'<p>Text</p><a href="/storm.html">Next</a>', url)
    assert not may_go_on(b'<a href="/storm_2.html">2</a><img src="/ferry.png?w=2"><a href="?page=20">', url)


def test_a_number_in_the_address_of_something_else_leads_nowhere() -> None:
    url = "https://news.example/ferry.html"
    assert may_go_on(b'<a href="/comments?of=ferry&page=2">', url)
    assert not leads_on(["/comments?of=ferry&page=2", "ferry_20.html", "", "http://[", "ferry.html"], url)


def test_what_stood_there_already_is_told_once() -> None:
    body = parse_fragment("<p>Standfirst.</p><p>One.</p><img src='https://x.example/a.png'>")
    further = parse_fragment(
        "<p>Standfirst.</p><p>Two, which is longer.</p><img src='https://x.example/a.png'><p>Three.</p>"
    )
    assert join(body, further)
    assert text_of(body) == "Standfirst.One.Two, which is longer.Three."
    assert len(body.findall(".//img")) == 1
    assert not join(body, parse_fragment("<p>One.</p><p>Two, which is longer.</p><p>!</p>"))
    assert not join(body, parse_fragment("<p></p>"))


# ------------------------------------------------------------------------------------------------- in a newspaper


def paragraphs(page: int) -> str:
    return "".join(
        f"<p>On day {day} of week {page} the ferry ran again, and the harbour master, who had counted, said so to all.</p>"
        for day in range(8)
    )


def publish(web: Web, paper: Callable[..., Newspaper], pages: int, *, broken: int = 0) -> Newspaper:
    for page in range(1, pages + 1):
        name = "ferry.html" if page == 1 else f"ferry_{page}.html"
        links = "".join(
            f'<a href="{"ferry.html" if n == 1 else f"ferry_{n}.html"}">{n}</a> ' for n in range(1, pages + 1)
        )
        web.pages[f"/{name}"] = Answer(
            f"<html><head><title>The ferry</title></head><body><article><h1>The ferry</h1>{paragraphs(page)}</article>"
            f"<div class=pages>{links}</div></body></html>".encode(),
            status=503 if page == broken else 200, headers={"Content-Type": "text/html"},
        )  # fmt: skip
    item = f"<item><title>The ferry</title><link>{web.url}/ferry.html</link><description>Short.</description></item>"
    web.pages["/feed"] = Answer(f"<rss><channel><title>News</title>{item}</channel></rss>".encode())
    made = paper(f"{web.url}/feed", extra="[media]\ncopy = false")
    made.run()
    return made


def weeks(made: Newspaper) -> list[int]:
    (article,) = made.articles()
    assert article.text.count("The ferry\n") == 0
    return [week for week in range(1, 20) if f"On day 7 of week {week} " in article.text]


def test_an_article_in_three_pages_is_one(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = publish(web, paper, 3)
    assert weeks(made) == [1, 2, 3]
    (article,) = made.articles()
    assert article.text.index("week 1") < article.text.index("week 2") < article.text.index("week 3")
    asked = [hit.path for hit in web.hits if hit.path.startswith("/ferry")]
    assert asked == ["/ferry.html", "/ferry_2.html", "/ferry_3.html"]
    web.hits.clear()
    made.update(redo="extract")
    assert weeks(made) == [1, 2, 3]
    assert not web.hits, "from what is kept"


def test_there_is_an_end_to_it(web: Web, paper: Callable[..., Newspaper]) -> None:
    assert weeks(publish(web, paper, 15)) == list(range(1, MAX_PAGES + 1))


def test_a_page_that_cannot_be_had_keeps_nothing_back(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = publish(web, paper, 3, broken=2)
    assert weeks(made) == [1]


def test_what_was_taken_down_goes_with_all_its_pages(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = publish(web, paper, 3)
    (article,) = made.articles()
    with made.store.begin() as connection:
        takedown.remove(connection, [article.id], "asked for", NOW)
        kinds = connection.exec_driver_sql("SELECT DISTINCT kind FROM responses").scalars().all()
    assert set(kinds) <= {"feed"}


@pytest.mark.parametrize(
    "link", ['<a href="/open-thread-2">Next</a>', '<a rel="next" href="/open-thread-2">Open thread</a>']
)
def test_an_article_of_the_same_title_is_no_further_page(link: str) -> None:
    assert found("https://news.example/open-thread", link) == ""
