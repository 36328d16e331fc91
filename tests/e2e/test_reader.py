"""A reader of the demo newspaper in a real browser: reads, searches, turns pages; without mouse, scripts or network."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.chromium import Chromium, Page
from tests.e2e.test_demo import command

pytestmark = pytest.mark.browser
ACTIVE = "document.activeElement"
FOCUS = f"""(() => {{
  const one = {ACTIVE}, box = one.getBoundingClientRect(), style = getComputedStyle(one);
  return {{
    tag: one.tagName, href: one.getAttribute('href'), text: one.innerText, top: box.top, left: box.left,
    seen: box.width > 0 && box.bottom > 0 && box.right > 0 && one.matches(':focus-visible'),
    ring: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
  }};
}})()"""
DARK = {"Emulation.setEmulatedMedia": {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}}
LIGHT = {"Emulation.setEmulatedMedia": {"features": [{"name": "prefers-color-scheme", "value": "light"}]}}
SILENT = {"Emulation.setScriptExecutionDisabled": {"value": True}}


class _Site(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def send_head(self) -> Any:
        """Answer whole, whatever the browser has: the sites here are younger and older by chance."""
        del self.headers["If-Modified-Since"]
        return super().send_head()

    def end_headers(self) -> None:
        """Let browsers ask each time, as ``broadsheet serve`` does: what is kept is the copy's doing alone."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


class Server:
    """A site on a port that stays its own when the server is stopped and started again."""

    def __init__(self, root: Path, port: int = 0) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Site, directory=root))
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def papers(demo_paper: Callable[..., Path]) -> dict[str, Path]:
    """The demo's sites: in English, which readers may keep, and in Chinese, which they may not."""
    found = {}
    for name, kept in (("en", "true"), ("zh", "false")):
        folder = demo_paper(name, f'output = "site-{name}"\noffline = {kept}\n')
        command(folder, "build", "--full")
        found[name] = folder / f"site-{name}"
    return found


@pytest.fixture(scope="module")
def served(papers: dict[str, Path]) -> Iterator[dict[str, str]]:
    servers = {name: Server(root) for name, root in papers.items()}
    yield {name: server.url for name, server in servers.items()}
    for server in servers.values():
        server.stop()


def reading(folder: Path, steps: Callable[[Page], Awaitable[None]], screen: Any = None) -> None:
    """Let a reader take these steps in a fresh browser; no page may ask anybody else."""

    async def work() -> None:
        async with Chromium.open(folder) as opened, opened.page(screen) as page:
            await steps(page)
            assert page.foreign == []

    asyncio.run(work())


def test_from_the_front_page_to_an_article_and_on(served: dict[str, str], tmp_path: Path) -> None:
    async def steps(page: Page) -> None:
        for name in ("en", "zh"):
            await page.go(served[name] + "/")
            lead = await page.tell("document.querySelector('.lead h2').innerText")
            await page.follow(".lead h2 a")
            assert await page.tell("document.querySelector('h1').innerText") == lead
            assert len(await page.tell("document.querySelector('main .text').innerText")) > 200
            assert await page.tell("document.querySelector('.original a').href.startsWith('http')")
            await page.follow(".trail a[href*='/source/']")
            assert await page.tell("document.body.className") == "page-source"
            await page.follow("header .nameplate a")
            assert await page.tell("document.body.className") == "page-front"

    reading(tmp_path, steps)


def test_lines_stand_apart_as_their_language_wants(served: dict[str, str], tmp_path: Path) -> None:
    """Latin 1.5 to 1.6, Chinese 1.7 to 1.8, whatever the language of the page around."""
    lines = """[...document.querySelectorAll('.excerpt')].map(one => {
      const style = getComputedStyle(one);
      return [one.closest('[lang]').lang, parseFloat(style.lineHeight) / parseFloat(style.fontSize)];
    })"""

    async def steps(page: Page) -> None:
        for name in ("en", "zh"):
            await page.go(served[name] + "/latest/")
            found = await page.tell(lines)
            assert {language for language, _ in found} == {"en", "zh"}
            for language, apart in found:
                assert (1.7 <= apart <= 1.8) if language == "zh" else (1.5 <= apart <= 1.6), (name, language)

    reading(tmp_path, steps)


def test_lists_are_paged_through_to_the_oldest_and_back(
    papers: dict[str, Path], served: dict[str, str], tmp_path: Path
) -> None:
    stories = "[...document.querySelectorAll('.rows h2 a')].map(one => one.getAttribute('href'))"

    async def steps(page: Page) -> None:
        await page.go(served["en"] + "/latest/")
        seen = await page.tell(stories)
        pages = 1
        while await page.tell("!!document.querySelector('.pages [rel=next]')"):
            await page.follow(".pages [rel=next]")
            seen += await page.tell(stories)
            pages += 1
        assert pages > 3
        articles = {
            f"/{path.relative_to(papers['en']).as_posix()}"
            for path in papers["en"].glob("2*/*/*/*.html")
            if path.name != "index.html" and b"page-article" in path.read_bytes()
        }
        assert set(seen) >= articles
        for _ in range(pages - 1):
            await page.follow(".pages [rel=prev]")
        await page.until("location.pathname == '/latest/' && !!document.querySelector('.colophon')")
        await page.follow("a[href='/archive/']")
        await page.follow("main .chips a")
        await page.follow("main .chips a")
        assert await page.tell("document.body.className") == "page-day"

    reading(tmp_path, steps)


def test_a_page_that_is_not_full_yet_leads_to_the_newest(
    papers: dict[str, Path], served: dict[str, str], tmp_path: Path
) -> None:
    root = papers["zh"]
    found = [path.relative_to(root).as_posix() for path in root.rglob("*.html") if b"page-moved" in path.read_bytes()]
    assert {path.partition("/")[0] for path in found} >= {"latest", "section"}

    async def steps(page: Page) -> None:
        for path in found:
            await page.go(f"{served['zh']}/{path}")
            await page.until(f"location.pathname == '/{path.rpartition('/')[0]}/'")

    reading(tmp_path, steps)


@pytest.mark.parametrize(("name", "query"), [("en", "strait"), ("zh", "渡轮"), ("zh", "港")])
def test_the_search_finds_what_titles_say(
    papers: dict[str, Path], served: dict[str, str], tmp_path: Path, name: str, query: str
) -> None:
    root = papers[name]
    titles = {
        f"/{path.relative_to(root).as_posix()}": re.sub("<[^>]*>", "", found[1])
        for path in root.glob("2*/*/*/*.html")
        if (found := re.search(r"<h1[^>]*>(.*?)</h1>", path.read_text("utf-8")))
        and "page-article" in path.read_text("utf-8")
    }
    wanted = {address for address, title in titles.items() if query in title.lower()}
    assert wanted, f"no title of the demo has {query!r}"

    async def steps(page: Page) -> None:
        await page.go(served[name] + "/")
        await page.follow(".sections a[href='/search/']")
        await page.until(f"{ACTIVE}.id === 'query'")
        await page.type(query)
        await page.press("Enter")
        told = await page.until(
            f"document.getElementById('status').innerText.match(/{query}.*?(\\d+)|(\\d+) .*{query}/)"
        )
        count = int(told[1] or told[2])
        for shown in range(10, count, 10):
            await page.until(f"document.querySelectorAll('#results li').length === {shown}")
            await page.tell("document.getElementById('more').click()")
        await page.until(f"document.querySelectorAll('#results li').length === {count}")
        found = await page.tell("[...document.querySelectorAll('#results h2 a')].map(one => one.getAttribute('href'))")
        assert wanted <= set(found)
        assert await page.tell(
            f"document.querySelector('#results mark').innerText.toLowerCase().includes({json.dumps(query)})"
        )
        assert await page.tell("new URLSearchParams(location.search).get('q')") == query
        await page.follow("#results h2 a")
        assert await page.tell("document.body.className") == "page-article"

    reading(tmp_path, steps)


@pytest.mark.parametrize(("screen", "first"), [(LIGHT, "light"), (DARK, "dark")])
def test_dark_and_light_are_switched_and_kept(served: dict[str, str], tmp_path: Path, screen: Any, first: str) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = f"{ground}.match(/\\d+/g).map(Number).reduce((sum, one) => sum + one) > 382"

    async def steps(page: Page) -> None:
        await page.go(served["en"] + "/")
        assert await page.tell(light) == (first == "light")
        await page.tell("document.getElementById('switch').click()")
        assert await page.until(f"({light}) === {json.dumps(first == 'dark')}")
        await page.follow(".lead h2 a")
        assert await page.tell(light) == (first == "dark")
        await page.tell("document.getElementById('switch').click()")
        await page.go(served["en"] + "/latest/")
        assert await page.tell(light) == (first == "light")

    reading(tmp_path, steps, screen)


def test_the_keyboard_alone_is_enough(served: dict[str, str], tmp_path: Path) -> None:
    async def steps(page: Page) -> None:
        await page.go(served["en"] + "/")
        await page.press("Tab")
        skip = await page.tell(FOCUS)
        assert skip["href"] == "#main"
        assert skip["seen"]
        steps_taken = [skip]
        for _ in range(200):
            await page.press("Tab")
            one = await page.tell(FOCUS)
            if one["tag"] == "BODY":
                break
            steps_taken.append(one)
        assert all(one["seen"] and one["ring"] >= 2 for one in steps_taken), "focus that is not seen"
        links = await page.tell(
            "[...document.querySelectorAll('a[href]:not([tabindex]), button')].map(one => one.getAttribute('href'))"
        )
        assert [one["href"] for one in steps_taken] == links, "not in the order of the page, or not all"

        await page.go(served["en"] + "/")
        await page.press("Tab")
        await page.press("Enter")
        await page.press("Tab")
        assert await page.tell(f"!!{ACTIVE}.closest('main')"), "the skip link does not lead to the content"
        assert await page.tell(f"{ACTIVE} === document.querySelector('main a:not([tabindex])')")
        await page.press("Enter", leads=True)
        assert await page.tell("document.body.className") == "page-article"

        await page.go(served["en"] + "/search/")
        await page.until(f"{ACTIVE}.id === 'query'")
        await page.press("Tab", shift=True)
        assert await page.tell(f"{ACTIVE}.id") != "query"
        await page.press("/")
        assert await page.tell(f"{ACTIVE}.id") == "query"
        assert await page.tell(f"{ACTIVE}.value") == ""
        await page.press("/")
        assert await page.tell(f"{ACTIVE}.value") == "/", "a slash can be searched for"

        await page.tell("document.getElementById('key').click()")
        await page.go(served["en"] + "/search/")
        await page.until(f"{ACTIVE}.id === 'query'")
        await page.press("Tab", shift=True)
        await page.press("/")
        assert await page.tell(f"{ACTIVE}.id") != "query", "it was switched off, for good"

    reading(tmp_path, steps)


def test_nothing_needs_scripts_but_the_search(served: dict[str, str], tmp_path: Path) -> None:
    seen = "[...document.querySelectorAll(%s)].filter(one => one.checkVisibility()).length"

    async def steps(page: Page) -> None:
        for name in ("en", "zh"):
            await page.go(served[name] + "/")
            assert await page.tell("getComputedStyle(document.getElementById('switch')).display") == "none"
            assert await page.tell(seen % "'article.card, .briefs > li'") > 20
            address = await page.tell("document.querySelector('.lead h2 a').href")
            await page.go(address)
            assert len(await page.tell("document.querySelector('main .text').innerText")) > 200
            await page.go(served[name] + "/latest/")
            await page.go(await page.tell("document.querySelector('.pages [rel=next]').href"))
            assert await page.tell(seen % "'article.card'") == 15
            await page.go(served[name] + "/search/")
            assert await page.tell(seen % "'form'") == 0
            assert "JavaScript" in await page.tell("document.querySelector('main').innerText")
            await page.go(await page.tell("document.querySelector('main noscript a').href"))
            assert await page.tell("document.body.className") == "page-archive"
            assert await page.tell(seen % "'main .chips a'") > 0

    reading(tmp_path, steps, SILENT)


# ------------------------------------------------------------------------------------------------- without a network

KEPT = "caches.keys().then(names => names.filter(name => name.startsWith('edition of ')))"
WHOLE = f"""{KEPT}.then(async names => names.length === 1 &&
  !!await (await caches.open(names[0])).match(location.origin + '/') && names[0])"""
PICTURES = "[...document.querySelectorAll('main img')].map(one => one.complete && one.naturalWidth > 0)"
STORIES = "article.card, .briefs > li"
STYLED = "getComputedStyle(document.querySelector('.skip')).position === 'absolute'"


async def again(page: Page, url: str, expression: str) -> None:
    """Open an address of a server that has just come back: of a connection to the one before, the copy answers once."""
    for _ in range(5):
        await page.go(url)
        if await page.tell(expression):
            return
    raise AssertionError(expression)


def test_the_last_edition_is_read_without_a_network(papers: dict[str, Path], tmp_path: Path) -> None:
    root = papers["en"]
    before = (root / "index.html").read_bytes()

    async def steps(page: Page) -> None:
        server = Server(root)
        await page.go(server.url + "/about/")  # whichever page is the first
        first = await page.until(WHOLE)
        stories = set(re.findall(r'href="(/(?:story/[^"]+|2\d{3}/\d\d/\d\d/[^"]+\.html))"', before.decode()))
        server.stop()

        await page.go(server.url + "/")
        assert await page.tell("document.body.className") == "page-front"
        assert await page.tell(STYLED)
        assert await page.tell(f"document.querySelectorAll({STORIES!r}).length") > 20
        await page.tell("[...document.images].forEach(one => one.loading = 'eager')")
        await page.until(f"{PICTURES}.length > 0 && {PICTURES}.every(Boolean)")
        assert len(stories) > 20
        kept = f"""{KEPT}.then(async names => (await (await caches.open(names[0])).keys()).map(one => new URL(one.url).pathname))"""
        assert stories <= set(await page.tell(kept))
        for address in sorted(stories)[::10]:
            await page.go(server.url + address)
            assert await page.tell("document.body.className") in ("page-article", "page-story"), address
            assert await page.tell("getComputedStyle(document.querySelector('main > .story')).maxWidth") != "none", (
                "its style"
            )
        await page.go(server.url + "/archive/")
        assert await page.tell("document.body.className") == "page-offline"
        assert await page.tell(STYLED)
        await page.follow("main a")
        assert await page.tell("document.body.className") == "page-front"

        # The next edition takes the place of this one, whole.
        (root / "index.html").write_bytes(before.replace(b"</h1>", b" again</h1>"))
        server = Server(root, server.port)
        await again(page, server.url + "/", "document.querySelector('h1').innerText.includes('again')")
        second = await page.until(f"{WHOLE}.then(name => name !== {json.dumps(first)} && name)")
        server.stop()
        await page.go(server.url + "/?utm_source=x")
        assert "again" in await page.tell("document.querySelector('h1').innerText")
        assert second != first

    try:
        reading(tmp_path, steps)
    finally:
        (root / "index.html").write_bytes(before)


def test_a_site_that_ends_it_takes_the_copies_away(papers: dict[str, Path], tmp_path: Path) -> None:
    async def steps(page: Page) -> None:
        server = Server(papers["en"])
        await page.go(server.url + "/")
        await page.until(WHOLE)
        server.stop()
        server = Server(papers["zh"], server.port)
        await again(page, server.url + "/", "!document.querySelector('[data-offline]')")
        assert await page.until(f"{KEPT}.then(names => names.length === 0)")
        assert await page.until("navigator.serviceWorker.getRegistrations().then(found => found.length === 0)")
        server.stop()

    reading(tmp_path, steps)


def test_a_site_keeps_nothing_unless_it_is_asked_to(
    papers: dict[str, Path], served: dict[str, str], tmp_path: Path
) -> None:
    assert not (papers["zh"] / "offline.js").exists()
    assert not (papers["zh"] / "offline").exists()
    assert not (papers["en"] / "assets" / "offline.js").exists()

    async def steps(page: Page) -> None:
        await page.go(served["zh"] + "/")
        assert await page.tell("navigator.serviceWorker.getRegistrations().then(found => found.length)") == 0
        assert await page.tell("caches.keys().then(names => names.length)") == 0

    reading(tmp_path, steps)
