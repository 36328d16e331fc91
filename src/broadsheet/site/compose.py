"""Stored articles -> the records that templates are given. Pure: everything that is needed comes in."""

from __future__ import annotations

import html as html_module
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import ada_url
import msgspec

from broadsheet import urls
from broadsheet.config import Config
from broadsheet.messages import labels
from broadsheet.model import Feed, FeedState, Image, ListSpec, Match, Record, StoredArticle, story_path
from broadsheet.site import context, plan
from broadsheet.site.context import (
    Also,
    ArticlePage,
    Block,
    Card,
    Day,
    Front,
    Listing,
    Moment,
    Page,
    Picture,
    Site,
    SourceLine,
    Target,
)  # fmt: skip
from broadsheet.site.outfeeds import OutEntry
from broadsheet.site.structured import news_article
from broadsheet.site.topics import Topics
from broadsheet.stories import rank
from broadsheet.stories.differences import Passage, Piece
from broadsheet.text import reading_minutes, words

_RIGHT_TO_LEFT = frozenset(("ar", "fa", "he", "ur", "yi", "ps", "sd", "ug", "ckb", "dv"))
SECONDS = 5
IN_BLOCKS = 30
"""Stories of the front page under the names of their sections, as many of each section, six at most."""
PER_BLOCK = 6
BRIEFS = 9
_SILENT = timedelta(days=1)
"""A feed that could not be read for so long is said to be silent."""
QUOTED = {"full": 1600, "excerpt": 240, "link": 0}
"""Characters of a source's text in a comparison, by its mode: of an excerpt no more than the excerpt has."""


class Composer:
    """What is the same for all pages of one build: configuration, feeds with their titles, zone and base path."""

    def __init__(self, config: Config, feeds: Mapping[str, Feed], titles: Mapping[str, str]) -> None:
        self.config = config
        self._feeds = feeds
        self._titles = titles
        self.zone: tzinfo = ZoneInfo(config.site.timezone)
        self.language = config.site.language
        self.base = base_path(config)
        self._origin = str(ada_url.URL(config.site.url).origin)
        self._names: dict[str, tuple[str, str, str]] = {}
        self._children: dict[str, tuple[Target, ...]] = {}
        self.labels = labels(self.language)
        self._topics = Topics(config.topics)
        self.site = Site(
            title=config.site.title, subtitle=config.site.subtitle, language=self.language, home=self.base,
            url=self.absolute(""), assets=f"{self.base}assets/", sections=self._sections(), contact=config.site.contact,
            topics=self._targets(self._topics.lists),
            labels=self.labels, image_policy="'self'" if config.media.copy else "'self' https: http:",
            offline=config.site.offline,
        )  # fmt: skip

    def href(self, path: str) -> str:
        """Return the address of a path on the site; a folder's index by the folder alone."""
        return self.base + (path.removesuffix("index.html") if path.endswith("/index.html") else path)

    def absolute(self, path: str) -> str:
        """Return the public address of a path."""
        return self._origin + self.base + (path.removesuffix("index.html") if path.endswith("index.html") else path)

    def _sections(self) -> tuple[Target, ...]:
        found: dict[str, Target] = {}
        for feed in self._feeds.values():
            name = plan.names_of(feed)[0]
            if name and name not in found:
                found[name] = Target(title=name, href=self.base + plan.spec("section", name).path)
        return tuple(found.values())

    @property
    def feeds(self) -> list[Feed]:
        """All feeds that articles belong to, in the order of their ids."""
        return [self._feeds[feed_id] for feed_id in sorted(self._feeds)]

    def standing_lists(self) -> list[ListSpec]:
        """Return the lists that exist before they have any article: what the pages' navigation leads to."""
        found = {plan.LATEST.path: plan.LATEST}
        for feed in self._feeds.values():
            found.update((item.path, item) for item in plan.places_of(self.names(feed)))
        return [*found.values(), *self._topics.lists]

    @property
    def topics(self) -> list[ListSpec]:
        """The lists of the newspaper's topics."""
        return self._topics.lists

    def _targets(self, lists: Sequence[ListSpec]) -> tuple[Target, ...]:
        return tuple(Target(title=spec.title, href=self.base + spec.path) for spec in lists)

    def children(self, parent: ListSpec) -> tuple[Target, ...]:
        """Return the sources of a section, or the channels of a source, in the order of the configuration."""
        if parent.kind not in ("section", "source"):
            return ()
        if parent.path not in self._children:
            self._children[parent.path] = self._below(parent)
        return self._children[parent.path]

    def _below(self, parent: ListSpec) -> tuple[Target, ...]:
        below = "source" if parent.kind == "section" else "channel"
        depth = 2 if below == "source" else 3
        found: dict[str, Target] = {}
        for feed in self._feeds.values():
            names = self.names(feed)
            if names[depth - 1] and plan.spec(parent.kind, *names[: depth - 1]).key == parent.key:
                target = plan.spec(below, *names[:depth])
                found.setdefault(target.key, Target(title=target.title, href=self.base + target.path))
        return tuple(found.values())

    def feed(self, feed_id: str) -> Feed:
        """Return a feed that articles belong to."""
        return self._feeds.get(feed_id) or Feed(id=feed_id, url=feed_id)

    def names(self, feed: Feed) -> tuple[str, str, str]:
        """Return section, source and channel of a feed."""
        if feed.id not in self._names:
            self._names[feed.id] = plan.names_of(feed, self._titles.get(feed.id, ""))
        return self._names[feed.id]

    def lists(self, stored: StoredArticle) -> list[ListSpec]:
        """Return the lists that a new article is appended to."""
        published = stored.article.published or stored.first_seen
        named = plan.lists_of(self.names(self.feed(stored.article.feed_id)), published, self.zone)
        return [*named, *self._topics.of(stored.article)]

    def source(self, feed: Feed) -> Target:
        """Return the source of a feed with its page."""
        section, source, _ = self.names(feed)
        return Target(title=source, href=self.base + plan.spec("source", section, source).path)

    def section(self, feed: Feed) -> Target:
        """Return the section of a feed with its page; empty where it has none."""
        section = self.names(feed)[0]
        return Target(title=section, href=self.base + plan.spec("section", section).path if section else "")

    def is_elsewhere(self, stored: StoredArticle) -> bool:
        """Return whether no more of an article is published than the link to its original."""
        return self.feed(stored.article.feed_id).mode == "link"

    def leads_to(self, stored: StoredArticle) -> str:
        """Return the address that an article's headline leads to."""
        return stored.article.url if self.is_elsewhere(stored) else self.href(stored.address)

    def day_of(self, stored: StoredArticle) -> date:
        """Return the day on which an article was published, in the site's time zone."""
        return (stored.article.published or stored.first_seen).astimezone(self.zone).date()

    def moment(self, stored: StoredArticle, under: date | None = None) -> Moment:
        """Return when an article was published, in words; ``under`` is the date that the page bears."""
        local = (stored.article.published or stored.first_seen).astimezone(self.zone)
        return context.moment(
            local, self.zone, self.language, day_href=f"{self.base}{local.year:04}/{local.month:02}/{local.day:02}/",
            day_only=stored.article.published_source in ("first_seen", "clamped"), under=under,
        )  # fmt: skip

    def sources(self, subscribed: Sequence[Feed], states: Mapping[str, FeedState]) -> list[SourceLine]:
        """Return the sources as the page about them names them, in the order of the subscriptions."""
        return [self._line(feed, states.get(feed.id, FeedState(feed_id=feed.id))) for feed in subscribed]

    def _line(self, feed: Feed, state: FeedState) -> SourceLine:
        section, *names = self.names(feed)
        return SourceLine(
            title=" · ".join(filter(None, names)), href=self.source(feed).href, site=urls.web_only(state.link),
            feed=urls.without_userinfo(feed.url), section=section, health=self._health(state),
        )  # fmt: skip

    def _health(self, state: FeedState) -> str:
        """Return how a source's feed is doing, in words that readers understand, and that time alone does not change."""
        if state.gone:
            return self.labels["health_ended"]
        if state.failing_since and state.checked and state.checked - state.failing_since >= _SILENT:
            since = context.moment(state.failing_since, self.zone, self.language, day_only=True)
            return self.labels["health_silent"] % since.text
        return self.labels["health_good" if state.succeeded else "health_new"]

    def picture(self, image: Image | None) -> Picture | None:
        """Return a picture as templates print it."""
        if image is None or not (image.path or not self.config.media.copy):
            return None
        source = f"{self.base}{image.path}" if image.path else image.url
        return Picture(
            src=source, width=image.width or 0, height=image.height or 0, alt=image.alt, caption=image.caption,
            credit=image.credit,
        )  # fmt: skip

    def card(
        self, stored: StoredArticle, others: Sequence[StoredArticle] = (), reasons: Mapping[str, str] | None = None,
        doubles: Sequence[StoredArticle] = (), under: date | None = None,
    ) -> Card:  # fmt: skip
        """Return an article as lists show it; ``others`` are the further reports of its event.

        ``doubles`` are what the pages of these tell too, ``under`` the date that the page bears.
        """
        article, feed = stored.article, self.feed(stored.article.feed_id)
        external = self.is_elsewhere(stored)
        return Card(
            title=article.title, href=self.leads_to(stored),
            language=article.language, source=self.source(feed), section=self.section(feed),
            published=self.moment(stored, under), excerpt=article.excerpt if not external else "",
            picture=self.picture(article.image) if not external else None,
            also=tuple(self.also(other, reasons or {}) for other in others),
            publishers=len({self.source(self.feed(item.article.feed_id)).title for item in (stored, *others, *doubles)}),
            story_href=self.href(story_path(stored.story_id)) if others else "", sponsored=article.sponsored,
            external=external,
        )  # fmt: skip

    def also(self, stored: StoredArticle, reasons: Mapping[str, str]) -> Also:
        """Return an article as a further report of an event."""
        return Also(
            title=stored.article.title, source=self.source(self.feed(stored.article.feed_id)).title,
            language=stored.article.language, href=self.leads_to(stored),
            because=reasons.get(stored.article.id, ""),
        )  # fmt: skip

    def page(
        self, path: str, title: str, kind: str, *, feeds: str | None = None, trail: Sequence[Target] = (),
        description: str = "", canonical: str = "", **more: Any,
    ) -> Page:  # fmt: skip
        """Return the record that every template is given; ``feeds`` is the folder of its feeds, ``canonical`` another's address."""
        found = [Target(title="Atom", href=f"{self.base}{feeds}feed.xml")]
        if kind == "front":
            found.append(Target(title="JSON Feed", href=f"{self.base}{feeds}feed.json"))
        return Page(
            site=self.site, title=title, path=path, canonical=canonical or self.absolute(path), kind=kind,
            feeds=() if feeds is None else tuple(found),
            trail=(Target(title=self.labels["front_page"], href=self.base), *trail),
            description=description or " · ".join(dict.fromkeys(filter(None, (title, self.site.title, self.site.subtitle)))),
            **more,
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------ pages

    def article(
        self, stored: StoredArticle, html: str, text: str, others: Sequence[StoredArticle], matches: Sequence[Match],
        doubles: Sequence[StoredArticle] = (),
    ) -> tuple[Page, ArticlePage]:  # fmt: skip
        """Return the page of one article, as much of it as its source's mode allows; ``doubles`` are what it tells too."""
        article, feed = stored.article, self.feed(stored.article.feed_id)
        section, source, channel = self.names(feed)
        trail = [Target(title=section, href=self.section(feed).href)] if section else []
        trail.append(self.source(feed))
        if channel:
            trail.append(Target(title=channel, href=self.base + plan.spec("channel", section, source, channel).path))
        because = self.reasons(article.id, matches)
        lead = self.picture(article.image)
        shown = lead is not None and f'src="/{article.image.path if article.image else ""}"' in html
        full = feed.mode == "full"
        record = ArticlePage(
            title=article.title, language=article.language, html=self.local(html) if full else "", excerpt=article.excerpt,
            byline=article.byline, source=self.source(feed), section=self.section(feed), published=self.moment(stored),
            modified=self._modified(stored), original=article.url, original_host=urls.host(article.url),
            picture=None if (full and shown) or self.is_elsewhere(stored) else lead,
            also=tuple(self.also(other, because) for other in others),
            story_href=self.href(story_path(stored.story_id)) if others else "", comments_href=urls.web_only(article.comments_url),
            rights=article.rights, minutes=reading_minutes(text), categories=article.categories,
            topics=self._targets(self._topics.of(article)),
            sponsored=article.sponsored, closed=article.closed, mode=feed.mode,
            right_to_left=article.language.split("-")[0].lower() in _RIGHT_TO_LEFT,
            publications=self.publications(stored, doubles),
        )  # fmt: skip
        image = self.absolute(article.image.path) if article.image and article.image.path else ""
        original = urls.web_only(article.url) if self.config.site.copies == "canonical" else ""
        page = self.page(
            stored.permalink, article.title, "article", trail=trail, indexed=bool(original), canonical=original,
            language=article.language, description=article.excerpt, image=image,
            structured=news_article(
                title=article.title, url=self.absolute(stored.permalink), original=article.url, source=record.source.title,
                source_url=article.url, byline=article.byline, published=article.published or stored.first_seen,
                modified=article.modified, language=article.language, image=image,
            ),
        )  # fmt: skip
        return page, record

    def publications(self, stored: StoredArticle, doubles: Sequence[StoredArticle]) -> tuple[context.Publication, ...]:
        """Return every place where an article was published, its own first; nothing where that is one place."""
        found = []
        for item in (stored, *doubles) if doubles else ():
            article, feed = item.article, self.feed(item.article.feed_id)
            section, source, channel = self.names(feed)
            below = plan.spec("channel", section, source, channel) if channel else None
            found.append(
                context.Publication(
                    source=self.source(feed), published=self.moment(item), original=article.url,
                    channel=Target(title=below.title, href=self.base + below.path) if below else None,
                    original_host=urls.host(article.url), title=article.title, language=article.language,
                )
            )  # fmt: skip
        return tuple(found)

    def story(
        self, path: str, lead: StoredArticle, reports: Sequence[StoredArticle], because: Mapping[str, str],
        differences: Mapping[str, context.Differences], doubles: Mapping[str, Sequence[StoredArticle]],
    ) -> tuple[Page, context.StoryPage]:  # fmt: skip
        """Return the page of an event: its reports, the lead among them, oldest first; ``doubles`` are what each tells too."""
        ordered = sorted(reports, key=lambda item: (item.article.published or item.first_seen, item.article.id))
        feeds = [self.feed(item.article.feed_id) for item in ordered]
        told = tuple(
            context.Told(
                title=item.article.title, language=item.article.language, source=self.source(feed),
                href=self.leads_to(item), published=self.moment(item),
                excerpt="" if self.is_elsewhere(item) else item.article.excerpt, because=because.get(item.article.id, ""),
                leads=item.article.id == lead.article.id, differences=differences.get(item.article.id),
                publications=self.publications(item, doubles.get(item.article.id, ())),
            )
            for item, feed in zip(ordered, feeds, strict=True)
        )  # fmt: skip
        article = lead.article
        everyone = [*ordered, *(item for group in doubles.values() for item in group)]
        first = self.moment(ordered[0])
        record = context.StoryPage(
            title=article.title, language=article.language,
            publishers=len({self.source(self.feed(item.article.feed_id)).href for item in everyone}),
            first=first, last=context.later(first, self.moment(ordered[-1])), picture=self.picture(article.image),
            excerpt=article.excerpt, reports=told,
        )  # fmt: skip
        section = self.section(self.feed(article.feed_id))
        page = self.page(
            path, article.title, "story", trail=[section] if section.title else [], description=article.excerpt,
            image=self.absolute(article.image.path) if article.image and article.image.path else "",
        )  # fmt: skip
        return page, record

    def quotable(self, *reports: StoredArticle) -> int:
        """Return how many characters of a comparison of these reports may be published, by their sources' modes."""
        return min(QUOTED[self.feed(item.article.feed_id).mode] for item in reports)

    def differences(
        self, here: StoredArticle, there: StoredArticle, passages: Sequence[Passage], more: int
    ) -> context.Differences:
        """Return where a report differs from another; ``one`` of each passage is here, ``other`` there."""
        feed = self.feed(there.article.feed_id)
        names = [part for part in self.names(feed)[1:] if part]
        ours = [part for part in self.names(self.feed(here.article.feed_id))[1:] if part]
        title = names[0] if names[0] != ours[0] else " · ".join(names)
        return context.Differences(
            source=Target(title=title, href=self.leads_to(there)),
            language=there.article.language, more=more,
            passages=tuple(
                context.Difference(here=_pieces(passage.one), there=_pieces(passage.other)) for passage in passages
            ),
        )  # fmt: skip

    def moved(self, path: str, title: str, target: str, heading: str = "") -> tuple[Page, context.Moved]:
        """Return the page that stands at an old address and leads to the new one."""
        page = self.page(path, title, "moved", canonical=self.absolute(target))
        heading = heading or self.labels["moved_title"]
        return page, context.Moved(heading=heading, target=Target(title=title, href=self.href(target)))

    def to_come(self, spec: ListSpec, number: int) -> tuple[Page, context.Moved]:
        """Return what stands at the address of a list's next page until that is full: it leads to the newest articles."""
        title = self._date(spec.key).text if spec.kind == "day" else self._heading(spec)
        path, _ = self._numbered(spec, title, number)
        return self.moved(path, title, f"{spec.path}index.html", self.labels["newest"])

    def reasons(self, article_id: str, matches: Sequence[Match]) -> dict[str, str]:
        """Return why each other article belongs to this one, in the interface's language."""
        found = {}
        for match in matches:
            words = self.labels[f"because_{match.kind}"]
            told = words % round(match.score * 100) if match.kind == "text" else words
            found[match.b if match.a == article_id else match.a] = told.replace("%%", "%")
        return found

    def local(self, html: str) -> str:
        """Return stored HTML with the addresses of our pictures below the site's base path."""
        return html if self.base == "/" else html.replace(' src="/m/', f' src="{self.base}m/')

    def _modified(self, stored: StoredArticle) -> Moment | None:
        article = stored.article
        if article.modified is None or article.published is None or article.modified <= article.published:
            return None
        if article.modified > stored.first_seen and article.revision == 1:
            return None  # a time that had not come when we saw it
        return context.moment(article.modified, self.zone, self.language)

    def listing(
        self, spec: ListSpec, size: int, number: int, cards: Sequence[Card], children: Sequence[Target]
    ) -> tuple[Page, Listing]:
        """Return a page of a list, newest first."""
        title = self._heading(spec)
        older, newer = self._turning(spec, size, number)
        record = Listing(
            heading=title, cards=tuple(cards), number=number, children=tuple(children), older=older, newer=newer
        )
        path, shown = self._numbered(spec, title, number)
        names = spec.key.split("/")
        trail = [
            Target(title=name, href=self.base + plan.spec(kind, *names[: index + 1]).path)
            for index, (kind, name) in enumerate(zip(("section", "source", "channel"), names, strict=False))
            if spec.kind in ("source", "channel") and name
        ][:-1]
        return self.page(path, shown, spec.kind, feeds=spec.path, trail=trail, description=_headlines(cards)), record

    def day(
        self, spec: ListSpec, size: int, number: int, items: Sequence[StoredArticle], before: str, after: str
    ) -> tuple[Page, Day]:
        """Return a page of a day: its articles by section, in the order of the day. Only the newest leads to other days."""
        shown = self._date(spec.key)
        cards = [self.card(item, under=date.fromisoformat(spec.key)) for item in items]
        older, newer = self._turning(spec, size, number)
        record = Day(
            date=shown, blocks=self.blocks(cards), number=number,
            previous=self._day_link(before) if not number else None, next=self._day_link(after) if not number else None,
            older=older, newer=newer,
        )  # fmt: skip
        trail = [Target(title=self.labels["archive"], href=f"{self.base}archive/"), self._month_link(spec.key)]
        path, title = self._numbered(spec, shown.text, number)
        return self.page(path, title, "day", trail=trail, description=_headlines(cards)), record

    def _turning(self, spec: ListSpec, size: int, number: int) -> tuple[str, str]:
        """Return the addresses of the pages of a list that are (older, newer) than one, empty where there is none."""
        older, newer = (
            self.base + spec.path + name if name else ""
            for name in plan.neighbours(number, size, plan.per_page(spec.kind))
        )
        return older, newer

    def _numbered(self, spec: ListSpec, title: str, number: int) -> tuple[str, str]:
        """Return (path, title) of a page of a list; the newest, 0, has no number."""
        if not number:
            return f"{spec.path}index.html", title
        return plan.fixed_page(spec, number).path, f"{title} · {self.labels['page_number'] % number}"

    def _heading(self, spec: ListSpec) -> str:
        return spec.title or self.labels["latest"]

    def _date(self, key: str) -> Moment:
        """Return a day's date in words."""
        date = datetime.strptime(key, "%Y-%m-%d").replace(tzinfo=self.zone)
        return context.moment(date, self.zone, self.language, day_only=True)

    def _day_link(self, key: str) -> Target | None:
        return Target(title=self._date(key).text, href=f"{self.base}{key.replace('-', '/')}/") if key else None

    def blocks(self, cards: Sequence[Card]) -> tuple[Block, ...]:
        """Return the cards by section, sections in the order of the configuration."""
        found: dict[str, list[Card]] = {section.title: [] for section in self.site.sections}
        for card in cards:
            found.setdefault(card.section.title, []).append(card)
        hrefs = {card.section.title: card.section.href for card in cards}
        return tuple(
            Block(title=title, href=hrefs.get(title, ""), cards=tuple(items)) for title, items in found.items() if items
        )

    def month(self, path: str, key: str, days: Sequence[str]) -> tuple[Page, context.Month]:
        """Return a month's page with its days, newest first."""
        links = [link for day in sorted(days, reverse=True) if (link := self._day_link(day))]
        title = context.month_title(int(key[:4]), int(key[5:7]), self.language)
        trail = [Target(title=self.labels["archive"], href=f"{self.base}archive/")]
        return self.page(path, title, "month", trail=trail), context.Month(title=title, days=tuple(links))

    def _month_link(self, key: str) -> Target:
        """Return the link to the page of a day's or a month's month."""
        title = context.month_title(int(key[:4]), int(key[5:7]), self.language)
        return Target(title=title, href=f"{self.base}{key[:7].replace('-', '/')}/")

    def archive(self, days: Sequence[str]) -> tuple[Page, context.Archive]:
        """Return the page of all months that have days, newest first."""
        months = sorted({day[:7] for day in days}, reverse=True)
        years = tuple(
            context.Year(title=year, months=tuple(map(self._month_link, group)))
            for year, group in groupby(months, lambda month: month[:4])
        )
        return self.page("archive/index.html", self.labels["archive"], "archive"), context.Archive(years=years)

    def front(self, stories: Sequence[FrontStory]) -> tuple[Page, Front]:
        """Return the front page: stories by rank, then by section; nothing stands on it twice."""
        newest = max((story.lead.article.published for story in stories if story.lead.article.published), default=None)
        if newest is None:
            return self.page("index.html", self.site.title, "front", feeds=""), Front(
                lead=None, seconds=(), blocks=(), briefs=(), date=None
            )
        ordered = sorted(stories, key=lambda story: (-self._rank(story, newest), story.lead.article.id))
        day = newest.astimezone(self.zone).date()
        cards = [self.card(story.lead, story.others, story.reasons, story.doubles, day) for story in ordered]
        lead = next((card for card in cards if card.picture and card.excerpt and not card.sponsored), cards[0])
        rest = [card for card in cards if card is not lead]
        seconds = [card for card in rest if card.excerpt and not card.sponsored][:SECONDS]
        rest = [card for card in rest if card not in seconds]
        found = self.blocks(rest)
        most = max(1, min(PER_BLOCK, IN_BLOCKS // max(1, len(found))))
        blocks = tuple(Block(title=block.title, href=block.href, cards=block.cards[:most]) for block in found)
        shown = {card.href for block in blocks for card in block.cards}
        briefs = tuple(card for card in rest if card.href not in shown)[:BRIEFS]
        record = Front(
            lead=lead, seconds=tuple(seconds), blocks=blocks, briefs=briefs,
            date=context.moment(newest, self.zone, self.language, day_only=True),
        )  # fmt: skip
        return self.page("index.html", self.site.title, "front", feeds="", description=self.site.subtitle), record

    @staticmethod
    def _rank(story: FrontStory, newest: datetime) -> float:
        article = story.lead.article
        return rank.score(
            article.published or newest, newest, publishers=story.publishers, pictured=article.image is not None,
            length=words(article.excerpt),
        )  # fmt: skip

    def story_entry(self, story: FrontStory, entry: OutEntry) -> OutEntry:
        """Return an event as our own feed carries it: its leading report's entry, and links to the others under it."""
        links = "".join(
            f'<li><a href="{_escape(self._public(other))}">{_escape(other.article.title)}</a> '
            f"({_escape(self.source(self.feed(other.article.feed_id)).title)})</li>"
            for other in story.others
        )
        told = _escape(self.labels["reported_by"] % story.publishers)
        # Named after the first report, so that a subscriber gets an event once however many reports follow.
        return msgspec.structs.replace(
            entry,
            id=self.absolute(story.first),
            html=(entry.html or f"<p>{_escape(entry.summary)}</p>") + f"<p>{told}</p><ul>{links}</ul>"
            if links
            else entry.html,
        )

    def _public(self, stored: StoredArticle) -> str:
        return stored.article.url if self.is_elsewhere(stored) else self.absolute(stored.address)

    def out_entry(self, stored: StoredArticle, html: str = "") -> OutEntry:
        """Return an article as our feeds carry it: whole where ``html`` is given and its source's mode allows."""
        article, feed = stored.article, self.feed(stored.article.feed_id)
        shown = html.replace(' src="/m/', f' src="{self.absolute("m/")}') if feed.mode == "full" else ""
        published = article.published or stored.first_seen
        modified = self._modified(stored)
        return OutEntry(
            id=self.absolute(stored.permalink), title=article.title,
            url=self._public(stored), original=article.url,
            html=shown, summary="" if shown or self.is_elsewhere(stored) else article.excerpt, published=published,
            updated=article.modified if modified and article.modified else published,
            author=article.byline, source=self.source(feed).title, source_url=self._origin + self.source(feed).href,
            language=article.language, categories=article.categories,
            image=self.absolute(article.image.path) if article.image and article.image.path else "",
        )  # fmt: skip


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


def base_path(config: Config) -> str:
    """Return the path of the site on its host, with a slash at both ends."""
    path = config.site.base_path or str(ada_url.URL(config.site.url).pathname)
    inner = path.strip("/")
    return f"/{inner}/" if inner else "/"


def _pieces(side: Sequence[Piece]) -> tuple[context.Piece, ...]:
    return tuple(context.Piece(text=piece.text, differs=piece.differs) for piece in side)


def _headlines(cards: Sequence[Card]) -> str:
    """Return the first few headlines of a page: what the page tells, in one line."""
    return " · ".join(card.title for card in cards[:3])


def _escape(text: str) -> str:
    return html_module.escape(text)
