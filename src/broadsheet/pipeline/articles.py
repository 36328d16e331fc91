"""fetch, extract, media: from entries to articles that can be printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from broadsheet import urls
from broadsheet.articles.container import Container
from broadsheet.articles.extract import VERSION, date_article
from broadsheet.articles.images import MIN_SIDE, localise
from broadsheet.articles.paging import MAX_PAGES
from broadsheet.articles.rules import NONE, rules_for
from broadsheet.articles.template import MIN_SAMPLES, Template
from broadsheet.articles.wholeness import Votes, needs_page, verdict, vote
from broadsheet.disk import write_durably
from broadsheet.errors import CodePicture, StoreError
from broadsheet.feeds import schedule
from broadsheet.model import Article, Done, Failed, Feed, Image, Outcome, Page, Removed, Request, Response, Skipped
from broadsheet.net.client import Manners, fetch_many
from broadsheet.pipeline import hosts, work
from broadsheet.pipeline.doubles import shown
from broadsheet.pipeline.run import Run, batches, kept
from broadsheet.store import articles, feeds, queue, responses, search, takedown, templates
from broadsheet.store.connection import Connection
from broadsheet.stories.doubles import Shown
from broadsheet.text import digest, excerpt, plain_title, visible_text

FETCH_VERSION = MORE_VERSION = MEDIA_VERSION = 1
EXTRACT_VERSION = VERSION
_SAVE_EVERY = 20
_TEMPLATE_SAMPLES = 20
_PICTURES_AT_ONCE = 60
_RULES = "rules"
_PATIENCE = timedelta(days=30)
"""For how long a page is put off whose host is not to be asked, or whose robots.txt cannot be had (RFC 9309, 2.3.1.4)."""


# ------------------------------------------------------------------------------------------------- fetch


def fetch(run: Run) -> None:
    """Fetch the page of every article whose feed is short, then make the article due for extraction."""
    with run.store.read() as connection:
        waiting = queue.waiting(connection, "fetch", run.now)
        known = feeds.everyone(connection)
        sources = list(articles.sources(connection, waiting))
        resting = hosts.left_alone(connection)
        votes = {feed_id: Votes(*state.whole) for feed_id, state in feeds.states(connection).items()}
    stage = run.report.stage("fetch")
    reasons = {
        source.id: why_no_page(known[source.feed_id], source, votes.get(source.feed_id, Votes())) for source in sources
    }
    wanted = [source for source in sources if not reasons[source.id]]
    links = {source.id: source.link for source in sources}
    seen = {source.id: source.first_seen for source in sources}
    refused: list[Failed] = []
    with run.store.begin() as connection:
        skipped = [
            (item, links.get(item, ""), "skipped", reasons.get(item, "taken down"))
            for item in waiting
            if reasons.get(item, "taken down")
        ]
        queue.put(connection, "extract", [item for item, *_ in skipped if item in links])
        queue.done(connection, "fetch", FETCH_VERSION, skipped, run.now)
        stage.skipped += len(skipped)
        for source in list(wanted):
            if until := schedule.resting(resting, [urls.unwrap(source.link)], run.now):
                wanted.remove(source)
                queue.put_off(connection, "fetch", source.id, until)
                queue.put(connection, "extract", [source.id])
    run.progress.start("fetch", len(wanted))
    requests = [Request(key=source.id, urls=(urls.unwrap(source.link),), kind="page") for source in wanted]
    for group in batches(
        fetch_many(requests, Manners.of(run.config.poll, run.config.site.url), run.clock, run.robots), _SAVE_EVERY
    ):
        answers, written = kept(run, group)
        bodies = {answer.key: body for answer, body in answers}
        with run.store.begin() as connection:
            written.enter(connection)
            for answer in group:
                if isinstance(answer, Failed):
                    refused.append(answer)
                _save_page(run, connection, answer, links[answer.key], seen[answer.key], bodies)
        run.progress.advance("fetch", len(group))
    hosts.remember(run, resting, refused)
    run.progress.end("fetch")


def why_no_page(feed: Feed, source: articles.Source, votes: Votes) -> str:
    """Return why an article's page is not fetched, or nothing where it is; ``votes`` are the feed's."""
    if not urls.is_http(source.link):
        return "no link"
    if feed.full_text == "never":
        return "full_text is never"
    if feed.full_text == "always":
        return ""
    if feed.mode == "link":
        return "only the link is published"
    if feed.brief and len(visible_text(source.entry.content or source.entry.summary)) >= feed.brief:
        return "the feed's text is as long as brief wants it"
    return "" if needs_page(source.entry, votes, source.id) else "the feed carries the whole text"


def _save_page(
    run: Run, connection: Connection, answer: Outcome[Response], link: str, seen: datetime, bodies: dict[str, str]
) -> None:
    stage = run.report.stage("fetch")
    if isinstance(answer, Failed) and answer.error == "HostResting" and run.now - seen < _PATIENCE:
        stage.skipped += 1
        run.report.failures.append(answer.message)
        queue.put_off(connection, "fetch", answer.key, run.now + timedelta(seconds=answer.retry_after or 0))
    elif isinstance(answer, Failed):
        stage.failed += 1
        run.report.failures.append(answer.message)
        if not queue.again(connection, "fetch", answer.key, run.now):
            queue.done(connection, "fetch", FETCH_VERSION, [(answer.key, link, "failed", answer.message)], run.now)
    elif isinstance(answer, Skipped):
        stage.skipped += 1
        queue.done(connection, "fetch", FETCH_VERSION, [(answer.key, link, "skipped", answer.reason)], run.now)
    else:
        stage.done += 1
        run.report.bytes_read += answer.value.wire_bytes
        articles.set_page(connection, answer.key, responses.add(connection, "page", answer.value, bodies[answer.key]))
        queue.done(connection, "fetch", FETCH_VERSION, [(answer.key, link, "done", "")], run.now)
    # Whatever the page said, the article appears; with the feed's own words if need be.
    queue.put(connection, "extract", [answer.key])


# ----------------------------------------------------------------------------------------------- extract


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


def more(run: Run) -> None:
    """Fetch the further pages of articles that are cut into several, one after the other, and make these articles anew."""
    for _ in range(MAX_PAGES):
        with run.store.read() as connection:
            waiting = queue.waiting(connection, "more", run.now)
            made = {item: articles.draft(connection, item) or articles.get(connection, item) for item in waiting}
        following = {item: found.provenance.get("next", "") for item, found in made.items() if found is not None}
        with run.store.begin() as connection:
            needless = [(item, "", "skipped", "no further page") for item in waiting if not following.get(item)]
            queue.done(connection, "more", MORE_VERSION, needless, run.now)
        requests = [Request(key=item, urls=(url,), kind="page") for item, url in following.items() if url]
        if not requests:
            return
        _fetch_more(run, requests)
        extract(run)


def _fetch_more(run: Run, requests: Sequence[Request]) -> None:
    stage = run.report.stage("more")
    run.progress.start("more", len(requests))
    manners = Manners.of(run.config.poll, run.config.site.url)
    for group in batches(fetch_many(requests, manners, run.clock, run.robots), _SAVE_EVERY):
        answers, written = kept(run, group)
        bodies = {answer.key: body for answer, body in answers}
        with run.store.begin() as connection:
            written.enter(connection)
            for answer in group:
                if isinstance(answer, Done):
                    stage.done += 1
                    run.report.bytes_read += answer.value.wire_bytes
                    responses.add(connection, "more", answer.value, bodies[answer.key])
                    queue.done(connection, "more", MORE_VERSION, [(answer.key, "", "done", "")], run.now)
                    queue.put(connection, "extract", [answer.key])
                    continue
                stage.failed += 1
                message = answer.message if isinstance(answer, Failed) else answer.reason
                run.report.failures.append(message)
                if not queue.again(connection, "more", answer.key, run.now):
                    queue.done(connection, "more", MORE_VERSION, [(answer.key, "", "failed", message)], run.now)
        run.progress.advance("more", len(group))
    run.progress.end("more")


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
    wanted = _pictures_of(run, article)
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


# ------------------------------------------------------------------------------------------------- media


def media(run: Run) -> None:
    """Fetch the pictures of the articles that wait for them, write them anew, and finish the articles."""
    with run.store.read() as connection:
        waiting = queue.waiting(connection, "media", run.now)
    run.progress.start("media", len(waiting))
    for group in batches(waiting, _PICTURES_AT_ONCE):
        with run.store.read() as connection:
            drafts = {item: articles.draft(connection, item) for item in group}
            wanted = {url: None for article in drafts.values() if article for url in _pictures_of(run, article)}
            copies = articles.pictures(connection, list(wanted))
        later = _fetch_pictures(run, [url for url in wanted if url not in copies])
        with run.store.begin() as connection:
            for item, article in drafts.items():
                _finish_or_wait(run, connection, item, article, later)
        run.progress.advance("media", len(group))
    run.progress.end("media")


def _finish_or_wait(
    run: Run, connection: Connection, item: str, article: Article | None, later: Mapping[str, str]
) -> None:
    """Publish a draft with the pictures that are here; those that may be had ``later`` (address, why) are tried again."""
    waits = False
    if article is not None:
        wanted = _pictures_of(run, article)
        missing = {url: later[url] for url in wanted if url in later}
        waits = bool(missing) and queue.again(connection, "media", item, run.now)
        if not waits:
            for url, why in missing.items():
                articles.save_picture(connection, Image(url=url), "failed", why, run.now)
        copies = articles.pictures(connection, wanted)
        finish(run, connection, article, articles.get(connection, item), copies)
        if waits:
            articles.save_draft(connection, article)
    if not waits:
        queue.done(connection, "media", MEDIA_VERSION, [(item, "", "done", "")], run.now)


def _pictures_of(run: Run, article: Article) -> list[str]:
    lead = [article.image.url] if article.image else []
    body = [image.url for image in article.images][: run.config.media.per_article]
    return list(dict.fromkeys(lead + body))


def _fetch_pictures(run: Run, addresses: Sequence[str]) -> dict[str, str]:
    """Bring pictures into the store; one that cannot be had is remembered as such.

    Returns those that their servers may give another time, with the reason why they did not now.
    """
    stage = run.report.stage("media")
    manners = Manners.of(run.config.poll, run.config.site.url)
    manners = replace(manners, max_bytes=run.config.media.max_bytes, max_bytes_setting="[media] max_bytes")
    requests = [Request(key=url, urls=(url,), kind="media") for url in addresses]
    failures: list[tuple[str, str, str]] = []
    later: dict[str, str] = {}

    def inputs() -> Iterator[work.PictureInput]:
        for answer in fetch_many(requests, manners, run.clock, run.robots):
            if isinstance(answer, Done):
                run.report.bytes_read += answer.value.wire_bytes
                yield work.PictureInput(key=answer.key, data=answer.value.body, max_width=run.config.media.max_width)
            elif isinstance(answer, Failed) and _is_passing(answer):
                later[answer.key] = answer.message
            else:
                message = answer.message if isinstance(answer, Failed) else answer.reason
                failures.append((answer.key, "failed", message))

    for outcome in run.engine.map(work.picture_batch, batches(inputs(), 4)):
        if isinstance(outcome, Done):
            stage.done += 1
            picture: work.Picture = outcome.value
            path = run.store.state_dir / picture.path
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                write_durably(path, picture.body)
            image = Image(url=outcome.key, path=picture.path, width=picture.width, height=picture.height)
            with run.store.begin() as connection:
                articles.save_picture(connection, image, "kept", "", run.now)
        else:
            message = outcome.message if isinstance(outcome, Failed) else outcome.reason
            is_code = isinstance(outcome, Failed) and outcome.error == CodePicture.__name__
            failures.append((outcome.key, "code" if is_code else "refused", message))
    with run.store.begin() as connection:
        for url, state, message in failures:
            stage.failed += 1
            articles.save_picture(connection, Image(url=url), state, message, run.now)
    stage.failed += len(later)
    return later


def _is_passing(failed: Failed) -> bool:
    """Return whether a server may answer another time: it was busy, at fault, or not there."""
    if failed.error == "HttpStatus":
        return failed.status in (408, 425, 429) or failed.status >= 500
    return failed.error not in ("AddressRefused", "TooLarge")


def finish(
    run: Run, connection: Connection, article: Article, before: Article | None, copies: dict[str, Image | None]
) -> None:
    """Publish an article with local pictures; where nothing of it has changed, nothing is touched."""
    keep_remote = not run.config.media.copy
    html = localise(article.html, copies, keep_remote=keep_remote)
    lead = _lead_copy(article, copies, keep_remote=keep_remote)
    codes = articles.codes(connection, [url for url, copy in copies.items() if copy is None])
    told = tuple(Removed(what=url, why="QR code", evidence=f"the picture says {says!r}") for url, says in codes.items())
    final = msgspec.structs.replace(article, html=html, image=lead, removed=article.removed + told)
    articles.drop_draft(connection, article.id)
    if before == final and articles.is_live(connection, article.id):
        return
    search.index(connection, final, before)
    articles.save(connection, final, changed=run.now, live=True)
    if (
        before is None
        or before.published != final.published
        or before.url != final.url
        or _shown(before) != _shown(final)
    ):
        queue.put(connection, "relate", [article.id])


def _shown(article: Article) -> Shown:
    return shown(article, article.html, article.text)


def _lead_copy(article: Article, copies: dict[str, Image | None], *, keep_remote: bool) -> Image | None:
    """Return our copy of the lead picture, or of the first in the body that is large enough."""
    if keep_remote:
        return article.image
    for candidate in filter(None, (article.image, *article.images)):
        copy = copies.get(candidate.url)
        if copy is not None and min(copy.width or 0, copy.height or 0) >= MIN_SIDE:
            return msgspec.structs.replace(copy, alt=candidate.alt, caption=candidate.caption, credit=candidate.credit)
    return None
