"""The hostile corpus as a web: each document as its manifest says it should be served, misbehaviour and all."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import brotli

from tests.conftest import Answer, Web, item, rss

Case = dict[str, Any]
_PIECE = 1 << 20


def manifest(corpus: Path) -> list[Case]:
    """Return all documents of the corpus."""
    cases: list[Case] = json.loads((corpus / "hostile" / "feeds" / "manifest.json").read_text("utf-8"))
    return cases


class HostileWeb(Web):
    """Serves a case at ``/feed``: as feed, as page or picture that a feed leads to, or as robots.txt. ``canary`` is elsewhere."""

    def __init__(self, corpus: Path, canary: Web) -> None:
        super().__init__()
        self._folder = corpus / "hostile" / "feeds"
        self._canary = canary
        self.delay = 600.0
        """Seconds for which a server that hangs does so."""

    def show(self, case: Case) -> None:
        """Serve a case, and nothing else."""
        said = self._answer(case)
        kind = case["serve"].get("as") or case["cls"]
        image = f'<img src="{self.url}/case" width="400" height="300" alt="a picture">'
        words = "".join(
            f"<p>Paragraph {number} of an article that leads to something hostile.</p>" for number in range(15)
        )
        self.pages = {"/ok": Answer(rss("Healthy", item(1)))}
        if kind == "page":
            self.pages |= {
                "/feed": Answer(rss("Leads", item(2, text="<p>Short.</p>", link=f"{self.url}/case"))),
                "/case": said,
            }
        elif kind == "image" or case["id"].endswith("-image"):
            self.pages |= {"/feed": Answer(rss("Leads", item(2, text=image + words))), "/case": said}
        elif kind == "robots":
            self.pages |= {
                "/feed": Answer(rss("Leads", item(2, text="<p>Short.</p>", link=f"{self.url}/{'a' * 200}"))), "/robots.txt": said,
            }  # fmt: skip
        else:
            self.pages |= {"/feed": said}

    def _answer(self, case: Case) -> Answer | Callable[[BaseHTTPRequestHandler], None]:
        serve = case["serve"]
        headers = {"Content-Type": case["ct"]} | serve.get("headers", {})
        headers = {name: self._filled(value.encode()).decode() for name, value in headers.items()}
        if "behave" in serve:
            return lambda request: self._misbehave(request, serve, self._body(case), headers)
        if case.get("encode"):
            return lambda request: self._packed(request, case, headers)
        return Answer(self._body(case), serve.get("status", 200), headers)

    def _body(self, case: Case) -> bytes:
        if "file" in case:
            return self._filled((self._folder / case["file"]).read_bytes())
        return self._filled(b"".join(pieces(case)))

    def _filled(self, body: bytes) -> bytes:
        port = self._canary.address.split(":")[1].encode()
        filled = body.replace(b"{PORT}", port).replace(b"{PORT2}", port)
        return filled.replace(b"{NONCE}", str(time.monotonic_ns()).encode()).replace(b"{NOW}", b"2026-03-20")

    def _packed(self, request: BaseHTTPRequestHandler, case: Case, headers: dict[str, str]) -> None:
        """Send a compressed body piece by piece; a reader that has had enough hangs up."""
        coding = case["encode"][-1]
        squeezer: Any = zlib.compressobj(1, zlib.DEFLATED, 31) if coding == "gzip" else brotli.Compressor(quality=1)
        squeeze = squeezer.compress if coding == "gzip" else squeezer.process
        _head(request, headers | {"Content-Encoding": coding})
        with suppress(OSError):
            for piece in pieces(case):
                request.wfile.write(squeeze(piece))
            request.wfile.write(squeezer.flush() if coding == "gzip" else squeezer.finish())

    def _misbehave(
        self, request: BaseHTTPRequestHandler, serve: dict[str, Any], body: bytes, headers: dict[str, str]
    ) -> None:
        with suppress(OSError):
            match serve["behave"]:
                case "raw":
                    request.wfile.write(serve["raw"].encode("latin-1"))
                case "slow_headers":
                    time.sleep(self.delay)
                case "drip_headers":
                    for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100_000:
                        request.wfile.write(bytes([letter]))
                        time.sleep(1 / serve["bytes_per_s"])
                case "endless" | "endless_chunked":
                    chunked = serve["behave"] == "endless_chunked"
                    _head(request, headers | ({"Transfer-Encoding": "chunked"} if chunked else {}))
                    block = body + b" " * (65536 - len(body) % 65536)
                    while True:
                        request.wfile.write(b"%x\r\n%b\r\n" % (len(block), block) if chunked else block)
                case "short_body" | "long_body":
                    wrong = len(body) * 2 if serve["behave"] == "short_body" else len(body) // 2
                    _head(request, headers | {"Content-Length": str(wrong)})
                    request.wfile.write(body)
                case "header_bomb":
                    _head(request, headers | {f"X-{number}": "x" for number in range(serve["count"])})
                case "header_long":
                    _head(request, headers | {"X-Long": "x" * serve["size"]})
                case "etag_lies":
                    known = request.headers.get("If-None-Match")
                    request.send_response(304 if known else 200)
                    request.send_header("ETag", '"always"')
                    request.send_header("Content-Length", str(0 if known else len(body)))
                    request.end_headers()
                    request.wfile.write(b"" if known else body)
                    return
        request.close_connection = True


def _head(request: BaseHTTPRequestHandler, headers: dict[str, str]) -> None:
    request.send_response(200)
    for name, value in headers.items():
        request.send_header(name, value)
    request.end_headers()
    request.close_connection = True


def pieces(case: Case) -> Iterator[bytes]:
    """Yield the bytes of a case that is given in parts, in pieces of about a mebibyte."""
    for text, times in case["parts"]:
        if "{i}" in text:
            yield "".join(text.replace("{i}", str(number)) for number in range(times)).encode()
            continue
        data = text.encode()
        at_once = max(1, _PIECE // len(data))
        for start in range(0, times, at_once):
            yield data * min(at_once, times - start)


def config(web: HostileWeb, *feeds: str, extra: str = "") -> str:
    """Return the configuration of a newspaper that reads these paths of the web, whole articles and their pages."""
    tables = "".join(
        f'[[feeds]]\nurl = "{web.url}{feed}"\nsection = "News/{feed[1:]}"\nmode = "full"\n' for feed in feeds
    )
    return (
        '[site]\ntitle = "Paper"\nurl = "https://paper.example/"\n[poll]\ndelay = 0\nper_host = 4\nmax_interval = 0\n'
        f'timeout = 5\nallow_private = ["{web.address}"]\n[engine]\nkind = "inline"\n{extra}\n{tables}'
    )
