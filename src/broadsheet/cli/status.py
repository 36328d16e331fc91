"""broadsheet status."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import click

from broadsheet.cli.base import State, command, size, table

if TYPE_CHECKING:
    from broadsheet.pipeline.health import FeedHealth


@command("status")
@click.option("--metrics", is_flag=True, help="Print numbers for Prometheus, for its textfile collector.")
def status_command(state: State, metrics: bool) -> None:
    """Show each feed's last success, its next check and why then, entries a week, bytes saved by 304, failures in words.

    Feeds that have failed for a week come first, then those that fail.
    """
    import msgspec

    from broadsheet.store import articles, queue

    with state.open() as paper:
        lines = paper.health()
        with paper.store.read() as connection:
            counts = articles.count(connection)
            instances = msgspec.json.decode(queue.get_meta(connection, "rsshub") or b"{}")
            hosts = msgspec.json.decode(queue.get_meta(connection, "hosts") or b"{}")
            waiting = queue.lengths(connection)
        reports = paper.last_reports()
    if metrics:
        from broadsheet.cli.metrics import exposition

        click.echo(exposition(lines, counts, waiting, reports), nl=False)
        return
    if state.json:
        state.print_json(
            {"version": 1, "feeds": lines, "articles": counts, "rsshub": instances, "hosts": hosts, "waiting": waiting}
        )
        return
    if not lines:
        state.tell(state.say("status.empty"))
    else:
        alike = Counter(line.title for line in lines)
        rows = [_row(state, line, line.title if alike[line.title] == 1 else line.url) for line in lines]
        table(rows, state.say("status.head").split("|"))
    alarming = sum(line.alarming for line in lines)
    if alarming:
        state.tell(state.say("status.alarming", count=alarming))
    state.tell(
        state.say(
            "status.articles", live=counts.get("live", 0), waiting=counts.get("new", 0), gone=counts.get("gone", 0)
        )
    )


def _row(state: State, line: FeedHealth, name: str) -> tuple[str, ...]:
    error = line.error
    if line.failing_since:
        error = state.say("status.since", count=line.failures, since=f"{line.failing_since:%Y-%m-%d}", error=error)
    if line.zone_offset:
        zone = state.say("status.zone", hours=f"{line.zone_offset:+d}", by=state.say(f"zone.{line.zone_by}"))
        error = "; ".join(filter(None, (error, zone)))
    return (
        name or line.url, line.section, str(line.articles), f"{line.per_week:g}",
        _when(line.last_success, state.say("status.never")), _when(line.next_check, "-" if line.gone else state.say("status.now")),
        state.say(f"due.{line.why}", by=line.why_by) if line.next_check or line.gone else "", size(line.saved_bytes), error,
    )  # fmt: skip


def _when(instant: datetime | None, otherwise: str) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else otherwise
