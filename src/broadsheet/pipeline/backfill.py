"""backfill: back through the older pages of feeds that want it, once, a page a feed in each round."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from broadsheet.feeds import backfill as way_back
from broadsheet.model import Failed, FeedState, Outcome, Request, Response
from broadsheet.net.client import Manners
from broadsheet.net.many import fetch_many
from broadsheet.pipeline import merge
from broadsheet.pipeline.run import Run, batches, kept
from broadsheet.store import feeds, queue, responses

BACKFILL_VERSION = 1
_SAVE_EVERY = 8


def backfill(run: Run) -> None:
    """Fetch and merge the older pages of every feed with ``backfill`` that is on its way back.

    Where a run is cut off the next one goes on with the page that it stood at.
    """
    given_up: set[str] = set()
    while requests := _requests(run, given_up):
        merge.merge(run, _pages(run, requests, given_up))


def _requests(run: Run, given_up: set[str]) -> list[Request]:
    with run.store.read() as connection:
        wanted = [feed for feed in feeds.active(connection) if feed.backfill and feed.id not in given_up]
        states = feeds.states_of(connection, [feed.id for feed in wanted])
    return [
        Request(key=feed.id, urls=(progress.next,))
        for feed in wanted
        if (progress := states[feed.id].backfill) and progress.next and run.only_feed in ("", feed.url)
    ]


def _pages(run: Run, requests: list[Request], given_up: set[str]) -> Iterator[tuple[responses.Document, bytes]]:
    answers: Iterator[Outcome[Response]] = fetch_many(
        requests, Manners.of(run.config.poll, run.config.site.url), run.clock
    )
    for group in batches(answers, _SAVE_EVERY):
        full, written = kept(run, group)
        failed = [answer for answer in group if isinstance(answer, Failed)]
        given_up.update(answer.key for answer in failed)
        with run.store.begin() as connection:
            written.enter(connection)
            states = feeds.states_of(connection, [answer.key for answer in failed])
            feeds.save_states(connection, [_after_failure(states[answer.key], answer) for answer in failed])
            numbers = responses.add_many(connection, "archive", full)
            queue.put(connection, "parse", [str(number) for number in numbers])
            documents = responses.documents(connection, numbers)
        stage = run.report.stage("backfill")
        stage.done += len(full)
        stage.failed += len(failed)
        # Where no older page is, a server says so.
        run.report.failures.extend(answer.message for answer in failed if answer.status not in way_back.NOTHING_THERE)
        run.report.bytes_read += sum(answer.wire_bytes for answer, _ in full)
        yield from zip(documents, [answer.body for answer, _ in full], strict=True)


def _after_failure(state: FeedState, failure: Failed) -> FeedState:
    assert state.backfill is not None
    return msgspec.structs.replace(state, backfill=way_back.after_failure(state.backfill, failure))
