"""broadsheet backup."""

from __future__ import annotations

from pathlib import Path

import click

from broadsheet.cli.base import State, command, size


@command("backup")
@click.argument("target", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path))
def backup_command(state: State, target: Path) -> None:
    """Make FOLDER a copy of the newspaper, or bring it up to date; a run may be at work meanwhile.

    It holds the configuration, the subscriptions and the store, as they are at one moment, and is a newspaper itself: build
    prints it from there. A folder with something else in it is refused.
    """
    with state.open() as paper:
        copied = paper.backup(target)
    if state.json:
        state.print_json(
            {"folder": str(target), "files": copied.files, "bytes": copied.bytes, "missing": list(copied.missing)}
        )
    state.tell(state.say("backup.done", folder=target, files=copied.files, size=size(copied.bytes)))
    if copied.missing:
        state.exit_code = 1
        click.echo(state.say("backup.missing", count=len(copied.missing), first=copied.missing[0]), err=True)
