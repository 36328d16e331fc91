"""What commands share: the global options, the newspaper they work on, and how things are printed."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from broadsheet.errors import UsageError
from broadsheet.messages import LANGUAGES, say

if TYPE_CHECKING:
    from broadsheet.newspaper import Newspaper


class State:
    """The global options of one call and its exit code."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.config_file: Path | None = None
        self.json = False
        self.quiet = False
        self.verbose = 0
        self.debug = "--debug" in sys.argv
        self.lang = language_of(os.environ)
        self.exit_code = 0

    def say(self, key: str, /, **values: object) -> str:
        """Return a line in the reader's language."""
        return say(self.lang, key, **values)

    def tell(self, message: str = "") -> None:
        """Print a message for people, to stderr; nothing with --quiet."""
        if not self.quiet:
            click.echo(message, err=True)

    def print_json(self, value: Any) -> None:
        """Print data for machines, to stdout."""
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())

    def open(self, flags: dict[str, Any] | None = None) -> Newspaper:
        """Return the newspaper of the folder given, or of the nearest one upwards."""
        from broadsheet.newspaper import Newspaper, find_folder

        start = (self.folder or Path.cwd()).resolve()
        if self.config_file is not None:
            return Newspaper(self.config_file.resolve().parent, config_file=self.config_file.resolve(), flags=flags)
        found = find_folder(start)
        if found is None:
            raise UsageError(self.say("no_newspaper", folder=start))
        return Newspaper(found, flags=flags)

    def progress(self) -> Any:
        """Return who shows progress: bars on a terminal, nobody elsewhere."""
        from broadsheet.pipeline.run import Silent

        if self.quiet or self.json or not sys.stderr.isatty():
            return Silent()
        from broadsheet.cli.progress import Bars

        return Bars(self.lang)


def language_of(environ: Any) -> str:
    """Return the language of the environment: ``zh`` for a Chinese locale, else ``en``."""
    for name in ("BROADSHEET_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


GLOBAL_OPTIONS: tuple[click.Option, ...] = (
    click.Option(["-C", "folder"], metavar="DIR", type=click.Path(file_okay=False, path_type=Path), help="Work in this folder."),
    click.Option(
        ["--config", "config_file"], metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
        help="Use this configuration file.",
    ),
    click.Option(["--json", "json"], is_flag=True, help="Print JSON to stdout."),
    click.Option(["-q", "--quiet", "quiet"], is_flag=True, help="Print errors only."),
    click.Option(["-v", "--verbose", "verbose"], count=True, help="Print more."),
    click.Option(["--debug", "debug"], is_flag=True, help="Show the whole trace of an error."),
    click.Option(["--lang", "lang"], type=click.Choice(LANGUAGES), help="Language of messages."),
)  # fmt: skip


def remember(ctx: click.Context, options: dict[str, Any]) -> State:
    """Lay the options given here over those given before, and return the state."""
    state = ctx.ensure_object(State)
    for name in ("folder", "config_file", "json", "quiet", "verbose", "debug", "lang"):
        value = options.pop(name, None)
        if value:
            setattr(state, name, value)
    return state


def command(name: str, **settings: Any) -> Callable[[Callable[..., None]], click.Command]:
    """Return a decorator like ``click.command`` whose function is given the ``State`` first.

    Global options are understood before and after the command's name.
    """

    def decorate(function: Callable[..., None]) -> click.Command:
        def call(**options: Any) -> None:
            state = remember(click.get_current_context(), options)
            function(state, **options)

        params: list[click.Parameter] = list(reversed(getattr(function, "__click_params__", [])))
        return click.Command(
            name, callback=call, params=[*params, *GLOBAL_OPTIONS], help=inspect.getdoc(function),
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, **settings,
        )  # fmt: skip

    return decorate


def table(rows: Iterable[Sequence[str]], head: Sequence[str]) -> None:
    """Print a table to stdout, aligned on a terminal, tab-separated elsewhere."""
    if not sys.stdout.isatty():
        click.echo("\t".join(head))
        for row in rows:
            click.echo("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(*head, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        made.add_row(*[Text(cell) for cell in row])
    Console().print(made)


def size(count: float) -> str:
    """Return a number of bytes for people."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count < 10 or unit == "B" else f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
