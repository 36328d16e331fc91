"""The command line: one module a command, each imported when it is called, so that ``--help`` is quick."""

from __future__ import annotations

import gc
import os
import signal
import sys
from importlib import import_module
from types import FrameType

import click

from broadsheet import __version__
from broadsheet.cli.base import GLOBAL_OPTIONS, State, remember
from broadsheet.errors import BroadsheetError
from broadsheet.messages import say

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Make a newspaper in a folder."),
    "add": ("add", "Subscribe to a feed, or to the feed of a page."),
    "scrape": ("scrape", "Show what selectors take of a page that has no feed."),
    "import": ("opml", "Take subscriptions from an OPML file."),
    "export": ("export", "Write the archive for Hexo, Hugo, Jekyll, Markdown, EPUB, Parquet, WARC, JSON; or OPML."),
    "run": ("run", "Update, then build: the main job."),
    "update": ("run", "Ask the feeds, fetch and clean articles, find stories."),
    "build": ("run", "Bring the site up to date."),
    "deploy": ("deploy", "Send the site to a folder, a git branch, a host or object storage: what changed."),
    "serve": ("serve", "Show the site on this machine, printed anew when something changes."),
    "status": ("status", "Show each feed's health."),
    "search": ("search", "Search the articles."),
    "config": ("config", "Show every setting and where it comes from."),
    "story": ("story", "Show why articles were grouped, and correct it."),
    "rules": ("rules", "Show what was cut from an article and why, and correct it for its site."),
    "ingest": ("ingest", "Take in the articles of WARC files."),
    "store": ("store", "Copy the store from a file to PostgreSQL or back."),
    "check": ("check", "Check the site: links, feeds, reachability."),
    "doctor": ("doctor", "Check configuration, store, network, disk and clock; mend the store."),
    "backup": ("backup", "Copy the newspaper to a folder, while a run is at work."),
    "takedown": ("takedown", "Remove an article, a feed's or a domain's articles for good."),
    "demo": ("demo", "Make and serve a demo newspaper from a small world of feeds on this machine."),
    "completion": ("completion", "Print the shell's completion script."),
}
"""Command -> (module, help in one line)."""


class _Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"broadsheet.cli.{COMMANDS[cmd_name][0]}")
        found = getattr(module, f"{cmd_name}_command")
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        import difflib

        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            near = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=_Lazy,
    params=list(GLOBAL_OPTIONS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Turn a list of feeds into a newspaper.",
    epilog="Start with: broadsheet demo (to look), or: broadsheet init, broadsheet add URL, broadsheet run.",
)
@click.version_option(__version__, prog_name="broadsheet")
@click.pass_context
def cli(ctx: click.Context, /, **options: object) -> None:
    """Hold what all commands share."""
    remember(ctx, options)


class _Terminated(BaseException):
    """SIGTERM: stop at once; everything taken in is on disk."""


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise _Terminated


def main() -> None:
    """Run the command line and end the process with its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    # Modules are loaded in a tenth less time when the collector does not look every 700 objects for what is none of its own.
    gc.set_threshold(10_000)
    state = State()
    try:
        with cli.make_context("broadsheet", sys.argv[1:], obj=state) as ctx:
            cli.invoke(ctx)
        code = state.exit_code
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (KeyboardInterrupt, click.Abort):
        _complain(say(state.lang, "run.interrupted"))
        code = 130
    except _Terminated:
        _complain(say(state.lang, "run.interrupted"))
        code = 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except BroadsheetError as error:
        if state.debug:
            raise
        _complain(f"{say(state.lang, 'error')}: {error}")
        code = error.exit_code
    except Exception as error:
        if state.debug:
            raise
        _complain(
            f"{say(state.lang, 'error')}: " + say(state.lang, "unexpected", kind=type(error).__name__, message=error)
        )
        code = 1
    finally:
        # What there was to do is done; told to end while the interpreter does so, it would die of the signal itself.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
    sys.stdout.flush()
    gc.freeze()  # to look all objects through once more at the end takes a fourteenth of a second
    sys.exit(code)


def _complain(message: str) -> None:
    click.echo(message, err=True)
