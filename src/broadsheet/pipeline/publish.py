"""plan, render, write: from articles to the site. A build costs what changed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from sqlalchemy.engine import Connection

from broadsheet import __version__
from broadsheet.errors import StoreError
from broadsheet.feeds import opml
from broadsheet.model import Output, SitePage, StoredArticle
from broadsheet.pipeline.run import Run
from broadsheet.site import context, outfeeds, plan
from broadsheet.site.compose import Composer, FrontStory
from broadsheet.site.render import Theme
from broadsheet.site.write import Writer
from broadsheet.store import articles, feeds, queue, site, stories, takedown
from broadsheet.text import digest

FRONT_ARTICLES = 400
"""Newest articles from which the front page is chosen."""
SITE_FORMAT = 1
"""Raised when pages change by our doing, so that every site is printed anew."""

_SPECIAL = (
    SitePage(path="archive/index.html", kind="archive"),
    SitePage(path="sitemap.xml", kind="sitemap"),
    SitePage(path="index.html", kind="front"),
)


def build(run: Run, *, full: bool = False) -> None:
    """Bring the site up to date with the store. ``full`` prints every page anew (equal ones are not written)."""
    started = time.monotonic()
    theme = Theme.load(run.config.site.theme, run.folder)
    with run.store.read() as connection:
        known_feeds = feeds.everyone(connection)
        titles = {feed_id: state.title for feed_id, state in feeds.states(connection).items()}
        composer = Composer(run.config, known_feeds, titles)
        key = _site_key(theme, composer)
        full = full or queue.get_meta(connection, "site_key") != key or not (run.output / "index.html").exists()
    if full:
        with run.store.begin() as connection:
            queue.set_meta(connection, "site_key", "")  # until the whole site is there, every build is a full one
            articles.mark_all(connection)
            for spec in composer.standing_lists():
                site.ensure(connection, spec)
    with run.store.begin() as connection:
        dirty = articles.dirty(connection)
        if dirty:
            _number(connection, composer, dirty)
    if not dirty and not full:
        run.report.stage("write").seconds = time.monotonic() - started
        return
    _publish(run, theme, composer, dirty, key, full=full)
    run.report.stage("write").seconds = time.monotonic() - started


def _site_key(theme: Theme, composer: Composer) -> str:
    """Return a digest of all that every page depends on beside its own articles."""
    site = msgspec.json.encode(composer.site)
    policies = [(feed.id, feed.mode, "/".join(composer.names(feed))) for feed in composer.feeds]
    return digest(theme.digest, site, str(SITE_FORMAT), __version__, str(composer.zone), json.dumps(policies))


def _number(connection: Connection, composer: Composer, dirty: Sequence[str]) -> None:
    """Give new articles their place in the order of publication and in their lists."""
    rows = articles.rows(connection, dirty)
    for article_id in dirty:
        stored = rows[article_id]
        if stored.seq is None and stored.state == "live":
            site.number(connection, article_id)
            for spec in composer.lists(stored):
                site.append(connection, spec, article_id)


def _publish(run: Run, theme: Theme, composer: Composer, dirty: Sequence[str], key: str, *, full: bool) -> None:
    reader = Reader(run, composer)
    writer = Writer(run.output, reader.digest)
    pages = reader.affected(dirty, full=full)
    run.progress.start("build", len(pages))
    run.output.mkdir(parents=True, exist_ok=True)
    if full:
        writer.write(_assets(theme))
    writer.write(reader.media(dirty))

    def rendered() -> Iterator[Output]:
        for page in pages:
            yield from reader.render(theme, page)
            run.progress.advance("build")

    writer.write(rendered())
    if full:
        writer.write(_static(run, theme, composer))
    removed = reader.old_assets(theme) if full else []
    count = writer.remove(removed)
    with run.store.begin() as connection:
        site.save_outputs(connection, writer.written, removed)
        articles.mark(connection, dirty, dirty=False)
        queue.set_meta(connection, "site_key", key)
    reader.close()
    run.progress.end("build")
    run.report.pages_written += len(writer.written)
    run.report.pages_removed += count
    run.report.bytes_written += writer.bytes
    stage = run.report.stage("write")
    stage.done += len(writer.written)
    stage.skipped += len(pages) - sum(page.path in writer.written for page in pages)
    for name in ("plan", "render"):
        run.report.stage(name).done += len(pages)


class Reader:
    """Reads from the store what pages show; all pages of a build see one state of it."""

    def __init__(self, run: Run, composer: Composer) -> None:
        self._run = run
        self._composer = composer
        self._context = run.store.read()
        self._connection = self._context.__enter__()

    def close(self) -> None:
        """End reading."""
        self._context.__exit__(None, None, None)

    def digest(self, path: str) -> str:
        """Return the digest under which a path was written last."""
        return site.known(self._connection, path)

    def affected(self, dirty: Sequence[str], *, full: bool) -> list[SitePage]:
        """Return the pages that are out of date, in the order of writing."""
        found: set[SitePage] = set(_SPECIAL)
        rows = articles.rows(self._connection, dirty)
        for article_id in dirty:
            stored = rows[article_id]
            found.update(plan.article_pages(site.places(self._connection, article_id), stored.permalink))
        if full:
            for spec, size in site.all_lists(self._connection):
                found.update(plan.all_pages(spec, size))
        else:
            # A new day changes the "next day" link of the one before.
            for page in [page for page in found if page.kind == "day"]:
                spec, size = site.get_list(self._connection, page.key)
                before, after = site.days_around(self._connection, spec.key)
                if size <= len(dirty):
                    for key in filter(None, (before, after)):
                        path = f"{key.replace('-', '/')}/"
                        found.add(SitePage(path=f"{path}index.html", kind="day", key=path))
        return plan.in_write_order(found)

    def media(self, ids: Iterable[str]) -> Iterator[Output]:
        """Yield the pictures of the articles, read from the store's folder."""
        seen: set[str] = set()
        for article_id in ids:
            for path in self._pictures(article_id):
                if path not in seen:
                    seen.add(path)
                    source = self._run.store.state_dir / path
                    if not self.digest(path) or not (self._run.output / path).exists():
                        try:
                            yield Output(path=path, body=source.read_bytes())
                        except OSError as error:
                            raise StoreError(
                                f"{source}: cannot be read ({error.strerror}); fetch it again: broadsheet update --redo media"
                            ) from None

    def _pictures(self, article_id: str) -> Iterator[str]:
        stored = articles.rows(self._connection, [article_id])[article_id]
        if stored.state == "live" and self._composer.feed(stored.article.feed_id).mode != "link":
            if stored.article.image and stored.article.image.path:
                yield stored.article.image.path
            for part in articles.html_of(self._connection, article_id).split('src="/m/')[1:]:
                yield "m/" + part.split('"', 1)[0]

    def render(self, theme: Theme, page: SitePage) -> Iterator[Output]:
        """Yield the file of a page."""
        match page.kind:
            case "article":
                yield self._article(theme, page)
            case "day":
                yield self._day(theme, page)
            case "front":
                shown, front = self._composer.front(self._stories())
                yield Output(path=page.path, body=theme.render("front.html", shown, front))
            case "archive":
                days = [spec.key for spec, _ in site.all_lists(self._connection, "day")]
                shown, archive = self._composer.archive(days)
                yield Output(path=page.path, body=theme.render("archive.html", shown, archive))
            case "sitemap":
                paths = [f"{spec.path}index.html" for spec, _ in site.all_lists(self._connection)]
                addresses = [self._composer.absolute(path) for path in ["index.html", *sorted(paths)]]
                yield Output(path=page.path, body=outfeeds.sitemap(addresses[:50_000]))
            case "atom" | "jsonfeed":
                yield self._feed(page)
            case _:
                yield self._listing(theme, page)

    def _article(self, theme: Theme, page: SitePage) -> Output:
        article_id = articles.by_permalink(self._connection, page.path)
        assert article_id is not None
        stored = articles.rows(self._connection, [article_id])[article_id]
        if stored.state == "gone":
            return self._gone(theme, page, article_id)
        whole = articles.get(self._connection, article_id)
        assert whole is not None
        others = [row for row in self._story(stored.story_id) if row.article.id != article_id]
        shown, record = self._composer.article(
            stored, whole.html, whole.text, others, stories.reasons(self._connection, article_id)
        )
        return Output(path=page.path, body=theme.render("article.html", shown, record))

    def _gone(self, theme: Theme, page: SitePage, article_id: str) -> Output:
        when, note = takedown.note_of(self._connection, article_id) or (self._run.now, "")
        composer = self._composer
        date = context.moment(when, composer.zone, composer.language, day_only=True)
        shown = composer.page(page.path, composer.labels["gone_title"], "gone", indexed=False)
        return Output(path=page.path, body=theme.render("gone.html", shown, context.Gone(date=date, note=note)))

    def _story(self, story_id: str) -> list[StoredArticle]:
        if not story_id:
            return []
        ids = stories.articles_of(self._connection, [story_id]).get(story_id, [])
        rows = articles.rows(self._connection, ids)
        return [rows[article_id] for article_id in ids]

    def _live(self, ids: Sequence[str]) -> list[StoredArticle]:
        rows = articles.rows(self._connection, ids)
        return [rows[article_id] for article_id in ids if rows[article_id].state == "live"]

    def _listing(self, theme: Theme, page: SitePage) -> Output:
        spec, size = site.get_list(self._connection, page.key)
        ids = site.items(self._connection, page.key, plan.positions(page.page, size))
        cards = [self._composer.card(stored) for stored in reversed(self._live(ids))]
        shown, listing = self._composer.listing(spec, size, page.page, cards, self._composer.children(spec))
        return Output(path=page.path, body=theme.render("list.html", shown, listing))

    def _day(self, theme: Theme, page: SitePage) -> Output:
        spec, size = site.get_list(self._connection, page.key)
        items = self._live(site.items(self._connection, page.key, range(1, size + 1)))
        items.sort(key=lambda stored: (stored.article.published or stored.first_seen, stored.article.id), reverse=True)
        before, after = site.days_around(self._connection, spec.key)
        shown, day = self._composer.day(spec, items, before, after)
        return Output(path=page.path, body=theme.render("day.html", shown, day))

    def _feed(self, page: SitePage) -> Output:
        spec, size = site.get_list(self._connection, page.key)
        shown = range(max(1, size - plan.FEED_ENTRIES + 1), size + 1)
        newest = list(reversed(self._live(site.items(self._connection, page.key, shown))))
        entries = tuple(
            self._composer.out_entry(stored, articles.html_of(self._connection, stored.article.id)) for stored in newest
        )
        composer = self._composer
        name = spec.title or composer.site.title
        feed = outfeeds.OutFeed(
            title=name if name == composer.site.title else f"{name} · {composer.site.title}",
            url=composer.absolute(f"{spec.path}index.html"), self_url=composer.absolute(page.path),
            language=composer.language, entries=entries, updated=outfeeds.newest(entries),
        )  # fmt: skip
        body = outfeeds.atom(feed) if page.kind == "atom" else outfeeds.json_feed(feed)
        return Output(path=page.path, body=body)

    def _stories(self) -> list[FrontStory]:
        """Return the stories of the newest articles, each with its lead first."""
        _, size = site.get_list(self._connection, plan.LATEST.path)
        ids = site.items(self._connection, plan.LATEST.path, range(max(1, size - FRONT_ARTICLES + 1), size + 1))
        live = self._live(ids)
        grouped: dict[str, list[StoredArticle]] = {}
        for stored in live:
            grouped.setdefault(stored.story_id or stored.article.id, []).append(stored)
        found = []
        for members in grouped.values():
            lead = members[0]
            if len(members) > 1:
                lead = self._lead(members)
            others = tuple(stored for stored in members if stored is not lead)
            matches = stories.reasons(self._connection, lead.article.id) if others else []
            because = self._composer.reasons(lead.article.id, matches)
            names = {self._composer.source(self._composer.feed(item.article.feed_id)).href for item in members}
            found.append(FrontStory(lead=lead, others=others, reasons=because, publishers=len(names)))
        return found

    def old_assets(self, theme: Theme) -> list[str]:
        """Return files of an earlier theme. Pages never go: their addresses are for ever."""
        now = {f"assets/{name}" for name in theme.assets}
        return sorted(path for path in site.known_paths(self._connection) - now if path.startswith("assets/"))

    def _lead(self, members: Sequence[StoredArticle]) -> StoredArticle:
        order = stories.lead_order(self._connection, [stored.article.id for stored in members])
        by_id = {stored.article.id: stored for stored in members}
        return by_id[order[0]]


def _assets(theme: Theme) -> Iterator[Output]:
    for name, path in theme.assets.items():
        yield Output(path=f"assets/{name}", body=path.read_bytes())


def _static(run: Run, theme: Theme, composer: Composer) -> Iterator[Output]:
    """Yield the files that change with the configuration only."""
    with run.store.read() as connection:
        subscribed = feeds.active(connection)
        states = feeds.states(connection)
    lines = [
        context.SourceLine(
            title=" · ".join(filter(None, composer.names(feed)[1:])), href=composer.source(feed).href,
            site=states[feed.id].link if feed.id in states else "", feed=feed.url, section=composer.names(feed)[0],
        )
        for feed in subscribed
    ]  # fmt: skip
    about = context.About(sources=tuple(lines), opml=f"{composer.base}sources.opml")
    shown = composer.page("about/index.html", composer.labels["about"], "about")
    yield Output(path="about/index.html", body=theme.render("about.html", shown, about))
    missing = composer.page("404.html", composer.labels["missing_title"], "missing", indexed=False)
    yield Output(path="404.html", body=theme.render("404.html", missing, context.Missing()))
    yield Output(path="sources.opml", body=opml.write_opml(subscribed, run.config.site.title))
    robots = f"User-agent: *\nAllow: /\nSitemap: {composer.absolute('sitemap.xml')}\n"
    yield Output(path="robots.txt", body=robots.encode())
    policy = (
        f"default-src 'none'; style-src 'self'; script-src 'self'; img-src {composer.site.image_policy}; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = (
        f"/*\n  Content-Security-Policy: {policy}\n  X-Content-Type-Options: nosniff\n  Referrer-Policy: no-referrer\n"
    )
    yield Output(path="_headers", body=headers.encode())
    yield Output(path=".nojekyll", body=b"")
