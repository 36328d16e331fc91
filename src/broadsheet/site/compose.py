"""Stored articles -> what templates are given of them on every page: links, cards, times. Pure: what is needed comes in.

``articlepages``, ``listpages`` and ``outentries`` make whole pages and feeds of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import ada_url

from broadsheet import urls
from broadsheet.config import Config
from broadsheet.messages import labels
from broadsheet.model import Article, Feed, FeedState, Image, ListSpec, StoredArticle, story_path
from broadsheet.site import context, plan
from broadsheet.site.context import Also, Card, Moment, Page, Picture, Site, SourceLine, Target
from broadsheet.site.topics import Topics

_SILENT = timedelta(days=1)
"""A feed that could not be read for so long is said to be silent."""


class Composer:
    """What is the same for all pages of one build: configuration, feeds with their titles, zone and base path."""

    def __init__(self, config: Config, feeds: Mapping[str, Feed], titles: Mapping[str, str]) -> None:
        self.config = config
        self._feeds = feeds
        self._titles = titles
        self.zone: tzinfo = ZoneInfo(config.site.timezone)
        self.language = config.site.language
        self.base = base_path(config)
        self.origin = str(ada_url.URL(config.site.url).origin)
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
        return self.origin + self.base + (path.removesuffix("index.html") if path.endswith("index.html") else path)

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

    def topics_of(self, article: Article) -> tuple[Target, ...]:
        """Return the pages of the topics that an article belongs to."""
        return self._targets(self._topics.of(article))

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

    def moved(self, path: str, title: str, target: str, heading: str = "") -> tuple[Page, context.Moved]:
        """Return the page that stands at an old address and leads to the new one."""
        page = self.page(path, title, "moved", canonical=self.absolute(target))
        heading = heading or self.labels["moved_title"]
        return page, context.Moved(heading=heading, target=Target(title=title, href=self.href(target)))

    def modified(self, stored: StoredArticle) -> Moment | None:
        """Return when an article was changed after it was published, as far as its source can be believed; else None."""
        article = stored.article
        if article.modified is None or article.published is None or article.modified <= article.published:
            return None
        if article.modified > stored.first_seen and article.revision == 1:
            return None  # a time that had not come when we saw it
        return context.moment(article.modified, self.zone, self.language)


def base_path(config: Config) -> str:
    """Return the path of the site on its host, with a slash at both ends."""
    path = config.site.base_path or str(ada_url.URL(config.site.url).pathname)
    inner = path.strip("/")
    return f"/{inner}/" if inner else "/"
