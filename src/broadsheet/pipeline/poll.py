"""poll, parse, merge: from the subscriptions to entries in the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from broadsheet import urls
from broadsheet.errors import StoreError
from broadsheet.feeds import filters, identity, rsshub, schedule
from broadsheet.messages import say
from broadsheet.model import Done, Failed, Feed, FeedState, Outcome, ParsedFeed, Request, Response
from broadsheet.net.client import Manners, fetch_many
from broadsheet.pipeline import hosts, work
from broadsheet.pipeline.run import FeedReport, Run, batches
from broadsheet.store import articles, feeds, queue, responses, takedown
from broadsheet.store.database import from_micros
from broadsheet.store.schema import responses as response_table

POLL_VERSION = PARSE_VERSION = MERGE_VERSION = 1
_SAVE_EVERY = 25
_DOCUMENTS = 8


def poll(run: Run) -> None:
    """Ask every feed that is due, keep each new document, and make it due for parsing."""
    with run.store.read() as connection:
        subscribed = feeds.active(connection)
        states = feeds.states(connection)
        health = msgspec.json.decode(queue.get_meta(connection, "rsshub") or b"{}", type=dict[str, rsshub.Health])
        resting = hosts.left_alone(connection)
    instances = rsshub.in_order(run.config.rsshub.instances, health, run.now)
    requests = list(_requests(run, subscribed, states, instances, resting))
    refused: list[Failed] = []
    answered: set[str] = set()
    failed: set[str] = set()
    stage = run.report.stage("poll")
    run.progress.start("poll", len(requests))
    manners = Manners.of(run.config.poll, run.config.site.url)
    answers: Iterator[Outcome[Response]] = fetch_many(requests, manners, run.clock)
    for group in batches(answers, _SAVE_EVERY if len(requests) > _SAVE_EVERY else 1):
        bodies = {
            answer.key: run.store.blobs.put(answer.value.body)
            for answer in group
            if isinstance(answer, Done) and answer.value.status != 304
        }
        with run.store.begin() as connection:
            for answer in group:
                state = states.get(answer.key, FeedState(feed_id=answer.key))
                report = run.report.feeds[answer.key]
                tried = answer.tried if isinstance(answer, Failed) else ()
                if isinstance(answer, Done):
                    tried = answer.value.tried
                    answered.add(rsshub.instance_of(answer.value.url, instances))
                failed.update(rsshub.instance_of(url, instances) for url in tried)
                if isinstance(answer, Failed) and answer.error == "HostResting":
                    stage.skipped += 1
                    report.why = answer.message
                elif isinstance(answer, Failed):
                    stage.failed += 1
                    refused.append(answer)
                    feeds.save_state(connection, schedule.after_failure(state, answer, run.now))
                    report.outcome, report.why = "failed", answer.message
                    if states.get(answer.key, state).gone_seen + 1 >= schedule.GONE_TO_STOP and answer.status == 410:
                        report.why += "; " + say("en", "due.gone")
                elif isinstance(answer, Done):
                    stage.done += 1
                    run.report.bytes_read += answer.value.wire_bytes
                    report.outcome = "unchanged"
                    _keep(connection, answer.value, state, bodies.get(answer.key, ""))
        run.progress.advance("poll", len(group))
    _remember_instances(run, health, failed - answered - {""}, answered - {""})
    hosts.remember(run, resting, refused)
    run.progress.end("poll")


def _remember_instances(run: Run, health: dict[str, rsshub.Health], failed: set[str], answered: set[str]) -> None:
    after = rsshub.after_attempts(health, sorted(failed), sorted(answered), run.now)
    if after != health:
        with run.store.begin() as connection:
            queue.set_meta(connection, "rsshub", msgspec.json.encode(after).decode())


def bounds(run: Run, feed: Feed) -> schedule.Bounds:
    """Return the bounds that the configuration sets to a feed's pause."""
    return schedule.bounds(feed, run.config.poll.min_interval, run.config.poll.max_interval)


def _due(
    run: Run, feed: Feed, state: FeedState, addresses: tuple[str, ...], resting: dict[str, datetime]
) -> schedule.Due | None:
    """Return why a feed is not asked in this run and when it will be, or None where it is asked."""
    if run.only_feed:
        return None
    if until := schedule.resting(resting, addresses, run.now):
        return schedule.Due(at=until, why="host")
    found = schedule.due(state, run.now, bounds(run, feed))
    if (found.at is not None and found.at <= run.now) or (run.everything and found.why != "retry-after"):
        return None
    return found


def _requests(
    run: Run, subscribed: list[Feed], states: dict[str, FeedState], instances: tuple[str, ...],
    resting: dict[str, datetime],
) -> Iterator[Request]:  # fmt: skip
    for feed in subscribed:
        if run.only_feed and feed.url != run.only_feed:
            continue
        state = states.get(feed.id, FeedState(feed_id=feed.id))
        report = FeedReport(url=urls.without_userinfo(feed.url), title=feed.title or state.title)
        run.report.feeds[feed.id] = report
        addresses = schedule.addresses(state, rsshub.expand(feed.url, instances))
        if later := _due(run, feed, state, addresses, resting):
            report.why = say("en", f"due.{later.why}", by=later.by)
            report.next = later.at
            if state.error:
                report.why += f"; {state.error}"
            run.report.stage("poll").skipped += 1
            continue
        etag, last_modified = schedule.validators(state, run.now)
        yield Request(key=feed.id, urls=addresses, etag=etag, last_modified=last_modified)


def _keep(connection: Connection, answer: Response, state: FeedState, body: str) -> None:
    """Save what a feed answered: nothing new, or a document that is due for parsing."""
    state = schedule.counted(schedule.after_contact(state, answer), answer)
    if answer.status == 304 or body == state.body:
        if answer.status != 304:
            state = schedule.with_validators(state, answer.headers)
        feeds.save_state(connection, schedule.after_success(state, answer.fetched))
        return
    feeds.save_state(connection, state)
    newest = connection.execute(
        sa.select(response_table.c.id, response_table.c.body)
        .where(response_table.c.kind == "feed", response_table.c.key == answer.key)
        .order_by(response_table.c.id.desc())
        .limit(1)
    ).one_or_none()
    if newest is not None and newest.body == body:  # taken in by a run that was cut off
        connection.execute(
            sa.update(response_table)
            .where(response_table.c.id == newest.id)
            .values(headers=responses.kept_headers(answer))
        )
        queue.put(connection, "parse", [str(newest.id)])
        return
    queue.put(connection, "parse", [str(responses.add(connection, "feed", answer, body))])


def parse_and_merge(run: Run) -> None:
    """Parse every document that is due and merge its entries into the store, a few documents in one transaction."""
    with run.store.read() as connection:
        numbers = sorted(queue.waiting(connection, "parse", run.now), key=int)
        known = feeds.everyone(connection)
    stage = run.report.stage("parse")
    run.progress.start("parse", len(numbers))
    # Documents of one feed are merged in the order in which they came, so results wait for their turn.
    results = _in_order(run.engine.map(work.parse_batch, batches(_inputs(run, numbers), _DOCUMENTS)), numbers)
    for group in batches(results, _DOCUMENTS):
        with run.store.begin() as connection:
            for number, result in group:
                _merge(run, connection, int(number), result, known)
                stage.failed += isinstance(result, Failed)
                stage.done += not isinstance(result, Failed)
        run.progress.advance("parse", len(group))
    run.progress.end("parse")


def _in_order(outcomes: Iterable[Outcome[ParsedFeed]], keys: list[str]) -> Iterator[tuple[str, Outcome[ParsedFeed]]]:
    """Yield (key, outcome) in the order of the keys, whatever the order of the outcomes."""
    finished: dict[str, Outcome[ParsedFeed]] = {}
    source = iter(outcomes)
    for key in keys:
        while key not in finished:
            outcome = next(source)
            finished[outcome.key] = outcome
        yield key, finished.pop(key)


def _inputs(run: Run, numbers: list[str]) -> Iterator[work.ParseInput]:
    for number in numbers:
        with run.store.read() as connection:
            page = responses.page(connection, int(number))
            feed_id = responses.feed_of(connection, int(number))
        try:
            data = run.store.blobs.get(page.body)
        except StoreError as error:
            run.report.failures.append(str(error))
            data = b""
        yield work.ParseInput(
            key=number, feed_id=feed_id, data=data, url=page.final_url, content_type=page.content_type
        )


def _merge(run: Run, connection: Connection, number: int, outcome: Outcome[ParsedFeed], known: dict[str, Feed]) -> None:
    row = connection.execute(sa.select(response_table).where(response_table.c.id == number)).one()
    fetched = from_micros(row.fetched)
    state = feeds.state(connection, row.key)
    report = run.report.feeds.setdefault(row.key, FeedReport(url=row.url))
    newest = state.checked is not None and fetched <= state.checked and not _later_document(connection, row.key, number)
    if isinstance(outcome, Failed):
        if newest:
            feeds.save_state(connection, schedule.after_failure(state, outcome, run.now))
        report.outcome, report.why = "failed", outcome.message
        queue.done(connection, "parse", PARSE_VERSION, [(str(number), row.body, "failed", outcome.message)], run.now)
        return
    assert isinstance(outcome, Done)
    parsed = outcome.value
    report.problems = parsed.problems
    feed = known.get(row.key) or Feed(id=row.key, url=row.url)
    new, changed = merge_entries(connection, feed, parsed, number, fetched)
    report.new += new
    report.changed += changed
    report.title = report.title or parsed.feed.title
    run.report.articles_new += new
    run.report.articles_changed += changed
    run.report.stage("merge").done += new + changed
    if new or changed:
        report.outcome = "new"
    if newest:
        headers = msgspec.json.decode(row.headers, type=dict[str, str])
        state = schedule.with_hints(schedule.with_document(state, headers, row.body, parsed.feed), parsed, fetched)
        feeds.save_state(connection, schedule.after_success(state, fetched, news=bool(new or changed)))
    queue.done(
        connection, "parse", PARSE_VERSION, [(str(number), row.body, "done", "; ".join(parsed.problems))], run.now
    )
    queue.done(
        connection, "merge", MERGE_VERSION, [(str(number), row.body, "done", f"{new} new, {changed} changed")], run.now
    )


def _later_document(connection: Connection, feed_id: str, number: int) -> bool:
    later = sa.select(response_table.c.id).where(
        response_table.c.kind == "feed", response_table.c.key == feed_id, response_table.c.id > number
    )
    return connection.execute(later.limit(1)).one_or_none() is not None


def merge_entries(
    connection: Connection, feed: Feed, parsed: ParsedFeed, response: int, seen: datetime
) -> tuple[int, int]:
    """Save what is new and what has changed among a document's entries; return the number of each."""
    entries = filters.select(parsed.entries, feed)
    refused = takedown.targets(connection, "domain") | takedown.targets(connection, "feed")
    if feed.url in refused:
        return 0, 0
    keyed = identity.key_entries([entry for entry in entries if not _refused(entry.link, refused)])
    known = articles.known(connection, feed.id, [key for item in keyed for key in item.keys])
    gone = takedown.targets(connection, "article") if known else set()
    digests = articles.entry_digests(connection, sorted(set(known.values())))
    keys: list[tuple[str, str]] = []
    fresh: list[articles.NewEntry] = []
    for decision in identity.decide(keyed, known, lambda article: digests.get(article, "")):
        item, article_id = decision.keyed, decision.article_id
        if article_id in gone:
            continue
        permalink = ""
        if decision.what == "new":
            article_id = urls.short_id(f"{feed.id} {item.keys[0]}")
            permalink = f"{seen:%Y/%m/%d}/{article_id}.html"
        keys += [(key, article_id) for key in item.keys if known.get(key) != article_id]
        if decision.what != "same":
            fresh.append(
                articles.NewEntry(article_id=article_id, entry=item.entry, digest=item.digest, permalink=permalink)
            )
    articles.remember(connection, feed.id, keys)
    articles.add_entries(connection, feed.id, fresh, seen=seen, response=response)
    queue.put(connection, "fetch", [item.article_id for item in fresh])
    new = sum(bool(item.permalink) for item in fresh)
    return new, len(fresh) - new


def _refused(link: str, refused: set[str]) -> bool:
    if not refused or not link:
        return False
    host = urls.host(link)
    return any(host == domain or host.endswith(f".{domain}") for domain in refused)
