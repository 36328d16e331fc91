"""Every limit is hit, at its value, and tells its name; there is none that is not on the list.

What just fits passes in the tests beside the code that counts.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as Pictures

from broadsheet import urls
from broadsheet.articles.extract import extract_article
from broadsheet.articles.images import MAX_PIXELS, reencode
from broadsheet.articles.paging import next_page
from broadsheet.articles.tree import parse_fragment
from broadsheet.config import Config
from broadsheet.engine.pool import PoolEngine
from broadsheet.errors import LimitExceeded
from broadsheet.feeds import sitemap
from broadsheet.feeds.opml import read_opml
from broadsheet.feeds.parse import parse_feed
from broadsheet.feeds.scrape import scrape_feed
from broadsheet.limits import LIMITS, value
from broadsheet.model import Entry, Failed, ParsedFeed, Scrape
from broadsheet.newspaper import Newspaper
from tests.conftest import Answer, Web, item, rss
from tests.contracts.jobs import Job, obey
from tests.net.test_guard import PUBLIC, Resolver, ask, request

SOURCES = Path(__file__).parents[1] / "src" / "broadsheet"
RSS = b"<rss version='2.0'><channel>"
END = b"</channel></rss>"


def more(name: str, by: int = 1) -> int:
    return value(name) + by


def entry_of(markup: str) -> Entry:
    (entry,) = parse_feed(RSS + f"<item>{markup}</item>".encode() + END).entries
    return entry


# ------------------------------------------------------------------------------------------ what is refused, by its name


def attributes(count: int) -> str:
    return " ".join(f"a{number}='1'" for number in range(count))


def deep(name: str) -> str:
    return "<b>" * more(name) + "text"


def picture(width: int, height: int) -> bytes:
    written = io.BytesIO()
    Pictures.new("1", (width, height)).save(written, "PNG")
    return written.getvalue()


def scraped(page: str, selector: str = "p") -> ParsedFeed:
    return scrape_feed(page.encode(), Scrape(list=selector), url="https://n.example/")


def page(markup: str) -> object:
    return extract_article(f"<html><body>{markup}".encode(), url="https://n.example/1")


REFUSED: dict[str, Callable[[], object]] = {
    "feed_bytes": lambda: parse_feed(b" " * more("feed_bytes")),
    "feed_elements": lambda: parse_feed(RSS + b"<item/>" * more("feed_elements")),
    "feed_depth": lambda: parse_feed(RSS + b"<a>" * more("feed_depth", 10) + b"</a>" * more("feed_depth", 10) + END),
    "feed_attributes": lambda: parse_feed(f"<rss {attributes(more('feed_attributes'))}/>".encode()),
    "feed_piece": lambda: parse_feed(RSS + b"<title>" + b"x" * more("feed_piece") + b"</title>" + END),
    "feed_references": lambda: parse_feed(RSS + b"<title>" + b"&zz;" * more("feed_references") + b"</title>" + END),
    "feed_entities": lambda: parse_feed(
        b"<!DOCTYPE rss [<!ENTITY a '" + b"x" * 200 + b"'>]>" + RSS + b"<title>"
        + b"&a;" * (more("feed_entities") // 200 + 1) + b"</title>" + END
    ),
    "list_outlines": lambda: read_opml(b"<opml><body>" + b"<outline/>" * more("list_outlines") + b"</body></opml>"),
    "sitemap_addresses": lambda: sitemap.parse_sitemap(
        b"<urlset>" + b"<url><loc>https://n.example/</loc></url>" * more("sitemap_addresses") + b"</urlset>", url=""
    ),
    "scrape_bytes": lambda: scraped("x" * more("scrape_bytes")),
    "scrape_tags": lambda: scraped("<p>" * more("scrape_tags")),
    "scrape_depth": lambda: scraped("<div>" * more("scrape_depth")),
    "scrape_children": lambda: scraped("<p></p>" * more("scrape_children")),
    "scrape_attributes": lambda: scraped(f"<p {attributes(more('scrape_attributes'))}>"),
    "scrape_pairs": lambda: scraped(("<div>" * 90 + "<a href=/1>x</a>" + "</div>" * 90) * 120, ".//div//div//a"),
    "selector": lambda: scraped("<p><a>x</a>", "//a[x:y()]"),  # anything else that libxml2 gives up over
    "page_bytes": lambda: page("x" * more("page_bytes")),
    "page_elements": lambda: page("<a></a>" * more("page_elements")),
    "page_attributes": lambda: page(f"<p {attributes(more('page_attributes'))}>x</p>"),
    "image_pixels": lambda: reencode(picture(8_000, MAX_PIXELS // 8_000 + 1), max_width=100),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_more_than_a_parser_may_have_is_refused(name: str) -> None:
    with pytest.raises(LimitExceeded) as caught:
        REFUSED[name]()
    assert caught.value.limit == name
    assert str(caught.value).endswith(f"(limit {name})")


def test_a_picture_that_nobody_would_open_tells_the_same_limit() -> None:
    with pytest.raises(LimitExceeded, match=r"\(limit image_pixels\)$"):
        reencode(picture(16_000, 3 * MAX_PIXELS // 16_000), max_width=100)


# ------------------------------------------------------------------------------------- what is cut, or kept in another way


def test_a_feed_of_too_much_is_cut_and_says_so() -> None:
    many = RSS + b"".join(b"<item><guid>%d</guid></item>" % n for n in range(more("feed_entries_read"))) + END
    found = parse_feed(many)
    assert len(found.entries) == value("feed_entries")
    assert {problem.split(":")[0] for problem in found.problems} == {"limit feed_entries", "limit feed_entries_read"}
    long = parse_feed(RSS + b"<item><title>" + b"x" * more("feed_title") + b"</title></item>" + END)
    assert len(long.entries[0].title) == value("feed_title")
    assert long.problems == (f"limit feed_title: cut after {value('feed_title'):,} characters",)
    text = parse_feed(RSS + b"<item><description>" + b"x" * more("feed_text") + b"</description></item>" + END)
    assert len(text.entries[0].summary) == value("feed_text")
    assert text.problems == (f"limit feed_text: cut after {value('feed_text'):,} characters",)
    assert len(entry_of("".join(f"<category>{n}</category>" for n in range(more("feed_values")))).categories) == value(
        "feed_values"
    )
    names = parse_feed(
        RSS + b"<item>" + b"".join(b"<x%d/>" % n for n in range(more("feed_names", 10))) + b"</item>" + END
    )
    assert names.problems == (f"limit feed_names: more than {value('feed_names'):,} different elements",)


def test_an_address_that_is_too_long_is_none() -> None:
    address = "https://n.example/" + "x" * (value("url_length") - 18)
    assert urls.resolve("https://n.example/", address) == address
    assert urls.resolve("https://n.example/", f"{address}x") == ""


@pytest.mark.parametrize(
    ("name", "markup"),
    [
        ("html_bytes", "<p>x</p>" * (more("html_bytes") // 8 + 1)), ("html_depth", deep("html_depth")),
        ("html_attributes", f"<p {attributes(more('html_attributes'))}>text</p>"),
    ],
)  # fmt: skip
def test_an_article_of_too_much_markup_is_its_text_and_says_so(name: str, markup: str) -> None:
    found = extract_article(b"", url="https://n.example/1", entry=Entry(title="T", content=markup))
    assert found.html.count("<") == 2
    assert [removed.evidence for removed in found.removed] == [f"limit {name}"]


def test_an_article_has_so_many_pages() -> None:
    first = "https://n.example/a.html"
    last = value("page_count")
    for known, follows in ((last - 1, f"https://n.example/a_{last}.html"), (last, "")):
        tree = parse_fragment(f'<p>Text</p><a href="a_{known + 1}.html">next</a>')
        assert next_page(tree, f"https://n.example/a_{known}.html", first, known) == follows


# ------------------------------------------------------------------------------------------------------------- the network


def test_answers_of_too_much_are_refused_by_name(web: Web, paper: Callable[..., Newspaper]) -> None:
    big = b"x" * 70_000
    web.pages |= {
        "/redirects": Answer(b"", 302, {"Location": "/redirects"}),
        "/header_bytes": Answer(b"", headers={"X-Long": "x" * more("header_bytes")}),
        "/header_lines": Answer(b"", headers={f"X-{number}": "x" for number in range(more("header_lines"))}),
        "/codings": Answer(b"", headers={"Content-Encoding": "gzip, gzip"}),
        "/[poll] max_bytes": Answer(big),
        "/[poll] max_bytes?packed": Answer(big, headers={"Content-Encoding": "gzip"}),
        "/[poll] timeout": lambda request: request.rfile.read(1) and None,  # type: ignore[dict-item]
    }
    web.pages = {path.replace(" ", "%20"): answer for path, answer in web.pages.items()}
    made = paper(*(f"{web.url}{path}" for path in web.pages))
    text = made.config_file.read_text("utf-8")
    made.config_file.write_text(text.replace("timeout = 5", "timeout = 1\nmax_bytes = 60000"), "utf-8")
    with Newspaper(made.folder, environ={}) as again:
        report = again.update()
    assert len(report.feeds) == len(web.pages)
    for line in report.feeds.values():
        name = line.url.rpartition("/")[2].replace("%20", " ").partition("?")[0]
        assert (line.outcome, name in LIMITS) == ("failed", True)
        assert line.why.endswith(f"(limit {name})")


def test_of_a_name_with_many_addresses_a_few_are_tried() -> None:
    addresses = [PUBLIC.rpartition(".")[0] + f".{number}" for number in range(1, 20)]
    _, connects = ask(request("http://many.test:8080/"), lookup=Resolver({"many.test": [addresses]}))
    assert len(set(connects)) == value("addresses")


def test_of_robots_txt_the_beginning_is_read(web: Web, paper: Callable[..., Newspaper]) -> None:
    """A rule counts that ends at the limit; one behind it does not."""
    short = item(1, text="<p>Short.</p>", link=f"{web.url}/first") + item(
        2, text="<p>Short.</p>", link=f"{web.url}/second"
    )
    web.pages["/feed"] = Answer(rss("News", short))
    begin = b"User-agent: *\nDisallow: /first\n"
    web.pages["/robots.txt"] = Answer(begin + b"#" * (value("robots_bytes") - len(begin)) + b"\nDisallow: /second\n")
    made = paper(f"{web.url}/feed")
    made.update()
    assert {"/first", "/second"} & {hit.path for hit in web.hits} == {"/second"}


def test_pictures_of_too_much_are_named_and_further_ones_left(web: Web, paper: Callable[..., Newspaper]) -> None:
    count = more("[media] per_article", 3)
    names = [f"/{number}.png" for number in range(count)]
    images = "".join(f'<img src="{web.url}{name}" width="400" height="300">' for name in names)
    text = "".join(
        f"<p>Paragraph {part} of a story with many pictures, told at length.</p>{images if part == 9 else ''}"
        for part in range(20)
    )
    web.pages["/feed"] = Answer(rss("News", item(1, text=text)))
    web.pages |= {name: Answer(picture(400, 300), headers={"Content-Type": "image/png"}) for name in names}
    web.pages["/3.png"] = Answer(b"x" * 70_000, headers={"Content-Type": "image/png"})
    web.pages["/4.png"] = Answer(picture(8_000, MAX_PIXELS // 8_000 + 1), headers={"Content-Type": "image/png"})
    made = paper(f"{web.url}/feed", extra="[media]\nmax_bytes = 60000")
    made.update()
    asked = [hit.path for hit in web.hits if hit.path.endswith(".png")]
    assert sorted(asked) == sorted(names[: value("[media] per_article")])
    with made.store.read() as connection:
        told = dict(map(tuple, connection.exec_driver_sql("SELECT state, note FROM media WHERE state != 'kept'").all()))
    assert told["failed"].endswith("(limit [media] max_bytes)")
    assert told["refused"].endswith("(limit image_pixels)")


# -------------------------------------------------------------------------------------------------------------- the workers


def test_workers_are_ended_by_name() -> None:
    orders = {"hang": "worker_seconds", "kill": "worker_deaths", "eat": "worker_memory"}
    engine = PoolEngine(2, seconds_per_item=1.0)
    try:
        outcomes = list(engine.map(obey, [[Job(order, order)] for order in orders]))
    finally:
        engine.close()
    assert {
        outcome.key: outcome.message.rpartition("(limit ")[2].rstrip(")")
        for outcome in outcomes
        if isinstance(outcome, Failed)
    } == orders


# ----------------------------------------------------------------------------------------------------------------- the list


def test_settings_begin_at_their_limits() -> None:
    config = Config()
    for name in LIMITS:
        if found := re.fullmatch(r"\[(\w+)\] (\w+)", name):
            assert getattr(getattr(config, found[1]), found[2]) == value(name)


def test_every_limit_is_hit_here() -> None:
    text = Path(__file__).read_text("utf-8")
    assert [
        name for name in LIMITS if f'"{name}"' not in text and f'"/{name}"' not in text and f"{name})" not in text
    ] == []


def test_no_limit_is_named_that_is_not_on_the_list() -> None:
    """Nor is there one on the list that no code asks for."""
    named = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                words = [
                    word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, str)
                ]
                if called in ("LimitExceeded", "named", "value") and words:
                    named.add(words[-1])
    assert named == set(LIMITS)
