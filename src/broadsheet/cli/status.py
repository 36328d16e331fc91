"""broadsheet status."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from broadsheet.cli.base import State, command, table


@command("status")
def status_command(state: State) -> None:
    """Show each feed's last success, next check, failures with their reason; failing feeds first."""
    import msgspec

    from broadsheet.store import articles, feeds, queue

    with state.open() as paper:
        wanted = paper.subscriptions()
        with paper.store.read() as connection:
            states = feeds.states(connection)
            counts = articles.count(connection)
            per_feed = feeds.article_counts(connection)
            instances = msgspec.json.decode(queue.get_meta(connection, "rsshub") or b"{}")
    lines: list[dict[str, Any]] = []
    for feed in wanted:
        known = states.get(feed.id)
        lines.append(
            {
                "url": feed.url, "title": feed.title or (known.title if known else ""), "section": "/".join(feed.section),
                "articles": per_feed.get(feed.id, 0), "last_success": known.succeeded if known else None,
                "next_check": known.next_check if known else None, "failures": known.failures if known else 0,
                "failing_since": known.failing_since if known else None, "error": known.error if known else "",
                "gone": bool(known and known.gone), "moved_to": known.moved_to if known else "",
            }
        )  # fmt: skip
    lines.sort(key=lambda line: (not line["failures"], str(line["failing_since"] or ""), line["section"], line["url"]))
    if state.json:
        state.print_json({"version": 1, "feeds": lines, "articles": counts, "rsshub": instances})
        return
    if not lines:
        state.tell(state.say("status.empty"))
    else:
        table(
            [
                (
                    line["title"] or line["url"], line["section"], str(line["articles"]),
                    _when(line["last_success"], state.say("status.never")),
                    "410" if line["gone"] else _when(line["next_check"], state.say("status.now")), line["error"],
                )
                for line in lines
            ],
            ("feed", "section", "articles", "last success", "next check", "error"),
        )  # fmt: skip
    state.tell(
        state.say(
            "status.articles", live=counts.get("live", 0), waiting=counts.get("new", 0), gone=counts.get("gone", 0)
        )
    )


def _when(instant: datetime | None, otherwise: str) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else otherwise
