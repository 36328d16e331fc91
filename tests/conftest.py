"""What tests share: the corpus where it is, a web server of our own, and newspapers in fresh folders."""

from __future__ import annotations

import gzip
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from broadsheet.newspaper import Newspaper
from tests import servers

# A shell starts what it puts into the background deaf to Ctrl-C, and so would be all programs that the tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A change passes or fails by itself: on CI the same examples are tried each time. A person's runs look for new ones.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of third-party data; the test is skipped where it is absent."""
    if not CORPUS.is_dir():
        pytest.skip(f"the shared corpus is not at {CORPUS}")
    return CORPUS


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.Server]:
    """A PostgreSQL server; the test is skipped where none can be had."""
    try:
        context = servers.postgresql()
        server = context.__enter__()
    except servers.NoServerError as why:
        pytest.skip(str(why))
    yield server
    context.__exit__(None, None, None)


@pytest.fixture(scope="module")  # not the session: five processes that tick take a fifth of a core
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Cluster]:
    """A Dask cluster of two workers."""
    made = servers.Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.stop()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket on a server on loopback."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with servers.bucket() as address:
        yield address


@dataclass
class Answer:
    """What the server says for a path."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Hit:
    """A request that the server saw."""

    path: str
    headers: dict[str, str]
    status: int


Page = Answer | Callable[[BaseHTTPRequestHandler], Answer | None]
"""An answer, or a function of the request; a function that returns None has answered by itself."""


class Web:
    """A real HTTP server on loopback. ``pages`` maps a path to its answer; validators are made from the body."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.hits: list[Hit] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.respond(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A reader that hangs up early is what many of these tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.address}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        hit = Hit(request.path, {name.lower(): value for name, value in request.headers.items()}, 0)
        self.hits.append(hit)
        page = self.pages.get(request.path, Answer(b"nothing here", 404))
        answer = page(request) if callable(page) else page
        if answer is None:
            return
        tag = f'"{hash(answer.body) & 0xFFFFFFFF:x}"'
        known = answer.status == 200 and request.headers.get("If-None-Match") == tag
        body = b"" if known else answer.body
        hit.status = 304 if known else answer.status
        request.send_response(hit.status)
        headers = {"ETag": tag, "Content-Type": "application/rss+xml"} | answer.headers
        if "gzip" in headers.get("Content-Encoding", "") and body and not body.startswith(b"\x1f\x8b"):
            body = gzip.compress(body)
        for name, value in headers.items():
            request.send_header(name, value)
        if "Content-Length" not in headers:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server with no pages yet."""
    server = Web()
    yield server
    server.close()


def rss(title: str, items: str, *, link: str = "https://news.example/") -> bytes:
    """Return an RSS document of ours with the given items."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel><title>{title}</title><link>{link}</link><description>d</description>{items}</channel></rss>"
    ).encode()


def with_site(made: Newspaper, setting: str) -> Newspaper:
    """Return the newspaper with one more setting in its table ``[site]``."""
    text = made.config_file.read_text("utf-8").replace("[site]\n", f"[site]\n{setting}\n")
    made.config_file.write_text(text, "utf-8")
    return Newspaper(made.folder, environ={}, clock=lambda: NOW)


def item(number: int, *, title: str = "", text: str = "", date: str = "", link: str = "", guid: str = "") -> str:
    """Return an RSS item with content that is long enough to be whole."""
    body = text or "".join(
        f"<p>Paragraph {part} of story {number} says something of its own here, at length.</p>" for part in range(20)
    )
    return (
        f"<item><title>{title or f'Story {number} about the works'}</title>"
        f"<link>{link or f'https://news.example/a/{number}'}</link>"
        f'<guid isPermaLink="false">{guid or f"urn:s:{number}"}</guid>'
        f"<pubDate>{date or f'Mon, 02 Mar 2026 10:{number % 60:02}:00 GMT'}</pubDate>"
        f"<content:encoded><![CDATA[{body}]]></content:encoded></item>"
    )


def calls(function: Callable[[Any], Any], sample: Any) -> int:
    """Return how many functions, of Python and of C, are called over a sample."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        function(sample)
    finally:
        sys.setprofile(None)
    return count


NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def paper(tmp_path: Path, web: Web) -> Callable[..., Newspaper]:
    """A maker of newspapers in a fresh folder, with the test's web server as the only private target."""
    opened: list[Newspaper] = []

    def make(
        *feeds: str, extra: str = "", now: datetime | Callable[[], datetime] = NOW, name: str = "paper", mode: str = "full"
    ) -> Newspaper:  # fmt: skip
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        tables = "".join(f'[[feeds]]\nurl = "{feed}"\nsection = "News"\nmode = "{mode}"\n' for feed in feeds)
        text = (
            f'[site]\ntitle = "Paper"\nurl = "https://paper.example/"\n[poll]\ndelay = 0\nper_host = 4\n'
            f'timeout = 5\nallow_private = ["{web.address}"]\n[engine]\nkind = "inline"\n{extra}\n{tables}'
        )
        (folder / "broadsheet.toml").write_text(text, "utf-8")
        made = Newspaper(folder, environ={}, clock=now if callable(now) else lambda: now)
        opened.append(made)
        return made

    yield make  # type: ignore[misc]
    for made in opened:
        made.close()
