"""fetch, more: the pages of articles whose feeds break off, and what goes on behind a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from broadsheet import urls
from broadsheet.articles.paging import MAX_PAGES
from broadsheet.articles.wholeness import Votes, needs_page
from broadsheet.feeds import schedule
from broadsheet.model import Done, Failed, Feed, Outcome, Request, Response, Skipped
from broadsheet.net.client import Manners
from broadsheet.net.many import fetch_many
from broadsheet.pipeline import hosts
from broadsheet.pipeline.extract import extract
from broadsheet.pipeline.run import Run, batches, kept
from broadsheet.store import articles, feeds, queue, responses
from broadsheet.store.connection import Connection
from broadsheet.text import visible_text

FETCH_VERSION = MORE_VERSION = 1
_SAVE_EVERY = 20
_PATIENCE = timedelta(days=30)
"""For how long a page is put off whose host is not to be asked, or whose robots.txt cannot be had (RFC 9309, 2.3.1.4)."""


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
