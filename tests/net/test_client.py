"""The client against a real server on loopback that behaves, and misbehaves, in every way we know."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from typing import Any

import brotli
import pytest
import zstandard

from broadsheet import __version__
from broadsheet.config import PollConfig
from broadsheet.model import Done, Failed, Outcome, Request, Response, Skipped
from broadsheet.net.client import MAX_REDIRECTS, Client, Manners, retry_after
from broadsheet.net.many import fetch_many
from tests.conftest import Answer, Web
from tests.net.recorder import MANNERS, run

MIB = 1024 * 1024
SHORT = 0.3
Handler = BaseHTTPRequestHandler


@pytest.fixture
def manners(web: Web) -> Manners:
    """Manners under which the test's server may be asked."""
    return replace(MANNERS, allow_private=(web.address,))


@pytest.fixture
def other(web: Web) -> Iterator[Web]:
    """A second server."""
    made = Web()
    yield made
    made.close()


def request(*urls: str, key: str = "k", kind: Any = "feed", **fields: str) -> Request:
    return Request(key=key, urls=urls, kind=kind, **fields)


def fetch(manners: Manners, *urls: str, **fields: Any) -> Outcome[Response]:
    (outcome,) = fetch_many([request(*urls, **fields)], manners)
    return outcome


def good(outcome: Outcome[Response]) -> Response:
    assert isinstance(outcome, Done), outcome
    return outcome.value


def bad(outcome: Outcome[Response], error: str) -> Failed:
    assert isinstance(outcome, Failed), outcome
    assert outcome.error == error, outcome
    return outcome


def raw(*pieces: bytes, pause: float = 0.0) -> Callable[[Handler], None]:
    """Return a page that writes bytes as they are and closes the connection."""

    def answer(handler: Handler) -> None:
        handler.close_connection = True
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(pause)

    return answer


# ---------------------------------------------------------------------------------------------- what is said


def test_a_page_for_people_is_no_answer_while_another_address_may_have_the_feed(web: Web, manners: Manners) -> None:
    """As of an instance of RSSHub that is gone, and whose name is parked."""
    parked = b"<!DOCTYPE html><title>Buy this name</title>"
    web.pages |= {
        "/parked": Answer(parked),
        "/guarded": Answer(b"<HTML>Wait"),
        "/feed": Answer(b"<rss version='2.0'/>"),
    }
    for last, body, tried in (("/feed", b"<rss version='2.0'/>", 2), ("/none", parked, 3)):
        addresses = tuple(f"{web.url}{path}" for path in ("/parked", "/guarded", last))
        (outcome,) = fetch_many([Request(key="a", urls=addresses)], manners)
        assert isinstance(outcome, Done)
        assert (outcome.value.body, len(outcome.value.tried)) == (body, tried)


def test_an_answer_is_given_whole(web: Web, manners: Manners) -> None:
    web.pages["/feed?a=1"] = Answer(b"<rss/>", headers={"X-Name": "v", "Content-Type": "application/xml; charset=x"})
    answer = good(fetch(manners, f"{web.url}/feed?a=1#top"))
    assert (answer.key, answer.status, answer.body, answer.wire_bytes) == ("k", 200, b"<rss/>", 6)
    assert answer.url == f"{web.url}/feed?a=1#top"
    assert answer.headers["x-name"] == "v"
    assert answer.content_type == "application/xml; charset=x"
    assert answer.fetched.tzinfo is UTC
    assert answer.redirects == ()


def test_the_clock_that_is_given_dates_the_answers(web: Web, manners: Manners) -> None:
    web.pages["/"] = Answer(b"x")
    moment = datetime(2031, 1, 2, tzinfo=UTC)
    (outcome,) = fetch_many([request(web.url)], manners, lambda: moment)
    assert good(outcome).fetched == moment


def test_the_user_agent_is_honest() -> None:
    """Name, version and where we can be reached; the owner's own words where they are given."""
    assert Manners.of(PollConfig(), "https://paper.example/").user_agent == (
        f"Broadsheet/{__version__} (+https://paper.example/)"
    )
    assert Manners.of(PollConfig(contact="me@paper.example"), "https://paper.example/").user_agent == (
        f"Broadsheet/{__version__} (+me@paper.example)"
    )
    assert Manners.of(PollConfig(user_agent="Reader/1 (+x)")).user_agent == "Reader/1 (+x)"


@pytest.mark.parametrize(("kind", "wanted"), [("feed", "rss+xml"), ("page", "text/html"), ("media", "image/")])
def test_what_is_sent(web: Web, manners: Manners, kind: str, wanted: str) -> None:
    web.pages["/"] = Answer(b"x")
    good(fetch(manners, web.url, kind=kind))
    sent = web.hits[0].headers
    assert sent["user-agent"] == manners.user_agent
    assert wanted in sent["accept"]
    assert sent["accept-encoding"] == "gzip, deflate, br, zstd"
    assert not {"cookie", "authorization", "referer", "if-none-match", "if-modified-since"} & set(sent)


@pytest.mark.parametrize("etag", ['"abc"', 'W/"x-y"', "unquoted", '"with, comma"', '"' + "e" * 900 + '"'])
def test_conditional_headers_go_as_they_were_given(web: Web, manners: Manners, etag: str) -> None:
    web.pages["/"] = Answer(b"x")
    date = "Mon, 02 Mar 2026 10:00:00 +0000 (as it was)"
    good(fetch(manners, web.url, etag=etag, last_modified=date))
    assert web.hits[0].headers["if-none-match"] == etag
    assert web.hits[0].headers["if-modified-since"] == date


def test_not_modified_is_an_answer(web: Web, manners: Manners) -> None:
    web.pages["/"] = Answer(b"x")
    tag = good(fetch(manners, web.url)).headers["etag"]
    answer = good(fetch(manners, web.url, etag=tag))
    assert (answer.status, answer.body) == (304, b"")


@pytest.mark.parametrize("value", ['"caf\xe9"', '"a\r\nX: y"', '"a\x00"'])
def test_a_validator_that_cannot_be_sent_fails_one_request(web: Web, manners: Manners, value: str) -> None:
    """Whatever a server once called its version: the next request neither raises nor carries a second header."""
    web.pages["/"] = Answer(b"x")
    outcomes = list(fetch_many([request(web.url, key="odd", etag=value), request(web.url, key="ok")], manners))
    assert {outcome.key for outcome in outcomes} == {"odd", "ok"}
    assert any(isinstance(outcome, Done) and outcome.key == "ok" for outcome in outcomes)
    assert not any("x" in hit.headers for hit in web.hits)


def test_cookies_are_never_sent_back(web: Web, manners: Manners) -> None:
    web.pages["/"] = Answer(b"x", headers={"Set-Cookie": "a=b; Path=/"})
    assert all(isinstance(outcome, Done) for outcome in fetch_many([request(web.url)] * 2, manners))
    assert all("cookie" not in hit.headers for hit in web.hits)


# -------------------------------------------------------------------------------------------------- bodies

TEXT = b"<rss>" + b"words that repeat, " * 5000 + b"</rss>"
CODINGS = {
    "gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": zstandard.ZstdCompressor().compress(TEXT),
}


@pytest.mark.parametrize("coding", CODINGS)
def test_coded_bodies(web: Web, manners: Manners, coding: str) -> None:
    web.pages["/"] = Answer(CODINGS[coding], headers={"Content-Encoding": coding})
    answer = good(fetch(manners, web.url))
    assert answer.body == TEXT
    assert answer.wire_bytes == len(CODINGS[coding])


def test_chunked_bodies(web: Web, manners: Manners) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    body = CODINGS["gzip"]
    chunks = [b"%x\r\n%b\r\n" % (len(body[at : at + 50]), body[at : at + 50]) for at in range(0, len(body), 50)]
    web.pages["/"] = raw(head, *chunks, b"0\r\n\r\n")
    assert good(fetch(manners, web.url)).body == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_bombs_end_with_too_large(web: Web, manners: Manners, coding: str) -> None:
    encode = {
        "gzip": gzip.compress, "deflate": zlib.compress, "br": lambda data: brotli.compress(data, quality=1),
        "zstd": zstandard.ZstdCompressor().compress,
    }[coding]  # fmt: skip
    web.pages["/"] = Answer(encode(bytes(20 * MIB)), headers={"Content-Encoding": coding})
    failed = bad(fetch(replace(manners, max_bytes=MIB), web.url), "TooLarge")
    assert "max_bytes" in failed.message
    assert web.url in failed.message


def test_an_announced_size_is_believed(web: Web, manners: Manners) -> None:
    """More than is allowed is refused before a byte of it is read."""
    web.pages["/"] = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\nx", pause=5)
    bad(fetch(replace(manners, timeout=4.0), web.url), "TooLarge")


def test_a_body_without_end_is_cut(web: Web, manners: Manners) -> None:
    def endless(handler: Handler) -> None:
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            handler.wfile.write(b"x" * 65536)

    web.pages["/"] = endless
    bad(fetch(replace(manners, max_bytes=MIB), web.url), "TooLarge")


TRUNCATED = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n",
    "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n<rss>",
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + CODINGS["gzip"][:-20],
    "gzip head": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + CODINGS["gzip"][:10],
    "br": b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n" + CODINGS["br"][:-5],
    "zstd": b"HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\n" + CODINGS["zstd"][:-5],
}


@pytest.mark.parametrize("how", TRUNCATED)
def test_a_truncated_body_is_no_answer(web: Web, manners: Manners, how: str) -> None:
    web.pages["/"] = raw(TRUNCATED[how])
    assert isinstance(fetch(manners, web.url), Failed)


def test_bytes_behind_the_announced_length_are_ignored(web: Web, manners: Manners) -> None:
    web.pages["/"] = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>HTTP/1.1 200 OK\r\n\r\nsmuggled")
    assert good(fetch(manners, web.url)).body == b"<rss/>"
    assert good(fetch(manners, web.url)).body == b"<rss/>"


@pytest.mark.parametrize("status", [301, 404, 500])
def test_bodies_of_redirects_and_errors_are_not_decoded(web: Web, manners: Manners, status: int) -> None:
    web.pages["/"] = Answer(b"this is no gzip", status, {"Content-Encoding": "br, br, br"})
    assert bad(fetch(manners, web.url), "HttpStatus").status == status


# ------------------------------------------------------------------------------------------ what goes wrong

NO_HTTP = {
    "version": b"HTTP/9.9 200 OK\r\n\r\n",
    "words": b"hello\r\n\r\n",
    "nothing": b"",
    "binary": bytes(range(256)),
    "folded": b"HTTP/1.1 200 OK\r\nX: a\r\n b\x00\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 5\r\n\r\n<rss>",
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n<rss>",
    "header bomb": b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(5000)) + b"\r\n",
    "long header": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    "long reason": b"HTTP/1.1 200 " + b"y" * 200_000 + b"\r\n\r\n",
    "unasked coding": b"HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\n\r\nxyz",
    "many codings": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip, gzip\r\n\r\nxyz",
}


@pytest.mark.parametrize("how", NO_HTTP)
def test_what_is_no_http_is_a_named_failure(web: Web, manners: Manners, how: str) -> None:
    web.pages["/"] = raw(NO_HTTP[how])
    failed = fetch(manners, web.url)
    assert isinstance(failed, Failed)
    assert failed.message.startswith(web.url)
    assert len(failed.message) < 2000


@pytest.mark.parametrize("status", [300, 304 + 1, 400, 401, 403, 404, 410, 418, 429, 451, 500, 503, 520, 599])
def test_a_bad_status_is_told(web: Web, manners: Manners, status: int) -> None:
    web.pages["/"] = Answer(b"sorry", status)
    failed = bad(fetch(manners, web.url), "HttpStatus")
    assert failed.status == status
    assert failed.message == f"{web.url}/ answered {status}"
    assert failed.retry_after is None


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds(web: Web, manners: Manners, status: int) -> None:
    web.pages["/"] = Answer(b"", status, {"Retry-After": "120"})
    assert bad(fetch(manners, web.url), "HttpStatus").retry_after == 120.0


def test_retry_after_as_a_date(web: Web, manners: Manners) -> None:
    web.pages["/"] = Answer(b"", 503, {"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"})
    wanted = bad(fetch(manners, web.url), "HttpStatus").retry_after
    assert wanted is not None
    assert wanted > 10**9


NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0), ("3600", 3600.0), (" 5 ", 5.0), ("999999999999999", 10.0**8),
        (format_datetime(NOW.replace(hour=11), usegmt=True), 3600.0),
        ("Mon, 02 Mar 2026 11:00:00", 3600.0), (format_datetime(NOW.replace(hour=9), usegmt=True), 0.0),
        ("", None), ("-5", None), ("soon", None), ("1.5", None), ("²", None), ("٣", None), ("Mon, 99 Foo 2026", None),
        ("Mon, 02 Mar 2026 11:00:00 +9999999999", None), ("9" * 5000, 10.0**8),
    ],
)  # fmt: skip
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, NOW.timestamp()) == seconds


def test_no_retry_after() -> None:
    assert retry_after({}) is None


# ---------------------------------------------------------------------------------------------------- time


def test_a_slow_drip_ends_within_the_timeout(web: Web, manners: Manners) -> None:
    """Bytes that keep coming, each in time, do not keep a request alive."""
    web.pages["/"] = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 100, pause=0.05)
    failed = bad(fetch(replace(manners, timeout=SHORT), web.url), "TimedOut")
    assert failed.message == f"{web.url}: no whole answer within 0.3 s (limit [poll] timeout)"


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
    ids=["nothing", "half the head", "the head"],
)  # fmt: skip
def test_a_server_that_hangs(web: Web, manners: Manners, said: bytes) -> None:
    web.pages["/"] = raw(said, pause=3)
    bad(fetch(replace(manners, timeout=SHORT), web.url), "TimedOut")


def test_a_hanging_server_holds_up_nobody_else(web: Web, other: Web, manners: Manners) -> None:
    web.pages["/"] = raw(b"", pause=3)
    other.pages["/"] = Answer(b"here")
    both = replace(manners, timeout=1.0, allow_private=(web.address, other.address))
    outcomes = list(fetch_many([request(web.url, key="slow"), request(other.url, key="quick")], both))
    assert [outcome.key for outcome in outcomes] == ["quick", "slow"]


def test_slow_servers_that_take_every_place_hold_up_nobody_else(web: Web, other: Web, manners: Manners) -> None:
    """The slow ones go on until the quick one was asked: were it asked after them only, they would run into their timeout."""
    asked = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        asked.wait(20)
        handler.wfile.write(b"slow")

    def quick(handler: BaseHTTPRequestHandler) -> Answer:
        asked.set()
        return Answer(b"here")

    web.pages["/"], other.pages["/"] = drip, quick
    both = replace(
        manners, concurrency=4, per_host=8, timeout=10.0, slow=0.05, allow_private=(web.address, other.address)
    )
    requests = [request(web.url, key=str(n)) for n in range(6)] + [request(other.url, key="quick")]
    assert {outcome.key: good(outcome).body for outcome in fetch_many(requests, both)} == {
        "quick": b"here", **{str(n): b"slow" for n in range(6)},
    }  # fmt: skip


def test_no_more_slow_servers_at_once_than_there_are_places(web: Web, manners: Manners) -> None:
    page = Counter(0.5)
    web.pages["/"] = page
    slow = replace(manners, concurrency=2, per_host=20, slow=0.01)
    assert len(list(fetch_many([request(web.url, key=str(n)) for n in range(12)], slow))) == 12
    assert page.most <= 4


def test_the_timeout_counts_all_redirects_together(web: Web, manners: Manners) -> None:
    """Each step in time, all of them not: the timeout is that of the answer, redirects included."""

    def step(handler: Handler) -> Answer:
        time.sleep(0.12)
        return Answer(status=302, headers={"Location": f"/{int(handler.path[1:]) + 1}"})

    web.pages |= {f"/{number}": step for number in range(6)}
    web.pages["/6"] = Answer(b"late")
    bad(fetch(replace(manners, timeout=SHORT), f"{web.url}/0"), "TimedOut")
    assert len(web.hits) < 6


def test_connection_refused(manners: Manners) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    failed = fetch(replace(manners, allow_private=(address,)), f"http://{address}/")
    assert isinstance(failed, Failed)
    assert failed.message.startswith(f"http://{address}/: no connection")


def test_a_name_that_nobody_knows(manners: Manners) -> None:
    failed = fetch(manners, "http://nobody.invalid/")
    assert isinstance(failed, Failed)
    assert failed.message == "http://nobody.invalid/: the host name cannot be resolved"


# ---------------------------------------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_told(web: Web, manners: Manners, status: int) -> None:
    web.pages["/old"] = Answer(status=status, headers={"Location": "../new?x=1"})
    web.pages["/new?x=1"] = Answer(b"here")
    answer = good(fetch(manners, f"{web.url}/old", etag='"t"'))
    assert (answer.url, answer.final_url) == (f"{web.url}/old", f"{web.url}/new?x=1")
    assert answer.redirects == ((status, f"{web.url}/new?x=1"),)
    assert answer.body == b"here"
    assert web.hits[1].headers["if-none-match"] == '"t"'


def test_a_redirect_loop_ends(web: Web, manners: Manners) -> None:
    web.pages["/a"] = Answer(status=302, headers={"Location": "/b"})
    web.pages["/b"] = Answer(status=302, headers={"Location": "/a"})
    assert "redirects" in bad(fetch(manners, f"{web.url}/a"), "FetchError").message
    assert len(web.hits) == MAX_REDIRECTS + 1


def test_a_long_chain_is_followed_to_its_limit(web: Web, manners: Manners) -> None:
    for number in range(MAX_REDIRECTS):
        web.pages[f"/{number}"] = Answer(status=301, headers={"Location": f"/{number + 1}"})
    web.pages[f"/{MAX_REDIRECTS}"] = Answer(b"end")
    assert len(good(fetch(manners, f"{web.url}/0")).redirects) == MAX_REDIRECTS


@pytest.mark.parametrize("target", ["http://[", "file:///etc/passwd", "javascript:1", "http://u:p@127.0.0.1/", "//:80"])
def test_a_redirect_to_no_address(web: Web, manners: Manners, target: str) -> None:
    web.pages["/"] = Answer(status=302, headers={"Location": target})
    bad(fetch(manners, web.url), "AddressRefused")


def test_an_escaped_line_break_in_a_redirect_stays_escaped(web: Web, manners: Manners) -> None:
    web.pages["/"] = raw(b"HTTP/1.1 302 Found\r\nLocation: /ok%0d%0aX: y\r\nContent-Length: 0\r\n\r\n")
    web.pages["/ok%0d%0aX:%20y"] = Answer(b"here")
    assert good(fetch(manners, web.url)).body == b"here"
    assert "x" not in web.hits[-1].headers


@pytest.mark.parametrize(
    "path", ["/a%7eb", "/%e6%96%b0?q=%2B%20+%2f&sig=%3d%3D", "/a;b=1,2/(c)!*'", "/a//b", "/?a&b=&=c"]
)
def test_an_address_is_asked_as_it_is_written(web: Web, manners: Manners, path: str) -> None:
    """Signed addresses fail when their escapes are spelt anew."""
    web.pages[path] = Answer(b"here")
    assert good(fetch(manners, web.url + path)).body == b"here"


# --------------------------------------------------------------------------------------- several addresses


def test_failover_takes_the_first_that_answers(web: Web, other: Web, manners: Manners) -> None:
    web.pages["/"] = Answer(b"", 503)
    other.pages["/"] = Answer(b"here")
    both = replace(manners, allow_private=(web.address, other.address))
    answer = good(fetch(both, "http://10.0.0.1/", f"{web.url}/", f"{other.url}/"))
    assert answer.url == f"{other.url}/"
    assert answer.tried == ("http://10.0.0.1/", f"{web.url}/")


def test_the_last_failure_is_told_when_all_fail(web: Web, manners: Manners) -> None:
    web.pages["/a"] = Answer(b"", 500)
    failed = bad(fetch(manners, f"{web.url}/a", f"{web.url}/b"), "HttpStatus")
    assert failed.status == 404
    assert failed.tried == (f"{web.url}/a", f"{web.url}/b")


def test_the_first_good_address_is_the_only_one_that_is_asked(web: Web, manners: Manners) -> None:
    web.pages["/a"] = Answer(b"a")
    assert good(fetch(manners, f"{web.url}/a", f"{web.url}/b")).tried == ()
    assert [hit.path for hit in web.hits] == ["/a"]


def test_a_dead_instance_is_asked_last_after_its_failure(web: Web, other: Web, manners: Manners) -> None:
    """Of two feeds that the same instances serve, only the first waits for the dead one."""
    for number in range(3):
        other.pages[f"/{number}"] = Answer(b"here")
        web.pages[f"/{number}"] = Answer(b"", 502)
    both = replace(manners, allow_private=(web.address, other.address))

    async def work(client: Any) -> list[Outcome[Response]]:
        return [await client.fetch(request(f"{web.url}/{number}", f"{other.url}/{number}")) for number in range(3)]

    assert all(isinstance(outcome, Done) for outcome in run(work, both))
    assert len(web.hits) == 1


def test_nothing_to_ask_is_a_failure(manners: Manners) -> None:
    bad(fetch(manners), "FetchError")


# ------------------------------------------------------------------------------------------------- robots

ROBOTS = b"User-agent: *\nDisallow: /private/\nDisallow: /a*b$\n"


@pytest.fixture
def heeding(manners: Manners) -> Manners:
    return replace(manners, robots=True)


def test_robots_txt_is_heeded_for_pages_and_pictures_only(web: Web, heeding: Manners) -> None:
    web.pages |= {"/robots.txt": Answer(ROBOTS), "/private/x": Answer(b"x"), "/x": Answer(b"x")}
    for kind in ("page", "media"):
        skipped = fetch(heeding, f"{web.url}/private/x", kind=kind)
        assert isinstance(skipped, Skipped)
        assert "robots.txt" in skipped.reason
        good(fetch(heeding, f"{web.url}/x", kind=kind))
    assert "/private/x" not in {hit.path for hit in web.hits}
    web.hits.clear()
    good(fetch(heeding, f"{web.url}/private/x", kind="feed"))
    assert [hit.path for hit in web.hits] == ["/private/x"]


def test_robots_txt_can_be_left_aside(web: Web, manners: Manners) -> None:
    web.pages |= {"/robots.txt": Answer(ROBOTS), "/private/x": Answer(b"x")}
    good(fetch(manners, f"{web.url}/private/x", kind="page"))


def test_robots_txt_is_asked_once_a_host(web: Web, heeding: Manners) -> None:
    web.pages |= {"/robots.txt": Answer(ROBOTS)} | {f"/{number}": Answer(b"x") for number in range(5)}
    requests = [request(f"{web.url}/{number}", key=str(number), kind="page") for number in range(5)]
    assert all(isinstance(outcome, Done) for outcome in fetch_many(requests, replace(heeding, per_host=5)))
    assert [hit.path for hit in web.hits].count("/robots.txt") == 1


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_no_robots_txt_allows_all(web: Web, heeding: Manners, status: int) -> None:
    web.pages |= {"/robots.txt": Answer(b"User-agent: *\nDisallow: /", status), "/x": Answer(b"x")}
    good(fetch(heeding, f"{web.url}/x", kind="page"))


@pytest.mark.parametrize("status", [500, 502, 503])
def test_robots_txt_of_a_server_in_trouble_allows_nothing(web: Web, heeding: Manners, status: int) -> None:
    """RFC 9309, section 2.3.1.4."""
    web.pages |= {"/robots.txt": Answer(b"", status), "/x": Answer(b"x")}
    failed = bad(fetch(heeding, f"{web.url}/x", kind="page"), "HostResting")
    assert failed.retry_after, "it is tried again later"
    assert "/x" not in {hit.path for hit in web.hits}


def test_a_host_that_is_asked_too_often_is_left_alone(web: Web, manners: Manners) -> None:
    """RFC 6585, section 4. A 503 speaks for its address alone."""
    web.pages |= {
        "/busy": Answer(status=503, headers={"Retry-After": "60"}), "/1": Answer(b"x"),
        "/many": Answer(status=429, headers={"Retry-After": "90"}), "/2": Answer(b"x"),
    }  # fmt: skip
    order = ("/busy", "/1", "/many", "/2")

    async def work(client: Client) -> list[Outcome[Response]]:
        return [await client.fetch(request(web.url + path)) for path in order]

    busy, one, many, two = run(work, manners)
    assert (bad(busy, "HttpStatus").retry_after, busy.host) == (60.0, "")
    good(one)
    assert (bad(many, "HttpStatus").retry_after, many.host) == (90.0, web.address)
    assert 80 < (bad(two, "HostResting").retry_after or 0) <= 90
    assert [hit.path for hit in web.hits] == ["/busy", "/1", "/many"]


def test_a_server_that_hangs_up_is_not_asked_a_second_time(web: Web, manners: Manners) -> None:
    web.pages["/feed"] = raw(b"")
    bad(fetch(manners, f"{web.url}/feed"), "FetchError")
    assert [hit.path for hit in web.hits] == ["/feed"]


def ports(web: Web, count: int, *, hang_up: bool) -> list[int]:
    """Let the server answer so many feeds, and return the list that will hold the port that each was asked from."""
    found: list[int] = []

    def answer(handler: Handler) -> Answer:
        found.append(handler.client_address[1])
        handler.close_connection = handler.close_connection or hang_up
        return Answer(b"x")

    web.pages |= {f"/{number}": answer for number in range(count)}
    return found


def test_a_connection_is_kept_while_another_request_to_the_host_waits(web: Web, manners: Manners) -> None:
    asked_from = ports(web, 4, hang_up=False)
    wanted = [request(f"{web.url}/{number}", key=str(number)) for number in range(4)]
    assert all(isinstance(outcome, Done) for outcome in fetch_many(wanted, manners))
    assert len(asked_from) == 4
    assert len(set(asked_from)) == 1
    assert [hit.headers.get("connection") for hit in web.hits] == [None, None, None, "close"]


def test_a_server_that_closes_kept_connections_loses_no_feed(web: Web, manners: Manners) -> None:
    asked_from = ports(web, 4, hang_up=True)
    wanted = [request(f"{web.url}/{number}", key=str(number)) for number in range(4)]
    assert all(isinstance(outcome, Done) for outcome in fetch_many(wanted, replace(manners, delay=0.3)))
    assert len(set(asked_from)) == 4
    assert sorted(hit.path for hit in web.hits) == ["/0", "/1", "/2", "/3"]


def test_a_server_that_hangs_up_on_a_kept_connection_is_not_asked_a_second_time(web: Web, manners: Manners) -> None:
    web.pages |= {"/0": Answer(b"x"), "/1": raw(b"")}
    kept, hung = fetch_many([request(f"{web.url}/{number}", key=str(number)) for number in range(2)], manners)
    good(kept)
    bad(hung, "FetchError")
    assert [hit.path for hit in web.hits] == ["/0", "/1"]
    assert "connection" not in web.hits[0].headers


def test_a_crawl_delay_is_heeded_between_pages_and_not_between_feeds(web: Web, heeding: Manners) -> None:
    web.pages["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 0.2\n")
    pages = Counter(0.0)
    feeds = Counter(0.0)
    web.pages |= {f"/{number}": pages for number in range(4)} | {f"/feed{number}": feeds for number in range(4)}
    wanted = [request(f"{web.url}/{number}", key=str(number), kind="page") for number in range(4)]
    assert all(isinstance(outcome, Done) for outcome in fetch_many(wanted, heeding))
    assert min(later - sooner for sooner, later in pairwise(pages.begun)) > 0.15
    wanted = [request(f"{web.url}/feed{number}", key=str(number)) for number in range(4)]
    assert all(isinstance(outcome, Done) for outcome in fetch_many(wanted, heeding))
    assert len([hit for hit in web.hits if hit.path == "/robots.txt"]) == 1


def test_a_long_crawl_delay_leaves_pages_for_the_next_run(web: Web, heeding: Manners) -> None:
    web.pages["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 900\n")
    web.pages |= {f"/{number}": Answer(b"x") for number in range(3)}
    wanted = [request(f"{web.url}/{number}", key=str(number), kind="page") for number in range(3)]
    outcomes = list(fetch_many(wanted, heeding))
    assert sum(isinstance(outcome, Done) for outcome in outcomes) == 1
    for outcome in outcomes:
        assert isinstance(outcome, Done) or bad(outcome, "HostResting").retry_after == 0.0


def test_a_server_that_gives_no_answer_is_a_failure_that_is_tried_again(web: Web, heeding: Manners) -> None:
    """A host that is down is not one that forbids: its pages fail, at once after the first, and may be asked later."""
    web.pages["/robots.txt"] = raw(b"")
    requests = [request(f"{web.url}/{number}", key=str(number), kind="page") for number in range(3)]
    assert all(isinstance(outcome, Failed) for outcome in fetch_many(requests, heeding))
    assert {hit.path for hit in web.hits} == {"/robots.txt"}


def test_robots_txt_may_be_redirected(web: Web, heeding: Manners) -> None:
    web.pages |= {
        "/robots.txt": Answer(status=301, headers={"Location": "/r.txt"}), "/r.txt": Answer(ROBOTS),
        "/private/x": Answer(b"x"),
    }  # fmt: skip
    assert isinstance(fetch(heeding, f"{web.url}/private/x", kind="page"), Skipped)


def test_robots_txt_is_asked_for_what_a_page_redirects_to(web: Web, heeding: Manners) -> None:
    web.pages |= {"/robots.txt": Answer(ROBOTS), "/x": Answer(status=302, headers={"Location": "/private/x"})}
    assert isinstance(fetch(heeding, f"{web.url}/x", kind="page"), Skipped)
    assert "/private/x" not in {hit.path for hit in web.hits}


def test_robots_txt_names_us(web: Web, heeding: Manners) -> None:
    web.pages |= {"/robots.txt": Answer(b"User-agent: broadsheet\nDisallow: /\n\nUser-agent: *\nAllow: /\n")}
    assert isinstance(fetch(heeding, f"{web.url}/x", kind="page"), Skipped)


HOSTILE_ROBOTS = {
    "binary": bytes(range(256)) * 50,
    "wildcards": b"User-agent: *\nDisallow: /" + b"*a" * 2000 + b"*b$\n",
    "many rules": b"User-agent: *\n" + b"Disallow: /private\n" * 20_000,
    "long line": b"User-agent: *\nDisallow: /" + b"x" * 400_000 + b"\n",
    "utf-16": "User-agent: *\nAllow: /".encode("utf-16"),
    "html": b"<html><body>" + b"<p>no robots here</p>" * 1000,
    "escapes": b"User-agent: *\nDisallow: /%zz%\nDisallow: %\nCrawl-delay: x\nSitemap:\n",
}


@pytest.mark.parametrize("how", HOSTILE_ROBOTS)
def test_a_robots_txt_of_nonsense_allows_the_page(web: Web, heeding: Manners, how: str) -> None:
    path = "/" + "a" * 3000
    web.pages |= {"/robots.txt": Answer(HOSTILE_ROBOTS[how]), path: Answer(b"x")}
    good(fetch(heeding, web.url + path, kind="page"))


def test_robots_txt_of_an_ipv6_host(heeding: Manners) -> None:
    """The origin of an IPv6 address is written in brackets, or its robots.txt is never found."""

    async def serve(work: Any) -> Any:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            path = (await reader.readline()).split()[1]
            asked.append(path)
            body = b"User-agent: *\nDisallow: /no" if path == b"/robots.txt" else b"x"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(answer, "::1", 0) as server:
            return await work(server.sockets[0].getsockname()[1])

    asked: list[bytes] = []

    async def work(port: int) -> list[Outcome[Response]]:
        manners = replace(heeding, allow_private=(f"[::1]:{port}",))
        async with Client.open(manners) as client:
            return [
                await client.fetch(request(f"http://[::1]:{port}/yes", kind="page")),
                await client.fetch(request(f"http://[::1]:{port}/no", kind="page")),
            ]

    try:
        yes, no = asyncio.run(serve(work))
    except OSError as error:
        pytest.skip(f"no IPv6 on loopback: {error}")
    assert good(yes).body == b"x"
    assert isinstance(no, Skipped)
    assert asked == [b"/robots.txt", b"/yes"]


# ------------------------------------------------------------------------------------------- pace and number


class Counter:
    """A page that notes how many requests are under way at once, and when each began."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.begun: list[float] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, handler: Handler) -> Answer:
        with self._lock:
            self.begun.append(time.monotonic())
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(self.seconds)
        with self._lock:
            self._now -= 1
        return Answer(b"x")


@pytest.mark.parametrize("limit", [1, 3])
def test_never_more_than_the_limit_to_one_host(web: Web, manners: Manners, limit: int) -> None:
    page = Counter(0.02)
    web.pages["/"] = page
    polite = replace(manners, per_host=limit)
    assert len(list(fetch_many([request(web.url, key=str(n)) for n in range(12)], polite))) == 12
    assert page.most <= limit
    assert len(page.begun) == 12


def test_never_more_than_the_limit_in_all(web: Web, other: Web, manners: Manners) -> None:
    page = Counter(0.02)
    web.pages["/"] = other.pages["/"] = page
    tight = replace(manners, concurrency=2, per_host=8, allow_private=(web.address, other.address))
    requests = [request(server.url, key=f"{n} {server.url}") for n in range(6) for server in (web, other)]
    assert len(list(fetch_many(requests, tight))) == 12
    assert page.most <= 2


@pytest.mark.parametrize("per_host", [1, 4])
def test_the_pause_between_requests_to_a_host_is_kept(web: Web, manners: Manners, per_host: int) -> None:
    """Measured at the server, so a pause is allowed to seem a little shorter than it was."""
    page = Counter(0.0)
    web.pages["/"] = page
    slow = replace(manners, delay=0.1, per_host=per_host)
    list(fetch_many([request(web.url, key=str(n)) for n in range(5)], slow))
    gaps = [after - before for before, after in zip(page.begun, page.begun[1:], strict=False)]
    assert min(gaps) > 0.05
    assert sum(gaps) > 0.35


def test_the_pause_is_kept_when_places_are_scarce(web: Web, other: Web, manners: Manners) -> None:
    """Requests that waited for a place among all do not then come in a bunch."""
    page = Counter(0.0)
    web.pages["/"] = page
    other.pages["/"] = Counter(0.4)
    tight = replace(manners, delay=0.1, per_host=4, concurrency=1, allow_private=(web.address, other.address))
    requests = [request(other.url, key="first"), *(request(web.url, key=str(n)) for n in range(4))]
    assert len(list(fetch_many(requests, tight))) == 5
    gaps = [after - before for before, after in zip(page.begun, page.begun[1:], strict=False)]
    assert min(gaps) > 0.05


def test_a_redirect_waits_its_turn_as_well(web: Web, manners: Manners) -> None:
    page = Counter(0.0)
    web.pages["/"] = page
    web.pages["/old"] = Answer(status=301, headers={"Location": "/"})
    list(fetch_many([request(web.url), request(f"{web.url}/old", key="b")], replace(manners, delay=0.1)))
    assert page.begun[1] - page.begun[0] > 0.1


# --------------------------------------------------------------------------------------------- fetch_many


def test_many_requests_each_have_one_outcome(web: Web, manners: Manners) -> None:
    for number in range(0, 200, 2):
        web.pages[f"/{number}"] = Answer(b"x")
    wide = replace(manners, concurrency=4, per_host=16)
    outcomes = list(fetch_many([request(f"{web.url}/{n}", key=str(n)) for n in range(200)], wide))
    assert sorted(int(outcome.key) for outcome in outcomes) == list(range(200))
    assert all(isinstance(outcome, Done) is (int(outcome.key) % 2 == 0) for outcome in outcomes)


def test_no_requests_give_no_outcomes(manners: Manners) -> None:
    assert list(fetch_many([], manners)) == []


def test_a_slow_consumer_holds_back_the_requests(web: Web, manners: Manners) -> None:
    """Answers that nobody has taken yet are bounded in number, whatever the length of the list."""
    web.pages["/"] = Answer(b"x")
    drawn = 0

    def source() -> Iterator[Request]:
        nonlocal drawn
        for number in range(60):
            drawn += 1
            yield request(web.url, key=str(number))

    results = fetch_many(source(), replace(manners, concurrency=1, per_host=4))
    next(results)
    while len(web.hits) < 2:
        time.sleep(0.01)
    time.sleep(0.2)
    assert len(web.hits) <= 3, "answers hold memory: one untaken, one under way"
    assert drawn <= 10
    assert sum(1 for _ in results) == 59


def test_a_consumer_that_stops_ends_the_requests(web: Web, manners: Manners) -> None:
    """What is still under way is given up, and the thread of the network ends."""
    web.pages["/quick"] = Answer(b"x")
    web.pages["/slow"] = raw(b"", pause=3)
    results = fetch_many(
        [request(f"{web.url}/quick"), request(f"{web.url}/slow", key="s")], replace(manners, per_host=2)
    )
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name == "broadsheet-net"]


def test_an_error_of_the_list_itself_reaches_the_caller(web: Web, manners: Manners) -> None:
    def source() -> Iterator[Request]:
        yield request(web.url)
        raise RuntimeError("the list is broken")

    with pytest.raises(BaseException) as caught:
        list(fetch_many(source(), manners))
    assert "the list is broken" in repr(caught.value)
