"""What each template is given: one documented record a template. Themes rely on these and on nothing else.

Addresses (``href``) are ready to print: they begin with the site's base path. Text is plain and is escaped by the
templates; the only safe HTML is ``ArticlePage.html``. No record of an article page holds anything global (counts,
recent posts, the time of the build), so that an article page changes only when the article does.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo

import msgspec

from broadsheet.model import Record


class Target(Record, frozen=True, kw_only=True):
    """A link with its label."""

    title: str
    href: str
    language: str = ""
    """Language of the label where it is not the page's."""


class Moment(Record, frozen=True, kw_only=True):
    """A point in time, as machines and as readers want it."""

    iso: str
    """For ``<time datetime>``: to the minute, with the zone, or the day alone where only that is known."""
    text: str
    """In words of the interface's language, in the site's time zone."""
    day_href: str = ""
    """The day's page."""
    estimated: bool = False
    """True where the source gave no usable date and this is the day on which it was first seen."""


class Picture(Record, frozen=True, kw_only=True):
    """A picture with its size in pixels."""

    src: str
    width: int = 0
    height: int = 0
    alt: str = ""
    caption: str = ""
    credit: str = ""


class Also(Record, frozen=True, kw_only=True):
    """Another report of the same event."""

    title: str
    href: str
    source: str
    language: str = ""
    because: str = ""
    """Why it belongs here, in words."""


class Card(Record, frozen=True, kw_only=True):
    """An article as lists show it."""

    title: str
    href: str
    language: str
    source: Target
    section: Target
    published: Moment
    excerpt: str = ""
    picture: Picture | None = None
    also: tuple[Also, ...] = ()
    """Other reports of the event; empty outside the front page."""
    publishers: int = 1
    """Distinct publishers that report the event, this one included."""
    story_href: str = ""
    """The page of the event, where there are other reports."""
    minutes: int = 1
    """Reading time."""
    sponsored: bool = False
    external: bool = False
    """True where only the link is published: ``href`` leads to the original."""


class Site(Record, frozen=True, kw_only=True):
    """What all pages share. It changes with the configuration only."""

    title: str
    subtitle: str
    language: str
    """Of the interface: ``en`` or ``zh``."""
    home: str
    """Address of the front page; also the prefix of all others."""
    url: str
    """Public address of the front page, with scheme and host."""
    assets: str
    """Prefix of the theme's files."""
    sections: tuple[Target, ...]
    topics: tuple[Target, ...] = ()
    contact: str = ""
    labels: dict[str, str] = {}
    """Words of the interface by name."""
    image_policy: str = "'self'"
    """Sources of pictures for the content security policy."""
    offline: bool = False
    """True where ``script.js`` is to keep the last edition on the reader's device."""


class Page(Record, frozen=True, kw_only=True):
    """What every template is given beside its own record, as ``page``."""

    site: Site
    title: str
    """Of the page, without the site's."""
    path: str
    """Below the site's root."""
    canonical: str
    """Public address of this page, or of the one that it is a copy of."""
    description: str = ""
    language: str = ""
    """Of the page's own text, where it is not the interface's."""
    kind: str = ""
    """``front``, ``section``, ``source``, ``channel``, ``topic``, ``latest``, ``day``, ``month``, ``archive``, ``article``,
    ``gone``, ``story``, ``moved``, ``about``, ``search``, ``missing`` or ``offline``."""
    indexed: bool = True
    """False puts ``noindex`` on the page: copies of others' articles."""
    feeds: tuple[Target, ...] = ()
    """Atom and JSON feeds of this page; the title is the format's name."""
    trail: tuple[Target, ...] = ()
    """From the front page down to where we are, for breadcrumbs."""
    structured: str = ""
    """JSON-LD, safe to print inside a script element."""
    image: str = ""
    """Public address of the picture for link previews."""


class Block(Record, frozen=True, kw_only=True):
    """A section on the front page."""

    title: str
    href: str
    cards: tuple[Card, ...]


class Front(Record, frozen=True, kw_only=True):
    """``front.html``: the leading story, the next ones, and the sections."""

    lead: Card | None
    seconds: tuple[Card, ...]
    """Up to five stories that stand with the lead, the weightiest first."""
    blocks: tuple[Block, ...]
    briefs: tuple[Card, ...]
    """Newest stories that stand nowhere else on the page."""
    date: Moment | None
    """Day of the newest story."""


class Listing(Record, frozen=True, kw_only=True):
    """``list.html``: a section, source, channel, or all articles; newest first."""

    heading: str
    cards: tuple[Card, ...]
    older: str = ""
    newer: str = ""
    number: int = 0
    """Of a fixed page, 1 is the oldest; 0 is the page of the newest."""
    children: tuple[Target, ...] = ()
    """Sources of a section, channels of a source."""


class Day(Record, frozen=True, kw_only=True):
    """``day.html``: articles of a day in the site's time zone, by section; a day of more than 30 is several pages."""

    date: Moment
    blocks: tuple[Block, ...]
    number: int = 0
    """Of the page; 0 is the newest one."""
    previous: Target | None = None
    next: Target | None = None
    older: str = ""
    """The page with what came in earlier that day."""
    newer: str = ""


class Month(Record, frozen=True, kw_only=True):
    """``month.html``: the days of a month that have articles, newest first."""

    title: str
    days: tuple[Target, ...]


class Year(Record, frozen=True, kw_only=True):
    """A year's months that have articles."""

    title: str
    months: tuple[Target, ...]


class Archive(Record, frozen=True, kw_only=True):
    """``archive.html``: every month that has a page, by year, newest first."""

    years: tuple[Year, ...]


class Publication(Record, frozen=True, kw_only=True):
    """One of the places where an article was published that was published more than once."""

    source: Target
    channel: Target | None
    """Of the source; None where it has none."""
    published: Moment
    original: str
    """Address of the original there."""
    original_host: str
    title: str
    language: str


class ArticlePage(Record, frozen=True, kw_only=True):
    """``article.html``: one article with its source, rights and the other reports of the event."""

    title: str
    language: str
    html: str
    """Sanitised; the only HTML that may be printed unescaped. Empty where only link or excerpt are published."""
    excerpt: str
    byline: str
    source: Target
    section: Target
    published: Moment
    modified: Moment | None
    original: str
    """Address of the original."""
    original_host: str
    picture: Picture | None
    """The lead picture, where the text does not show it."""
    also: tuple[Also, ...]
    story_href: str = ""
    """The page of the event, where there are other reports."""
    comments_href: str = ""
    rights: str = ""
    minutes: int = 1
    categories: tuple[str, ...] = ()
    topics: tuple[Target, ...] = ()
    """The newspaper's topics that it belongs to."""
    sponsored: bool = False
    closed: bool = False
    """The source shows the rest of it to its subscribers only."""
    mode: str = "full"
    """``full``, ``excerpt`` or ``link``: how much is published."""
    right_to_left: bool = False
    publications: tuple[Publication, ...] = ()
    """Every place where it was published, the first to come here first; empty where that is one place."""


class Piece(Record, frozen=True, kw_only=True):
    """A part of a passage."""

    text: str
    differs: bool
    """Whether the other copy lacks these words."""


class Difference(Record, frozen=True, kw_only=True):
    """A place where two copies of a report differ; a side that has nothing there is empty."""

    here: tuple[Piece, ...]
    """In this report."""
    there: tuple[Piece, ...]
    """In the one that it is compared with."""


class Differences(Record, frozen=True, kw_only=True):
    """Where a report differs from another one that has the same text for the most part."""

    source: Target
    """Of the other report; ``href`` is the report's."""
    language: str
    """Of the other report."""
    passages: tuple[Difference, ...]
    more: int = 0
    """Further passages that are not shown: as many are shown as the sources' modes allow."""


class Told(Record, frozen=True, kw_only=True):
    """One report on a story's timeline."""

    title: str
    href: str
    language: str
    source: Target
    published: Moment
    excerpt: str = ""
    because: str = ""
    """Why it belongs to the leading report, in words; empty for the lead itself."""
    leads: bool = False
    differences: Differences | None = None
    """From the leading report, or the report that it belongs here by; None where it is no copy."""
    publications: tuple[Publication, ...] = ()
    """Every place where it was published; empty where that is one place."""


class StoryPage(Record, frozen=True, kw_only=True):
    """``story.html``: one event with all its reports, oldest first, and why they belong together."""

    title: str
    language: str
    publishers: int
    first: Moment
    last: Moment
    picture: Picture | None
    excerpt: str
    reports: tuple[Told, ...]


class Moved(Record, frozen=True, kw_only=True):
    """``moved.html``: what stands at an address that leads to another page: its content is there now, or still."""

    heading: str
    target: Target


class Gone(Record, frozen=True, kw_only=True):
    """``gone.html``: what stands at the address of an article that was taken down."""

    date: Moment
    note: str


class SourceLine(Record, frozen=True, kw_only=True):
    """A source on the about page."""

    title: str
    href: str
    """Its page here."""
    site: str
    """Its own site."""
    feed: str
    section: str
    health: str
    """In words: whether it can be read, and since when it cannot."""


class About(Record, frozen=True, kw_only=True):
    """``about.html``: what this is, where it comes from, how to subscribe and how to reach us."""

    sources: tuple[SourceLine, ...]
    opml: str


class Search(Record, frozen=True, kw_only=True):
    """``search.html``: the form and the place of the results; ``search.js`` does the rest."""


class Missing(Record, frozen=True, kw_only=True):
    """``404.html``."""


class Offline(Record, frozen=True, kw_only=True):
    """``offline.html``: what a reader without a network sees in place of a page that the kept edition lacks."""


TEMPLATES: dict[str, type[Record]] = {
    "front.html": Front,
    "list.html": Listing,
    "day.html": Day,
    "month.html": Month,
    "archive.html": Archive,
    "article.html": ArticlePage,
    "story.html": StoryPage,
    "moved.html": Moved,
    "gone.html": Gone,
    "about.html": About,
    "search.html": Search,
    "404.html": Missing,
    "offline.html": Offline,
}
"""Template -> the record that it is given under the record's name in lower case (``article``, ``listing`` ...)."""

NAMES: dict[str, str] = {
    "front.html": "front",
    "list.html": "listing",
    "day.html": "day",
    "month.html": "month",
    "archive.html": "archive",
    "article.html": "article",
    "story.html": "story",
    "moved.html": "moved",
    "gone.html": "gone",
    "about.html": "about",
    "search.html": "search",
    "404.html": "missing",
    "offline.html": "offline",
}


def moment(
    instant: datetime, zone: tzinfo, language: str, *, day_only: bool = False, day_href: str = "", under: date | None = None
) -> Moment:  # fmt: skip
    """Return an instant in words, in the zone; ``day_only`` where nothing finer is known.

    On a page ``under`` a date the clock tells what is of that day; of the same year, the day and the month are enough.
    """
    local = instant.astimezone(zone)
    day = local.date()
    told = []
    if day_only or day != under:
        year = f"{day.year}" if under is None or day.year != under.year else ""
        if language == "zh":
            told.append(f"{year}年{day.month}月{day.day}日".removeprefix("年"))
        else:
            told.append(f"{day.day} {_MONTHS[day.month - 1]} {year}".rstrip())
    if not day_only and under in (None, day):
        told.append(f"{local.hour:02}:{local.minute:02}")  # strftime takes ten times as long
    text = (" " if language == "zh" else ", ").join(told)
    iso = day.isoformat() if day_only else local.isoformat(timespec="minutes").replace("+00:00", "Z")
    return Moment(iso=iso, text=text, day_href=day_href, estimated=day_only)


def later(first: Moment, last: Moment) -> Moment:
    """Return the end of a span of time as it is said after its beginning: on the same day, by the clock alone."""
    if first.estimated or last.estimated or first.iso[:10] != last.iso[:10]:
        return last
    return msgspec.structs.replace(last, text=last.text.rpartition(" ")[2])


_MONTHS = ("January February March April May June July August September October November December").split()


def month_title(year: int, month: int, language: str) -> str:
    """Return a month in words."""
    return f"{year}年{month}月" if language == "zh" else f"{_MONTHS[month - 1]} {year}"
