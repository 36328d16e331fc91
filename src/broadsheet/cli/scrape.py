"""broadsheet scrape: what selectors would take of a page."""

from __future__ import annotations

import click

from broadsheet import urls
from broadsheet.cli.base import State, command, table
from broadsheet.configfile import scrape_faults
from broadsheet.errors import UsageError
from broadsheet.model import Entry, Failed, Scrape
from broadsheet.text import excerpt, plain_title, visible_text

_SHOWN = 60
"""Columns of a title or a text in the table."""


@command("scrape")
@click.argument("url")
@click.option("--list", "list_", required=True, metavar="SELECTOR", help="The elements that are entries.")
@click.option("--title", default="", metavar="SELECTOR", help="Inside an entry; the text of its link if not given.")
@click.option("--link", default="", metavar="SELECTOR", help="Inside an entry; its first link if not given.")
@click.option("--date", default="", metavar="SELECTOR", help="Inside an entry.")
@click.option("--content", default="", metavar="SELECTOR", help="Inside an entry; the article's page if not given.")
def scrape_command(state: State, url: str, list_: str, title: str, link: str, date: str, content: str) -> None:
    """Show what selectors take of a page, and the table that subscribes to it. Nothing is written.

    A SELECTOR is CSS (time@datetime is an attribute), or XPath that begins with .// or /.
    """
    from broadsheet.cli.add import fetch
    from broadsheet.feeds.scrape import scrape_feed

    url = url.strip() if "://" in url else f"https://{url.strip()}"
    if not urls.is_http(url):
        raise UsageError(f"{url}: only http and https addresses can be scraped")
    selectors = Scrape(list=list_, title=title, link=link, date=date, content=content)
    if faults := scrape_faults(selectors):
        raise UsageError("\n".join(faults))
    with state.open() as paper:
        answer = fetch(paper, (url,))
    if isinstance(answer, Failed):
        raise UsageError(answer.message)
    parsed = scrape_feed(
        answer.body, selectors, url=answer.final_url, content_type=answer.content_type or None, reference=answer.fetched
    )
    if state.json:
        state.print_json({"url": url, "feed": parsed.feed, "entries": parsed.entries, "problems": parsed.problems})
        return
    table([_row(entry) for entry in parsed.entries], state.say("scrape.head").split("|"))
    for problem in parsed.problems:
        state.tell(problem)
    state.tell(state.say("scrape.done", count=len(parsed.entries)))
    state.tell(f"\n[[feeds]]\nurl = {_quoted(url)}\nscrape = {_inline(selectors)}")


def _row(entry: Entry) -> tuple[str, ...]:
    date = f"{entry.published:%Y-%m-%d %H:%M}" if entry.published else ""
    text = excerpt(visible_text(entry.content), width=_SHOWN)
    return excerpt(plain_title(entry.title), width=_SHOWN), date, entry.link, text


def _inline(selectors: Scrape) -> str:
    given = {name: getattr(selectors, name) for name in Scrape.__struct_fields__}
    return "{ " + ", ".join(f"{name} = {_quoted(value)}" for name, value in given.items() if value) + " }"


def _quoted(text: str) -> str:
    import msgspec

    # A JSON string is a TOML one, but for DEL, which no selector needs.
    return msgspec.json.encode(text).decode()
