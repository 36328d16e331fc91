"""broadsheet run, update, build: the main job and its two halves."""

from __future__ import annotations

import click

from broadsheet.cli.base import State, command
from broadsheet.newspaper import Newspaper
from broadsheet.pipeline import REDOABLE
from broadsheet.pipeline.run import FeedReport, Report

_all = click.option(
    "--all", "everything", is_flag=True, help="Ask every feed, due or not; but for servers that asked to be left alone."
)
_MANY = 100
"""Articles from which on it is worth saying how many were made a second."""
_strict = click.option("--strict", is_flag=True, help="Exit with 1 when any feed failed.")


@command("run")
@_all
@_strict
def run_command(state: State, everything: bool, strict: bool) -> None:
    """Update, then build: the main job. Prints one summary and writes a JSON report."""
    with state.open() as paper:
        report = paper.run(everything=everything, progress=state.progress())
        summarise(state, paper, report, strict=strict)


@command("update")
@click.option("--feed", "feed", default="", metavar="URL", help="Only this feed, due or not.")
@click.option(
    "--redo", type=click.Choice(REDOABLE), default=None, help="Do one stage again from what is kept, without polling."
)
@_all
@_strict
def update_command(state: State, feed: str, redo: str | None, everything: bool, strict: bool) -> None:
    """Ask the feeds, fetch and clean articles, fetch pictures, find stories."""
    with state.open() as paper:
        report = paper.update(only_feed=feed, everything=everything, redo=redo or "", progress=state.progress())
        summarise(state, paper, report, strict=strict)


@command("build")
@click.option("--full", is_flag=True, help="Print every page anew; equal files are not touched.")
def build_command(state: State, full: bool) -> None:
    """Bring the site up to date with the store. Costs what changed."""
    with state.open() as paper:
        report = paper.build(full=full, progress=state.progress())
        summarise(state, paper, report, strict=False)


def summarise(state: State, paper: Newspaper, report: Report, *, strict: bool) -> None:
    """Print one summary, write the report, and set the exit code."""
    path = paper.save_report(report)
    failed = [feed for feed in report.feeds.values() if feed.outcome == "failed"]
    asked = [feed for feed in report.feeds.values() if feed.outcome != "not due"]
    if state.json:
        state.print_json(report)
    elif not state.quiet:
        _print(state, paper, report, asked, str(path))
    if report.feeds and not asked:
        return
    if (strict and failed) or (asked and len(failed) == len(asked)):
        state.exit_code = 1
        if len(failed) == len(asked):
            click.echo(state.say("run.all_failed"), err=True)


def _print(state: State, paper: Newspaper, report: Report, asked: list[FeedReport], path: str) -> None:
    feeds = list(report.feeds.values())
    if report.command != "build" and not feeds and "poll" in report.stages:
        state.tell(state.say("run.nothing"))
    if feeds or "parse" in report.stages:
        failed = [feed for feed in feeds if feed.outcome == "failed"]
        state.tell(
            state.say(
                "summary.run", feeds=len(asked), new=report.articles_new, changed=report.articles_changed,
                unchanged=sum(feed.outcome == "unchanged" for feed in feeds), failed=len(failed),
            )
        )  # fmt: skip
        if failed:
            state.tell(state.say("summary.failed"))
            for feed in failed:
                state.tell(f"  {feed.title or feed.url}: {feed.why}")
        waiting = len(feeds) - len(asked)
        if waiting:
            state.tell(state.say("summary.not_due", count=waiting))
            for feed in feeds if state.verbose else []:
                if feed.outcome == "not due":
                    when = f" ({feed.next:%Y-%m-%d %H:%M} UTC)" if feed.next else ""
                    state.tell(f"  {feed.title or feed.url}: {feed.why}{when}")
        if state.verbose:
            for feed in feeds:
                for problem in feed.problems:
                    state.tell(f"  {feed.title or feed.url}: {problem}")
        if report.failures:
            state.tell(state.say("summary.items", count=len(report.failures), first=report.failures[0]))
            for failure in report.failures[1:] if state.verbose else []:
                state.tell(f"  {failure}")
    if "write" in report.stages:
        state.tell(
            state.say(
                "summary.build", pages=report.pages_written, removed=report.pages_removed,
                output=paper.folder / paper.config.site.output,
            )
        )  # fmt: skip
    made = report.stages.get("extract")
    if made and made.done >= _MANY and made.seconds:
        state.tell(
            state.say("summary.rate", count=made.done, seconds=made.seconds, rate=made.done / made.seconds)
        )  # fmt: skip
    if state.verbose:
        for name, stage in report.stages.items():
            state.tell(
                f"  {name:8} {stage.done} done, {stage.skipped} skipped, {stage.failed} failed, {stage.seconds:.2f} s"
            )
    state.tell(state.say("summary.seconds", seconds=report.seconds, report=path))
