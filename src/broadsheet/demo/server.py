"""The demo's web: a real HTTP server on the loopback interface.

Answers carry ETag and Last-Modified and honour both; text is compressed for whoever accepts that. One feed is slow,
one has moved, one is gone, one is closed for now and one hangs up without a word.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from broadsheet.demo.content import Entry, Source, load_sources
from broadsheet.demo.feeds import content_type, entry_url, feed_bytes
from broadsheet.demo.pages import article_page, front_page, outlets_page
from broadsheet.demo.pictures import media

DEFAULT_PORT = 8766
HOST = "127.0.0.1"
GONE = "/vanished-weekly/feed.xml"
CLOSED = "/storm-desk/feed.xml"
SILENT = "/lost-channel/feed.xml"
ROBOTS = "User-agent: *\nDisallow: /private/\nCrawl-delay: 0\n"
STARTED = datetime(2026, 3, 9, tzinfo=UTC)
"""Last-Modified of what no entry dates: pictures, lists of outlets."""
_COMPRESSED = ("text/", "application/")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says: status, body and headers of one resource."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    modified: datetime = STARTED
    headers: dict[str, str] = field(default_factory=dict)
    delay: bool = False
    hang_up: bool = False

    @property
    def etag(self) -> str:
        """A weak validator: the same for the compressed and the plain form."""
        return f'W/"{hashlib.blake2b(self.body, digest_size=12).hexdigest()}"'


class Router:
    """Answers paths from content alone: the same path, edition and base address give the same bytes."""

    def __init__(self, base_url: str, edition: int) -> None:
        self._base = base_url
        self._sources = {source.slug: source for source in load_sources(edition)}
        self._pages: dict[str, tuple[Source, Entry]] = {
            entry_url(source, entry, ""): (source, entry)
            for source in self._sources.values()
            for entry in source.entries
        }
        self._feeds = {source.path: source for source in self._sources.values()}
        self._moved = {source.subscribed_path: source.path for source in self._sources.values() if source.moved_from}

    def answer(self, path: str) -> Answer:
        """Return the answer to a GET of ``path`` (without a query)."""
        if path in self._feeds:
            source = self._feeds[path]
            body = feed_bytes(source, self._base)
            return Answer(200, body, content_type(source), source.modified, delay=source.slow)
        if path in self._pages:
            source, entry = self._pages[path]
            kind = f"text/html; charset={source.encoding}"
            return Answer(200, article_page(source, entry, self._base), kind, entry.updated)
        return self._fixed(path) or self._media(path) or Answer(404, b"There is nothing at this address.\n")

    def _fixed(self, path: str) -> Answer | None:
        if path in self._moved:
            return Answer(301, b"Moved.\n", headers={"Location": self._base + self._moved[path]})
        if path == CLOSED:
            return Answer(503, b"Closed for repairs.\n", headers={"Retry-After": "3600"})
        if path == SILENT:
            return Answer(0, hang_up=True)
        if path == "/robots.txt":
            return Answer(200, ROBOTS.encode())
        if path == "/":
            return Answer(200, outlets_page(tuple(self._sources.values()), self._base), "text/html; charset=utf-8")
        source = self._sources.get(path.strip("/"))
        if source and path.endswith("/"):
            kind = f"text/html; charset={source.encoding}"
            return Answer(200, front_page(source, self._base), kind, source.modified)
        return None

    def _media(self, path: str) -> Answer | None:
        slug, _, name = path.strip("/").partition("/media/")
        found = media(name) if slug in self._sources else None
        return Answer(200, found[0], found[1]) if found else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    router: Router
    owner: DemoServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet about readers that hang up; report everything else as the base class does."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def version_string(self) -> str:
        """Return the value of the Server header."""
        return "Harbour/1.0"

    def do_GET(self) -> None:
        self._respond(body=True)

    def do_HEAD(self) -> None:
        self._respond(body=False)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        """Keep the terminal quiet; ``DemoServer.hits`` has it all."""

    def _respond(self, *, body: bool) -> None:
        path = self.path.partition("?")[0]
        answer = self.server.router.answer(path)
        if answer.hang_up:
            self.server.owner.record(self.command, path, 0)
            self.close_connection = True
            return
        if answer.delay:
            time.sleep(self.server.owner.slow)
        status = 304 if answer.status == 200 and self._known(answer) else answer.status
        self.server.owner.record(self.command, path, status)
        self.send_response(status)
        if answer.status == 200:
            self.send_header("ETag", answer.etag)
            self.send_header("Last-Modified", format_datetime(answer.modified, usegmt=True))
            self.send_header("Cache-Control", "max-age=0")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if status == 304:
            self.end_headers()
            return
        payload = self._payload(answer)
        if body and payload:
            self.wfile.write(payload)

    def _payload(self, answer: Answer) -> bytes:
        """Return the body as it goes over the wire, its headers sent."""
        payload = answer.body
        if answer.content_type.startswith(_COMPRESSED):
            self.send_header("Vary", "Accept-Encoding")
            if "gzip" in self.headers.get("Accept-Encoding", "").lower():
                payload = gzip.compress(payload, 6, mtime=0)
                self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        return payload

    def _known(self, answer: Answer) -> bool:
        """Return whether the reader has this already. An entity tag beats a date (RFC 9110, section 13.2.2)."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            weak = answer.etag.removeprefix("W/")
            return tags.strip() == "*" or weak in {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        since = self.headers.get("If-Modified-Since")
        if since is None:
            return False
        try:
            return answer.modified <= parsedate_to_datetime(since)
        except (ValueError, TypeError):
            return False


class DemoServer:
    """The demo's web while it runs; a context manager.

    ``port`` 0 takes any free port; any other port is taken if it is free, else a free one in its place: read
    ``address``. ``edition`` may be set while it runs. ``slow`` is what the slow feed takes, in seconds.
    """

    def __init__(self, port: int = 0, edition: int = 1, slow: float = 0.8) -> None:
        self.slow = slow
        self.hits: list[tuple[str, str, int]] = []
        """(method, path, status) of each request, in order of the answers; status 0 is a hang-up."""
        self._port = port
        self._edition = edition
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        load_sources(edition)  # an edition that there is not fails here, not at the first request

    @property
    def address(self) -> str:
        """``127.0.0.1:PORT``. Raises ``RuntimeError`` before the start."""
        if self._server is None:
            raise RuntimeError("the demo server is not running: call start() first")
        return f"{HOST}:{self._server.server_port}"

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``, without a slash at its end."""
        return f"http://{self.address}"

    @property
    def edition(self) -> int:
        """Which edition of the content is served."""
        return self._edition

    @edition.setter
    def edition(self, edition: int) -> None:
        load_sources(edition)
        self._edition = edition
        if self._server is not None:
            self._server.router = Router(self.url, edition)

    def record(self, method: str, path: str, status: int) -> None:
        """Note one request."""
        with self._lock:
            self.hits.append((method, path, status))

    def start(self) -> Self:
        """Return this server, listening."""
        if self._server is not None:
            return self
        try:
            server = _Server((HOST, self._port), _Handler)
        except OSError:
            if not self._port:
                raise
            server = _Server((HOST, 0), _Handler)
        server.owner = self
        self._server = server
        server.router = Router(self.url, self._edition)
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="demo-server", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening; harmless when it is not."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m broadsheet.demo.server", description="Serve the demo's outlets.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port to listen on (default: %(default)s)")
    parser.add_argument("--edition", type=int, choices=(1, 2), default=1, help="edition of the content")
    parser.add_argument("--slow", type=float, default=0.8, help="seconds that the slow feed takes")
    given = parser.parse_args(arguments)
    with DemoServer(given.port, given.edition, given.slow) as server:
        sys.stdout.write(f"{server.url}/\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
