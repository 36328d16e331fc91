"""broadsheet export: the archive for other tools, and the subscriptions as OPML."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from broadsheet.cli.base import State, command
from broadsheet.errors import UsageError


@command("export")
@click.argument("format")
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@click.option("--since", default="", metavar="TIME", help="Articles published since 2026-03-01, or in the last 7d.")
@click.option(
    "--section", "sections", multiple=True, metavar="PATH", help="Articles of a section, or section/source/channel."
)
@click.option("--day", default="", metavar="DAY", help="The edition of a day: 2026-03-12.")
@click.option("--week", default="", metavar="WEEK", help="The edition of a week: 2026-W11.")
@click.option("--story", default="", metavar="ID", help="One story, named by itself or by one of its articles.")
@click.option("--permalinks", is_flag=True, help="Give pages the addresses that they have on our own site.")
@click.option("--whole", is_flag=True, help="Whole texts, also of feeds that are published in part.")
def export_command(
    state: State, format: str, directory: Path | None, since: str, sections: tuple[str, ...],  # noqa: A002
    day: str, week: str, story: str, permalinks: bool, whole: bool,
) -> None:  # fmt: skip
    """Write the archive to DIRECTORY as FORMAT: hexo, hugo, jekyll, markdown, epub, parquet, warc or json.

    The folder becomes what is selected: what changed is written, what was taken down is removed. A folder with files
    that the export did not write is refused. "export opml" prints the subscriptions and needs no folder.
    """
    if format == "opml":
        _opml(state)
        return
    from broadsheet.export import find
    from broadsheet.pipeline import export as pipeline

    exporter = find(format)
    if directory is None:
        raise UsageError(state.say("export.folder", format=format))
    with state.open() as paper:
        zone = ZoneInfo(paper.config.site.timezone)
        selection = pipeline.Selection(
            since=pipeline.since_of(since, zone, datetime.now(UTC)) if since else None,
            sections=tuple(tuple(part.strip() for part in path.split("/") if part.strip()) for path in sections),
            day=day, week=week, story=story,
        )  # fmt: skip
        made = pipeline.export(
            paper.store, paper.config, exporter, directory, selection, whole=whole, permalinks=permalinks
        )
    if state.json:
        counts = {"files": len(made.files), "written": len(made.written), "removed": len(made.removed)}
        state.print_json({"format": made.format, **counts, "notes": made.notes})
        return
    state.tell(
        state.say(
            "export.done", files=len(made.files), written=len(made.written), removed=len(made.removed), folder=directory
        )
    )
    for note in made.notes:
        state.tell(note)


def _opml(state: State) -> None:
    from broadsheet.feeds.opml import write_opml

    with state.open() as paper:
        sys.stdout.buffer.write(write_opml(paper.subscriptions(), paper.config.site.title))
