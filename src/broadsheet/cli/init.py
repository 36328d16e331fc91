"""broadsheet init: a new newspaper's folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from broadsheet.cli.base import State, command
from broadsheet.errors import UsageError

_FILES = {"broadsheet.toml": "broadsheet.toml", "feeds.opml": "feeds.opml", "gitignore": ".gitignore"}


@command("init")
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
def init_command(state: State, directory: Path | None) -> None:
    """Make a newspaper: a commented broadsheet.toml, a sample feeds.opml, a .gitignore. Overwrites nothing."""
    folder = (directory or state.folder or Path.cwd()).resolve()
    sources = files("broadsheet.cli").joinpath("sample")
    for name in _FILES.values():
        if (folder / name).exists():
            raise UsageError(state.say("init.exists", path=folder / name))
    folder.mkdir(parents=True, exist_ok=True)
    for source, name in _FILES.items():
        (folder / name).write_bytes(sources.joinpath(source).read_bytes())
    state.tell(state.say("init.done", folder=folder, config=folder / "broadsheet.toml"))
    if state.json:
        state.print_json({"folder": str(folder), "files": sorted(_FILES.values())})
