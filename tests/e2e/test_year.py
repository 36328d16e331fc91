"""A year in simulated time: sources that move, fall silent, lie and come back, and a server that notes what annoys it.

The web is real (HTTP on loopback), the command path is the newspaper's own; only the clock is ours.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import pytest

from broadsheet.newspaper import Newspaper
from tests.conftest import Web

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 365
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass
class Source:
    """A feed with a will of its own. ``spells`` are (first day, last day, what): what it does then."""

    name: str
    hours: float
    """Between two entries."""
    holds: int
    """Entries in its document."""
    spells: tuple[tuple[int, int, str], ...] = ()
    max_age: int = 0
    expires: int = 0
    ttl: int = 0
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    ends: int = DAYS
    """The day after which it publishes nothing."""
    not_before: datetime = START
    gone: int = 0
    sent: set[str] = field(default_factory=lambda: {""})
    """Every validator that was ever given."""

    def spell(self, now: datetime) -> str:
        day = (now - START).days
        return next((what for first, last, what in self.spells if first <= day <= last), "")

    def published(self, now: datetime) -> list[int]:
        """Return the numbers of the entries that are out by now, oldest first."""
        until = min(now, START + timedelta(days=self.ends))
        return list(range(int((until - START) / timedelta(hours=self.hours)) + 1))

    def document(self, now: datetime) -> bytes:
        what = self.spell(now)
        if what == "page":
            return b"<!doctype html><title>We are doing maintenance</title><p>Back soon."
        holds = {"empty": 0, "short": 2}.get(what, self.holds)
        entries = self.published(now)[-holds:] if holds else []
        hints = f"<ttl>{self.ttl}</ttl>" if self.ttl else ""
        hints += f"<skipHours>{''.join(f'<hour>{hour}</hour>' for hour in self.skip_hours)}</skipHours>"
        hints += f"<skipDays>{''.join(f'<day>{day}</day>' for day in self.skip_days)}</skipDays>"
        items = "".join(self._item(number, now) for number in reversed(entries))
        return (
            f'<?xml version="1.0"?><rss version="2.0"><channel><title>{self.name}</title>'
            f"<link>https://{self.name}.example/</link><description>d</description>{hints}{items}</channel></rss>"
        ).encode()

    def _item(self, number: int, now: datetime) -> str:
        moment = START + timedelta(hours=self.hours * number)
        moment += timedelta(hours=9) if self.spell(now) == "clock" else timedelta(0)
        scheme = "new" if self.spell(now) == "renamed" else "urn"
        return (
            f"<item><title>{self.name} {number}</title><link>https://{self.name}.example/{number}</link>"
            f'<guid isPermaLink="false">{scheme}:{self.name}:{number}</guid>'
            f"<pubDate>{format_datetime(moment)}</pubDate><description>What {self.name} had to say in its "
            f"piece number {number}, at no great length.</description></item>"
        )


class Host(Web):
    """A server of several sources that notes every breach of its wishes."""

    def __init__(self, clock: Callable[[], datetime], *sources: Source) -> None:
        self.sources = {source.name: source for source in sources}
        self.clock = clock
        self.violations: list[str] = []
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.asked: Counter[str] = Counter()
        """Requests by path, in the run that is under way."""
        self.not_before = START
        self._under_way = 0
        self._lock = threading.Lock()
        super().__init__()

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self._under_way += 1
            self._complain(self._under_way > 1, "two requests at a time")
        source = self.sources[request.path.strip("/").removeprefix("moved/")]
        self._judge(request, source)
        status, headers, body = self._answer(request, source)
        self.statuses[source.name, status] += 1
        with self._lock:  # before the first byte: the next request may come before this thread has done with the last
            self._under_way -= 1
        if not status:
            request.close_connection = True
            return
        request.send_response_only(status)
        for name, value in ({"Date": format_datetime(self.clock(), usegmt=True)} | headers).items():
            request.send_header(name, value)
        if status != 304:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _complain(self, breach: bool, what: str) -> None:
        if breach:
            self.violations.append(f"{self.clock():%Y-%m-%d %H:%M} {what}")

    def _judge(self, request: BaseHTTPRequestHandler, source: Source) -> None:
        """Note what is wrong with a request."""
        now, path = self.clock(), request.path
        self.asked[path] += 1
        self._complain(self.asked[path] > 1, f"{path} was asked twice in one run")
        self._complain("+https://paper.example/" not in request.headers["User-Agent"], "no contact")
        self._complain(now < source.not_before, f"{path} before {source.not_before}")
        self._complain(now < self.not_before, f"{path}: the host before {self.not_before}")
        self._complain(source.gone > 1, f"{path} after it was gone twice")
        known = len(source.sent) > 1  # nobody knows a document's wishes before it was read
        self._complain(known and now.hour in source.skip_hours, f"{path} in a closed hour")
        self._complain(known and _WEEKDAYS[now.weekday()] in source.skip_days, f"{path} on a closed day")
        for name in ("If-None-Match", "If-Modified-Since"):
            self._complain(request.headers.get(name, "") not in source.sent, f"{path}: a validator of nobody's")

    def _answer(self, request: BaseHTTPRequestHandler, source: Source) -> tuple[int, dict[str, str], bytes]:
        """Return status (0 hangs up), headers and body."""
        now, path = self.clock(), request.path
        what = source.spell(now)
        if what == "moved" and not path.startswith("/moved/"):
            return 301, {"Location": f"{self.url}/moved/{source.name}"}, b""
        if path.startswith("/moved/") and what != "moved":
            return 404, {}, b""
        if what == "hangs up":
            return 0, {}, b""
        if what in ("404", "410", "500"):
            source.gone = source.gone + 1 if what == "410" else 0
            return int(what), {}, b""
        if what in ("503", "503 date", "429"):
            until = now + timedelta(hours=5)
            (self if what == "429" else source).not_before = until
            value = format_datetime(until, usegmt=True) if what == "503 date" else "18000"
            return int(what[:3]), {"Retry-After": value}, b""
        source.gone = 0
        return self._document(request, source, now, what)

    def _document(
        self, request: BaseHTTPRequestHandler, source: Source, now: datetime, what: str
    ) -> tuple[int, dict[str, str], bytes]:
        body = source.document(now)
        stamp = f"{now:%j%H%M}" if what == "etags" else ""
        tag = f'"{len(body)}-{source.published(now)[-1]}-{stamp}{what}"'
        modified = "Tue, 19 Jan 2038 03:14:07 GMT" if what == "clock" else format_datetime(now, usegmt=True)
        server_now = now + timedelta(days=3) if what == "clock" else now
        headers = {"Date": format_datetime(server_now, usegmt=True)}
        if source.max_age:
            headers["Cache-Control"] = f"max-age={source.max_age}"
        if source.expires:
            headers["Expires"] = format_datetime(server_now + timedelta(seconds=source.expires), usegmt=True)
        wait = max(source.max_age, source.expires, source.ttl * 60 if what != "page" else 0)
        source.not_before = now + timedelta(seconds=wait)
        given = request.headers.get("If-None-Match", "")
        if given == tag or (given and what == "always 304"):
            return 304, headers, b""
        source.sent |= {tag, modified}
        return 200, headers | {"ETag": tag, "Last-Modified": modified}, body


def year_of_sources() -> tuple[tuple[Source, ...], ...]:
    """Return the sources, host by host."""
    return (
        (
            Source("steady", 32, 15, ((60, 90, "etags"), (200, DAYS, "renamed")), max_age=1800),
            Source("hourly", 12, 30, ((100, 101, "500"), (250, 251, "hangs up")), ttl=60),
            Source("office", 60, 12, skip_hours=(0, 1, 2, 3, 4, 5), skip_days=("Saturday", "Sunday")),
        ),
        (
            Source("closed", 24, 30, ((40, 42, "503"), (140, 142, "503 date"), (300, 300, "503")), expires=3600),
            Source("moving", 30, 30, ((70, 130, "moved"),)),
            Source("shrinking", 24, 20, ((30, 33, "empty"), (80, 84, "short"), (150, 152, "page"), (220, 221, "empty"))),
        ),
        (
            Source("liar", 24, 40, ((50, 80, "clock"), (110, 140, "always 304"), (260, 290, "clock")), expires=7200),
            Source("absent", 36, 60, ((90, 120, "404"), (240, 270, "hangs up"))),
            Source("ending", 26, 20, ((200, DAYS, "410"),), ends=198),
        ),
        (
            Source("crowded", 40, 20, ((33, 34, "429"), (180, 181, "429"))),
            Source("neighbour", 50, 20),
        ),
    )  # fmt: skip


@pytest.mark.timeout(600)
def test_a_year_loses_nothing_and_annoys_nobody(paper: Callable[..., Newspaper]) -> None:
    clock = [START]
    hosts = [Host(lambda: clock[0], *sources) for sources in year_of_sources()]
    feeds = [f"{host.url}/{name}" for host in hosts for name in host.sources]
    made = paper(*feeds, now=lambda: clock[0])
    allowed = ", ".join(f'"{host.address}"' for host in hosts)
    text = made.config_file.read_text("utf-8").replace("per_host = 4", "per_host = 1")
    text = text.replace('mode = "full"', 'mode = "link"')
    lines = [f"allow_private = [{allowed}]" if line.startswith("allow_private") else line for line in text.splitlines()]
    made.config_file.write_text("\n".join(lines) + "\n", "utf-8")
    steps = random.Random(2026)
    runs = 0
    try:
        with Newspaper(made.folder, environ={}, clock=lambda: clock[0]) as made:
            while clock[0] < START + timedelta(days=DAYS):
                for host in hosts:
                    host.asked.clear()
                made.update()
                runs += 1
                # Mostly once or twice a day, sometimes twice within minutes, and now and then nobody is at home.
                minutes = steps.choice((5, 360, 720, 1440, 1440)) if steps.random() < 0.99 else 2 * 24 * 60
                clock[0] += timedelta(minutes=minutes)
            with made.store.read() as connection:
                links = Counter(connection.exec_driver_sql("SELECT link FROM articles").scalars())
            lines = made.health()
    finally:
        for host in hosts:
            host.close()
    assert [breach for host in hosts for breach in host.violations] == []
    last = clock[0]
    published = {
        f"https://{source.name}.example/{number}"
        for host in hosts for source in host.sources.values() for number in source.published(last - timedelta(days=2))
    }  # fmt: skip
    assert published - links.keys() == set(), "everything that was ever published is here"
    assert {link: count for link, count in links.items() if count > 1} == {}, "and once"
    assert runs > 500
    _was_a_year(hosts)
    assert {line.title for line in lines if line.gone} == {"ending"}
    assert [line.title for line in lines if line.failures] == ["ending"], "all others have come back"


def _was_a_year(hosts: list[Host]) -> None:
    """Everything that was to happen has happened, and few requests were spent on it."""
    seen = {
        status: {name for (name, code) in host_names(hosts) if code == status} for status in (301, 404, 410, 429, 503)
    }
    assert seen[301] == {"moving"}
    assert {"absent", "moving"} <= seen[404]
    assert (seen[410], seen[429], seen[503]) == ({"ending"}, {"crowded"}, {"closed"})
    total = sum((host.statuses for host in hosts), Counter[tuple[str, int]]())
    assert total["ending", 410] == 2
    assert total["moving", 301] == 3, "then the new address is asked at once"
    for host in hosts:
        for name in host.sources:
            assert total[name, 304] + total[name, 200] > 100


def host_names(hosts: list[Host]) -> set[tuple[str, int]]:
    """Return every (source, status) that was answered."""
    return {pair for host in hosts for pair in host.statuses}
