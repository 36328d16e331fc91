"""broadsheet check."""

from __future__ import annotations

import click

from broadsheet.cli.base import State, command
from broadsheet.errors import UsageError


@command("check")
def check_command(state: State) -> None:
    """Check the built site: every internal link leads somewhere, feeds are valid, every page can be reached.

    Every address that an article was ever given has to answer, those of articles that were published twice too.
    """
    from broadsheet.site.check import check_site
    from broadsheet.site.compose import base_path
    from broadsheet.store import site

    with state.open() as paper:
        root = paper.folder / paper.config.site.output
        if not (root / "index.html").exists():
            raise UsageError(state.say("check.no_site", folder=root))
        with paper.store.read() as connection:
            addresses = site.addresses(connection)
        result = check_site(root, base=base_path(paper.config), url=paper.config.site.url, addresses=addresses)
    if state.json:
        state.print_json(result)
    elif result.faults:
        click.echo(state.say("check.faults", count=len(result.faults), folder=root), err=True)
        for fault in result.faults[:100]:
            click.echo(f"  {fault}")
    else:
        state.tell(state.say("check.done", pages=result.pages, links=result.links, feeds=result.feeds))
    state.exit_code = 1 if result.faults else 0
