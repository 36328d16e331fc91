"""Which pages exist, and which of them an article changes. Pure.

Lists only grow, in the order in which articles were taken in: page k of a list holds positions 15(k-1)+1 to 15k for
ever (of a day 30), ``index.html`` shows the newest 15. The page that comes next stands already, and leads to the index
until it is full, so that no page before it changes when it is. So one new article touches its own
page, the day's, and the index and feeds of the few lists that it is in, however large the archive. What is large closes:
an archive of a feed (RFC 5005) with its page, a month's page with the month, a part of the sitemap when it is full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache

from broadsheet import urls
from broadsheet.model import Feed, ListSpec, Place, SitePage, story_path
from broadsheet.text import digest

PER_PAGE = 15
"""Articles of a list's page, and of its Atom feed, so that the feed and its archives hold all of them."""
PER_DAY = 2 * PER_PAGE
"""Articles of a day's page: a day that has more is several pages."""
FRONT_ENTRIES = 30
"""Newest events of the newspaper's own feed."""
WHOLE_BYTES = 32_000
"""Text of whole articles in a feed, the newest ones; the rest is told by excerpts."""
ARCHIVED = frozenset(("latest", "source"))
"""Kinds of lists whose feeds keep the whole history. The others' articles stand in these."""
STORIES_A_PART = 1_000
"""Articles, in the order of publication, whose events share a part of the sitemap."""


LATEST = ListSpec(kind="latest", key="", path="latest/", title="")


def names_of(feed: Feed, title: str = "") -> tuple[str, str, str]:
    """Return section, source and channel of a feed; the channel is empty where the feed is all of its source.

    ``金融/新浪财经/国內`` names all three; with one or two parts the feed's title takes the next place.
    """
    title = feed.title or title or urls.host(feed.url)
    match feed.section:
        case ():
            return "", title, ""
        case (section,):
            return section, title, ""
        case (section, source):
            return section, source, title if title != source else ""
        case (section, source, *rest):
            return section, source, "/".join(rest)
    raise AssertionError(feed.section)


def lists_of(names: tuple[str, str, str], published: datetime, zone: tzinfo) -> list[ListSpec]:
    """Return the lists that an article of (section, source, channel), published then, belongs to."""
    day = published.astimezone(zone)
    key = f"{day:%Y-%m-%d}"
    return [LATEST, *places_of(names), ListSpec(kind="day", key=key, path=f"{day:%Y/%m/%d}/", title=key)]


def places_of(names: tuple[str, str, str]) -> list[ListSpec]:
    """Return the lists of a (section, source, channel), those that are named."""
    section, source, channel = names
    found = [spec("section", section)] if section else []
    found.append(spec("source", section, source))
    return [*found, spec("channel", section, source, channel)] if channel else found


@lru_cache(maxsize=4096)
def spec(kind: str, *names: str) -> ListSpec:
    """Return the list of a section, source or channel. Its address is made of its names alone and never moves."""
    key = "/".join(name.replace("/", "∕") for name in names)
    return ListSpec(kind=kind, key=key, path=f"{kind}/{urls.slug(names[-1], digest(kind, key))}/", title=names[-1])


def article_pages(places: Sequence[Place], permalink: str, article_id: str) -> Iterator[SitePage]:
    """Yield every page that shows or links to an article, given where it stands."""
    yield SitePage(path=permalink, kind="article", key=article_id)
    for place in places:
        yield from list_pages(place.spec, place.position, place.size)


def list_pages(spec: ListSpec, position: int, size: int) -> Iterator[SitePage]:
    """Yield the pages of a list that a change at a position touches."""
    per = per_page(spec.kind)
    number, full = (position - 1) // per + 1, size // per
    if number <= full:
        yield from fixed_pages(spec, number)
        if position == full * per:
            yield fixed_page(spec, full + 1)  # "newer" of this page
    if position > size - per:
        yield from newest_pages(spec)


def per_page(kind: str) -> int:
    """Return how many articles a page of a list has."""
    return PER_DAY if kind == "day" else PER_PAGE


def newest_pages(spec: ListSpec) -> Iterator[SitePage]:
    """Yield the page with the newest articles of a list, and their feed; a day has none."""
    yield SitePage(path=f"{spec.path}index.html", kind=spec.kind, key=spec.path)
    if spec.kind != "day":
        yield SitePage(path=f"{spec.path}feed.xml", kind="atom", key=spec.path)


def is_full(page: SitePage, size: int) -> bool:
    """Return whether a page of a list of so many articles shows any: the one after the last full one leads to the index."""
    return page.page <= size // per_page(page.kind)


def fixed_page(spec: ListSpec, number: int) -> SitePage:
    """Return page ``number`` of a list, which holds the same positions for ever, once it is full."""
    return SitePage(path=f"{spec.path}{number}.html", kind=spec.kind, key=spec.path, page=number)


def fixed_pages(spec: ListSpec, number: int) -> Iterator[SitePage]:
    """Yield page ``number`` of a list, and the archive of its feed with the same articles."""
    yield fixed_page(spec, number)
    if spec.kind in ARCHIVED:
        yield SitePage(path=archive_path(spec, number), kind="atom", key=spec.path, page=number)


def archive_path(spec: ListSpec, number: int) -> str:
    """Return where the archive of a list's feed lies that has the articles of page ``number``; empty for 0."""
    return f"{spec.path}{number}.xml" if number else ""


def all_pages(spec: ListSpec, size: int) -> Iterator[SitePage]:
    """Yield every page of a list."""
    full = size // per_page(spec.kind)
    for number in range(1, full + 1):
        yield from fixed_pages(spec, number)
    if full:
        yield fixed_page(spec, full + 1)
    yield from newest_pages(spec)


def month_pages(days: Iterable[str]) -> Iterator[SitePage]:
    """Yield what lists the days of these months, as long as a day may be new: the months' pages, and their sitemaps."""
    for month in sorted({day[:7] for day in days}):
        yield SitePage(path=f"{month.replace('-', '/')}/index.html", kind="month", key=month)
        yield SitePage(path=f"sitemap/{month}.xml", kind="daymap", key=month)


def story_map(number: int) -> SitePage:
    """Return the part of the sitemap that lists the events known by the article with this number, from 1."""
    part = (number - 1) // STORIES_A_PART + 1
    return SitePage(path=f"sitemap/stories-{part}.xml", kind="storymap", page=part)


def story_numbers(part: int) -> range:
    """Return the numbers of the articles whose events stand in a part of the sitemap."""
    return range((part - 1) * STORIES_A_PART + 1, part * STORIES_A_PART + 1)


def positions(page: int, size: int, per: int = PER_PAGE) -> range:
    """Return the positions that a page of so many articles shows, oldest first; page 0 is the newest."""
    if page:
        return range((page - 1) * per + 1, page * per + 1)
    return range(max(1, size - per + 1), size + 1)


def neighbours(page: int, size: int, per: int = PER_PAGE) -> tuple[str, str]:
    """Return (older, newer) of a list page as file names in the list's folder, empty where there is none."""
    if page == 0:
        first = size - per  # the newest position that the index does not show
        return (f"{max(first - 1, 0) // per + 1}.html" if size >= per else ""), ""
    return (f"{page - 1}.html" if page > 1 else ""), f"{page + 1}.html"


_ORDER = {
    "article": 0,
    "gone": 0,
    "story": 1,
    "moved": 2,
    "day": 2,
    "atom": 5,
    "month": 3,
    "archive": 4,
    "daymap": 5,
    "storymap": 5,
    "listmap": 5,
    "front": 8,
    "about": 6,
    "sitemap": 7,
}


def story_page(story_id: str) -> SitePage:
    """Return the page of an event."""
    return SitePage(path=story_path(story_id), kind="story", key=story_id)


def in_write_order(
    pages: Iterable[SitePage], age: Callable[[SitePage], int] = lambda page: page.page
) -> list[SitePage]:
    """Return the pages in an order in which no page links to one that is not there yet: what is linked to comes first.

    Of a list's fixed pages that is the newest: the page before, which stood already, leads to it. Their order is by
    ``age``, the newest first, so that fixed pages with the same articles stand beside each other.
    """

    def rank(page: SitePage) -> tuple[int, int, int, str]:
        fixed = page.page if page.kind != "storymap" else 0
        return (1 if fixed else _ORDER.get(page.kind, 3), -age(page) if fixed else 0, -fixed, page.path)

    return sorted(set(pages), key=rank)
