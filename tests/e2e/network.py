"""Bad servers among good ones: ``python -m tests.e2e.network``, which is ``make network``.

A hundred healthy feeds on twenty hosts are asked, alone and then beside hostile servers (each document of the corpus that
misbehaves on the wire, three times) or beside fifty that drip. What counts is when the last healthy feed was asked, as the
healthy servers saw it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import NamedTuple

from broadsheet.newspaper import Newspaper, feed_id
from broadsheet.pipeline.run import Report
from tests.conftest import CORPUS, Answer, Web, item, rss
from tests.e2e.hostile import HostileWeb, manifest

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOSTS, FEEDS = 20, 5
LATENCY = 0.5
"""Seconds that a healthy server takes to answer."""


class Timed(NamedTuple):
    """What a run beside bad servers did."""

    healthy: float
    """Seconds until the last healthy feed was asked."""
    all: float
    """Seconds until all were."""
    report: Report
    articles: int


def healthy() -> list[Web]:
    """Return servers of healthy feeds."""
    webs = [Web() for _ in range(HOSTS)]
    for number, web in enumerate(webs):
        for feed in range(FEEDS):
            first = 100 * (number * FEEDS + feed)
            items = "".join(item(first + part, guid=f"urn:{first + part}") for part in range(3))
            web.pages[f"/{feed}.xml"] = _late(Answer(rss(f"Healthy {first}", items)))
    return webs


def _late(answer: Answer) -> Callable[[BaseHTTPRequestHandler], Answer]:
    """Answer as over a long way."""

    def page(_: BaseHTTPRequestHandler) -> Answer:
        time.sleep(LATENCY)
        return answer

    return page


def hostile(times: int) -> tuple[list[HostileWeb], Web]:
    """Return a server for each document that misbehaves on the wire, so many times, and the canary that nobody may ask."""
    canary = Web()
    made = []
    for case in [case for case in manifest(CORPUS) if case["id"].startswith("http-")] * times:
        web = HostileWeb(CORPUS, canary)
        web.delay = 60.0
        web.show(case)
        made.append(web)
    return made, canary


def dripping(count: int) -> list[Web]:
    """Return servers that send a byte a second."""
    made = [Web() for _ in range(count)]
    for web in made:
        web.pages["/feed"] = _drip
    return made


def _drip(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: 100000\r\n\r\n")
    try:
        while True:
            request.wfile.write(b" ")
            time.sleep(1)
    except OSError:
        request.close_connection = True


def timed(folder: Path, good: Sequence[Web], bad: Sequence[Web], now: datetime, timeout: float = 30.0) -> Timed:
    """Ask all feeds once and return how long that took. The bad ones come first, so that they are asked first."""
    folder.mkdir(exist_ok=True)
    urls = [f"{web.url}/feed" for web in bad] + [f"{web.url}/{feed}.xml" for feed in range(FEEDS) for web in good]
    private = ", ".join(f'"{web.address}"' for web in (*bad, *good))
    (folder / "broadsheet.toml").write_text(
        f'[site]\nurl = "https://paper.example/"\n[poll]\ndelay = 0\nmax_interval = 0\ntimeout = {timeout}\n'
        f"allow_private = [{private}]\n" + "".join(f'[[feeds]]\nurl = "{url}"\nfull_text = "never"\n' for url in urls),
        "utf-8",
    )
    seen: list[float] = []
    for web in good:
        web.hits.clear()
    started = time.monotonic()
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            if sum(len(web.hits) for web in good) >= len(good) * FEEDS and not seen:
                seen.append(time.monotonic() - started)
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with Newspaper(folder, environ={}, clock=lambda: now) as paper:
        report = paper.update(everything=True)
        ours = {feed_id(f"{web.url}/{feed}.xml") for web in good for feed in range(FEEDS)}
        count = sum(article.feed_id in ours for article in paper.articles())
    ended.set()
    watcher.join()
    return Timed(seen[0] if seen else float("inf"), report.stages["poll"].seconds, report, count)


def main() -> int:
    """Print the figures; return 1 where they are not what is asked for."""
    argparse.ArgumentParser(description="Ask healthy feeds among bad ones.").parse_args()
    good, drips = healthy(), dripping(50)
    bad, canary = hostile(3)
    with tempfile.TemporaryDirectory() as folder:
        timed(Path(folder) / "warm", good, [], NOW)
        alone = timed(Path(folder) / "paper", good, [], NOW)
        among = timed(Path(folder) / "paper", good, bad, NOW + timedelta(hours=2))
        slowed = timed(Path(folder) / "paper", good, drips, NOW + timedelta(hours=4))
    complete = [line for line in among.report.feeds.values() if line.outcome == "new" and "/feed" in line.url]
    sys.stdout.write(
        f"100 healthy feeds alone: the last asked after {alone.healthy:.2f} s\n"
        f"among {len(bad)} hostile servers: after {among.healthy:.2f} s ({among.healthy / alone.healthy:.2f} times), all over "
        f"after {among.all:.1f} s, {len(complete)} of the hostile ones taken in, canary asked {len(canary.hits)} times\n"
        f"among 50 that drip: after {slowed.healthy:.2f} s ({slowed.healthy - alone.healthy:.2f} s later), all over after "
        f"{slowed.all:.1f} s\narticles of healthy feeds: {alone.articles}, {among.articles}, {slowed.articles}\n"
    )
    kept = alone.articles == among.articles == slowed.articles == 300
    fine = among.healthy <= 1.5 * alone.healthy and among.all <= 60 and slowed.healthy - alone.healthy <= 10
    return 0 if kept and fine and not canary.hits else 1


if __name__ == "__main__":
    sys.exit(main())
