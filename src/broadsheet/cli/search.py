"""broadsheet search."""

from __future__ import annotations

import click

from broadsheet.cli.base import State, command
from broadsheet.text import excerpt


@command("search")
@click.argument("query", nargs=-1, required=True)
@click.option("-n", "--limit", default=20, show_default=True, help="So many results.")
def search_command(state: State, query: tuple[str, ...], limit: int) -> None:
    """Search the articles. All words must be there; Chinese needs no blanks."""
    words = " ".join(query)
    with state.open() as paper:
        found = paper.search(words, limit=limit)
    if state.json:
        state.print_json(
            [
                {
                    "id": article.id, "title": article.title, "url": article.url, "published": article.published,
                    "language": article.language, "excerpt": article.excerpt,
                }
                for article in found
            ]
        )  # fmt: skip
        return
    if not found:
        state.tell(state.say("search.none", query=words))
        return
    for article in found:
        day = f"{article.published:%Y-%m-%d}" if article.published else ""
        click.echo(f"{day}  {article.title}")
        if not state.quiet:
            click.echo(f"            {excerpt(article.excerpt, width=160)}")
            click.echo(f"            {article.url}")
