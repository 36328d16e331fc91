"""broadsheet demo: a whole newspaper from a small world of feeds on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import click

from broadsheet.cli.base import State, command
from broadsheet.cli.run import summarise
from broadsheet.cli.serve import serve
from broadsheet.newspaper import CONFIG_NAME, Newspaper


@command("demo")
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--port", default=8767, show_default=True, type=click.IntRange(0, 65535), help="Port of the newspaper.")
@click.option("--feeds-port", default=8766, show_default=True, type=click.IntRange(0, 65535), help="Port of the feeds.")
@click.option(
    "--edition", default=1, show_default=True, type=click.IntRange(1, 2), help="2: some entries edited and retitled."
)
@click.option("--stop", is_flag=True, help="Stop after the build and check the site; so does CI=true.")
def demo_command(state: State, directory: Path | None, port: int, feeds_port: int, edition: int, stop: bool) -> None:
    """Make a demo newspaper in DIRECTORY (./demo) from feeds served on this machine, and serve it.

    Called again on the same folder it runs again: nothing is new, nothing is written.
    """
    from broadsheet.demo import DemoServer, config, subscriptions

    folder = (directory or state.folder or Path("demo")).resolve()
    stop = stop or os.environ.get("CI", "").lower() in ("1", "true", "yes")
    with DemoServer(port=feeds_port, edition=edition) as feeds:
        state.tell(state.say("demo.begin", folder=folder, url=feeds.url))
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / CONFIG_NAME).exists():
            language = "zh" if state.lang == "zh" else "en"
            text = config(feeds.url, site_url=f"http://127.0.0.1:{port}/", language=language)
            (folder / CONFIG_NAME).write_text(text, "utf-8")
            (folder / "feeds.opml").write_bytes(subscriptions(feeds.url, configured=False))
        with Newspaper(folder) as paper:
            summarise(state, paper, paper.run(progress=state.progress()), strict=False)
            if stop:
                _check(state, folder)
            else:
                serve(state, paper, port)


def _check(state: State, folder: Path) -> None:
    from broadsheet.cli.check import check_command

    state.folder = folder
    context = click.Context(check_command, obj=state)
    with context:
        context.invoke(check_command)
