"""The site's search: what is written can be read back, costs what changed, and finds in a browser what it should."""

from __future__ import annotations

import functools
import http.server
import json
import random
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.newspaper import Newspaper
from broadsheet.site import postings, search
from broadsheet.text import CJK, tokens
from tests.conftest import NOW, Answer, Web, item, rss
from tests.export.browser import browser

# ------------------------------------------------------------------------------------------------- the format


class Posting(NamedTuple):
    """An article that holds a term: its number from the run's start, classes of count and of length, where it stands."""

    here: int
    kind: int
    length: int
    slots: int


def read_shard(shard: bytes) -> dict[int, list[Posting]]:
    """Return the postings of a shard by key, as ``site/postings.py`` says that they are written."""
    found: dict[int, list[Posting]] = {}
    place = key = 0

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
        head = number()
        key += head >> 2
        size = head & 3 or number()
        end = place + size
        here, rows = -1, []
        while place < end:
            value = number()
            if not value:
                here = number() * postings.CHUNK - 1
                continue
            slots = 0xFF
            if key & 1:
                slots = shard[place]
                place += 1
            here += value >> 4
            rows.append(Posting(here, value >> 2 & 3, value & 3, slots))
        assert place == end
        assert key not in found
        found[key] = rows
    return found


def holding(query: str, shards: int, read: Callable[[int], bytes]) -> set[int]:
    """Return the articles of a run that hold all terms of a query, pairs that follow each other next to each other."""
    left: set[int] | None = None
    for run in re.findall(r"\w+", query):
        before: dict[int, int] = {}
        for term in search.terms(run):
            key = postings.key_of(term)
            rows = read_shard(read(postings.shard_of(key, shards))).get(key, [])
            here = {row.here: row.slots for row in rows}
            if key & 1 and before:
                here = {at: slots & (before[at] << 1 | before[at] >> 7) for at, slots in here.items() if at in before}
            before = {at: slots for at, slots in here.items() if slots} if key & 1 else {}
            found = {at for at, slots in here.items() if slots}
            left = found if left is None else left & found
    return left or set()


@given(st.integers(0, 60_000))
def test_runs_cover_everything_once_and_settled_ones_never_move(total: int) -> None:
    runs = search.spans(total)
    assert [number for start, end in runs for number in (start, end)] == sorted(
        number for start, end in runs for number in (start, end)
    )
    assert sum(end - start for start, end in runs) == total
    for start, end in runs:
        if end - start == search.LEVELS[0]:
            assert (start, end) in search.spans(total + 20_000)
    tail = search.LEVELS[-1]
    assert total % tail == (runs[-1][1] - runs[-1][0] if total % tail else 0)
    assert len(runs) <= total // search.LEVELS[0] + len(search.LEVELS)


def by_themselves(document: search.Document) -> list[str]:
    """Return the terms by which one character alone finds an article: it stands in the title, or alone in the text."""
    alone = [term for term in search.terms(document.text) if re.fullmatch(CJK_LETTER, term)]
    titled = re.findall(CJK_LETTER, search.folded(document.title))
    return [postings.ANYWHERE + letter for letter in alone + titled]


CJK_LETTER = f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in CJK)}]"
words = st.text(alphabet="渡轮海港夜abcs 2輪\uf914樂Ａカ\U0002a6b2😀豈ﾊﾟ가", max_size=30)


@settings(deadline=None)  # the first index loads NumPy and the table of Traditional characters
@given(st.lists(st.tuples(words, words), max_size=20), st.integers(0, 5_000))
def test_an_index_is_read_back_as_it_was_meant(texts: list[tuple[str, str]], start: int) -> None:
    documents = [
        search.Document(number=start + place, title=title, text=text) for place, (title, text) in enumerate(texts)
    ]
    shards = postings.index(documents, start, start + len(documents))
    found: dict[int, list[Posting]] = {}
    for number, shard in enumerate(shards):
        for key, rows in read_shard(shard).items():
            assert postings.shard_of(key, len(shards)) == number
            assert key not in found
            found[key] = rows
    expected: dict[int, set[int]] = {}
    for document in documents:
        for term in search.terms(document.title) + search.terms(document.text) + by_themselves(document):
            expected.setdefault(postings.key_of(term), set()).add(document.number - start)
    assert {key: {row.here for row in rows} for key, rows in found.items()} == expected
    titled = {key: {row.here for row in rows if row.kind == 3} for key, rows in found.items()}
    assert all(
        document.number - start in titled[postings.key_of(term)]
        for document in documents
        for term in search.terms(document.title)
    )


@settings(deadline=None)
@given(st.lists(st.tuples(words, words), min_size=1, max_size=8), st.data())
def test_whatever_stands_in_an_article_is_found(texts: list[tuple[str, str]], data: st.DataObject) -> None:
    """Where a pair of characters stands is known modulo 8; whatever follows each other does so there."""
    documents = [search.Document(number=place, title=title, text=text) for place, (title, text) in enumerate(texts)]
    shards = postings.index(documents, 0, len(documents))
    place = data.draw(st.integers(0, len(texts) - 1))
    text = data.draw(st.sampled_from(texts[place]))
    runs = [run for run in re.findall(r"[渡轮海港夜輪豈가]{2,}", text) if run]
    if not runs:
        return
    run = data.draw(st.sampled_from(runs))
    first = data.draw(st.integers(0, len(run) - 2))
    piece = run[first : data.draw(st.integers(first + 2, len(run)))]
    assert place in holding(piece, len(shards), shards.__getitem__)


def test_pairs_that_do_not_stand_together_are_told_apart() -> None:
    apart, together = ("渡轮" + "海港" * 40 + "轮夜", "海港" * 40 + "渡轮夜")
    documents = [search.Document(number=place, title="", text=text) for place, text in enumerate((apart, together))]
    shards = postings.index(documents, 0, 2)
    assert holding("渡轮夜", len(shards), shards.__getitem__) == {1}
    assert holding("渡轮 轮夜", len(shards), shards.__getitem__) == {0, 1}


def test_a_run_of_many_articles_is_that_of_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Terms are counted 4,096 articles at a time, and their postings joined."""
    chance = random.Random(7)
    letters = "渡轮海港夜輪北风雨船"
    documents = [
        search.Document(
            number=place,
            title="".join(chance.choices(letters, k=5)) + f" word{place % 7}",
            text="".join(chance.choices(letters, k=60)) + f" only{place}",
        )
        for place in range(40)
        if place not in (8, 9, 10, 11, 30)
    ]

    def rows(shards: list[bytes]) -> dict[int, list[Posting]]:
        return {key: rows for shard in shards for key, rows in read_shard(shard).items()}

    whole = rows(postings.index(documents, 0, 40))
    monkeypatch.setattr(postings, "CHUNK", 4)
    assert rows(postings.index(documents, 0, 40)) == whole


@given(st.text(alphabet="渡轮海港abcé😀豈", min_size=1, max_size=6))
def test_keys_are_the_same_by_whole_arrays(text: str) -> None:
    for term in {term for term in search.terms(text) if postings.is_pair(term)}:
        assert postings._pair_keys(np.array([ord(term[0]) << 16 | ord(term[1])], np.uint32)) == postings.key_of(term)


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
    assert search.terms("\uf914樂") == ["乐乐"], "a compatibility character is the one that it stands for"
    folding = read_fold(search.fold_file())
    assert folding == search.folding()
    assert len(folding) > 2_000
    assert folding["輪"] == "轮"


def read_fold(data: bytes) -> dict[str, str]:
    """Return what characters are folded to, as the file for the script has it."""
    values, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            values.append(value)
            value = shift = 0
    found, one = {}, 0
    for step, apart in zip(values[::2], values[1::2], strict=True):
        one += step
        found[chr(one)] = chr(one + (-(apart >> 1) if apart & 1 else apart >> 1))
    return found


def test_days_fit_in_16_bits() -> None:
    assert search.day_number(NOW.date()) == 9_575
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
        folder = span["folder"]
        for number in holding(query, span["shards"], lambda shard, folder=folder: files[f"{folder}/{shard}.bin"]):  # type: ignore[misc]
            entry = json.loads(files[f"d/{(span['start'] + number) // search.BLOCK}.json"])[
                (span["start"] + number) % search.BLOCK
            ]
            titles.add(entry[0])
    return titles


def test_published_in_one_go_or_in_steps_it_is_the_same(
    web: Web, paper: Callable[..., Newspaper], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a build writes the tail and the blocks that changed, nothing behind them."""
    monkeypatch.setattr(search, "LEVELS", (16, 8, 4))
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
