"""broadsheet config."""

from __future__ import annotations

import click

from broadsheet.cli.base import State, command, table
from broadsheet.config import TABLES
from broadsheet.urls import without_password


@command("config")
@click.argument("key", required=False)
def config_command(state: State, key: str | None) -> None:
    """Show every setting and where its value comes from (default, file, environment, flag), or one KEY's value."""
    with state.open() as paper:
        config = paper.config
    values = {"opml": config.opml} | {
        f"{name}.{field}": _open(getattr(getattr(config, name), field))
        for name, kind in TABLES.items()
        for field in kind.__struct_fields__
    }
    if key is not None:
        if key not in values:
            raise click.BadParameter(f"no such setting: {key}", param_hint="KEY")
        values = {key: values[key]}
    if state.json:
        state.print_json({name: {"value": value, "from": config.origin[name]} for name, value in values.items()})
    elif key is not None:
        click.echo(_shown(values[key]))
    else:
        table(
            [(name, _shown(value), config.origin[name]) for name, value in values.items()], ("setting", "value", "from")
        )


def _open(value: object) -> object:
    """Return a value as it may be shown."""
    return without_password(value) if isinstance(value, str) else value


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
