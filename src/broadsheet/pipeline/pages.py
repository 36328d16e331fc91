"""Reads from the store what pages show, a batch of pages at a time, and renders them."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from broadsheet.articles.images import copies_in
from broadsheet.errors import StoreError
from broadsheet.model import ListSpec, Match, Output, Record, SitePage, StoredArticle, story_path
from broadsheet.pipeline.affected import once, reports_of
from broadsheet.pipeline.run import Run, batches
from broadsheet.pipeline.searchindex import SearchIndex
from broadsheet.site import articlepages, context, listpages, outentries, outfeeds, plan
from broadsheet.site.compose import Composer
from broadsheet.site.listpages import FrontStory
from broadsheet.site.render import Theme
from broadsheet.store import articles, doubles, site, stories, tombstones
from broadsheet.stories import differences

T = TypeVar("T")
FRONT_ARTICLES = 400
"""Newest articles from which the front page is chosen."""
_AT_ONCE = 200
COMPARED = 6
"""Copies on a story's page of which the differing passages are shown."""
_KEPT = 4096
"""Articles of which what lists and feeds show is kept for other lists and feeds."""

_READ = 1024
"""Articles that are kept as they were read, for cards and feeds alike."""
_LISTS_AT_ONCE = 50
"""Pages of lists, with up to 15 articles each, for which the store is asked at once."""
_LISTED = frozenset(("latest", "section", "source", "channel", "topic", "atom"))


def _copies(lead: str, reports: Sequence[str], matches: Mapping[str, Sequence[Match]]) -> Iterator[tuple[str, str]]:
    """Yield, of each report that is a copy, what it is compared with: the lead, or else what it is most like."""
    for report in reports:
        copies = {
            match.b if match.a == report else match.a: match.score
            for match in matches.get(report, ())
            if match.kind in ("text", "address")
        }
        near = sorted(
            (name for name in copies if name in reports), key=lambda name: (name != lead, -copies[name], name)
        )
        if near and report != lead:
            yield report, near[0]


def _runs(ranges: Iterable[range]) -> Iterator[range]:
    """Yield the ranges, those that meet as one."""
    run = range(0)
    for one in sorted(ranges, key=lambda item: item.start):
        if run and one.start <= run.stop:
            run = range(run.start, max(run.stop, one.stop))
            continue
        if run:
            yield run
        run = one
    if run:
        yield run


def _all(groups: Iterable[Sequence[str]]) -> list[str]:
    """Return what stands in any of the groups, once."""
    return list(dict.fromkeys(item for group in groups for item in group))


class Summary(Record, frozen=True, kw_only=True):
    """What our feeds tell of an article."""

    stored: StoredArticle
    entry: outfeeds.OutEntry
    double_of: str = ""
    """The article whose page tells this one too."""


class Kept(Generic[T]):
    """What was made of the last ``most`` articles, by their ids."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[str, T] = OrderedDict()

    def of(self, ids: Sequence[str], make: Callable[[Sequence[str]], Mapping[str, T]]) -> dict[str, T]:
        """Return what is made of the articles; what is not kept is made of all that lack it at once."""
        lacking = [item for item in ids if item not in self._made]
        if lacking:
            self._made.update(make(lacking))
        found = {item: self._made[item] for item in ids}
        while len(self._made) > self._most:
            self._made.popitem(last=False)
        return found

    def clear(self) -> None:
        """Keep nothing."""
        self._made.clear()


class Reader:
    """All pages of a build see one state of the store."""

    def __init__(self, run: Run, theme: Theme, composer: Composer) -> None:
        self._run = run
        self._theme = theme
        self._composer = composer
        self._context = run.store.read()
        self.connection = self._context.__enter__()
        """To the one state that is seen."""
        pins = stories.pinned(self.connection)
        self._pins = pins | {row.double_of for row in articles.rows(self.connection, sorted(pins)).values()}
        self._lists: dict[str, tuple[ListSpec, int]] = {}
        self._found: dict[tuple[str, int], str] = {}
        """Articles by list and position, of the pages that are rendered."""
        self._stored: Kept[StoredArticle] = Kept(_READ)
        self._cards: Kept[context.Card | None] = Kept(_KEPT)
        self._summaries: Kept[Summary | None] = Kept(_KEPT)

    def forget(self) -> None:
        """Let go of what was made for lists and feeds: the search needs the room."""
        for made in (self._stored, self._cards, self._summaries):
            made.clear()
        self._theme.forget()
        outfeeds.forget()

    def close(self) -> None:
        """End reading."""
        self.forget()
        self._context.__exit__(None, None, None)

    def _list(self, path: str) -> tuple[ListSpec, int]:
        """Return a list and its size."""
        if path not in self._lists:
            self._lists[path] = site.get_list(self.connection, path)
        return self._lists[path]

    def digests(self, paths: Sequence[str]) -> Mapping[str, str]:
        """Return the digest under which each of the paths was written last, of those that were."""
        return site.known(self.connection, paths)

    def old_files(self) -> list[str]:
        """Return files of an earlier theme, and feeds that lists have no more. Pages never go: they are for ever."""
        now = {f"assets/{name}" for name in self._theme.assets}
        lists = [site.known_below(self.connection, f"{kind}/") for kind in ("latest", "section", "source", "channel")]
        feeds = (path for paths in lists for path in paths if path.endswith("/feed.json"))
        return sorted(site.known_below(self.connection, "assets/") - now) + sorted(feeds)

    def search_index(self) -> SearchIndex:
        """Return the index of the site's search, to be brought up to date."""
        return SearchIndex(self.connection, self._composer)

    def _doubles(self, reports: Iterable[StoredArticle]) -> dict[str, list[StoredArticle]]:
        """Return what the pages of reports tell beside these, by report."""
        told = doubles.told_by(self.connection, {item.article.id for item in reports})
        rows = articles.rows(self.connection, [article for ids in told.values() for article in ids])
        return {page: [rows[article] for article in ids] for page, ids in told.items()}

    def _media(self, whole: Iterable[tuple[StoredArticle, str, str]]) -> Iterator[Output]:
        """Yield the pictures of the articles that are not on the site yet, read from the store's folder."""
        wanted = list(dict.fromkeys(path for stored, html, _ in whole for path in self._pictures(stored, html)))
        known = self.digests(wanted)
        for path in wanted:
            if not (path in known and (self._run.output / path).exists()):
                yield Output(path=path, body=self._picture(path))

    def _pictures(self, stored: StoredArticle, html: str) -> Iterator[str]:
        if stored.state == "live" and self._composer.feed(stored.article.feed_id).mode != "link":
            if stored.article.image and stored.article.image.path:
                yield stored.article.image.path
            yield from copies_in(html)

    def _picture(self, path: str) -> bytes:
        source = self._run.store.state_dir / path
        try:
            return source.read_bytes()
        except OSError as error:
            raise StoreError(
                f"{source}: cannot be read ({error.strerror}); 'broadsheet doctor --repair' brings it back"
            ) from None

    # ------------------------------------------------------------------------------------------------ rendering

    def render(self, pages: Sequence[SitePage]) -> Iterator[Output]:
        """Yield the file of each page, in their order; before an article's, its pictures that are not there yet."""
        printed = self._articles([page for page in pages if page.kind == "article"])
        for group in batches(pages, _LISTS_AT_ONCE):
            self._look_up(group)
            for page in group:
                if page.kind == "article":
                    yield from next(printed)
                else:
                    yield self._page(page)

    def _page(self, page: SitePage) -> Output:
        """Return a page that is no article."""
        match page.kind:
            case "story":
                return self._story_page(page)
            case _ if page.page and page.kind != "storymap" and not plan.is_full(page, self._list(page.key)[1]):
                shown, moved = listpages.to_come(self._composer, self._list(page.key)[0], page.page)
                return Output(path=page.path, body=self._theme.render("moved.html", shown, moved))
            case "day":
                return self._day(page)
            case "front":
                shown, front = listpages.front_page(self._composer, self._stories())
                return Output(path=page.path, body=self._theme.render("front.html", shown, front))
            case "archive":
                shown, archive = listpages.archive_page(self._composer, self._days())
                return Output(path=page.path, body=self._theme.render("archive.html", shown, archive))
            case "month":
                shown, month = listpages.month_page(self._composer, page.path, page.key, self._days(page.key))
                return Output(path=page.path, body=self._theme.render("month.html", shown, month))
            case "sitemap" | "listmap" | "daymap" | "storymap":
                return self._sitemap(page)
            case "atom":
                return self._feed(page)
            case "storyatom" | "storyjson":
                return self._story_feed(page)
            case _:
                return self._listing(page)

    def _look_up(self, pages: Sequence[SitePage]) -> None:
        """Read at once which articles stand on pages of lists and in their feeds, and what is shown of them."""
        listed = [page for page in pages if page.kind in _LISTED and plan.is_full(page, self._list(page.key)[1])]
        wanted: dict[str, list[range]] = defaultdict(list)
        for page in listed:
            wanted[page.key].append(plan.positions(page.page, self._list(page.key)[1]))
        self._found = {
            (path, position): article
            for path, ranges in wanted.items()
            for run in _runs(ranges)
            for position, article in site.items(self.connection, path, run)
        }
        ids = {page: self._items(page) for page in listed}
        self._cards.of(_all(ids[page] for page in listed if page.kind != "atom"), self._new_cards)
        self._summaries.of(_all(ids[page] for page in listed if page.kind == "atom"), self._new_summaries)

    def _items(self, page: SitePage) -> list[str]:
        """Return the articles on a page of a list or in its feed, oldest first."""
        positions = plan.positions(page.page, self._list(page.key)[1])
        return [article for place in positions if (article := self._found.get((page.key, place)))]

    def _rows(self, ids: Sequence[str]) -> dict[str, StoredArticle]:
        """Return articles that lists and feeds show."""
        return self._stored.of(ids, lambda lacking: articles.rows(self.connection, lacking))

    def _days(self, month: str = "") -> list[str]:
        """Return the days that have pages, of a month or of all times, the oldest first."""
        return [spec.key for spec, _ in site.all_lists(self.connection, "day") if spec.key.startswith(month)]

    def _sitemap(self, page: SitePage) -> Output:
        """Return a part of the sitemap, or the index of its parts. What copies others' articles is in none."""
        match page.kind:
            case "sitemap":
                body = outfeeds.sitemap_index(map(self._composer.absolute, self._parts()))
                return Output(path=page.path, body=body)
            case "daymap":
                days = [f"{day.replace('-', '/')}/index.html" for day in self._days(page.key)]
                paths = [f"{page.key.replace('-', '/')}/index.html", *days]
            case "storymap":
                paths = list(map(story_path, self._stories_of(page.page)))
            case _:
                lists = site.all_lists(self.connection)
                paths = ["index.html", "archive/index.html"]
                paths += sorted(f"{spec.path}index.html" for spec, _ in lists if spec.kind != "day")
        return Output(path=page.path, body=outfeeds.sitemap(map(self._composer.absolute, paths)))

    def _parts(self) -> list[str]:
        """Return the paths of the sitemap's parts, those of months and of events in their order."""
        months = [page.path for page in plan.month_pages(self._days()) if page.kind == "daymap"]
        numbers = range(1, site.published(self.connection) + 1, plan.STORIES_A_PART)
        return ["sitemap/lists.xml", *months, *(plan.story_map(number).path for number in numbers)]

    def _stories_of(self, part: int) -> list[str]:
        """Return the events of a part of the sitemap that have pages, by their place in the order of publication."""
        numbers = plan.story_numbers(part)
        known = site.numbered(self.connection, [number - 1 for number in numbers])
        several = {story for story, reports in reports_of(self.connection, known.values()).items() if len(reports) > 1}
        return [story for _, story in sorted(known.items()) if story in several]

    def _articles(self, pages: Sequence[SitePage]) -> Iterator[list[Output]]:
        """Yield each article's page behind its pictures."""
        for group in batches(pages, _AT_ONCE):
            ids = [page.key for page in group]
            whole = articles.whole(self.connection, ids)
            told = self._together([stored for stored, _, _ in whole.values()])
            matches = stories.reasons(self.connection, [item for item in ids if item in told])
            twice = self._doubles(stored for stored, _, _ in whole.values())
            pictures = list(self._media(whole.values()))
            for page in group:
                stored, html, text = whole[page.key]
                others = [other for other in told.get(page.key, ()) if other.article.id != page.key]
                yield [
                    *pictures,
                    self._article(page, stored, html, text, others, matches.get(page.key, ()), twice.get(page.key, ())),
                ]
                pictures = []

    def _article(
        self, page: SitePage, stored: StoredArticle, html: str, text: str, others: Sequence[StoredArticle],
        matches: Sequence[Match], doubles: Sequence[StoredArticle],
    ) -> Output:  # fmt: skip
        if stored.state == "gone":
            return self._gone(page)
        if stored.double_of:
            return self._moved(page.path, stored.article.title, stored.told_at)
        shown, record = articlepages.article_page(self._composer, stored, html, text, others, matches, doubles)
        return Output(path=page.path, body=self._theme.render("article.html", shown, record))

    def _together(self, stored: Iterable[StoredArticle]) -> dict[str, list[StoredArticle]]:
        """Return, of the articles whose event has several reports, all its reports."""
        story_of = {item.article.id: item.story_id for item in stored if item.story_id and item.state == "live"}
        groups = reports_of(self.connection, story_of.values())
        return {article: groups[story] for article, story in story_of.items() if len(groups[story]) > 1}

    def _moved(self, path: str, title: str, target: str) -> Output:
        shown, moved = self._composer.moved(path, title, target)
        return Output(path=path, body=self._theme.render("moved.html", shown, moved))

    def _story_page(self, page: SitePage) -> Output:
        """Return the page of an event; where it has ended in another, or in one article, the page that leads there."""
        story_id = stories.current(self.connection, page.key)
        reports = reports_of(self.connection, [story_id]).get(story_id, [])
        if story_id != page.key or len(reports) < 2:
            target = reports[0] if len(reports) == 1 else None
            target = target or articles.rows(self.connection, [page.key]).get(page.key)
            title = (target.article.title if target else "") or self._composer.labels["gone_title"]
            path = target.address if target and len(reports) < 2 else story_path(story_id)
            return self._moved(page.path, title, path)
        lead = self._lead(reports)
        matches = stories.reasons(self.connection, [stored.article.id for stored in reports])
        because = articlepages.reasons(self._composer, lead.article.id, matches.get(lead.article.id, ()))
        changed = self._differences(lead, reports, matches)
        twice = self._doubles(reports)
        shown, record = articlepages.story_page(self._composer, page.path, lead, reports, because, changed, twice)
        return Output(path=page.path, body=self._theme.render("story.html", shown, record))

    def _differences(
        self, lead: StoredArticle, reports: Sequence[StoredArticle], matches: Mapping[str, Sequence[Match]]
    ) -> dict[str, context.Differences]:
        """Return where the copies among the reports differ from what they are copies of; of the first few copies only."""
        pairs = dict(list(_copies(lead.article.id, [item.article.id for item in reports], matches))[:COMPARED])
        wanted = sorted({*pairs, *pairs.values()})
        whole = articles.whole(self.connection, wanted)
        found = {}
        for here, there in pairs.items():
            (one, _, text), (other, _, against) = whole[here], whole[there]
            most = articlepages.quotable(self._composer, one, other)
            passages = differences.differences(text, against) if most else []
            shown, more = differences.within(passages, most)
            if passages:
                found[here] = articlepages.differences(self._composer, one, other, shown, more)
        return found

    def _lead(self, members: Sequence[StoredArticle]) -> StoredArticle:
        by_id = {stored.article.id: stored for stored in members}
        return by_id[stories.told(self.connection, list(by_id), {}, self._pins).articles[0]]

    def _gone(self, page: SitePage) -> Output:
        when, note = tombstones.note_of(self.connection, page.key) or (self._run.now, "")
        composer = self._composer
        date = context.moment(when, composer.zone, composer.language, day_only=True)
        shown = composer.page(page.path, composer.labels["gone_title"], "gone", indexed=False)
        return Output(path=page.path, body=self._theme.render("gone.html", shown, context.Gone(date=date, note=note)))

    def _live(self, ids: Sequence[str]) -> list[StoredArticle]:
        rows = articles.rows(self.connection, ids)
        return [rows[article_id] for article_id in ids if rows[article_id].state == "live"]

    def _listing(self, page: SitePage) -> Output:
        spec, size = self._list(page.key)
        ids = self._items(page)
        found = self._cards.of(ids, self._new_cards)
        cards = [card for article_id in reversed(ids) if (card := found[article_id]) is not None]
        shown, listing = listpages.list_page(
            self._composer, spec, size, page.page, cards, self._composer.children(spec)
        )
        return Output(path=page.path, body=self._theme.render("list.html", shown, listing))

    def _new_cards(self, ids: Sequence[str]) -> dict[str, context.Card | None]:
        """Return what lists show of articles, None of those that were taken down."""
        rows = self._rows(ids)
        return {item: self._composer.card(row) if row.state == "live" else None for item, row in rows.items()}

    def _day(self, page: SitePage) -> Output:
        spec, size = self._list(page.key)
        places = plan.positions(page.page, size, plan.PER_DAY)
        items = self._live([item for _, item in site.items(self.connection, page.key, places)])
        items.sort(key=lambda stored: (stored.article.published or stored.first_seen, stored.article.id), reverse=True)
        before, after = site.days_around(self.connection, spec.key)
        shown, day = listpages.day_page(self._composer, spec, size, page.page, items, before, after)
        return Output(path=page.path, body=self._theme.render("day.html", shown, day))

    def _feed(self, page: SitePage) -> Output:
        """Return a list's feed, or the archive of it that has the articles of a fixed page."""
        spec, size = self._list(page.key)
        ids = self._items(page)
        found = self._summaries.of(ids, self._new_summaries)
        told = [entry for item in reversed(ids) if (entry := found[item]) and entry.double_of not in ids]
        if self._composer.config.site.whole_in_feeds == "all" and not page.page:
            told = self._whole(told)
        before = page.page - 1 if page.page else size // plan.PER_PAGE
        archived = plan.archive_path(spec, before) if spec.kind in plan.ARCHIVED else ""
        return self._written(
            page, spec.title or self._composer.site.title, f"{spec.path}index.html", [item.entry for item in told],
            previous=archived, current=f"{spec.path}feed.xml" if page.page else "",
        )  # fmt: skip

    def _new_summaries(self, ids: Sequence[str]) -> dict[str, Summary | None]:
        """Return what feeds tell of articles, None of those that were taken down."""
        return {
            item: Summary(stored=row, double_of=row.double_of, entry=outentries.out_entry(self._composer, row))
            if row.state == "live"
            else None
            for item, row in self._rows(ids).items()
        }

    def _whole(self, told: Sequence[Summary]) -> list[Summary]:
        """Return the entries with the articles' whole text, the first ones, as long as there is room."""
        bodies = articles.whole(self.connection, [item.stored.article.id for item in told])
        room, found = plan.WHOLE_BYTES, []
        for item in told:
            html = bodies[item.stored.article.id][1]
            room -= len(html.encode())
            entry = outentries.out_entry(self._composer, item.stored, html) if room >= 0 else item.entry
            found.append(msgspec.structs.replace(item, entry=entry))
        return found

    def _story_feed(self, page: SitePage) -> Output:
        """Return the newspaper's own feed: every event once, told by its lead, with the other reports under it."""
        newest = sorted(
            self._stories(),
            key=lambda story: (story.lead.article.published or story.lead.first_seen, story.lead.article.id),
            reverse=True,
        )[: plan.FRONT_ENTRIES]
        told = [Summary(stored=story.lead, entry=outentries.out_entry(self._composer, story.lead)) for story in newest]
        if self._composer.config.site.whole_in_feeds != "none":
            told = self._whole(told)
        entries = [
            outentries.story_entry(self._composer, story, item.entry) for story, item in zip(newest, told, strict=True)
        ]
        return self._written(page, self._composer.site.title, "index.html", entries)

    def _written(
        self, page: SitePage, name: str, of: str, entries: Sequence[outfeeds.OutEntry], *, previous: str = "",
        current: str = "",
    ) -> Output:  # fmt: skip
        composer = self._composer
        feed = outfeeds.OutFeed(
            title=name if name == composer.site.title else f"{name} · {composer.site.title}",
            url=composer.absolute(of), self_url=composer.absolute(page.path), language=composer.language,
            entries=tuple(entries), updated=outfeeds.newest(entries),
            previous=composer.absolute(previous) if previous else "", current=composer.absolute(current) if current else "",
        )  # fmt: skip
        body = outfeeds.atom(feed) if page.path.endswith(".xml") else outfeeds.json_feed(feed)
        return Output(path=page.path, body=body)

    # ----------------------------------------------------------------------------------------------- front page

    def _stories(self) -> list[FrontStory]:
        """Return the stories of the newest articles, each with its lead first."""
        _, size = site.get_list(self.connection, plan.LATEST.path)
        newest = range(max(1, size - FRONT_ARTICLES + 1), size + 1)
        ids = [article for _, article in site.items(self.connection, plan.LATEST.path, newest)]
        grouped: dict[str, list[StoredArticle]] = {}
        for stored in self._live(ids):
            grouped.setdefault(stored.story_id or stored.article.id, []).append(stored)
        several = [members for members in grouped.values() if len(members) > 1]
        matches = stories.reasons(self.connection, [item.article.id for members in several for item in members])
        twice = self._doubles(item for members in grouped.values() for item in members)
        return [self._story(members, matches, twice) for members in grouped.values()]

    def _story(
        self, members: list[StoredArticle], matches: Mapping[str, Sequence[Match]],
        twice: Mapping[str, Sequence[StoredArticle]],
    ) -> FrontStory:  # fmt: skip
        """Return an event of the front page. It is known by the first report of all, told at its own address or not."""
        first = min(members, key=lambda item: (item.article.published or item.first_seen, item.article.id))
        reports = once(members)
        lead = self._lead(reports) if len(reports) > 1 else reports[0]
        doubled = [item for report in reports for item in twice.get(report.article.id, ())]
        names = {self._composer.source(self._composer.feed(item.article.feed_id)).href for item in (*reports, *doubled)}
        return FrontStory(
            lead=lead, others=tuple(stored for stored in reports if stored is not lead), publishers=len(names),
            reasons=articlepages.reasons(self._composer, lead.article.id, matches.get(lead.article.id, ())), first=first.permalink,
            doubles=tuple(doubled),
        )  # fmt: skip
