"""broadsheet doctor: what may be wrong, and how to mend it."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import click
import sqlalchemy as sa

from broadsheet.cli.base import State, command
from broadsheet.errors import BroadsheetError, UsageError
from broadsheet.model import Record
from broadsheet.newspaper import Newspaper
from broadsheet.urls import host, is_http, without_password

ROOM_NEEDED = 200 * 1024 * 1024


class Finding(Record, frozen=True, kw_only=True):
    """The result of one check."""

    check: str
    verdict: Literal["ok", "note", "bad"]
    text: str


@command("doctor")
@click.option("--repair", is_flag=True, help="Mend a damaged store, then check.")
@click.option(
    "--from", "source", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER",
    help="With --repair: bring back what is lost from this backup.",
)  # fmt: skip
def doctor_command(state: State, repair: bool, source: Path | None) -> None:
    """Check configuration, store, network, disk, clock and optional parts, and say how to mend each.

    --repair puts the database in order or goes back to the last good copy, takes over what came in since, and reads every
    body and picture. Nothing is deleted: the damaged database lies beside the new one.
    """
    if source and not repair:
        raise UsageError(state.say("doctor.from"))
    if repair:
        with state.open() as paper:
            done = paper.repair(source)
        for line in done or [state.say("doctor.whole")]:
            state.tell(line)
    try:
        paper = state.open()
    except BroadsheetError as error:
        findings = [Finding(check="config", verdict="bad", text=str(error)), *_machine()]
    else:
        with paper:
            findings = [*_paper(paper), *_machine()]
    if state.json:
        state.print_json([{"check": item.check, "verdict": item.verdict, "text": item.text} for item in findings])
    else:
        for item in findings:
            click.echo(f"{state.say(f'doctor.{item.verdict}'):6} {item.check:10} {item.text}")
    state.exit_code = 1 if any(item.verdict == "bad" for item in findings) else 0


def _paper(paper: Newspaper) -> Iterator[Finding]:
    checks: tuple[tuple[str, Callable[[Newspaper], Iterator[Finding]]], ...] = (
        ("config", _config), ("store", _store), ("disk", _disk), ("network", _network), ("clock", _clock),
    )  # fmt: skip
    for name, check in checks:
        try:
            yield from check(paper)
        except (BroadsheetError, sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
            yield Finding(check=name, verdict="bad", text=str(error))


def _config(paper: Newspaper) -> Iterator[Finding]:
    feeds = paper.subscriptions()
    yield Finding(check="config", verdict="ok", text=f"{paper.config_file}: {len(feeds)} subscriptions")
    site = paper.config.site
    if site.url.startswith("http://127.0.0.1"):
        yield Finding(
            check="config", verdict="note", text="[site] url is this machine; set the public address before publishing"
        )
    if not site.contact:
        yield Finding(
            check="config", verdict="note", text="[site] contact is empty; readers and rights holders need it"
        )
    if not paper.config.poll.contact and site.url.startswith("http://127.0.0.1"):
        yield Finding(check="config", verdict="note", text="[poll] contact is empty; servers see no one to write to")


def _store(paper: Newspaper) -> Iterator[Finding]:
    for text in (damage := paper.damage()):
        yield Finding(check="store", verdict="bad", text=text)
    if not damage:
        paper.store  # noqa: B018 - opening it finds what only the program sees: a newer schema, missing rights
        yield Finding(check="store", verdict="ok", text=f"{without_password(paper.config.store.url)}: whole")


def _disk(paper: Newspaper) -> Iterator[Finding]:
    probe = paper.store.state_dir / ".probe"
    probe.write_bytes(b"x")
    probe.unlink()
    free = shutil.disk_usage(paper.folder).free
    verdict: Literal["ok", "bad"] = "ok" if free > ROOM_NEEDED else "bad"
    yield Finding(check="disk", verdict=verdict, text=f"{free // 1024**2} MiB free in {paper.folder}")


def _network(paper: Newspaper) -> Iterator[Finding]:
    hosts = [host(feed.url) for feed in paper.subscriptions() if is_http(feed.url)][:3]
    for name in dict.fromkeys(hosts):
        try:
            socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)
        except OSError as error:
            yield Finding(
                check="network",
                verdict="bad",
                text=f"{name} cannot be resolved ({error}); check the connection and DNS",
            )
        else:
            yield Finding(check="network", verdict="ok", text=f"{name} is resolved")


def _clock(paper: Newspaper) -> Iterator[Finding]:
    from broadsheet.store import feeds

    with paper.store.read() as connection:
        latest = max((state.checked for state in feeds.states(connection).values() if state.checked), default=None)
    now = datetime.now(UTC)
    if latest is not None and latest > now:
        yield Finding(
            check="clock",
            verdict="bad",
            text=f"the last run was at {latest:%Y-%m-%d %H:%M} UTC, after now; set the clock",
        )
    else:
        yield Finding(check="clock", verdict="ok", text=f"{now:%Y-%m-%d %H:%M} UTC")


def _machine() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(check="python", verdict="ok", text=version)
    for module, purpose in (("PIL", "pictures"), ("trafilatura", "articles"), ("zstandard", "archive")):
        if find_spec(module) is None:
            yield Finding(
                check="parts", verdict="bad", text=f"{module} ({purpose}) is missing; install broadsheet again"
            )
