"""Which pages exist, and which of them an article changes. Pure.

Lists only grow, in the order in which articles were taken in: page k of a list holds positions 50(k-1)+1 to 50k for
ever, ``index.html`` shows the newest 50, and a fixed page exists once it is full. So one new article touches its own
page, the day's, and the index and feeds of the few lists that it is in, however large the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache

from broadsheet import urls
from broadsheet.model import Feed, ListSpec, Place, SitePage, story_path
from broadsheet.text import digest

PER_PAGE = 50
FEED_ENTRIES = 50


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
    key = spec.path
    if spec.kind == "day":
        yield SitePage(path=f"{spec.path}index.html", kind="day", key=key)
        return
    number = (position - 1) // PER_PAGE + 1
    full = size // PER_PAGE
    if number <= full:
        yield fixed_page(spec, number)
        if position % PER_PAGE == 0 and number > 1:
            # The page before had "newer" lead to the index while this page did not exist.
            yield fixed_page(spec, number - 1)
    if position > size - PER_PAGE:
        yield SitePage(path=f"{spec.path}index.html", kind=spec.kind, key=key)
    if position > size - FEED_ENTRIES:
        yield SitePage(path=f"{spec.path}feed.xml", kind="atom", key=key)
        yield SitePage(path=f"{spec.path}feed.json", kind="jsonfeed", key=key)


def fixed_page(spec: ListSpec, number: int) -> SitePage:
    """Return page ``number`` of a list, which holds the same positions for ever."""
    return SitePage(path=f"{spec.path}{number}.html", kind=spec.kind, key=spec.path, page=number)


def all_pages(spec: ListSpec, size: int) -> Iterator[SitePage]:
    """Yield every page of a list."""
    if spec.kind == "day":
        yield SitePage(path=f"{spec.path}index.html", kind="day", key=spec.path)
        return
    for number in range(1, size // PER_PAGE + 1):
        yield fixed_page(spec, number)
    yield SitePage(path=f"{spec.path}index.html", kind=spec.kind, key=spec.path)
    yield SitePage(path=f"{spec.path}feed.xml", kind="atom", key=spec.path)
    yield SitePage(path=f"{spec.path}feed.json", kind="jsonfeed", key=spec.path)


def positions(page: int, size: int) -> range:
    """Return the positions that a page shows, oldest first; page 0 is the newest."""
    if page:
        return range((page - 1) * PER_PAGE + 1, page * PER_PAGE + 1)
    return range(max(1, size - PER_PAGE + 1), size + 1)


def neighbours(page: int, size: int) -> tuple[str, str]:
    """Return (older, newer) of a list page as file names in the list's folder, empty where there is none."""
    full = size // PER_PAGE
    if page == 0:
        first = size - PER_PAGE  # the newest position that the index does not show
        return (f"{(first - 1) // PER_PAGE + 1}.html" if first > 0 else ""), ""
    older = f"{page - 1}.html" if page > 1 else ""
    return older, (f"{page + 1}.html" if page < full else "index.html")


_ORDER = {
    "article": 0,
    "gone": 0,
    "story": 1,
    "moved": 2,
    "day": 2,
    "atom": 5,
    "jsonfeed": 5,
    "archive": 4,
    "front": 6,
    "about": 6,
}


def story_page(story_id: str) -> SitePage:
    """Return the page of an event."""
    return SitePage(path=story_path(story_id), kind="story", key=story_id)


def in_write_order(pages: Iterable[SitePage]) -> list[SitePage]:
    """Return the pages in an order in which no page links to one that is not there yet: what is linked to comes first."""

    def rank(page: SitePage) -> tuple[int, str]:
        return (_ORDER.get(page.kind, 1 if page.page else 3), page.path)

    return sorted(set(pages), key=rank)
