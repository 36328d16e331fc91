"""broadsheet takedown."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import click

from broadsheet import urls
from broadsheet.cli.base import State, command


@command("takedown")
@click.argument("target")
@click.option("--note", default="", help="A line that stands at the address, such as who asked.")
def takedown_command(state: State, target: str, note: str) -> None:
    """Remove an article (its address here or at its source), a feed's or a domain's articles, for good.

    Text and pictures go from store, site, feeds and search; a dated note stays at each address; nothing is taken in again.
    """
    from broadsheet.store import feeds, takedown, tombstones

    with state.open() as paper, paper.store.lock("takedown"):
        now = datetime.now(UTC)
        with paper.store.begin() as connection:
            known = {feed.url: feed.id for feed in feeds.everyone(connection).values()}
            if target in known:
                kind, ids = "feed", takedown.of_feed(connection, known[target])
            elif urls.is_http(target):
                kind, ids = "article", takedown.of_address(connection, target, urlsplit(target).path.lstrip("/"))
            else:
                kind, ids = "domain", takedown.of_domain(connection, target.lower().removeprefix("www."))
            if kind != "article":
                tombstones.remember(connection, target.lower() if kind == "domain" else target, kind, note, now)
            orphans = takedown.remove(connection, ids, note, now)
        paper.store.blobs.remove(orphans.blobs)
        for path in orphans.pictures:
            for root in (paper.store.state_dir, paper.folder / paper.config.site.output):
                (root / path).unlink(missing_ok=True)
        if ids:  # the copy of the database is not to hold it any longer either
            paper.store.database.keep_copy(now, paper.config.store.backup_hours, afresh=True)
    if state.json:
        state.print_json({"target": target, "kind": kind, "articles": len(ids)})
    elif ids or kind != "article":
        state.tell(state.say("takedown.done", count=len(ids)) if ids else state.say("takedown.none", target=target))
    else:
        click.echo(state.say("search.none", query=target), err=True)
        state.exit_code = 1
