"""The pages that lead to articles: the front page, lists, days, months, the archive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby

from broadsheet.model import ListSpec, Record, StoredArticle
from broadsheet.site import context, plan
from broadsheet.site.compose import Composer
from broadsheet.site.context import Block, Card, Day, Front, Listing, Moment, Page, Target
from broadsheet.stories import rank
from broadsheet.text import words

_SECONDS = 5
_IN_BLOCKS = 30
"""Stories of the front page under the names of their sections, as many of each section, six at most."""
_PER_BLOCK = 6
_BRIEFS = 9


class FrontStory(Record, frozen=True, kw_only=True):
    """A story for the front page: its lead, the other reports, and why they belong to it."""

    lead: StoredArticle
    others: tuple[StoredArticle, ...] = ()
    reasons: dict[str, str] = {}
    publishers: int = 1
    first: str = ""
    """Address of the report that was published first: the event is known by it."""
    doubles: tuple[StoredArticle, ...] = ()
    """What the pages of these reports tell too: articles that were published twice."""


def list_page(
    composer: Composer, spec: ListSpec, size: int, number: int, cards: Sequence[Card], children: Sequence[Target]
) -> tuple[Page, Listing]:
    """Return a page of a list, newest first."""
    title = _heading(composer, spec)
    older, newer = _turning(composer, spec, size, number)
    record = Listing(
        heading=title, cards=tuple(cards), number=number, children=tuple(children), older=older, newer=newer
    )
    path, shown = _numbered(composer, spec, title, number)
    names = spec.key.split("/")
    trail = [
        Target(title=name, href=composer.base + plan.spec(kind, *names[: index + 1]).path)
        for index, (kind, name) in enumerate(zip(("section", "source", "channel"), names, strict=False))
        if spec.kind in ("source", "channel") and name
    ][:-1]
    return composer.page(path, shown, spec.kind, feeds=spec.path, trail=trail, description=_headlines(cards)), record


def day_page(
    composer: Composer, spec: ListSpec, size: int, number: int, items: Sequence[StoredArticle], before: str, after: str
) -> tuple[Page, Day]:
    """Return a page of a day: its articles by section, in the order of the day. Only the newest leads to other days."""
    shown = _date(composer, spec.key)
    cards = [composer.card(item, under=date.fromisoformat(spec.key)) for item in items]
    older, newer = _turning(composer, spec, size, number)
    record = Day(
        date=shown, blocks=by_section(composer, cards), number=number,
        previous=_day_link(composer, before) if not number else None, next=_day_link(composer, after) if not number else None,
        older=older, newer=newer,
    )  # fmt: skip
    trail = [Target(title=composer.labels["archive"], href=f"{composer.base}archive/"), _month_link(composer, spec.key)]
    path, title = _numbered(composer, spec, shown.text, number)
    return composer.page(path, title, "day", trail=trail, description=_headlines(cards)), record


def to_come(composer: Composer, spec: ListSpec, number: int) -> tuple[Page, context.Moved]:
    """Return what stands at the address of a list's next page until that is full: it leads to the newest articles."""
    title = _date(composer, spec.key).text if spec.kind == "day" else _heading(composer, spec)
    path, _ = _numbered(composer, spec, title, number)
    return composer.moved(path, title, f"{spec.path}index.html", composer.labels["newest"])


def _turning(composer: Composer, spec: ListSpec, size: int, number: int) -> tuple[str, str]:
    """Return the addresses of the pages of a list that are (older, newer) than one, empty where there is none."""
    older, newer = (
        composer.base + spec.path + name if name else ""
        for name in plan.neighbours(number, size, plan.per_page(spec.kind))
    )
    return older, newer


def _numbered(composer: Composer, spec: ListSpec, title: str, number: int) -> tuple[str, str]:
    """Return (path, title) of a page of a list; the newest, 0, has no number."""
    if not number:
        return f"{spec.path}index.html", title
    return plan.fixed_page(spec, number).path, f"{title} · {composer.labels['page_number'] % number}"


def _heading(composer: Composer, spec: ListSpec) -> str:
    return spec.title or composer.labels["latest"]


def _date(composer: Composer, key: str) -> Moment:
    """Return a day's date in words."""
    date = datetime.strptime(key, "%Y-%m-%d").replace(tzinfo=composer.zone)
    return context.moment(date, composer.zone, composer.language, day_only=True)


def _day_link(composer: Composer, key: str) -> Target | None:
    return Target(title=_date(composer, key).text, href=f"{composer.base}{key.replace('-', '/')}/") if key else None


def by_section(composer: Composer, cards: Sequence[Card]) -> tuple[Block, ...]:
    """Return the cards by section, sections in the order of the configuration."""
    found: dict[str, list[Card]] = {section.title: [] for section in composer.site.sections}
    for card in cards:
        found.setdefault(card.section.title, []).append(card)
    hrefs = {card.section.title: card.section.href for card in cards}
    return tuple(
        Block(title=title, href=hrefs.get(title, ""), cards=tuple(items)) for title, items in found.items() if items
    )


def month_page(composer: Composer, path: str, key: str, days: Sequence[str]) -> tuple[Page, context.Month]:
    """Return a month's page with its days, newest first."""
    links = [link for day in sorted(days, reverse=True) if (link := _day_link(composer, day))]
    title = context.month_title(int(key[:4]), int(key[5:7]), composer.language)
    trail = [Target(title=composer.labels["archive"], href=f"{composer.base}archive/")]
    return composer.page(path, title, "month", trail=trail), context.Month(title=title, days=tuple(links))


def _month_link(composer: Composer, key: str) -> Target:
    """Return the link to the page of a day's or a month's month."""
    title = context.month_title(int(key[:4]), int(key[5:7]), composer.language)
    return Target(title=title, href=f"{composer.base}{key[:7].replace('-', '/')}/")


def archive_page(composer: Composer, days: Sequence[str]) -> tuple[Page, context.Archive]:
    """Return the page of all months that have days, newest first."""
    months = sorted({day[:7] for day in days}, reverse=True)
    years = tuple(
        context.Year(title=year, months=tuple(_month_link(composer, month) for month in group))
        for year, group in groupby(months, lambda month: month[:4])
    )
    return composer.page("archive/index.html", composer.labels["archive"], "archive"), context.Archive(years=years)


def front_page(composer: Composer, stories: Sequence[FrontStory]) -> tuple[Page, Front]:
    """Return the front page: stories by rank, then by section; nothing stands on it twice."""
    newest = max((story.lead.article.published for story in stories if story.lead.article.published), default=None)
    if newest is None:
        return composer.page("index.html", composer.site.title, "front", feeds=""), Front(
            lead=None, seconds=(), blocks=(), briefs=(), date=None
        )
    ordered = sorted(stories, key=lambda story: (-_rank(story, newest), story.lead.article.id))
    day = newest.astimezone(composer.zone).date()
    cards = [composer.card(story.lead, story.others, story.reasons, story.doubles, day) for story in ordered]
    lead = next((card for card in cards if card.picture and card.excerpt and not card.sponsored), cards[0])
    rest = [card for card in cards if card is not lead]
    seconds = [card for card in rest if card.excerpt and not card.sponsored][:_SECONDS]
    rest = [card for card in rest if card not in seconds]
    found = by_section(composer, rest)
    most = max(1, min(_PER_BLOCK, _IN_BLOCKS // max(1, len(found))))
    blocks = tuple(Block(title=block.title, href=block.href, cards=block.cards[:most]) for block in found)
    shown = {card.href for block in blocks for card in block.cards}
    briefs = tuple(card for card in rest if card.href not in shown)[:_BRIEFS]
    record = Front(
        lead=lead, seconds=tuple(seconds), blocks=blocks, briefs=briefs,
        date=context.moment(newest, composer.zone, composer.language, day_only=True),
    )  # fmt: skip
    return composer.page(
        "index.html", composer.site.title, "front", feeds="", description=composer.site.subtitle
    ), record


def _rank(story: FrontStory, newest: datetime) -> float:
    article = story.lead.article
    return rank.score(
        article.published or newest, newest, publishers=story.publishers, pictured=article.image is not None,
        length=words(article.excerpt),
    )  # fmt: skip


def _headlines(cards: Sequence[Card]) -> str:
    """Return the first few headlines of a page: what the page tells, in one line."""
    return " · ".join(card.title for card in cards[:3])
