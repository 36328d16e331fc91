"""broadsheet completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from broadsheet.cli.base import State, command


@command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(state: State, shell: str) -> None:  # noqa: ARG001
    """Print the completion script of a shell; for bash: eval "$(broadsheet completion bash)"."""
    from broadsheet.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "broadsheet", "_BROADSHEET_COMPLETE").source())
