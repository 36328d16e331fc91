"""broadsheet story: why articles were grouped, and a person's word against it."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import click

from broadsheet.cli.base import State, command
from broadsheet.errors import UsageError
from broadsheet.store.connection import Connection


@command("show")
@click.argument("article")
def show(state: State, article: str) -> None:
    """Show the reports of an event, its lead first, and why they belong together."""
    from broadsheet.store import articles, stories

    with state.open() as paper, paper.store.read() as connection:
        found = find_article(state, connection, article)
        story_id = stories.story_of(connection, [found])[found]
        reports = stories.articles_of(connection, [story_id]).get(story_id, [found])
        ids = stories.told(connection, reports, {}, stories.pinned(connection)).articles
        rows = articles.rows(connection, ids)
        matches = {match.b + match.a: match for found_ in stories.reasons(connection, ids).values() for match in found_}
    if state.json:
        state.print_json(
            {"story": story_id, "articles": [rows[item].article for item in ids], "matches": list(matches.values())}
        )
        return
    for item in ids:
        click.echo(f"{item}  {rows[item].article.title}")
    for match in matches.values():
        click.echo(f"  {match.a} + {match.b}: {match.because} ({match.score:.2f})")


@command("split")
@click.argument("article")
def split(state: State, article: str) -> None:
    """Take an article out of its story, for good."""
    _correct(state, "split", article)


@command("merge")
@click.argument("article")
@click.argument("other")
def merge(state: State, article: str, other: str) -> None:
    """Put two articles, and what belongs to them, into one story, for good."""
    _correct(state, "merge", article, other)


@command("pin")
@click.argument("article")
def pin(state: State, article: str) -> None:
    """Let an article lead its story, for good."""
    _correct(state, "pin", article)


story_command = click.Group(
    "story",
    commands={"show": show, "split": split, "merge": merge, "pin": pin},
    help="Show why articles were grouped, and correct it. An ARTICLE is named by its id, its address here, or its original's.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _correct(state: State, kind: str, *names: str) -> None:
    from broadsheet.pipeline.relate import correct, publisher
    from broadsheet.store import feeds

    with state.open() as paper, paper.store.lock("story"), paper.store.begin() as connection:
        found = [find_article(state, connection, name) for name in names]
        publishers = {feed_id: publisher(feed) for feed_id, feed in feeds.everyone(connection).items()}
        correct(connection, kind, found, publishers, datetime.now(UTC))
    state.tell(state.say("story.done"))


def find_article(state: State, connection: Connection, name: str) -> str:
    """Return the id of the article that a person names; raise ``UsageError`` where there is none or more than one."""
    from broadsheet.store import articles, takedown

    if name in articles.rows(connection, [name]):
        return name
    found = takedown.of_address(connection, name, urlsplit(name).path.lstrip("/"))
    if len(found) != 1:
        raise UsageError(state.say("story.unknown", name=name, count=len(found)))
    return found[0]
