"""A headless Chromium that is watched from outside (DevTools protocol): scripts, dialogs and requests of each page.

What counts as run is every script that the browser's engine compiled: inline, handler, ``javascript:`` link or file.
Nothing of a page can hide that, as it could hide a call of ``alert``.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.export.browser import browser

_PLAY = """
new Promise(done => {
  addEventListener('click', event => {
    const link = event.target.closest && event.target.closest('a[href], area[href]');
    if (link && !/^\\s*javascript:/i.test(link.href)) event.preventDefault();
  }, true);
  addEventListener('submit', event => event.preventDefault(), true);
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('header.masthead, footer.colophon, form[role=search]')) continue;
    const own = [...element.attributes].filter(one => one.name.startsWith('on')).map(one => one.name.slice(2));
    for (const name of [...own, 'mouseover', 'mousedown', 'click', 'focus', 'keydown', 'input', 'toggle', 'submit']) {
      try { element.dispatchEvent(new Event(name, {bubbles: true, cancelable: true})); } catch (error) {}
    }
    try { if (element.click) element.click(); } catch (error) {}
  }
  setTimeout(() => done(JSON.stringify({text: document.body ? document.body.innerText : '', seen: SEEN,
    live: document.querySelectorAll(
      'main iframe, main object, main embed, main svg, main style, main form:not([role=search]), base').length})), WAIT);
})
"""


@dataclass
class Sight:
    """What a page did."""

    url: str
    scripts: list[str] = field(default_factory=list)
    """Addresses of what was compiled, the site's own files left out; ``inline`` for what has none."""
    dialogs: int = 0
    foreign: list[str] = field(default_factory=list)
    """Requests that went elsewhere."""
    left: str = ""
    """Where the page went by itself."""
    text: str = ""
    seen: bool = False
    """Whether what must be in sight is."""
    live: int = 0
    told: dict[str, Any] = field(default_factory=dict)
    """All that the expression returned."""

    @property
    def ran(self) -> bool:
        """Whether anything ran that is not the site's own."""
        return bool(self.scripts or self.dialogs)


class _Tab:
    def __init__(self, session: str, send: Callable[..., Any]) -> None:
        self._session, self._send = session, send
        self.loaded = asyncio.Event()
        self.sight = Sight("")
        self.own: tuple[str, ...] = ()
        self.origins: tuple[str, ...] = ()
        self.before = ""

    async def call(self, method: str, **params: Any) -> Any:
        return await self._send(method, params, self._session)

    def event(self, method: str, params: dict[str, Any]) -> None:
        if method == "Debugger.scriptParsed":
            if not params["url"].startswith(("probe:", "chrome-error:")) and params["url"] not in self.own:
                self.sight.scripts.append(params["url"] or "inline")
        elif method == "Page.javascriptDialogOpening":
            self.sight.dialogs += 1
            self._task = asyncio.ensure_future(self._answer())
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith((*self.origins, "data:", "about:", "blob:")):
                self.sight.foreign.append(url)
        elif method == "Page.frameNavigated" and "parentId" not in params["frame"]:
            # On a busy machine the page before may come only now.
            if params["frame"]["url"] not in (self.sight.url, self.before, "about:blank"):
                self.sight.left = params["frame"]["url"]
        elif method == "Page.loadEventFired":
            self.loaded.set()

    async def _answer(self) -> None:
        with suppress(RuntimeError):  # the page went away with its dialog
            await self.call("Page.handleJavaScriptDialog", accept=False)


_KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "Backspace": 8}


class Page:
    """A tab that is used as a reader uses it, one step after the other."""

    def __init__(self, tab: _Tab) -> None:
        self._tab = tab
        self.foreign = tab.sight.foreign

    async def go(self, url: str) -> None:
        """Open an address, and wait until it is loaded with all that it shows."""
        self._tab.loaded.clear()
        # The page before may still ask for something of its own.
        self._tab.origins = (*self._tab.origins, "/".join(url.split("/")[:3]))
        await self._tab.call("Page.navigate", url=url)
        await self._loaded()

    async def follow(self, selector: str) -> None:
        """Click on the first element that the selector finds, and wait for the page that it leads to."""
        self._tab.loaded.clear()
        with suppress(RuntimeError):  # the page may be gone before it can answer
            await self.tell(f"document.querySelector({json.dumps(selector)}).click()")
        await self._loaded()

    async def press(self, key: str, *, shift: bool = False, leads: bool = False) -> None:
        """Press a key; ``leads`` waits for the page that it leads to."""
        self._tab.loaded.clear()
        words = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS.get(key, 0), "modifiers": 8 if shift else 0}
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        await self._tab.call("Input.dispatchKeyEvent", type="keyDown", **words, **({"text": text} if text else {}))
        await self._tab.call("Input.dispatchKeyEvent", type="keyUp", **words)
        if leads:
            await self._loaded()

    async def type(self, text: str) -> None:
        """Put text into the field that has the focus, as an input method does."""
        await self._tab.call("Input.insertText", text=text)

    async def tell(self, expression: str) -> Any:
        """Return the value of an expression."""
        answer = await self._tab.call(
            "Runtime.evaluate",
            expression=f"{expression}\n//# sourceURL=probe:tell",
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"]["exception"].get("description", expression))
        return answer["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Return the value of an expression as soon as it is true."""
        for _ in range(1000):
            with suppress(RuntimeError):  # the page that was asked is on its way to another
                if value := await self.tell(expression):
                    return value
            await asyncio.sleep(0.02)
        raise TimeoutError(expression)

    async def _loaded(self) -> None:
        async with asyncio.timeout(20):
            await self._tab.loaded.wait()


class Chromium:
    """Opens pages in several tabs."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._tabs: dict[str, _Tab] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Chromium]:
        """Start a browser with a fresh profile that resolves no name."""
        profile = Path(tempfile.mkdtemp(dir=folder))
        flags = (
            "headless=new", "no-sandbox", "disable-gpu", "remote-debugging-port=0", "no-first-run", "disable-popup-blocking",
            "disable-background-networking", "disable-background-timer-throttling", "disable-renderer-backgrounding",
            "disable-backgrounding-occluded-windows", "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            f"user-data-dir={profile}",
        )  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            browser(), *(f"--{flag}" for flag in flags), "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            port_file = profile / "DevToolsActivePort"
            for _ in range(600):
                if port_file.exists() and len(lines := port_file.read_text().splitlines()) == 2:
                    break
                await asyncio.sleep(0.1)
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(f"ws://127.0.0.1:{lines[0]}{lines[1]}", max_msg_size=0) as socket,
            ):
                made = cls(socket)
                listening = asyncio.ensure_future(made._listen())
                yield made
                listening.cancel()
        finally:
            process.kill()
            await process.wait()

    async def look(
        self, urls: Iterable[str], *, own: Sequence[str] = (), csp: bool = True, seen: str = "true", tabs: int = 4,
        wait: int = 30,
    ) -> list[Sight]:  # fmt: skip
        """Return what each page did, in order. ``own`` are addresses of scripts that may run; ``seen`` is an expression."""
        probe = _PLAY.replace("SEEN", seen).replace("WAIT", str(wait))
        return await self.ask(urls, probe, own=own, csp=csp, tabs=tabs)

    async def ask(
        self, urls: Iterable[str], probe: str, *, own: Sequence[str] = (), csp: bool = True, tabs: int = 2,
        screen: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> list[Sight]:  # fmt: skip
        """Return what each page did and what the probe, whose value is JSON, told of it; ``screen`` are calls before."""
        waiting = list(enumerate(urls))[::-1]
        found: dict[int, Sight] = {}

        async def work() -> None:
            tab, target = await self._tab(own, csp=csp)
            for method, params in (screen or {}).items():
                await tab.call(method, **params)
            while waiting:
                number, url = waiting.pop()
                found[number] = await self._visit(tab, url, probe)
            await self._send("Target.closeTarget", {"targetId": target})

        await asyncio.gather(*(work() for _ in range(tabs)))
        return [found[number] for number in sorted(found)]

    @asynccontextmanager
    async def page(self, screen: Mapping[str, Mapping[str, Any]] | None = None) -> AsyncIterator[Page]:
        """Open a tab to be used; ``screen`` are calls before."""
        tab, target = await self._tab((), csp=True)
        for method, params in (screen or {}).items():
            await tab.call(method, **params)
        yield Page(tab)
        await self._send("Target.closeTarget", {"targetId": target})

    async def _tab(self, own: Sequence[str], *, csp: bool) -> tuple[_Tab, str]:
        target = (await self._send("Target.createTarget", {"url": "about:blank"}))["targetId"]
        session = (await self._send("Target.attachToTarget", {"targetId": target, "flatten": True}))["sessionId"]
        tab = self._tabs[session] = _Tab(session, self._send)
        tab.own = tuple(own)
        for method in ("Page.enable", "Network.enable", "Runtime.enable", "Debugger.enable"):
            await tab.call(method)
        await tab.call("Page.setBypassCSP", enabled=not csp)
        return tab, target

    async def _visit(self, tab: _Tab, url: str, probe: str) -> Sight:
        # The page before may still ask for something of its own.
        tab.before = tab.sight.url
        tab.sight, tab.origins = Sight(url), (*tab.origins[-1:], "/".join(url.split("/")[:3]))
        tab.loaded.clear()
        try:
            async with asyncio.timeout(20):
                await tab.call("Page.navigate", url=url)
                await tab.loaded.wait()
                play = f"{probe}\n//# sourceURL=probe:play"
                answer = await tab.call("Runtime.evaluate", expression=play, awaitPromise=True)
                told = json.loads(answer.get("result", {}).get("value") or "{}")
                tab.sight.told, tab.sight.text, tab.sight.seen = told, told.get("text", ""), told.get("seen")
                tab.sight.live = told.get("live", 0)
        except TimeoutError:
            tab.sight.left = "nowhere: the page does not answer"
        except RuntimeError:  # the page went elsewhere while it was played with
            pass
        return tab.sight

    async def _send(self, method: str, params: dict[str, Any], session: str = "") -> Any:
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        await self._socket.send_json(message)
        return await self._answers[number]

    async def _listen(self) -> None:
        async for raw in self._socket:
            message = raw.json()
            if "id" in message:
                waiting = self._answers.pop(message["id"])
                if waiting.done():
                    continue
                if "error" in message:
                    waiting.set_exception(RuntimeError(message["error"]["message"]))
                else:
                    waiting.set_result(message["result"])
            elif (tab := self._tabs.get(message.get("sessionId", ""))) is not None:
                tab.event(message["method"], message["params"])
