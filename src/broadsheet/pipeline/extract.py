"""extract: from entries and pages to articles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from broadsheet import urls
from broadsheet.articles.container import Container
from broadsheet.articles.extract import VERSION, date_article
from broadsheet.articles.rules import NONE, rules_for
from broadsheet.articles.template import MIN_SAMPLES, Template
from broadsheet.articles.wholeness import Votes, verdict, vote
from broadsheet.errors import StoreError
from broadsheet.model import Article, Done, Failed, Feed, Outcome, Page
from broadsheet.pipeline import work
from broadsheet.pipeline.media import finish, pictures_of
from broadsheet.pipeline.run import Run, batches
from broadsheet.store import articles, feeds, queue, responses, takedown, templates
from broadsheet.store.connection import Connection
from broadsheet.text import digest, excerpt, plain_title, visible_text

EXTRACT_VERSION = VERSION
_SAVE_EVERY = 20
_TEMPLATE_SAMPLES = 20
_RULES = "rules"


def extract(run: Run) -> None:
    """Make articles of all entries that are due, from the feed's words, the page, and what the source repeats."""
    with run.store.begin() as connection:
        _rules_changed(run, connection)
    with run.store.read() as connection:
        queue_of = queue.waiting(connection, "extract", run.now)
        states = feeds.states(connection)
        subscribed = feeds.everyone(connection)
        by_feed: dict[str, int] = {}
        feed_of: dict[str, str] = {}
        for source in articles.sources(connection, queue_of):
            by_feed[source.feed_id] = by_feed.get(source.feed_id, 0) + 1
            feed_of[source.id] = source.feed_id
    known = _templates(run, by_feed)
    offsets = {feed_id: state.zone_used for feed_id, state in states.items()}
    languages = {feed_id: state.language for feed_id, state in states.items()}
    run.progress.start("extract", len(queue_of))
    inputs = _inputs(run, queue_of, known, languages, subscribed)
    digests: dict[str, str] = {}

    def noted() -> Iterator[work.ExtractInput]:
        for item in inputs:
            digests[item.key] = item.digest
            yield item

    for group in batches(run.engine.map(work.extract_batch, batches(noted(), 10)), _SAVE_EVERY):
        with run.store.begin() as connection:
            for outcome in group:
                save_article(run, connection, outcome, digests.pop(outcome.key), offsets)
            _learn_wholeness(connection, group)
            _drop_containers(connection, run.now, group, feed_of)
        run.progress.advance("extract", len(group))
    with run.store.begin() as connection:
        gone = [item for item in queue_of if item not in feed_of]
        queue.done(
            connection, "extract", EXTRACT_VERSION, [(item, "", "skipped", "taken down") for item in gone], run.now
        )
    run.progress.end("extract")


def _rules_changed(run: Run, connection: Connection) -> None:
    """Make the articles due of domains whose rules are not those by which they were made."""
    now = {domain: rules.digest() for domain, rules in run.rules.items()}
    kept = queue.get_meta(connection, _RULES)
    before = msgspec.json.decode(kept, type=dict[str, str]) if kept else {}
    if now == before:
        return
    changed = {domain for domain in now.keys() | before.keys() if now.get(domain) != before.get(domain)}
    ids = {article for domain in sorted(changed) for article in takedown.of_domain(connection, domain)}
    queue.put(connection, "extract", sorted(ids))
    queue.set_meta(connection, _RULES, msgspec.json.encode(now).decode())


def _templates(run: Run, counts: Mapping[str, int]) -> dict[str, Template]:
    """Return what each feed's items and pages repeat, learnt anew where enough has come in."""
    known: dict[str, Template] = {}
    with run.store.read() as connection:
        for feed_id in sorted(counts):
            template = templates.get(connection, feed_id)
            if template is not None:
                known[feed_id] = template
    wanted = [feed_id for feed_id in sorted(counts) if feed_id not in known or counts[feed_id] >= MIN_SAMPLES]
    inputs = ([_samples(run, feed_id)] for feed_id in wanted)
    known |= learn(run, inputs)
    return {feed_id: known.get(feed_id, Template()) for feed_id in counts}


def learn(run: Run, inputs: Iterable[Sequence[work.LearnInput]]) -> dict[str, Template]:
    """Return, and keep, what each source repeats, by feed; of one of which nothing can be learnt there is a line in the report."""
    found: dict[str, Template] = {}
    for outcome in run.engine.map(work.learn_batch, inputs):
        if isinstance(outcome, Done):
            found[outcome.key] = outcome.value
            with run.store.begin() as connection:
                templates.save(connection, outcome.key, outcome.value, run.now)
        elif isinstance(outcome, Failed):
            run.report.failures.append(f"{outcome.key}: nothing learnt of what the source repeats: {outcome.message}")
    return found


def _samples(run: Run, feed_id: str) -> work.LearnInput:
    with run.store.read() as connection:
        recent = list(articles.sources(connection, articles.recent_of_feed(connection, feed_id, _TEMPLATE_SAMPLES)))
    bodies = _bodies(run, recent)
    pages = [(bodies[one.page.body], one.page.final_url) for one in recent if one.page and one.page.body in bodies]
    fragments = (source.entry.content or source.entry.summary for source in recent)
    return work.LearnInput(
        key=feed_id, fragments=tuple(fragment for fragment in fragments if fragment), pages=tuple(pages)
    )


def _bodies(
    run: Run, sources: Sequence[articles.Source], further: Mapping[str, Sequence[Page]] = MappingProxyType({})
) -> dict[str, bytes]:
    """Return the bodies of articles' pages by their digests; of one that cannot be read there is a line in the report."""
    wanted = {source.page.body for source in sources if source.page is not None}
    wanted |= {page.body for pages in further.values() for page in pages}
    found = run.store.blobs.get_many(wanted)
    run.report.failures += [str(body) for body in found.values() if isinstance(body, StoreError)]
    return {digest: body for digest, body in found.items() if isinstance(body, bytes)}


def _inputs(
    run: Run, ids: Sequence[str], known: dict[str, Template], languages: dict[str, str], subscribed: dict[str, Feed]
) -> Iterator[work.ExtractInput]:
    for group in batches(ids, _SAVE_EVERY):
        with run.store.read() as connection:
            sources = list(articles.sources(connection, group))
            further = responses.further(connection, group)
        html = {one.id for one in sources if one.page and "html" in (one.page.content_type or "html")}
        bodies = _bodies(run, [source for source in sources if source.id in html], further)
        for source in sources:
            page, url = b"", source.link
            if source.page and source.id in html and source.page.body in bodies:
                page, url = bodies[source.page.body], source.page.final_url
            template, feed = known[source.feed_id], subscribed[source.feed_id]
            rules = rules_for(run.rules, source.link)
            shape = [feed.opencc, str(feed.brief)] if feed.opencc or feed.brief else []
            shape += [rules.digest()] if rules is not NONE else []
            more = [one for one in further.get(source.id, ()) if one.body in bodies]
            shape += [one.body for one in more]
            yield work.ExtractInput(
                key=source.id, url=url, page=page, entry=source.entry, template=template,
                language=languages.get(source.feed_id, ""), opencc=feed.opencc, brief=feed.brief,
                rules=rules, more=tuple((bodies[one.body], one.final_url) for one in more),
                digest=digest(source.entry_digest, source.page.body if source.page else "", template.digest(), *shape),
            )  # fmt: skip


def dated(article: Article, source: articles.Source, hours: int) -> Article:
    """Return an article with a date that can be printed, the feed's dates taken back by the hours that they are ahead."""
    ahead = timedelta(hours=hours)
    if article.modified is not None and article.modified == source.entry.updated:
        article = msgspec.structs.replace(article, modified=article.modified - ahead)
    return date_article(article, source.first_seen, ahead)


def save_article(
    run: Run, connection: Connection, outcome: Outcome[Article], input_digest: str, offsets: Mapping[str, int], *,
    fetching: bool = True,
) -> None:  # fmt: skip
    """Keep what extraction made of an article: finished, or as a draft that waits for its pictures.

    Without ``fetching`` neither pictures nor further pages are asked for.
    """
    source = next(articles.sources(connection, [outcome.key]), None)
    if source is None:
        return
    stage = run.report.stage("extract")
    offset = offsets.get(source.feed_id, 0)
    if isinstance(outcome, Done):
        stage.done += 1
        article, note = outcome.value, "done"
    else:
        message = outcome.message if isinstance(outcome, Failed) else outcome.reason
        stage.failed += 1
        run.report.failures.append(message)
        article, note = plain_article(source), "failed"
    before = articles.get(connection, source.id)
    revision = source.revision
    if before is not None and before.digest and before.digest != article.digest:
        revision += 1
    article = msgspec.structs.replace(
        dated(article, source, offset), id=source.id, feed_id=source.feed_id, revision=revision,
        url=urls.web_only(article.url), comments_url=urls.web_only(article.comments_url),
        provenance=article.provenance | {"extract": str(EXTRACT_VERSION)},
    )  # fmt: skip
    queue.done(connection, "extract", EXTRACT_VERSION, [(source.id, input_digest, note, "")], run.now)
    if fetching and article.provenance.get("next"):
        queue.put(connection, "more", [article.id])
    wanted = pictures_of(run, article)
    copies = articles.pictures(connection, wanted)
    if fetching and run.config.media.copy and any(url not in copies for url in wanted):
        # Kept as it is until its pictures are here; what is published stays as it was.
        articles.save_draft(connection, article)
        queue.put(connection, "media", [article.id])
    else:
        finish(run, connection, article, before, copies)


def _learn_wholeness(connection: Connection, group: Sequence[Outcome[Article]]) -> None:
    """Remember which entries had as much as their pages; where a feed turns out to break off, its pages are fetched."""
    told = {
        outcome.key: int(count)
        for outcome in group
        if isinstance(outcome, Done) and (count := outcome.value.provenance.get("page_words"))
    }
    sources = list(articles.sources(connection, list(told)))
    states = feeds.states_of(connection, sorted({source.feed_id for source in sources}))
    for feed_id, state in states.items():
        given = [vote(source.entry, told[source.id]) for source in sources if source.feed_id == feed_id]
        before = Votes(*state.whole)
        after = before.add(sum(one.whole for one in given), sum(one.short for one in given))
        if after == before:
            continue
        feeds.save_states(connection, [msgspec.structs.replace(state, whole=tuple(after))])
        if verdict(after) == "short" != verdict(before):
            recent = articles.sources(connection, articles.recent_of_feed(connection, feed_id, _TEMPLATE_SAMPLES))
            queue.put(connection, "fetch", [source.id for source in recent if source.page is None])


def _drop_containers(
    connection: Connection, now: datetime, group: Sequence[Outcome[Article]], feed_of: Mapping[str, str]
) -> None:
    """Forget where sites keep their articles of which a page said otherwise; it is learnt anew with what else they repeat."""
    doubted = {feed_of[one.key] for one in group if isinstance(one, Done) and one.value.provenance.get("doubt")}
    for feed_id in sorted(doubted):
        template = templates.get(connection, feed_id)
        if template is not None:
            templates.save(connection, feed_id, msgspec.structs.replace(template, container=Container()), now)


def plain_article(source: articles.Source) -> Article:
    """Return the article of an entry that could not be extracted: its title, link and plain words."""
    text = visible_text(source.entry.content or source.entry.summary)
    title = plain_title(source.entry.title) or excerpt(text, width=80) or source.link
    return Article(
        title=title, text="", excerpt=excerpt(text, width=240), url=source.link, published=source.entry.published,
        published_source="feed" if source.entry.published else "", language=source.entry.language,
        digest=digest(title, text), provenance={"text": "nothing could be extracted"},
    )  # fmt: skip
