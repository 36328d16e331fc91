"""broadsheet add: subscribe to a feed, or to the feed of a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import click

from broadsheet import urls
from broadsheet.cli.base import State, command
from broadsheet.cli.opml import opml_path
from broadsheet.disk import write_durably
from broadsheet.errors import BroadsheetError, UsageError
from broadsheet.feeds import discover, rsshub, sitemap
from broadsheet.feeds.opml import Subscription, add_outlines
from broadsheet.feeds.source import read_source
from broadsheet.model import Done, Failed, ParsedFeed, Request, Response
from broadsheet.net.client import Manners
from broadsheet.net.many import fetch_many
from broadsheet.newspaper import Newspaper
from broadsheet.text import plain_title

_CANDIDATES = 8
"""So many addresses found on a page are tried."""


@command("add")
@click.argument("url")
@click.option("--section", default="", help='Path of section and source, such as "金融/新浪财经".')
@click.option("--title", default="", help="Title instead of the feed's own.")
def add_command(state: State, url: str, section: str, title: str) -> None:
    """Subscribe to a feed: its address, any page's address, or rsshub://route. Fetches it once and says what it found."""
    url = _address(url)
    if not (urls.is_http(url) or url.startswith("rsshub://")):
        raise UsageError(f"{url}: only http, https and rsshub addresses can be subscribed to")
    with state.open() as paper:
        known = {feed.url for feed in paper.subscriptions()}
        if url in known:
            state.tell(state.say("add.known", url=url))
            return
        address, final, parsed, others = find(state, paper, url)
        if same := known & {address, final}:
            state.tell(state.say("add.known", url=min(same)))
            return
        path = opml_path(paper)
        name = title or plain_title(parsed.feed.title) or urls.host(address)
        line = Subscription(
            url=address, title=name, html_url=parsed.feed.link if urls.is_http(parsed.feed.link) else "",
            section=tuple(part.strip() for part in section.split("/") if part.strip()),
        )  # fmt: skip
        write_durably(path, add_outlines(path.read_bytes() if path.exists() else b"", [line]))
    dates = [entry.published or entry.updated for entry in parsed.entries]
    newest = max((date for date in dates if date), default=None)
    if state.json:
        state.print_json(
            {
                "url": address, "title": name, "format": parsed.format, "entries": len(parsed.entries), "newest": newest,
                "problems": parsed.problems, "others": others,
            }
        )  # fmt: skip
        return
    if others:
        state.tell(state.say("add.choose", url=url))
        for other in others:
            state.tell(f"  {other}")
    state.tell(
        state.say(
            "add.found", title=name, format=parsed.format, count=len(parsed.entries), newest=_day(newest), file=path
        )
    )


def _address(text: str) -> str:
    """Return the address that a person means: with or without scheme, or as ``feed:`` links have it; no place on its page."""
    text = text.strip()
    if text[:5].lower() == "feed:":
        text = text[5:].removeprefix("//")
    if "://" not in text:
        text = f"https://{text}"
    return text if "#!" in text else text.partition("#")[0]


class Found(NamedTuple):
    """A feed: its address, the one that it came from in the end, what it holds, and other feeds that its page names."""

    address: str
    final: str
    parsed: ParsedFeed
    others: list[str]


def find(state: State, paper: Newspaper, url: str) -> Found:
    """Return the feed at an address, or of the page there. Raises ``UsageError`` where there is none."""
    answer = fetch(paper, rsshub.expand(url, paper.config.rsshub.instances))
    named, usual = list(discover.known_feed_addresses(url)), list[str]()
    if isinstance(answer, Failed):
        if not named:
            raise UsageError(answer.message)
        what = answer.message  # some sites show programs their feeds only
    else:
        try:
            return Found(url, answer.final_url, _parse(answer), [])
        except BroadsheetError as error:
            what = str(error)
        named += sitemap.children(answer.body, answer.final_url) if sitemap.is_sitemap(answer.body) else []
        found = discover.discover(answer.body, answer.final_url)
        named += [candidate.url for candidate in found if candidate.source != "well-known"]
        usual += [candidate.url for candidate in found if candidate.source == "well-known"]
    for address in list(dict.fromkeys((*named, *usual)))[:_CANDIDATES]:
        answer = fetch(paper, (address,))
        if isinstance(answer, Response):
            try:
                parsed = _parse(answer)
            except BroadsheetError:
                continue
            others = [other for other in dict.fromkeys(named) if other != address]
            return Found(address, answer.final_url, parsed, others)
    raise UsageError(state.say("add.none", url=url, what=what))


def _parse(answer: Response) -> ParsedFeed:
    return read_source(answer.body, url=answer.final_url, content_type=answer.content_type or None)


def fetch(paper: Newspaper, addresses: Sequence[str]) -> Response | Failed:
    """Return the answer of the first address that gives one, or the failure."""
    manners = Manners.of(paper.config.poll, paper.config.site.url)
    outcome = next(iter(list(fetch_many([Request(key="add", urls=tuple(addresses))], manners))))
    if isinstance(outcome, Done):
        return outcome.value
    return outcome if isinstance(outcome, Failed) else Failed("add", "Skipped", outcome.reason)


def _day(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d}" if instant else "-"
