"""broadsheet serve: the built site on this machine, printed anew when the store, the theme or the settings change."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import click

from broadsheet.cli.base import State, command
from broadsheet.errors import BroadsheetError, LockedError, UsageError
from broadsheet.newspaper import Newspaper

_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}
_PAUSE = 1.0
"""Seconds between two looks at what may have changed."""


@command("serve")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@click.option("--no-rebuild", is_flag=True, help="Do not print anew.")
def serve_command(state: State, port: int, no_rebuild: bool) -> None:
    """Show the site on 127.0.0.1, printed anew when the store, the theme or the settings change."""
    with state.open() as paper:
        serve(state, paper, port, rebuild=not no_rebuild)


def serve(state: State, paper: Newspaper, port: int, *, rebuild: bool = True) -> None:
    """Serve a newspaper until interrupted."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(state, paper, port, rebuild=rebuild))


async def _serve(state: State, paper: Newspaper, port: int, *, rebuild: bool) -> None:
    from aiohttp import web

    from broadsheet.site.compose import base_path

    root = paper.folder / paper.config.site.output
    base = base_path(paper.config)

    async def answer(request: web.Request) -> web.StreamResponse:
        path = request.path
        if base != "/" and path == "/":
            raise web.HTTPFound(base)
        inner = path.removeprefix(base) if path.startswith(base) else path.lstrip("/")
        place = (root / inner).resolve()
        if place.is_dir():
            place = place / "index.html"
        if (
            not place.is_relative_to(root)
            or not place.is_file()
            or any(part.startswith(".") for part in inner.split("/"))
        ):
            missing = root / "404.html"
            text = missing.read_bytes() if missing.is_file() else b"not found"
            return web.Response(status=404, body=text, content_type="text/html", charset="utf-8", headers=_HEADERS)
        return web.FileResponse(place, headers=_HEADERS)

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
    except OSError:
        await runner.cleanup()
        raise UsageError(state.say("serve.busy", port=port)) from None
    taken = runner.addresses[0][1]
    state.tell(state.say("serve.at", url=f"http://127.0.0.1:{taken}{base}"))
    try:
        seen = watched(paper)
        if rebuild:
            await asyncio.to_thread(_rebuild, state, paper)
            seen = watched(paper)
        while True:
            await asyncio.sleep(_PAUSE)
            now = watched(paper)
            if rebuild and now != seen:
                await asyncio.to_thread(_rebuild, state, paper)
                seen = watched(paper)
    finally:
        await runner.cleanup()


def watched(paper: Newspaper) -> tuple[tuple[str, int, int], ...]:
    """Return (name, size, time of change) of everything from which the site is printed."""
    theme = paper.folder / paper.config.site.theme
    files: list[Path] = [paper.config_file]
    if theme.is_dir() and theme != paper.folder:
        files += sorted(path for path in theme.rglob("*") if path.is_file())
    found = paper.store.database.signs()
    for path in files:
        with contextlib.suppress(OSError):
            status = path.stat()
            found.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(found)


def _rebuild(state: State, paper: Newspaper) -> None:
    """Print anew what has changed; a fault is told and the old site stays."""
    try:
        with Newspaper(paper.folder, config_file=paper.config_file) as fresh:
            report = fresh.build()
    except LockedError:
        return  # a run is at work; its own build comes
    except BroadsheetError as error:
        state.tell(state.say("serve.failed", why=error))
        return
    if report.pages_written:
        state.tell(state.say("serve.rebuilt", pages=report.pages_written))
