"""broadsheet store: a newspaper from one store to another."""

from __future__ import annotations

import sys
from typing import Any

import click

from broadsheet.cli.base import State, command, table
from broadsheet.errors import UsageError
from broadsheet.urls import without_password


@command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option(
    "--from-blobs", default=None, metavar="ADDRESS", help="Where FROM has its bodies; [store] blobs if not given."
)
@click.option(
    "--to-blobs", default=None, metavar="ADDRESS", help="Where TO is to have them; [store] blobs if not given."
)
def copy(state: State, source: str, target: str, from_blobs: str | None, to_blobs: str | None) -> None:
    """Copy the newspaper's store from one address to another: sqlite:///PATH, postgresql://USER@HOST/DATABASE.

    TO has to be empty. Every table is compared by the number and the digest of its rows, and every body is read back,
    before the command says that it is done. FROM stays as it is; no run may be at work on it meanwhile.
    """
    from broadsheet.configfile import parse_config
    from broadsheet.store.database import Store
    from broadsheet.store.move import copy as copy_store

    with state.open() as paper:
        configured = paper.config.store.blobs
        flags: dict[str, Any]
        opened = []
        for url, blobs in ((source, from_blobs), (target, to_blobs)):
            flags = {"store.url": url, "store.blobs": configured if blobs is None else blobs}
            opened.append(parse_config("", flags=flags).store)
        path = paper.folder / source.removeprefix("sqlite:///")
        if source.startswith("sqlite:") and not path.is_file():
            raise UsageError(state.say("store.missing", name=path))
        one = Store.open(opened[0].url, paper.folder, opened[0].blobs)
        other = Store.open(opened[1].url, paper.folder, opened[1].blobs, anew=True)
        try:
            moved = copy_store(one, other, _teller(state))
        finally:
            one.close()
            other.close()
    if state.json:
        state.print_json({"from": without_password(source), "to": without_password(target), "tables": moved})
        return
    table([(item.name, f"{item.count}", item.digest) for item in moved], state.say("store.head").split("|"))
    state.tell(state.say("store.copied", url=without_password(target)))


store_command = click.Group(
    "store",
    commands={"copy": copy},
    help="Copy the store from a file to PostgreSQL or back.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _teller(state: State) -> Any:
    """Return who shows how far the copy is: a line on a terminal that is written over, nobody elsewhere."""
    if state.quiet or state.json or not sys.stderr.isatty():
        return lambda _name, _count: None
    return lambda name, count: click.echo(f"\r\x1b[K{name} {count}", nl=False, err=True)
