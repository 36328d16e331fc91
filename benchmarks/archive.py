"""What a long archive costs: merging, searching, ``status``, building, beside 100,000 entries and beside 1,000,000, on both stores.

``ENTRIES=100000,1000000 STORES=sqlite,postgresql`` set what is compared; the two sizes are measured in turn. PostgreSQL is
started as in the tests, without waiting for the disk, so its rates are not to be held against SQLite's.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from tests import servers

from benchmarks.measure import Row
from broadsheet.config import Config
from broadsheet.engine import Work
from broadsheet.model import Article, Done, Entry, Feed, FeedInfo, FeedState, Outcome, Response
from broadsheet.pipeline import merge, publish, reading
from broadsheet.pipeline.health import health
from broadsheet.pipeline.run import Report, Run, batches
from broadsheet.pipeline.searchindex import SearchIndex
from broadsheet.site import search as search_site
from broadsheet.site.compose import Composer
from broadsheet.site.render import Theme
from broadsheet.store import articles, feeds, fts5, queue, responses, search, site, tsvector
from broadsheet.store.bulk import Insert
from broadsheet.store.connection import Connection
from broadsheet.store.database import Store, to_micros
from broadsheet.store.postgresql import Postgresql
from broadsheet.store.schema import articles as table
from broadsheet.store.schema import bodies, entries

SIZES = tuple(int(size) for size in os.environ.get("ENTRIES", "100000,1000000").split(","))
STORES = os.environ.get("STORES", "sqlite,postgresql").split(",")
MERGED, OF_FEED, NEW_SHARE, ROUNDS = 20_000, 20, 0.01, 5
FEEDS = 5000
"""Of every archive: one is longer than the other, not wider."""
NOW = datetime(2026, 3, 1, tzinfo=UTC)
_COLUMNS = (
    "id", "number", "feed_id", "entry_id", "first_seen", "permalink", "link", "state", "seq", "published", "changed", "digest",
    "dirty", "data",
)  # fmt: skip
_ARTICLE, _BODY = Insert(table, _COLUMNS), Insert(bodies, ("article_id", "html", "text"))
_ENTRY = Insert(entries, ("id", "article_id", "feed_id", "revision", "digest", "seen", "response_id", "data"))


def _feed(number: int) -> Feed:
    return Feed(
        id=f"f{number:09}",
        url=f"https://news.example/{number}.xml",
        title=f"Feed {number}",
        section=("News", f"S{number}"),
    )


def _words(number: int) -> list[str]:
    """Return forty words of an article: frequent ones, and some that few have."""
    chance = random.Random(number)
    return [f"w{int(20_000 ** chance.random())}" for _ in range(38)] + [f"rare{number // 20}", f"own{number}"]


def fill(store: Store, count: int) -> None:
    """Fill an empty store with so many articles, each of one entry."""
    with store.begin() as connection:
        feeds.sync(connection, [_feed(number) for number in range(FEEDS)])
        feeds.save_states(
            connection, [FeedState(feed_id=_feed(n).id, checked=NOW, succeeded=NOW, news=NOW) for n in range(FEEDS)]
        )
    for group in batches(range(count), 5000):
        with store.begin() as connection:
            _write(connection, group, count)
    if isinstance(store.database, Postgresql):
        with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _write(connection: Connection, numbers: Sequence[int], count: int, *, waiting: bool = False) -> None:
    """Write articles, one every seven minutes up to now; those that are waiting have still to be printed."""
    index = tsvector if connection.dialect.name == "postgresql" else fts5
    entry, seen = msgspec.json.encode(Entry(title="A title", content="x" * 300)), to_micros(NOW)
    rows, texts, keys, versions, found = [], [], [], [], []
    for number in numbers:
        name, feed, words = f"a{number:011}", _feed(number % FEEDS).id, _words(number)
        when = NOW - timedelta(minutes=7 * (count - number))
        link = f"https://news.example/{number}"
        article = Article(
            id=name, feed_id=feed, title=" ".join(words[:6]), url=link, excerpt="x" * 200, published=when, published_source="feed",
        )  # fmt: skip
        permalink, place = f"{when:%Y/%m/%d}/{name}.html", None if waiting else number + 1
        rows.append(
            (
                name, number, feed, number, seen, permalink, link, "live", place, to_micros(when), seen, "d", waiting,
                msgspec.json.encode(article),
            )
        )  # fmt: skip
        texts.append((name, "<p>" + " ".join(words) + "</p>", " ".join(words)))
        keys += [(feed, f"g:{number}", name), (feed, f"l:news.example/{number}", name)]
        versions.append((number, name, feed, 1, f"d{number}", seen, None, entry))
        found.append((number, words[:6], words))
    _ARTICLE(connection, rows)
    _BODY(connection, texts)
    articles.remember(connection, keys)
    _ENTRY(connection, versions)
    index.add(connection, found)


def _run(store: Store, engine: Any = None) -> Run:
    return Run(
        folder=store.state_dir / "paper", config=Config(), store=store, engine=engine, now=NOW, clock=lambda: NOW,
        report=Report(started=NOW),
    )  # fmt: skip


class _Read:
    """An engine that has read every document already: parsing costs the same beside any archive."""

    def __init__(self, made: Mapping[str, reading.ReadFeed]) -> None:
        self._made = made

    def map(self, _work: Work, batches: Iterable[Sequence[reading.ParseInput]]) -> Iterator[Outcome[reading.ReadFeed]]:
        """Yield what is in each document."""
        for batch in batches:
            for item in batch:
                yield Done(item.key, self._made[item.feed.id])

    def close(self) -> None:
        """Nothing is held."""


def print_all(store: Store) -> None:
    """Leave the store as a build leaves it that has printed all: numbers, lists, digests, the runs of the search.

    The pages themselves are not there: of an archive a build reads and writes what changed only. ``benchmarks build`` prints all.
    """
    run = _run(store)
    run.output.mkdir(parents=True)
    (run.output / "index.html").touch()
    with store.read() as connection:
        known = feeds.everyone(connection)
        composer = Composer(run.config, known, {})
        total = site.published(connection)
    for group in batches(range(total), 5000):
        with store.begin() as connection:
            ids = site.numbered(connection, group)
            rows = articles.rows(connection, list(ids.values()))
            told = [rows[ids[number]] for number in group]
            site.enter(connection, [(one.article.id, composer.lists(one)) for one in told])
            site.save_outputs(connection, {one.permalink: "printed" for one in told})
    spans = [
        search_site.Span(start=start, end=end, folder=f"{start}-x", shards=1) for start, end in search_site.spans(total)
    ]
    for span in spans:
        (run.output / "search" / span.folder).mkdir(parents=True)
    with store.begin() as connection:
        site.ensure(connection, composer.standing_lists())
        queue.set_meta(connection, "site_key", publish.site_key(Theme.load("default", run.folder), composer))
        manifest = SearchIndex(connection, composer).manifest()
        kept = msgspec.structs.replace(manifest, spans=tuple(spans))
        queue.set_meta(connection, "search", msgspec.json.encode(kept).decode())


def building(store: Store, count: int, turn: int) -> float:
    """Build the site after twenty new articles; return the seconds."""
    added = range(count + 20 * turn, count + 20 * turn + 20)
    with store.begin() as connection:
        _write(connection, added, count, waiting=True)
    run = _run(store)
    started = time.monotonic()
    publish.build(run)
    taken = time.monotonic() - started
    if not 20 < run.report.pages_written < 500:
        raise RuntimeError(f"{run.report.pages_written} files were written for 20 articles")
    return taken


def merging(store: Store, count: int, turn: int) -> float:
    """Merge documents of feeds, one entry in a hundred new; return the seconds."""
    made, fresh = {}, 0
    chance = random.Random(turn)
    data = msgspec.json.encode(Entry(title="A title", content="x" * 300))
    for number in chance.sample(range(FEEDS), MERGED // OF_FEED):
        items = []
        for place in range(OF_FEED):
            old = count - (1 + place) * FEEDS + number  # the feed's newest
            new = chance.random() < NEW_SHARE
            fresh += new
            name = f"new{turn}-{number}-{place}" if new else str(old)
            keys = (f"g:{name}", f"l:news.example/{name}")
            items.append(reading.Item(keys=keys, digest=f"d{old}", link=f"https://news.example/{name}", data=data))
        feed = _feed(number)
        made[feed.id] = reading.ReadFeed(feed=FeedInfo(), problems=(), window=0.0, items=tuple(items))
    answers = [
        (Response(key=name, url=name, final_url=name, status=200, headers={}, body=b"", fetched=NOW), f"{turn}{name}")
        for name in made
    ]
    with store.begin() as connection:
        documents = responses.documents(connection, responses.add_many(connection, "feed", answers))
    run = _run(store, _Read(made))
    started = time.monotonic()
    merge.merge(run, ((document, b"") for document in documents))
    taken = time.monotonic() - started
    if run.report.articles_new != fresh:
        raise RuntimeError(f"{run.report.articles_new} new entries, {fresh} were made")
    return taken


def searching(store: Store, count: int, turn: int) -> float:
    """Search for words that few articles have; return the seconds."""
    queries = [f"rare{random.Random(turn).randrange(count // 20)}", f"own{turn} rare{turn // 20}"]
    return _found(store, *queries)


def common(store: Store, _count: int, _turn: int) -> float:
    """Search for two words that one article in 800 has; return the seconds."""
    return _found(store, "w30 w400")


def frequent(store: Store, _count: int, _turn: int) -> float:
    """Search for a word that four in five articles have, and for it with another such; return the seconds."""
    return _found(store, "w2", "w2 w3")


def _found(store: Store, *queries: str) -> float:
    started = time.monotonic()
    with store.read() as connection:
        for query in queries:
            search.find(connection, query)
    return time.monotonic() - started


def looking(store: Store, _count: int, _turn: int) -> float:
    """Say how a thousand of the feeds are doing; return the seconds."""
    wanted = [_feed(number) for number in range(1000)]
    started = time.monotonic()
    with store.read() as connection:
        health(connection, Config(), wanted, NOW)
        articles.count(connection)
    return time.monotonic() - started


_WORK: dict[str, tuple[Callable[[Store, int, int], float], str]] = {
    "build after 20 new articles": (building, "<= 1.5"), "merge of 20,000 entries, 1 % new": (merging, "<= 1.5"),
    "search, rare words": (searching, "<= 1.5"), "search, words of one in 800": (common, "<= 1.5"),
    "search, words of most": (frequent, "<= 1.5"),
    "status of 1,000 feeds": (looking, "<= 1.5"),
}  # fmt: skip


def run() -> Iterator[Row]:
    """Fill the stores and compare the sizes."""
    for kind in STORES:
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            server = stack.enter_context(servers.postgresql()) if kind == "postgresql" else None
            stores = {}
            for count in SIZES:
                url = server.url() if server else "sqlite:///store.db"
                stores[count] = Store.open(url, Path(folder, str(count)))
                stack.callback(stores[count].close)
                started = time.monotonic()
                fill(stores[count], count)
                print_all(stores[count])
                print(f"{kind}: {count:,} entries written in {time.monotonic() - started:.0f} s", flush=True)
            small, large = min(SIZES), max(SIZES)
            for what, (work_, bar) in _WORK.items():
                taken: dict[int, list[float]] = {count: [] for count in SIZES}
                for turn in range(ROUNDS + 1):
                    for count, store in stores.items():
                        taken[count].append(work_(store, count, turn))
                medians = {count: statistics.median(times[1:]) for count, times in taken.items()}
                rate = (
                    f"{MERGED / medians[large]:,.0f} a second"
                    if work_ is merging
                    else f"{1000 * medians[large]:.1f} ms"
                )
                peer = f"beside {small:,}: {1000 * medians[small]:,.1f} ms"
                yield Row(f"{kind}: {what}", rate, peer, medians[large] / medians[small], "times", bar)
