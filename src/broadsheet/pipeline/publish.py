"""plan, render, write: from articles to the site. A build costs what changed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from broadsheet import __version__
from broadsheet.feeds import opml
from broadsheet.model import ListSpec, Output, SitePage, StoredArticle
from broadsheet.pipeline.affected import affected
from broadsheet.pipeline.doubles import settle
from broadsheet.pipeline.pages import Reader
from broadsheet.pipeline.run import Run, batches
from broadsheet.site import context, search
from broadsheet.site.compose import Composer
from broadsheet.site.render import Theme
from broadsheet.site.write import Writer
from broadsheet.store import articles, doubles, feeds, queue, site
from broadsheet.store.connection import Connection
from broadsheet.text import digest

SITE_FORMAT = 8
"""Raised when pages change by our doing, so that every site is printed anew."""
STYLE, CUSTOM = "style.css", "custom.css"
"""A theme's style sheet, and what a site adds to it: published as one file."""
WORKER = "offline.js"
"""The script that keeps the last edition on readers' devices. It lies at the root: it may answer for what is below it alone."""
_OFFLINE = "offline/index.html"
_AT_ONCE = 500
"""Articles numbered, and pages rendered, in one go."""
_REMEMBERED = 20_000
"""Files written whose digests are in memory before the store is told; those of a whole archive take 260 bytes each."""


def build(run: Run, *, full: bool = False) -> None:
    """Bring the site up to date with the store. ``full`` prints every page anew (equal ones are not written)."""
    started = time.monotonic()
    theme = Theme.load(run.config.site.theme, run.folder)
    with run.store.read() as connection:
        known_feeds = feeds.everyone(connection)
        states = feeds.states(connection)
        composer = Composer(run.config, known_feeds, {feed_id: state.title for feed_id, state in states.items()})
        sources = composer.sources(feeds.active(connection), states)
        keys = {"site_key": site_key(theme, composer), "sources": digest(msgspec.json.encode(sources))}
        stored = {name: queue.get_meta(connection, name) for name in keys}
        full = full or stored["site_key"] != keys["site_key"] or not (run.output / "index.html").exists()
    if full:
        with run.store.begin() as connection:
            queue.set_meta(connection, "site_key", "")  # until the whole site is there, every build is a full one
            articles.mark_all(connection)
            site.ensure(connection, composer.standing_lists())
            _fill_topics(connection, composer)
    with run.store.begin() as connection:
        # What the configuration says of feeds counts too, and only a full build sees that it has changed.
        settle(connection, doubles.everyone(connection) if full else articles.dirty(connection), known_feeds)
        dirty = articles.dirty(connection)
        if dirty:
            _number(connection, composer, dirty)
    if dirty or full or stored != keys:
        _publish(run, theme, composer, dirty, sources, keys, full=full)
    run.report.stage("write").seconds = time.monotonic() - started


def site_key(theme: Theme, composer: Composer) -> str:
    """Return a digest of all that every page depends on beside its own articles."""
    site = msgspec.json.encode(composer.site)
    policies = [(feed.id, feed.mode, "/".join(composer.names(feed))) for feed in composer.feeds]
    told = (SITE_FORMAT, __version__, composer.zone, composer.config.site.copies, composer.config.site.whole_in_feeds)
    return digest(theme.digest, site, *map(str, told), json.dumps(policies))


def _number(connection: Connection, composer: Composer, dirty: Sequence[str]) -> None:
    """Give new articles their place in the order of publication and in their lists."""
    _complete(connection, composer)
    for group in batches(dirty, _AT_ONCE):
        rows = articles.rows(connection, group)
        new = [rows[item] for item in group if rows[item].seq is None and rows[item].state == "live"]
        if new:
            site.append(connection, _wanted(connection, composer, new))


def _wanted(
    connection: Connection, composer: Composer, new: Sequence[StoredArticle]
) -> list[tuple[str, list[ListSpec]]]:
    """Return the lists that each new article is to enter: not those in which the page that tells it stands already."""
    pages = articles.rows(connection, sorted({stored.double_of for stored in new if stored.double_of}))
    places = site.places(connection, list(pages))
    taken = {
        article: {place.spec.path for place in places.get(article, ())}
        if page.seq is not None
        else {spec.path for spec in composer.lists(page)}
        for article, page in pages.items()
    }
    return [
        (
            stored.article.id,
            [spec for spec in composer.lists(stored) if spec.path not in taken.get(stored.double_of, ())],
        )
        for stored in new
    ]


def _fill_topics(connection: Connection, composer: Composer) -> None:
    """Let what is published already enter the topics that are new, in the order of publication."""
    new = {spec.path for spec in composer.topics if not site.get_list(connection, spec.path)[1]}
    if not new:
        return
    for numbers in batches(range(site.published(connection)), _AT_ONCE):
        ids = site.numbered(connection, numbers)
        rows = articles.rows(connection, list(ids.values()))
        told = (rows[article] for _, article in sorted(ids.items()))
        found = [(one.article.id, composer.lists(one)) for one in told if one.state == "live" and not one.double_of]
        entering = [(article, [spec for spec in specs if spec.path in new]) for article, specs in found]
        site.enter(connection, [(article, specs) for article, specs in entering if specs])


def _complete(connection: Connection, composer: Composer) -> None:
    """Let articles that are whole again enter the lists that they were kept out of, at their ends."""
    ids = doubles.whole_again(connection)
    rows = articles.rows(connection, ids)
    places = site.places(connection, ids)
    lacking = []
    for article in ids:
        there = {place.spec.path for place in places.get(article, ())}
        # A source may be called otherwise by now; of topics there are several.
        there |= {place.spec.kind for place in places.get(article, ()) if place.spec.kind != "topic"}
        specs = [spec for spec in composer.lists(rows[article]) if not {spec.path, spec.kind} & there]
        if rows[article].seq is not None and specs:
            lacking.append((article, specs))
    site.enter(connection, sorted(lacking, key=lambda item: rows[item[0]].seq or 0))


def _publish(
    run: Run, theme: Theme, composer: Composer, dirty: Sequence[str], sources: Sequence[context.SourceLine],
    keys: Mapping[str, str], *, full: bool,
) -> None:  # fmt: skip
    """Print what is out of date; then remember ``keys``, by which the next build knows what has changed since."""
    reader = Reader(run, theme, composer)
    writer = Writer(run.output, reader.digests)
    pages = affected(reader.connection, dirty, full=full)
    planned, kept, skipped = len(pages), 0, 0
    run.progress.start("build", planned)
    run.output.mkdir(parents=True, exist_ok=True)
    if full:
        writer.write(_assets(theme))

    front = pages.pop()
    for group in _let_go(pages):
        writer.write(reader.render(group))
        skipped += sum(page.path not in writer.written for page in group)
        run.progress.advance("build", len(group))
        if len(writer.written) >= _REMEMBERED:
            kept += len(writer.written)
            with run.store.begin() as connection:
                site.save_outputs(connection, writer.taken())
    reader.forget()
    index = reader.search_index()
    writer.write(index.outputs(dirty, run.output))
    writer.write(_sources(run, theme, composer, sources))
    if full:
        writer.write(_static(theme, composer))
    # The front page is the last: on a new site all that it links to is there before anyone can come to it.
    writer.write(reader.render([front]))
    run.progress.advance("build")
    removed = [*(reader.old_files() if full else []), *index.stale(run.output)]
    if full and not composer.site.offline:
        removed += [path for path in (WORKER, _OFFLINE) if path in reader.digests([WORKER, _OFFLINE])]
    count = writer.remove(removed)
    with run.store.begin() as connection:
        index.save(connection)
        site.save_outputs(connection, writer.written, removed)
        doubles.settled(connection, doubles.whole_again(connection))
        articles.mark(connection, dirty, dirty=False)
        for name, key in keys.items():
            queue.set_meta(connection, name, key)
    reader.close()
    run.progress.end("build")
    run.report.pages_written += kept + len(writer.written)
    run.report.pages_removed += count
    run.report.bytes_written += writer.bytes
    stage = run.report.stage("write")
    stage.done += kept + len(writer.written)
    stage.skipped += skipped + (front.path not in writer.written)
    for name in ("plan", "render"):
        run.report.stage(name).done += planned


def _let_go(pages: list[SitePage]) -> Iterator[Sequence[SitePage]]:
    """Yield the pages in groups, in their order; the list holds those alone that are still to come."""
    pages.reverse()
    while pages:
        group = pages[: -_AT_ONCE - 1 : -1]
        del pages[-_AT_ONCE:]
        yield group


def _assets(theme: Theme) -> Iterator[Output]:
    from rcssmin import cssmin  # a build without a new theme does without

    for name, path in theme.assets.items():
        body = path.read_bytes()
        if name == STYLE and CUSTOM in theme.assets:
            body += b"\n" + theme.assets[CUSTOM].read_bytes()
        if name not in (CUSTOM, WORKER):
            yield Output(path=f"assets/{name}", body=cssmin(body) if name.endswith(".css") else body)


def _sources(run: Run, theme: Theme, composer: Composer, sources: Sequence[context.SourceLine]) -> Iterator[Output]:
    """Yield the pages that name the sources: what a feed calls itself may be known only after it was asked."""
    with run.store.read() as connection:
        subscribed = feeds.active(connection)
    about = context.About(sources=tuple(sources), opml=f"{composer.base}sources.opml")
    shown = composer.page("about/index.html", composer.labels["about"], "about")
    yield Output(path="about/index.html", body=theme.render("about.html", shown, about))
    yield Output(path="sources.opml", body=opml.write_opml(subscribed, run.config.site.title))


def _static(theme: Theme, composer: Composer) -> Iterator[Output]:
    """Yield the files that change with the configuration only."""
    shown = composer.page("search/index.html", composer.labels["search"], "search", indexed=False)
    yield Output(path="search/index.html", body=theme.render("search.html", shown, context.Search()))
    yield Output(path="search/fold.bin", body=search.fold_file())
    missing = composer.page("404.html", composer.labels["missing_title"], "missing", indexed=False)
    yield Output(path="404.html", body=theme.render("404.html", missing, context.Missing()))
    if composer.site.offline:
        kept = composer.page(_OFFLINE, composer.labels["offline_title"], "offline", indexed=False)
        yield Output(path=_OFFLINE, body=theme.render("offline.html", kept, context.Offline()))
        yield Output(path=WORKER, body=theme.assets[WORKER].read_bytes())
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
