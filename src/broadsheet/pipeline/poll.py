"""poll: from the subscriptions to documents in the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from broadsheet import urls
from broadsheet.feeds import rsshub, schedule
from broadsheet.messages import say
from broadsheet.model import Done, Failed, Feed, FeedState, Outcome, Request, Response
from broadsheet.net.client import Manners
from broadsheet.net.many import fetch_many
from broadsheet.pipeline import hosts, merge
from broadsheet.pipeline.run import FeedReport, Run, batches, kept
from broadsheet.store import feeds, queue, responses
from broadsheet.store.connection import Connection

POLL_VERSION = 1
_SAVE_EVERY = 32
_SAVE_BYTES = 16_000_000
"""Answers that are held in memory until they are saved together."""


def poll(run: Run) -> None:
    """Ask every feed that is due, keep each new document, and merge it while others are still asked."""
    merge.parse_and_merge(run)  # what an earlier run has kept and not merged comes first
    with run.store.read() as connection:
        subscribed = feeds.active(connection)
        states = feeds.states(connection)
        health = msgspec.json.decode(queue.get_meta(connection, "rsshub") or b"{}", type=dict[str, rsshub.Health])
        resting = hosts.left_alone(connection)
    instances = rsshub.in_order(run.config.rsshub.instances, health, run.now)
    back = frozenset(feed.id for feed in subscribed if feed.backfill and _is_before_its_way_back(states.get(feed.id)))
    requests = list(_requests(run, subscribed, states, instances, resting, back))
    asked = _Asked(instances, back)
    run.progress.start("poll", len(requests))
    merge.merge(run, _documents(run, requests, states, asked))
    _remember_instances(run, health, asked.failed - asked.answered - {""}, asked.answered - {""})
    hosts.remember(run, resting, asked.refused)
    run.progress.end("poll")


def _is_before_its_way_back(state: FeedState | None) -> bool:
    return state is not None and state.body != "" and state.backfill is None


class _Asked:
    """Who answered in this run, and who did not."""

    def __init__(self, instances: tuple[str, ...], back: frozenset[str]) -> None:
        self._instances = instances
        self.back = back
        """Feeds whose document is read again, though nothing in it is new: it says where their older pages are."""
        self.answered: set[str] = set()
        self.failed: set[str] = set()
        self.refused: list[Failed] = []

    def note(self, answer: Outcome[Response]) -> None:
        """Remember the instances of RSSHub that an answer came from, and those that were asked in vain."""
        tried: tuple[str, ...] = ()
        if isinstance(answer, Failed):
            tried = answer.tried
            if answer.error != "HostResting":
                self.refused.append(answer)
        elif isinstance(answer, Done):
            tried = answer.value.tried
            self.answered.add(rsshub.instance_of(answer.value.url, self._instances))
        self.failed.update(rsshub.instance_of(url, self._instances) for url in tried)


def _documents(
    run: Run, requests: list[Request], states: dict[str, FeedState], asked: _Asked
) -> Iterator[tuple[responses.Document, bytes]]:
    """Ask, save the answers in groups, and yield the documents that are new, each as soon as it is kept."""
    manners = Manners.of(run.config.poll, run.config.site.url)
    answers: Iterator[Outcome[Response]] = fetch_many(requests, manners, run.clock)
    size = _SAVE_EVERY if len(requests) > _SAVE_EVERY else 1
    for group in batches(answers, size, weight=_weight, limit=_SAVE_BYTES):
        for answer in group:
            asked.note(answer)
        yield from _save(run, group, states, asked.back)
        run.progress.advance("poll", len(group))


def _weight(answer: Outcome[Response]) -> int:
    return len(answer.value.body) if isinstance(answer, Done) else 0


def _save(
    run: Run, group: Sequence[Outcome[Response]], states: dict[str, FeedState], again: frozenset[str]
) -> list[tuple[responses.Document, bytes]]:
    """Save what feeds answered: a failure, nothing new, or a document, which is due for parsing and returned."""
    answers, written = kept(run, group)
    digests = {answer.key: body for answer, body in answers}
    with run.store.begin() as connection:
        written.enter(connection)
        after, fresh = _judged(run, group, states, digests, again)
        feeds.save_states(connection, after)
        documents = _keep(connection, [(answer, digests[answer.key]) for answer in fresh]) if fresh else []
    bodies = {answer.key: answer.body for answer in fresh}
    return [(document, bodies[document.feed_id]) for document in documents]


def _judged(
    run: Run,
    group: Sequence[Outcome[Response]],
    states: dict[str, FeedState],
    digests: dict[str, str],
    again: frozenset[str],
) -> tuple[list[FeedState], list[Response]]:
    """Return the feeds' states after a group of answers, and the answers that bring a new document."""
    after: list[FeedState] = []
    fresh: list[Response] = []
    for answer in group:
        state = states.get(answer.key, FeedState(feed_id=answer.key))
        if isinstance(answer, Done) and answer.value.status == 304 and not state.body:
            why = f"{answer.value.url} answered 304 (not modified), and has never given a document"
            answer = Failed(answer.key, "HttpStatus", why, 304)
        if isinstance(answer, Failed):
            if (failed := _after_failure(run, answer, state)) is not None:
                after.append(failed)
        elif isinstance(answer, Done):
            run.report.stage("poll").done += 1
            run.report.bytes_read += answer.value.wire_bytes
            run.report.feeds[answer.key].outcome = "unchanged"
            state = schedule.counted(schedule.after_contact(state, answer.value), answer.value)
            if answer.value.status != 304 and (digests[answer.key] != state.body or answer.key in again):
                fresh.append(answer.value)
            else:
                if answer.value.status != 304:
                    state = schedule.with_validators(state, answer.value.headers)
                state = schedule.after_success(state, answer.value.fetched)
            after.append(state)
    return after, fresh


def _after_failure(run: Run, answer: Failed, state: FeedState) -> FeedState | None:
    """Report a failure and return the feed's state after it; None where the feed was not even asked."""
    report = run.report.feeds[answer.key]
    report.why = answer.message
    if answer.error == "HostResting":
        run.report.stage("poll").skipped += 1
        return None
    run.report.stage("poll").failed += 1
    report.outcome = "failed"
    after = schedule.after_failure(state, answer, run.now)
    if after.gone:
        report.why += "; " + say("en", "due.gone")
    return after


def _keep(connection: Connection, answers: list[tuple[Response, str]]) -> list[responses.Document]:
    """Record answers, each with the digest of its body, as documents that are due for parsing."""
    newest = responses.newest(connection, [answer.key for answer, _ in answers])
    # A document that a run which was cut off has taken in already is not recorded twice.
    repeated = [(answer, body) for answer, body in answers if newest.get(answer.key, (0, ""))[1] == body]
    for answer, _ in repeated:
        responses.renew_headers(connection, newest[answer.key][0], answer)
    fresh = [(answer, body) for answer, body in answers if newest.get(answer.key, (0, ""))[1] != body]
    known = [newest[answer.key][0] for answer, _ in repeated]
    added = responses.add_many(connection, "feed", fresh)
    queue.put(connection, "parse", [str(number) for number in (*known, *added)])
    documents = responses.documents(connection, known) if known else []
    return documents + [
        responses.document(number, "feed", *answer) for number, answer in zip(added, fresh, strict=True)
    ]


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
    if (found.at is not None and found.at <= run.now) or (run.everything and found.why not in ("retry-after", "gone")):
        return None
    return found


def _requests(
    run: Run, subscribed: list[Feed], states: dict[str, FeedState], instances: tuple[str, ...],
    resting: dict[str, datetime], whole: frozenset[str],
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
        etag, last_modified = ("", "") if feed.id in whole else schedule.validators(state, run.now)
        yield Request(key=feed.id, urls=addresses, etag=etag, last_modified=last_modified)
