"""Polling: 500 loopback feeds on 50 addresses, 50 ms server delay, beside ``reader`` with ten workers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, apart

FEEDS, ADDRESSES, DELAY, ENTRIES = 500, 50, 0.05, 20
ROUNDS = 3
MANY, MANY_ADDRESSES = 10_000, 200


def document(number: int, entries: int) -> bytes:
    """Return a feed; one of 20 entries is about 44 kB."""
    text = "A sentence about the harbour works that is long enough to be read. " * 30
    items = "".join(
        f"<item><title>Feed {number} entry {entry}</title><link>https://news.example/{number}/{entry}</link>"
        f"<guid>urn:{number}:{entry}</guid><pubDate>Mon, 02 Mar 2026 10:{entry:02}:00 GMT</pubDate>"
        f"<description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
        for entry in range(entries)
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed {number}</title>{items}</channel></rss>'.encode()
    )


def serve(pipe: Connection, feeds: int, addresses: int, delay: float, entries: int) -> None:
    """Serve the feeds until told to stop; answer with what was seen when asked."""
    from aiohttp import web

    seen: Counter[str] = Counter()
    under_way: Counter[str] = Counter()
    most = [0]

    async def answer(request: web.Request) -> web.StreamResponse:
        host = request.host
        under_way[host] += 1
        most[0] = max(most[0], under_way[host])
        try:
            await asyncio.sleep(delay)
            number = int(request.path.strip("/"))
            tag = f'"{number}"'
            known = request.headers.get("If-None-Match") == tag
            seen["304" if known else "200"] += 1
            if known:
                return web.Response(status=304, headers={"ETag": tag})
            return web.Response(
                body=document(number, entries), headers={"ETag": tag, "Content-Type": "application/rss+xml"}
            )
        finally:
            under_way[host] -= 1

    async def main() -> None:
        application = web.Application()
        application.router.add_get("/{number}", answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        first = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await first.start()
        port = runner.addresses[0][1]
        for address in range(2, addresses + 1):
            await web.TCPSite(runner, f"127.0.0.{address}", port, backlog=1024).start()
        pipe.send([f"http://127.0.0.{number % addresses + 1}:{port}/{number}" for number in range(feeds)])
        while True:
            if await asyncio.to_thread(pipe.recv) == "stop":
                break
            pipe.send({"seen": dict(seen), "most at once to a host": most[0]})
            seen.clear()
            most[0] = 0
        await runner.cleanup()

    asyncio.run(main())


@contextlib.contextmanager
def server(feeds: int, addresses: int, delay: float, entries: int) -> Iterator[tuple[list[str], Connection]]:
    """Run the server in a process of its own; yield the feeds' addresses and the pipe to ask it."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there, feeds, addresses, delay, entries))
    process.start()
    try:
        yield here.recv(), here
    finally:
        here.send("stop")
        process.join(10)


_OURS = """
from pathlib import Path
from broadsheet.newspaper import Newspaper
from broadsheet import pipeline
from broadsheet.pipeline import merge, poll
pipeline.update_stages = lambda: [pipeline.Stage("poll", 1, poll.poll), pipeline.Stage("parse", 1, merge.parse_and_merge)]
with Newspaper(sys.argv[1], environ={}) as paper:
    report = paper.update()
result = {"new": report.articles_new, "failed": sum(feed.outcome == "failed" for feed in report.feeds.values())}
"""

_SUBSCRIBE = """
from reader import make_reader
with open(sys.argv[2]) as handle:
    feeds = json.load(handle)
reader = make_reader(sys.argv[1] + "/reader.db")
for feed in feeds:
    reader.add_feed(feed, exist_ok=True)
"""

# Both programs are measured whole, from the start of the interpreter to its end.
_READER = """
from reader import make_reader
reader = make_reader(sys.argv[1] + "/reader.db")
reader.update_feeds(workers=10, scheduled=False)
result = {"new": reader.get_entry_counts().total}
"""


def newspaper(folder: Path, feeds: list[str]) -> None:
    """Make a newspaper of the feeds."""
    from lxml import etree

    hosts = sorted({feed.split("/")[2] for feed in feeds})
    folder.mkdir(exist_ok=True)
    (folder / "broadsheet.toml").write_text(
        f'opml = "feeds.opml"\n[poll]\ndelay = 0\nconcurrency = 64\nallow_private = {json.dumps(hosts)}\n'
    )
    root = etree.Element("opml", version="2.0")
    body = etree.SubElement(root, "body")
    for feed in feeds:
        etree.SubElement(body, "outline", text=feed, xmlUrl=feed)
    (folder / "feeds.opml").write_bytes(etree.tostring(root))


def run() -> Iterator[Row]:
    """Measure and yield the rows."""
    yield from _beside_reader()
    yield from _many()


def _many() -> Iterator[Row]:
    """Ten thousand feeds of which none has changed, in one run."""
    with tempfile.TemporaryDirectory() as scratch, server(MANY, MANY_ADDRESSES, 0.0, 2) as (feeds, pipe):
        newspaper(Path(scratch) / "paper", feeds)
        apart(_OURS, str(Path(scratch) / "paper"))
        pipe.send("report")
        pipe.recv()
        again = apart(_OURS, str(Path(scratch) / "paper"))
        pipe.send("report")
        saw = pipe.recv()
    assert again["new"] == again["failed"] == 0, again
    what = f"{MANY:,} unchanged feeds"
    yield Row(f"{what}, memory", f"{again['peak_mb']} MiB", "", again["peak_mb"], "MiB", "under 300")
    asked = sum(saw["seen"].values()) / MANY
    yield Row(f"{what}, requests a feed", f"{asked:.2f}", "", asked, "count", "1")
    most = saw["most at once to a host"]
    yield Row(f"{what}, connections", str(most), "", most, "to a host", "at most 1")
    yield Row(f"{what}, a second", f"{MANY / again['wall']:.0f}", "", again["cpu"], "CPU s", "-")


def _middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of each measure."""
    return {name: statistics.median(run[name] for run in runs) for name in ("cpu", "wall", "peak_mb")}


def _beside_reader() -> Iterator[Row]:
    reader = find_spec("reader") is not None
    taken: dict[str, list[dict[str, Any]]] = {}
    requests, most = [], 0
    with tempfile.TemporaryDirectory() as scratch, server(FEEDS, ADDRESSES, DELAY, ENTRIES) as (feeds, pipe):
        for number in range(ROUNDS):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            newspaper(folder / "paper", feeds)
            for name in ("first", "again"):
                taken.setdefault(name, []).append(apart(_OURS, str(folder / "paper")))
                pipe.send("report")
                saw = pipe.recv()
                most = max(most, saw["most at once to a host"])
            requests.append(sum(saw["seen"].values()))
            if reader:
                (folder / "feeds.json").write_text(json.dumps(feeds))
                apart(_SUBSCRIBE, str(folder), str(folder / "feeds.json"))
                for name in ("reader, first", "reader, again"):
                    taken.setdefault(name, []).append(apart(_READER, str(folder)))
                pipe.send("report")
                pipe.recv()
    assert {one["new"] for one in taken["first"]} == {FEEDS * ENTRIES}, taken["first"]
    assert {one["new"] for one in taken["again"]} == {0}, taken["again"]
    first, again = _middle(taken["first"]), _middle(taken["again"])
    asked = max(requests) / FEEDS
    yield Row("requests a feed, unchanged poll", f"{asked:.2f}", "", asked, "count", "1")
    yield Row("connections at once to a host", str(most), "", most, "count", "at most 1")
    yield Row("peak memory, first poll", f"{first['peak_mb']} MiB", "", first["peak_mb"], "MiB", "at most 80")
    if not reader:
        yield Row("polling beside reader", "", "not installed: pip install '.[bench]'", 0.0, "-", "-")
        return
    peers = [_middle(taken[name]) for name in ("reader, first", "reader, again")]
    for what, mine, peer, speed, share in (
        ("first poll", first, peers[0], "at least 5", "at most 0.20"),
        ("unchanged poll", again, peers[1], "at least 4", "at most 0.33"),
    ):
        rates = FEEDS / mine["wall"], FEEDS / peer["wall"]
        yield Row(
            f"{what}, feeds a second",
            f"{rates[0]:.0f}",
            f"reader, 10 workers {rates[1]:.0f}",
            rates[0] / rates[1],
            "ours / peer",
            speed,
        )
        yield Row(
            f"{what}, CPU s",
            f"{mine['cpu']:.2f}",
            f"reader, 10 workers {peer['cpu']:.2f}",
            mine["cpu"] / peer["cpu"],
            "ours / peer",
            share,
        )
