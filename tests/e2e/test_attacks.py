"""Every vector of the hostile corpus, in every field of feeds and pages, through the whole pipeline, in a real browser."""

from __future__ import annotations

import asyncio
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import lxml.html
import pytest

from broadsheet.newspaper import Newspaper
from broadsheet.site.render import THEMES
from tests.conftest import NOW, Answer, Web
from tests.e2e.chromium import Chromium, Sight
from tests.e2e.world import WORDS

pytestmark = [pytest.mark.corpus, pytest.mark.browser, pytest.mark.timeout(600)]
FEEDS = 20
PAGES = 5000
"""From this number on the vectors stand in fetched pages."""
SEEN = "!!document.querySelector('body > footer.colophon') && !!document.querySelector('body > main').innerText.trim()"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def canary(number: int) -> str:
    """Return text that no other vector's article shares."""
    chance = random.Random(number)
    return f"canary{number}x " + " ".join(chance.choice(WORDS) + str(chance.randrange(9)) for _ in range(30))


def body(number: int, markup: str) -> str:
    return f"<p>{canary(number)} begins.</p>\n{markup}\n<p>canary{number}y ends.</p>"


def json_feed(number: int, title: str, items: Sequence[tuple[int, str]]) -> bytes:
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1", "title": title, "description": title, "icon": title,
            "home_page_url": title, "language": title[:20],
            "items": [
                {
                    "id": f"urn:{index}", "url": f"https://news.example/{index}", "title": f"{markup} canary{index}t",
                    "content_html": body(index, markup), "summary": markup, "image": markup, "language": markup[:20],
                    "authors": [{"name": markup, "url": markup}], "tags": [markup], "external_url": markup,
                    "date_published": f"2026-03-{1 + index % 18:02}T{index % 24:02}:00:00Z",
                    "attachments": [{"url": markup, "mime_type": "image/png", "title": markup}],
                }
                for index, markup in items
            ],
        }
    ).encode("utf-8", "replace")  # fmt: skip


def rss_feed(number: int, title: str, items: Sequence[tuple[int, str]]) -> bytes:
    def text(value: str) -> str:
        return escape(_NO_XML.sub("", value))

    entries = "".join(
        f"<item><title>{text(markup)} canary{index}t</title><guid>urn:{index}</guid>"
        f"<link>https://news.example/{index}</link><author>{text(markup)}</author><category>{text(markup)}</category>"
        f"<comments>{text(markup)}</comments><description>{text(body(index, markup))}</description>"
        f"<pubDate>{1 + index % 18:02} Mar 2026 {index % 24:02}:00:00 GMT</pubDate></item>"
        for index, markup in items
    )
    return (
        f'<rss version="2.0"><channel><title>{text(title)}</title><link>{text(title)}</link><copyright>{text(title)}</copyright>'
        f"<image><title>{text(title)}</title><url>{text(title)}</url></image>{entries}</channel></rss>"
    ).encode()


def page(number: int, markup: str) -> bytes:
    """Return a page that says the vector in all that a reader of pages looks at."""
    said = escape(markup, quote=True)
    return (
        f'<!doctype html><html lang="{said[:20]}"><head><title>{said} canary{number}t</title><meta name="author" content="{said}">'
        f'<meta property="og:title" content="{said}"><meta property="og:image" content="{said}">'
        f'<meta property="og:description" content="{said}"><link rel="canonical" href="{said}">'
        f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", "headline": markup, "author": markup})}</script>'
        f"</head><body><article><h1>Page canary{number}t</h1>{body(number, markup)}{body(number, '')}</article></body></html>"
    ).encode("utf-8", "replace")


class Attacked:
    """The newspaper that took everything in, served by the real command."""

    def __init__(self, folder: Path, url: str, pages: dict[str, int]) -> None:
        self.folder, self.url = folder, url
        self.pages = pages
        """Article's path -> number of its vector."""

    def paths(self, *, leading_on: bool = False) -> list[str]:
        """Return the pages on which a reader stays, or those that lead on at once."""
        root = self.folder / "public"
        return sorted(
            path.relative_to(root).as_posix()
            for path in root.rglob("*.html")
            if (b'<body class="page-moved"' in path.read_bytes()) is leading_on
        )

    @property
    def own(self) -> tuple[str, ...]:
        return tuple(f"{self.url}/assets/{name}" for name in ("script.js", "search.js"))


@pytest.fixture(scope="module")
def vectors(corpus: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((corpus / "hostile" / "xss.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def attacked(vectors: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """A newspaper of 1,567 articles and 300 pages, each an attack."""
    folder = tmp_path_factory.mktemp("attacked")
    web = Web()
    markups = [vector["html"] for vector in vectors]
    fires = [vector["html"] for vector in vectors if vector["raw_fires"]]
    tables = ""
    for number in range(FEEDS):
        items = [(index, markups[index]) for index in range(number, len(markups), FEEDS)]
        make = json_feed if number % 2 else rss_feed
        kind = "application/feed+json" if number % 2 else "application/rss+xml"
        web.pages[f"/{number}"] = Answer(make(number, fires[number], items), headers={"Content-Type": kind})
        tables += f'[[feeds]]\nurl = "{web.url}/{number}"\nsection = "News"\nmode = "full"\nfull_text = "never"\n'
    taken = [(PAGES + index, markup) for index, markup in enumerate(fires[:300])]
    for number, markup in taken:
        web.pages[f"/p/{number}"] = Answer(page(number, markup), headers={"Content-Type": "text/html; charset=utf-8"})
    entries = "".join(
        f"<item><title>Short {number}</title><link>{web.url}/p/{number}</link></item>" for number, _ in taken
    )
    web.pages["/pages"] = Answer(f"<rss><channel><title>Pages</title>{entries}</channel></rss>".encode())
    tables += f'[[feeds]]\nurl = "{web.url}/pages"\nsection = "News/Pages"\nmode = "full"\nfull_text = "always"\n'
    (folder / "broadsheet.toml").write_text(
        f'[site]\ntitle = "Attacked"\nurl = "https://paper.example/"\n[poll]\ndelay = 0\nper_host = 8\nrobots = false\n'
        f'allow_private = ["{web.address}"]\n[media]\ncopy = true\n{tables}',
        "utf-8",
    )
    with Newspaper(folder, environ={}, clock=lambda: NOW) as paper:
        report = paper.run()
        assert report.articles_new == len(markups) + len(taken), report.failures
        with paper.store.read() as connection:
            rows = connection.exec_driver_sql("SELECT permalink, link FROM articles").all()
        numbers = {permalink: int(link.rsplit("/", 1)[-1]) for permalink, link in rows}
    web.close()
    process = subprocess.Popen(
        [sys.executable, "-m", "broadsheet", "-C", str(folder), "serve", "--port", "0", "--no-rebuild"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())
    assert found
    yield Attacked(folder, found[0], numbers)
    process.terminate()
    process.wait(20)
    process.stderr.close()


def look(folder: Path, urls: Sequence[str], **how: Any) -> list[Sight]:
    async def work() -> list[Sight]:
        async with Chromium.open(folder) as opened:
            return await opened.look(urls, **how)

    return asyncio.run(work())


def faults(sights: Sequence[Sight]) -> list[Sight]:
    """Return the sights of pages in which anything ran, that asked anybody else, went elsewhere or lost their end."""
    return [sight for sight in sights if sight.ran or sight.foreign or sight.left or sight.live or not sight.seen]


def test_the_vectors_do_fire(vectors: list[dict[str, Any]], tmp_path: Path) -> None:
    """Without this, a browser that runs nothing at all would pass."""
    web = Web()
    fires = [vector for vector in vectors if vector["raw_fires"] or vector["raw_foreign"]]
    for number, vector in enumerate(fires):
        text = f"<!doctype html><meta charset=utf-8><body>{vector['html']}"
        web.pages[f"/{number}"] = Answer(text.encode("utf-8", "replace"), headers={"Content-Type": "text/html"})
    sights = look(tmp_path, [f"{web.url}/{number}" for number in range(len(fires))])
    web.close()
    assert sum(sight.ran for sight in sights) > 400
    assert sum(bool(sight.foreign) for sight in sights) > 100


def test_nothing_of_a_feed_runs_on_the_site(attacked: Attacked, tmp_path: Path) -> None:
    """The content security policy is switched off: the sanitiser and the templates hold alone."""
    paths = attacked.paths()
    assert len(paths) > 1800
    sights = look(tmp_path, [f"{attacked.url}/{path}" for path in paths], own=attacked.own, csp=False, seen=SEEN)
    assert faults(sights) == []
    silent = [
        (number, sight.url) for path, sight in zip(paths, sights, strict=True)
        if (number := attacked.pages.get(path)) is not None and f"canary{number}" not in sight.text
    ]  # fmt: skip
    assert [url for number, url in silent if number < PAGES] == [], "the article's own text is there"
    # In a fetched page an unclosed element may take the rest of the page with it, as it does in a browser.
    assert len(silent) <= 3


def test_pages_that_lead_on_hold_words_alone(attacked: Attacked) -> None:
    """A browser is gone before it can be asked; they are named after sources and sections, which are attacks, too."""
    paths = attacked.paths(leading_on=True)
    assert any(path.startswith("source/") for path in paths)
    for path in paths:
        tree = lxml.html.document_fromstring((attacked.folder / "public" / path).read_bytes())
        parts = [element.tag for element in tree.iter()]
        assert parts == ["html", "head", *["meta"] * 6, "title", *["link"] * 3, "body", "main", "h1", "p", "a"], path
        assert tree.xpath("//@*[starts-with(name(), 'on')]") == []
        for address in tree.xpath("//@href"):
            assert address.startswith(("/", "https://paper.example/")), path
        assert re.fullmatch(r"0; url=/[\w/-]*/", tree.xpath("string(//meta[@http-equiv='refresh']/@content)")), path


def test_nothing_runs_with_the_policy_either(attacked: Attacked, tmp_path: Path) -> None:
    paths = [path for number, path in enumerate(attacked.paths()) if number % 40 == 0 or path not in attacked.pages]
    sights = look(tmp_path, [f"{attacked.url}/{path}" for path in paths], own=attacked.own, seen=SEEN)
    assert faults(sights) == []


def test_searching_and_missing_pages_run_nothing(
    attacked: Attacked, vectors: list[dict[str, Any]], tmp_path: Path
) -> None:
    """What is asked for is an attack, and so is what is found."""
    fires = [vector["html"] for vector in vectors if vector["raw_fires"]]
    queries = [f"canary{number}t" for number in range(0, len(vectors), 60)] + fires[::15]
    urls = [f"{attacked.url}/search/?q={quote(query, errors='replace')}" for query in queries]
    missing = [f"{attacked.url}/{quote(markup, errors='replace')}" for markup in fires[::15]]
    told = look(tmp_path, missing, own=attacked.own, csp=False)
    assert [sight for sight in told if sight.ran or sight.foreign or sight.left or sight.live] == []
    sights = look(tmp_path, urls, own=attacked.own, csp=False, seen=SEEN, wait=300)
    assert faults(sights) == []
    assert sum("canary" in sight.text for sight in sights) > 20, "something was found"


def test_the_policy_holds_where_the_sanitiser_does_not(vectors: list[dict[str, Any]], tmp_path: Path) -> None:
    """The second layer alone: raw vectors inside a page of the theme. What cannot be stopped is ``<meta refresh>``."""
    base = (THEMES / "default" / "templates" / "base.html").read_text("utf-8")
    policy = re.search(r'<meta http-equiv="Content-Security-Policy"[^>]*>', base)
    assert policy
    head = policy[0].replace("{{ site.image_policy|safe }}", "'self'")
    assert "{{" not in head
    web = Web()
    fires = [vector for vector in vectors if vector["raw_fires"]]
    for number, vector in enumerate(fires):
        text = f"<!doctype html><meta charset=utf-8>{head}<main>{vector['html']}"
        web.pages[f"/{number}"] = Answer(text.encode("utf-8", "replace"), headers={"Content-Type": "text/html"})

    def ran(urls: Sequence[str]) -> list[str]:
        return [sight.url for sight in look(tmp_path, urls) if sight.ran and not sight.left]

    suspects = ran([f"{web.url}/{number}" for number in range(len(fires))])
    # What the page before did at its very end may be counted for the next: only what runs again did run here.
    again = [url for url in suspects if ran([url])]
    web.close()
    assert again == []
