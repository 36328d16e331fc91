"""broadsheet import: subscriptions from OPML."""

from __future__ import annotations

from pathlib import Path

import click

from broadsheet.cli.base import State, command
from broadsheet.disk import write_durably
from broadsheet.errors import UsageError
from broadsheet.feeds.opml import add_outlines, parse_opml
from broadsheet.newspaper import Newspaper


@command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def import_command(state: State, file: Path) -> None:
    """Take the subscriptions of an OPML FILE; nested outlines are sections. Doing it twice changes nothing."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(state.say("no_file", path=file, why=error.strerror)) from None
    lines = parse_opml(data)
    with state.open() as paper:
        known = {feed.url for feed in paper.subscriptions()}
        new = [line for line in {line.url: line for line in lines}.values() if line.url not in known]
        if new:
            path = opml_path(paper)
            write_durably(path, add_outlines(path.read_bytes() if path.exists() else b"", new))
    if state.json:
        state.print_json({"added": [line.url for line in new], "known": len(lines) - len(new)})
    else:
        state.tell(state.say("import.done", new=len(new), known=len(lines) - len(new)))


def opml_path(paper: Newspaper) -> Path:
    """Return the file that new subscriptions go to; raise ``UsageError`` where the configuration names none."""
    if not paper.config.opml:
        raise UsageError(f'{paper.config_file} names no OPML file; add this line at its top: opml = "feeds.opml"')
    return paper.folder / paper.config.opml
