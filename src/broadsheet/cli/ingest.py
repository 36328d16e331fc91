"""broadsheet ingest: the articles of web archives."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

import click

from broadsheet.cli.base import State, command
from broadsheet.model import Mode

if TYPE_CHECKING:
    from broadsheet.pipeline.ingest import Progress

_EVERY = 5.0
"""Seconds between two lines of progress."""


@command("warc")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--section", default="Archive", show_default=True, metavar="PATH", help="Where the sites' articles stand."
)
@click.option(
    "--mode", type=click.Choice(get_args(Mode)), default="excerpt", show_default=True, help="How much is published."
)
def warc(state: State, files: tuple[str, ...], section: str, mode: Mode) -> None:
    """Take in the articles of WARC files (.warc, .warc.gz), from this machine or from s3://BUCKET/KEY.

    Pages go through extraction and comparison like those of feeds; lists and front pages are left out, known addresses
    stay as they are, no request is made. Called again after it was cut off, it goes on where it stood.
    """
    with state.open() as paper:
        report = paper.ingest(files, section=section, mode=mode, tell=_Teller(state))
        paper.save_report(report)
    stage = report.stage("ingest")
    if state.json:
        state.print_json(report)
    else:
        pages = stage.done + stage.skipped
        state.tell(state.say("ingest.done", new=stage.done, pages=pages, seconds=report.seconds))
        for failure in report.failures if state.verbose else []:
            state.tell(f"  {failure}")


ingest_command = click.Group(
    "ingest",
    commands={"warc": warc},
    help="Take in the articles of WARC files.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


class _Teller:
    """Says how far a file is, with rate and time left, every few seconds."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._told = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._told < _EVERY:
            return
        self._told = now
        left = "?"
        if progress.left >= 0 and progress.bytes:
            left = str(timedelta(seconds=round(progress.left * progress.seconds / progress.bytes)))
        rate = progress.pages / max(progress.seconds, 0.001)
        self._state.tell(
            self._state.say(
                "ingest.progress", file=progress.file, pages=progress.pages, new=progress.new, rate=rate, left=left
            )
        )
