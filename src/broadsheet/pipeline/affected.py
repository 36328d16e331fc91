"""Which pages are out of date, and in which order they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from broadsheet.model import SitePage, StoredArticle
from broadsheet.pipeline.run import batches
from broadsheet.site import plan
from broadsheet.store import articles, site, stories
from broadsheet.store.connection import Connection

_AT_ONCE = 200
"""Articles that the store is asked about at once."""
_SPECIAL = (
    SitePage(path="archive/index.html", kind="archive"),
    SitePage(path="sitemap/lists.xml", kind="listmap"),
    SitePage(path="sitemap.xml", kind="sitemap"),
    SitePage(path="feed.xml", kind="storyatom"),
    SitePage(path="feed.json", kind="storyjson"),
    SitePage(path="index.html", kind="front"),
)


def affected(connection: Connection, dirty: Sequence[str], *, full: bool) -> list[SitePage]:
    """Return the pages that are out of date, in the order of writing."""
    found: set[SitePage] = set(_SPECIAL)
    for group in batches(dirty, _AT_ONCE):
        addresses = articles.told_at(connection, group)
        places = {} if full else site.places(connection, group)
        for one in addresses:
            found.update(plan.article_pages(places.get(one.id, ()), one.permalink, one.id))
            if one.double_of:
                found.add(SitePage(path=one.told_at, kind="article", key=one.double_of))
        if not full:
            told = {one.story_id for one in addresses if one.story_id}
            found |= _story_pages(connection, told)
            # Of the articles too: a part is there as soon as an article is numbered in it, whatever event that tells.
            numbers = site.numbers(connection, sorted(told | {one.id for one in addresses}))
            found.update(plan.story_map(number + 1) for number in numbers.values())
    if full:
        return _new_ones_first(connection, plan.in_write_order(found | _everything(connection), _age(connection)))
    new = _new_days(connection, [page for page in found if page.kind == "day"], len(dirty))
    found.update(plan.month_pages(new))
    found |= _beside(connection, new)
    return _new_ones_first(connection, plan.in_write_order(found))


def _everything(connection: Connection) -> set[SitePage]:
    """Return all pages but those of articles."""
    found = _story_pages(connection, set(stories.several(connection)))
    # Those too that lead elsewhere by now.
    found |= {plan.story_page(Path(path).stem) for path in site.known_below(connection, "story/")}
    lists = site.all_lists(connection)
    for spec, size in lists:
        found.update(plan.all_pages(spec, size))
    found.update(plan.month_pages(spec.key for spec, _ in lists if spec.kind == "day"))
    found.update(map(plan.story_map, range(1, site.published(connection) + 1, plan.STORIES_A_PART)))
    return found


def _age(connection: Connection) -> Callable[[SitePage], int]:
    """Return what tells, of a fixed page of a list, how far the order of publication had come at its end."""
    ends: dict[tuple[str, int], int] = {}
    for (key, page), end in sorted(site.page_ends(connection, plan.PER_PAGE).items()):
        ends[key, page] = max(end, ends.get((key, page - 1), 0))

    def age(page: SitePage) -> int:
        per = plan.per_page(page.kind) // plan.PER_PAGE
        # Of a page that is not full yet, that of the one which leads to it.
        return ends.get((page.key, page.page * per)) or ends.get((page.key, (page.page - 1) * per), 0)

    return age


def _new_ones_first(connection: Connection, pages: list[SitePage]) -> list[SitePage]:
    """Return articles and stories that are not on the site yet before those that are.

    They lead to each other; as long as no page of the site leads to a new one, nobody can come to it.
    """
    paths = [page.path for page in pages if page.kind in ("article", "story")]
    known = site.known(connection, paths)
    return sorted(pages, key=lambda page: page.kind not in ("article", "story") or page.path in known)


def _story_pages(connection: Connection, story_ids: set[str]) -> set[SitePage]:
    """Return the pages of these stories, of their reports, which name each other, and of stories that ended in them."""
    several = {story: reports for story, reports in reports_of(connection, story_ids).items() if len(reports) > 1}
    found = {
        SitePage(path=stored.permalink, kind="article", key=stored.article.id)
        for reports in several.values()
        for stored in reports
    }
    found |= {plan.story_page(story) for story in several}
    shrunk = [plan.story_page(story) for story in sorted(story_ids - set(several))]
    printed = site.known(connection, [page.path for page in shrunk])
    found |= {page for page in shrunk if page.path in printed}
    found |= {plan.story_page(old) for old in stories.aliases(connection, sorted(story_ids))}
    return found


def _new_days(connection: Connection, days: Sequence[SitePage], most: int) -> list[str]:
    """Return the keys of those of the days that may be new, with ``most`` articles at most."""
    sized = [site.get_list(connection, page.key) for page in days]
    return [spec.key for spec, size in sized if size <= most]


def _beside(connection: Connection, days: Sequence[str]) -> set[SitePage]:
    """Return the pages of the days beside these: their "next day" and "previous day" change."""
    found = set()
    for day in days:
        for key in filter(None, site.days_around(connection, day)):
            path = f"{key.replace('-', '/')}/"
            found.add(SitePage(path=f"{path}index.html", kind="day", key=path))
    return found


def reports_of(connection: Connection, story_ids: Iterable[str]) -> dict[str, list[StoredArticle]]:
    """Return the live reports of each story, those that were published twice once."""
    groups = stories.articles_of(connection, sorted(set(story_ids)))
    rows = articles.rows(connection, [article for ids in groups.values() for article in ids])
    return {story: once([rows[article] for article in ids]) for story, ids in groups.items()}


def once(reports: Sequence[StoredArticle]) -> list[StoredArticle]:
    """Return the reports without those that the page of another one among them tells."""
    ids = {stored.article.id for stored in reports}
    return [stored for stored in reports if stored.double_of not in ids]
