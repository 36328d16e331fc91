"""The one HTTP client: polite, guarded, bounded. It keeps the number of requests under way and the pace to each host."""

from __future__ import annotations

import asyncio
import email.utils
import errno
import re
import socket
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from broadsheet import __version__, limits
from broadsheet.config import PollConfig
from broadsheet.errors import AddressRefused, BroadsheetError, FetchError, HostResting, HttpStatus, TooLarge
from broadsheet.model import Done, Failed, Outcome, Request, Response, Skipped
from broadsheet.net.decode import ACCEPT_ENCODING, Decoder
from broadsheet.net.guard import Guard
from broadsheet.net.robots import Robots, Texts

MAX_REDIRECTS = limits.value("redirects")
MAX_HEADER_BYTES = limits.value("header_bytes")
MAX_HEADERS = limits.value("header_lines")
MAX_ROBOTS = limits.value("robots_bytes")
MAX_ADDRESSES = limits.value("addresses")
"""Of one name; more are not tried."""
REST = 300.0
"""Seconds that a host is left alone after a 429 that does not say for how long."""
PATIENCE = 600.0
"""Seconds that a run spends on the pages of a host that asks for a Crawl-delay; the rest waits for the next run."""
TROUBLE = 3600.0
"""Seconds that the pages of an origin are put off whose robots.txt cannot be had."""
KEEP = 2.0
"""Seconds of pause between two requests to a host over which the connection is kept; servers close theirs after five."""
REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,64}<(?:!doctype\s{1,8})?html\b", re.IGNORECASE)
_FEED = re.compile(rb"<(?:rss|feed|rdf:RDF)\b")
_ACCEPT = {
    "feed": "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5",
    "page": "text/html, application/xhtml+xml;q=0.9, */*;q=0.5",
    "media": "image/webp, image/avif, image/jpeg, image/png, image/gif;q=0.8, image/*;q=0.5",
}


@dataclass(frozen=True, slots=True)
class Manners:
    """How requests are made; built from ``[poll]``."""

    user_agent: str
    concurrency: int = 32
    per_host: int = 1
    delay: float = 1.0
    timeout: float = 30.0
    slow: float = 3.0
    """Seconds after which a request gives up its place among all, so that slow servers hold nobody up."""
    max_bytes: int = limits.value("[poll] max_bytes")
    max_bytes_setting: str = "[poll] max_bytes"
    """Where that stands, for whoever hits it."""
    robots: bool = True
    allow_private: tuple[str, ...] = ()

    @classmethod
    def of(cls, poll: PollConfig, site_url: str = "") -> Manners:
        """Return the manners that the configuration asks for, with an honest name and a contact."""
        contact = poll.contact or site_url
        return cls(
            user_agent=poll.user_agent or f"Broadsheet/{__version__} (+{contact})",
            concurrency=poll.concurrency,
            per_host=poll.per_host,
            delay=poll.delay,
            timeout=poll.timeout,
            max_bytes=poll.max_bytes,
            robots=poll.robots,
            allow_private=poll.allow_private,
        )


class _Connector(aiohttp.TCPConnector):
    """Closes the connection of a request that asks for it, as servers do that do not say so in their answer."""

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:  # noqa: ASYNC109 - the library's
        """Return a connection, kept or new."""
        connection = await super().connect(req, traces, timeout)
        if req.headers.get("Connection") == "close" and connection.protocol is not None:
            connection.protocol.force_close()
        return connection


class _GuardedResolver(AbstractResolver):
    """Resolves a name once and passes on only the addresses that the guard lets through."""

    def __init__(self, guard: Guard, lookup: Callable[..., Any] | None = None) -> None:
        self._guard = guard
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        lookup = self._lookup or asyncio.get_running_loop().getaddrinfo
        infos = await lookup(host, port, type=socket.SOCK_STREAM, family=family)
        usable = set(self._guard.check_resolved(host, port, [str(info[4][0]) for info in infos]))
        return [
            ResolveResult(
                hostname=host, host=info[4][0], port=port, family=info[0], proto=info[2], flags=socket.AI_NUMERICHOST
            )
            for info in infos
            if info[4][0] in usable
        ][:MAX_ADDRESSES]

    async def close(self) -> None:
        """Nothing is held."""


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from asking a second time by itself when the server hangs up: when to ask again is for the schedule."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise FetchError(_in_words(str(request.url), error)) from error


class Client:
    """A session for one batch of requests. Use ``async with Client.open(manners)``."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        manners: Manners,
        guard: Guard,
        clock: Callable[[], datetime] | None = None,
        robots: Texts | None = None,
    ) -> None:
        self._clock = clock or (lambda: datetime.now(UTC))
        self._session = session
        self._manners = manners
        self._guard = guard
        self._slots = asyncio.Semaphore(manners.concurrency)
        self._slow = 0
        """Requests under way that hold no place any more; as many as there are places, at most."""
        self.room = asyncio.Event()
        """Cleared while too many answers wait to be taken: no further request is begun."""
        self.room.set()
        self._waiting: Counter[str] = Counter()
        """Host -> how many requests wait for their turn there."""
        self._kept: set[str] = set()
        """Hosts to which a connection is kept for the next request that waits."""
        self._hosts: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(manners.per_host))
        self._next: dict[str, float] = {}
        self._robots = Robots(manners.user_agent, {} if robots is None else robots, lambda: self._clock().timestamp())
        self._dead: set[str] = set()
        self._silent: dict[str, str] = {}
        """Origin -> why it did not even give its robots.txt: its pages are to be tried another time."""
        self._resting: dict[str, float] = {}
        """Host -> until when it is to be left alone, by its own word (429)."""
        self._begun: dict[str, float] = {}

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        manners: Manners,
        lookup: Callable[..., Any] | None = None,
        clock: Callable[[], datetime] | None = None,
        robots: Texts | None = None,
    ) -> AsyncIterator[Client]:
        """Open a client. ``lookup`` stands in for ``getaddrinfo`` in tests of rebinding; ``robots`` see ``Robots``."""
        guard = Guard(manners.allow_private)

        def guarded_socket(info: Any) -> socket.socket:
            guard.check_socket(info[4][0], info[4][1])
            made = socket.socket(info[0], info[1], info[2])
            made.setblocking(False)
            return made

        connector = _Connector(
            limit=0,
            resolver=_GuardedResolver(guard, lookup),
            socket_factory=guarded_socket,
            # Only as long as the next request to the host waits, and no more than are under way at once: idle TLS connections
            # of 2,000 hosts hold 632 MB.
            keepalive_timeout=2 * KEEP,
            use_dns_cache=False,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            max_headers=MAX_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None),
            middlewares=(_once,),
        ) as session:
            yield cls(session, manners, guard, clock, robots)

    async def fetch(self, request: Request) -> Outcome[Response]:
        """Return the answer of the first address that gives one, ``Failed`` with the last error otherwise."""
        outcome: Outcome[Response] = Failed(request.key, "FetchError", "no address to ask")
        tried: list[str] = []
        page: Response | None = None
        # An address whose server failed a moment ago is asked last: a dead RSSHub instance holds up few feeds.
        for url in sorted(request.urls, key=lambda url: self._origin(url) in self._dead):
            outcome = await self._attempt(request, url)
            if isinstance(outcome, Done):
                if len(tried) + 1 == len(request.urls) or not _is_web_page(outcome.value):
                    return Done(outcome.key, msgspec.structs.replace(outcome.value, tried=tuple(tried)))
                # An instance of RSSHub that is gone or guarded: another one may have the feed.
                page = page or outcome.value
                tried.append(url)
                continue
            if isinstance(outcome, Skipped):
                return outcome
            tried.append(url)
            if len(request.urls) > 1 and (not outcome.status or outcome.status >= 500):
                self._dead.add(self._origin(url))
        if page is not None:  # it says more than that the last address failed
            return Done(request.key, msgspec.structs.replace(page, tried=tuple(tried)))
        if isinstance(outcome, Failed):
            outcome = msgspec.structs.replace(outcome, tried=tuple(tried))
        return outcome

    @staticmethod
    def _origin(url: str) -> str:
        return "/".join(url.split("/", 3)[:3])

    async def _attempt(self, request: Request, url: str) -> Outcome[Response]:
        try:
            async with asyncio.timeout(None) as limit:
                answer = await self._follow(request, url, limit)
        except TimeoutError:
            seconds = self._manners.timeout
            return Failed(
                request.key, "TimedOut", limits.named(f"{url}: no whole answer within {seconds:g} s", "[poll] timeout")
            )
        except aiohttp.InvalidURL as error:
            return Failed(request.key, "AddressRefused", f"{url}: no address that can be asked ({error})")
        except aiohttp.ClientError as error:
            cause = error.__cause__ if isinstance(error.__cause__, BroadsheetError) else error
            return Failed(request.key, type(cause).__name__, _in_words(url, cause))
        except HttpStatus as error:
            return Failed(request.key, "HttpStatus", str(error), error.status, error.retry_after, error.host)
        except HostResting as error:
            return Failed(request.key, "HostResting", str(error), retry_after=error.seconds)
        except (BroadsheetError, OSError, ValueError) as error:
            return Failed(request.key, type(error).__name__, _in_words(url, error))
        except Exception as error:  # noqa: BLE001 - one request's failure is a record
            return Failed(request.key, "FetchError", f"{url}: {type(error).__name__}: {error}")
        return (
            Skipped(request.key, f"robots.txt of {url} does not allow it or cannot be read")
            if answer is None
            else Done(request.key, answer)
        )

    async def _follow(self, request: Request, url: str, limit: asyncio.Timeout) -> Response | None:
        """Ask, and follow redirects, each checked anew; None where robots.txt forbids."""
        started = time.monotonic()
        steps: list[tuple[int, str]] = []
        target = url
        left = self._manners.timeout
        for _ in range(MAX_REDIRECTS + 1):
            href, host, port = self._guard.check_url(target)
            literal = f"[{host}]" if ":" in host else host
            origin = f"{href.split('://')[0]}://{literal}:{port}"
            if self._manners.robots and request.kind != "feed" and not await self._may_fetch(origin, href):
                return None
            delay = self._robots.delay(origin) if request.kind == "page" and self._manners.robots else 0.0
            async with self._turn(f"{host}:{port}", delay):
                # The clock runs while we ask, not while we wait for our turn.
                asked = asyncio.get_running_loop().time()
                limit.reschedule(asked + left)
                answer = await self._ask(request, href, keep=self._keeps(f"{host}:{port}", delay))
            limit.reschedule(None)
            left -= asyncio.get_running_loop().time() - asked
            status, headers, body, wire = answer
            if status in REDIRECTS and headers.get("location"):
                target = _join(href, headers["location"])
                steps.append((status, target))
                continue
            if status != 304 and not 200 <= status < 300:
                asks = retry_after(headers, self._clock().timestamp())
                if status == 429:  # of the whole host; a 503 speaks for its address alone
                    self._resting[f"{host}:{port}"] = time.monotonic() + (REST if asks is None else asks)
                raise HttpStatus(f"{href} answered {status}", status, asks, f"{host}:{port}" if status == 429 else "")
            return Response(
                key=request.key, url=url, final_url=href, status=status, headers=headers, body=body,
                fetched=self._clock(), elapsed=time.monotonic() - started, redirects=tuple(steps), wire_bytes=wire,
            )  # fmt: skip
        raise FetchError(limits.named(f"{url}: more than {MAX_REDIRECTS} redirects", "redirects"))

    def _keeps(self, host: str, delay: float) -> bool:
        """Return whether a connection to the host is kept after the request that begins: another one waits for it."""
        self._kept.discard(host)
        keep = (
            self._waiting[host] > 0
            and max(delay, self._manners.delay) <= KEEP
            and len(self._kept) < self._manners.concurrency
        )
        if keep:
            self._kept.add(host)
        return keep

    async def _ask(self, request: Request, href: str, *, keep: bool) -> tuple[int, dict[str, str], bytes, int]:
        headers = {
            "User-Agent": self._manners.user_agent,
            "Accept": _ACCEPT[request.kind],
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        if not keep:
            headers["Connection"] = "close"
        # Sent along redirects too: what they name is the document at the end of the chain.
        if request.etag:
            headers["If-None-Match"] = request.etag
        if request.last_modified:
            headers["If-Modified-Since"] = request.last_modified
        # As it is: spelling its escapes anew would break addresses that are signed.
        address = URL(href, encoded=True)
        async with self._session.get(address, headers=headers, allow_redirects=False) as answer:
            found = {name.lower(): value for name, value in answer.headers.items()}
            if not 200 <= answer.status < 300 or answer.status == 204:
                return answer.status, found, b"", 0  # bodies of redirects and errors are never decoded
            declared = found.get("content-length", "")
            if declared.isdigit() and int(declared) > self._manners.max_bytes:
                more = f"{href}: {int(declared):,} bytes announced, more than {self._manners.max_bytes:,}"
                raise TooLarge(limits.named(more, self._manners.max_bytes_setting))
            decoder = Decoder(
                found.get("content-encoding", ""), self._manners.max_bytes, href, self._manners.max_bytes_setting
            )
            wire = 0
            async for piece in answer.content.iter_chunked(32 * 1024):
                wire += len(piece)
                decoder.feed(piece)
            return answer.status, found, decoder.body(), wire

    @asynccontextmanager
    async def _turn(self, host: str, delay: float = 0.0) -> AsyncIterator[None]:
        """Wait for a place among this host's requests, the pause since its last one, and a place among all.

        ``delay`` is the Crawl-delay of the host. Raises ``HostResting`` where it is to be left alone for now.
        """
        self._waiting[host] += 1
        try:
            await self._hosts[host].acquire()
        finally:
            self._waiting[host] -= 1
        try:
            if (left := self._resting.get(host, 0.0) - time.monotonic()) > 0:
                raise HostResting(f"{host} wants to be left alone (429)", left)
            now = time.monotonic()
            if delay and max(now, self._next.get(host, 0.0)) - self._begun.setdefault(host, now) > PATIENCE:
                raise HostResting(
                    f"{host} asks for {delay:g} s between two pages; the rest waits for the next run", 0.0
                )
            while True:
                await asyncio.sleep(self._next.get(host, 0.0) - time.monotonic())
                async with self._place() as begin:
                    await self.room.wait()
                    # The wait for a place took time, in which another request to this host may have begun.
                    now = time.monotonic()
                    if now < self._next.get(host, 0.0):
                        continue
                    self._next[host] = now + max(self._manners.delay, delay)
                    begin()
                    yield
                    return
        finally:
            self._hosts[host].release()

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[Callable[[], None]]:
        """Wait for a place among all requests; what is yielded is to be called when the request begins."""
        await self._slots.acquire()
        loop, slow = asyncio.get_running_loop(), False
        begun: list[asyncio.TimerHandle] = []

        def step_aside() -> None:
            nonlocal slow
            if self._slow < self._manners.concurrency:
                slow = True
                self._slow += 1
                self._slots.release()

        try:
            yield lambda: begun.append(loop.call_later(self._manners.slow, step_aside))
        finally:
            for timer in begun:
                timer.cancel()
            if slow:
                self._slow -= 1
            else:
                self._slots.release()

    async def _may_fetch(self, origin: str, href: str) -> bool:
        if not self._robots.known(origin):
            async with self._robots.lock(origin):
                if not self._robots.known(origin):
                    self._robots.learn(origin, await self._robots_text(origin))
        if origin in self._silent:
            raise HostResting(f"robots.txt cannot be had: {self._silent[origin]}", TROUBLE)
        return self._robots.allows(origin, href)

    async def _robots_text(self, origin: str) -> str | None:
        """Return robots.txt, an empty text where there is none, None where the server is in trouble (RFC 9309, 2.3.1)."""
        request = Request(key=origin, urls=(f"{origin}/robots.txt",), kind="feed")
        outcome = await self.fetch(request)
        if isinstance(outcome, Done):
            return outcome.value.body[:MAX_ROBOTS].decode("utf-8", "replace")
        if isinstance(outcome, Failed) and outcome.error == "AddressRefused":
            return ""  # the page is refused in the same words
        if isinstance(outcome, Failed) and (outcome.status == 429 or outcome.status >= 500 or not outcome.status):
            if outcome.error == "TooLarge":
                return None
            self._silent[origin] = outcome.message
            return None
        return ""


def _is_web_page(answer: Response) -> bool:
    """Return whether an answer is a page for people and holds no feed."""
    return _PAGE.match(answer.body) is not None and _FEED.search(answer.body) is None


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Return the seconds that Retry-After asks for (RFC 9110, section 10.2.3: a number or a date), or None."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), 10**8))
    try:
        date = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, date.timestamp() - (time.time() if now is None else now))


def _join(base: str, location: str) -> str:
    import ada_url

    try:
        return str(ada_url.URL(location, base).href)
    except ValueError:
        raise AddressRefused(f"{base} redirects to {location!r}, which is no address") from None


def _in_words(url: str, error: BaseException) -> str:
    """Return what happened, with the address, without the library's own wording where a plain one exists."""
    text = str(error)
    if isinstance(error, BroadsheetError):
        return text
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return f"{url}: the host name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return f"{url}: the server's certificate is not valid ({text})"
    if isinstance(error, aiohttp.ServerDisconnectedError) or getattr(error, "errno", None) == errno.ECONNRESET:
        return f"{url}: the server closed the connection without an answer"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{url}: no connection ({error.os_error.strerror or text})"
    if isinstance(error, aiohttp.ClientResponseError) and "Got more than" in error.message:
        long = f"{url}: a line of the answer's head has more than {MAX_HEADER_BYTES:,} bytes"
        return limits.named(long, "header_bytes")
    if isinstance(error, aiohttp.ClientResponseError) and "Too many headers" in error.message:
        return limits.named(f"{url}: the answer's head has more than {MAX_HEADERS} lines", "header_lines")
    if isinstance(error, aiohttp.ClientPayloadError):
        return f"{url}: the answer was cut off"
    if isinstance(error, aiohttp.ClientResponseError):  # behind a blank line it quotes the whole answer
        said = " ".join(error.message.partition("\n\n")[0].split()).rstrip(":")
        return f"{url}: the answer is no valid HTTP ({said[:200]})"
    return f"{url}: {text or type(error).__name__}"
