"""The site's search: what is written can be read back, costs what changed, and finds in a browser what it should."""

from __future__ import annotations

import functools
import http.server
import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.newspaper import Newspaper
from broadsheet.site import search
from broadsheet.text import tokens
from tests.conftest import NOW, Answer, Web, item, rss
from tests.export.browser import browser

# ------------------------------------------------------------------------------------------------- the format


def read_shard(shard: bytes) -> dict[str, list[tuple[int, int, int]]]:
    """Return the postings of a shard: (number from the run's start, class of count, class of length) of each term."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    place = 0

    def number() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = shard[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(shard):
        size = number()
        term = shard[place : place + size].decode()
        place += size
        end = number() + place
        here, rows = -1, []
        while place < end:
            value = number()
            here += value >> 4
            rows.append((here, value >> 2 & 3, value & 3))
        found[term] = rows
    return found


@given(st.integers(0, 60_000))
def test_runs_cover_everything_once_and_settled_ones_never_move(total: int) -> None:
    runs = search.spans(total)
    assert [number for start, end in runs for number in (start, end)] == sorted(
        number for start, end in runs for number in (start, end)
    )
    assert sum(end - start for start, end in runs) == total
    for start, end in runs:
        if end - start == search.SEGMENT:
            assert (start, end) in search.spans(total + 5_000)
    assert total % search.TAIL == (runs[-1][1] - runs[-1][0] if total % search.TAIL else 0)
    assert len(runs) <= total // search.SEGMENT + 3


words = st.text(alphabet="渡轮海港夜abcs 2輪Ａカ\U0002a6b2😀豈ﾊﾟ가", max_size=30)


@settings(deadline=None)  # the first index loads NumPy and the table of Traditional characters
@given(st.lists(st.tuples(words, words), max_size=20), st.integers(0, 5_000))
def test_an_index_is_read_back_as_it_was_meant(texts: list[tuple[str, str]], start: int) -> None:
    documents = [
        search.Document(number=start + place, title=title, text=text) for place, (title, text) in enumerate(texts)
    ]
    shards = search.index(documents, start, start + len(documents))
    found: dict[str, list[tuple[int, int, int]]] = {}
    for number, shard in enumerate(shards):
        for term, rows in read_shard(shard).items():
            assert search.shard_of(term.encode(), len(shards)) == number
            assert term not in found
            found[term] = rows
    expected: dict[str, set[int]] = {}
    for document in documents:
        for term in search.terms(document.title) + search.terms(document.text):
            expected.setdefault(term, set()).add(document.number - start)
    assert {term: {here for here, _, _ in rows} for term, rows in found.items()} == expected
    titled = {term: {here for here, kind, _ in rows if kind == 3} for term, rows in found.items()}
    assert all(
        document.number - start in titled[term] for document in documents for term in search.terms(document.title)
    )


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("harbours", "harbour"), ("stories", "story"), ("prices", "price"), ("glass", "glass"), ("virus", "virus"),
        ("heroes", "heroes"), ("bus", "bus"), ("is", "is"), ("50s", "50s"), ("渡轮", "渡轮"),
    ],
)  # fmt: skip
def test_english_plurals_are_found_by_the_singular(word: str, stem: str) -> None:
    assert search.terms(word) == [stem]


def test_traditional_is_found_by_simplified() -> None:
    assert search.terms("臺灣疫情防控") == search.terms("台湾疫情防控") == tokens("台湾疫情防控")
    before, after = json.loads(search.fold_file())
    assert len(before) == len(after) > 2_000
    assert dict(zip(before, after, strict=True))["輪"] == "轮"


def test_days_fit_in_16_bits() -> None:
    assert search.days(NOW, NOW.tzinfo) == 9_575
    assert search.filters([(3, 9_575), (search.NOBODY, 0)]) == b"\x00\x03\x25\x67\xff\xff\x00\x00"


# --------------------------------------------------------------------------------------------------- the site


def stories(numbers: range) -> bytes:
    return rss(
        "News",
        "".join(item(number, text=f"<p>Word{number} stands here alone, 渡轮{number}号。</p>") for number in numbers),
    )


def site_of(made: Newspaper) -> Path:
    return made.folder / made.config.site.output


def tree(made: Newspaper) -> dict[str, bytes]:
    """Return the index that the manifest leads to, by path."""
    root = site_of(made) / "search"
    manifest = json.loads((root / "index.json").read_bytes())
    folders = ["d", *(span["folder"] for span in manifest["spans"])]
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for folder in folders for path in (root / folder).iterdir()
    } | {"index.json": (root / "index.json").read_bytes()}


def found(made: Newspaper, query: str) -> set[str]:
    """Return the titles that the index holds for all words of a query, as the script would read it."""
    files = tree(made)
    manifest = json.loads(files["index.json"])
    titles = set()
    for span in manifest["spans"]:
        left: set[int] | None = None
        for term in search.terms(query):
            shard = files[f"{span['folder']}/{search.shard_of(term.encode(), span['shards'])}.bin"]
            here = {number for number, _, _ in read_shard(shard).get(term, [])}
            left = here if left is None else left & here
        for number in left or ():
            entry = json.loads(files[f"d/{(span['start'] + number) // search.BLOCK}.json"])[
                (span["start"] + number) % search.BLOCK
            ]
            titles.add(entry[0])
    return titles


def test_published_in_one_go_or_in_steps_it_is_the_same(
    web: Web, paper: Callable[..., Newspaper], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a build writes the tail and the blocks that changed, nothing behind them."""
    for name, size in (("TAIL", 4), ("RECENT", 8), ("SEGMENT", 16)):
        monkeypatch.setattr(search, name, size)
    web.pages["/feed"] = Answer(stories(range(1, 45)))
    whole = paper(f"{web.url}/feed", name="whole")
    whole.run()
    steps = paper(f"{web.url}/feed", name="steps")
    for end in (3, 8, 9, 20, 33, 45):
        web.pages["/feed"] = Answer(stories(range(1, end)))
        before = tree(steps) if end > 3 else {}
        steps.run()
        after = tree(steps)
        manifest = json.loads(after["index.json"])
        settled = [span for span in manifest["spans"] if span["end"] <= (end - 1) // 4 * 4]
        old = {path for path, body in after.items() if before.get(path) == body}
        for span in settled:
            if f"{span['folder']}/0.bin" in before:
                assert f"{span['folder']}/0.bin" in old
    for number in (1, 20, 44):
        assert found(whole, f"word{number}") == found(steps, f"word{number}") == {f"Story {number} about the works"}
    assert len(found(steps, "story")) == len(found(whole, "渡轮")) == 44


def test_what_was_taken_down_is_not_found_any_more(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(stories(range(1, 6)))
    made = paper(f"{web.url}/feed")
    made.run()
    assert found(made, "word3")
    gone = next(article for article in made.articles() if article.title.startswith("Story 3"))
    from broadsheet.store import takedown

    with made.store.begin() as connection:
        takedown.remove(connection, [gone.id], "asked for", NOW)
    made.build()
    assert not found(made, "word3")
    assert not any(b"word3" in body or b"Story 3" in body for body in tree(made).values())
    assert found(made, "word4")


def test_no_folder_is_left_that_nothing_leads_to(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = paper(f"{web.url}/feed")
    counts = []
    for end in (3, 5, 7, 9):
        web.pages["/feed"] = Answer(stories(range(1, end)))
        made.run()
        folders = [path for path in (site_of(made) / "search").iterdir() if path.is_dir() and path.name != "d"]
        counts.append(len(folders))
    assert counts == [1, 1, 1, 1]


def test_headlines_only_where_only_the_link_is_published(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(stories(range(1, 4)))
    made = paper(f"{web.url}/feed", mode="link")
    made.run()
    assert found(made, "story 2")
    assert not found(made, "word2")


# -------------------------------------------------------------------------------------------------- the script


@pytest.fixture
def served(web: Web, paper: Callable[..., Newspaper]) -> Iterator[tuple[Newspaper, str]]:
    """A built site and its address."""
    titles = (
        "末班渡輪在海峽失去動力",
        "末班渡轮失去动力，乘客获救",
        "Harbour prices rise again",
        "渡口的轮子",
        "A股收盘上涨",
    )
    body = "".join(item(number, title=title) for number, title in enumerate(titles, 1))
    web.pages["/feed"] = Answer(rss("News", body))
    made = paper(f"{web.url}/feed")
    made.run()
    handler = functools.partial(_Quiet, directory=str(site_of(made)))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield made, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


def opened(url: str, profile: Path) -> str:
    """Return the page as it stands in the browser once its script is done."""
    done = subprocess.run(
        [
            browser(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            "--disable-sync", "--no-first-run", f"--user-data-dir={profile}", "--virtual-time-budget=8000", "--dump-dom",
            url,
        ],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.stdout


@pytest.mark.browser
@pytest.mark.parametrize(
    "query",
    [
        "渡轮",
        "渡輪",
        "失去动力",
        "末班渡轮失去",
        "harbour",
        "Prices harbours",
        "Ａ股",
        "nothing of the kind",
        "<b>x</b>",
    ],
)
def test_the_script_finds_what_the_index_holds(served: tuple[Newspaper, str], query: str, tmp_path: Path) -> None:
    """The same terms, hash and numbers in the browser as here; the query is only ever text."""
    made, url = served
    page = opened(f"{url}/search/?q={quote(query)}", tmp_path / "profile")
    status = re.search(r'<p id="status"[^>]*>(.*?)</p>', page)
    assert status, page[-2000:]
    results = re.search(r'<ol id="results".*?</ol>', page, re.DOTALL)
    assert results
    shown = {re.sub(r"<[^>]+>", "", title) for title in re.findall(r"<h2>(.*?)</h2>", results[0])}
    assert shown == found(made, query)
    assert "<b>x" not in status[1]
    if not shown:
        assert status[1].startswith("Nothing found")


@pytest.mark.browser
def test_filters_narrow_the_results(served: tuple[Newspaper, str], tmp_path: Path) -> None:
    _, url = served
    day = "2026-03-02"
    assert "2 articles" in opened(f"{url}/search/?q=失去&from={day}&to={day}", tmp_path / "profile")
    assert "Nothing found" in opened(f"{url}/search/?q=失去&from=2026-03-03", tmp_path / "profile")
    assert "Nothing found" in opened(
        f"{url}/search/?q=失去&source=Elsewhere&section=Nowhere&to=2026-03-01", tmp_path / "profile"
    )
