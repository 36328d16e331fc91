"""broadsheet deploy."""

from __future__ import annotations

import click

from broadsheet.cli.base import State, command


@command("deploy")
@click.argument("to", default="")
@click.option("--dry-run", is_flag=True, help="Show what would be sent.")
@click.option("--full", is_flag=True, help="Send everything, whatever was sent before.")
def deploy_command(state: State, to: str, dry_run: bool, full: bool) -> None:
    """Send what changed of the site to TO, or to where [deploy] in the settings says.

    TO is a folder, a git repository (git@github.com:me/paper.git), rsync:host:/folder, or s3://bucket/folder. Whatever other
    files lead to is sent before them, the front page last. What was not sent from here is never removed there.
    """
    from broadsheet.deploy.plan import HOSTS

    with state.open() as paper:
        done = paper.deploy(to=to, dry_run=dry_run, full=full, progress=state.progress())
        host = HOSTS.get(paper.config.deploy.host)
    for what, much, limit, path in done.near:
        line = state.say(
            f"deploy_near.{what}", much=f"{much:,}", limit=f"{limit:,}", host=host.title if host else "", path=path
        )
        click.echo(line, err=True)
    if state.json:
        state.print_json(done)
        return
    if dry_run:
        for mark, paths in (("+", done.sent), ("-", done.removed)):
            for path in paths:
                click.echo(f"{mark} {path}")
    key = "deploy.would" if dry_run else "deploy.done" if done.sent or done.removed else "deploy.nothing"
    size = f"{done.bytes / 1e6:.1f}"
    state.tell(state.say(key, sent=len(done.sent), removed=len(done.removed), size=size, target=done.target))
