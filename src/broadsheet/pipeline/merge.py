"""parse, merge: from documents to entries in the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from broadsheet import urls
from broadsheet.errors import StoreError
from broadsheet.feeds import backfill, identity, schedule
from broadsheet.model import Backfill, Done, Failed, Feed, FeedState, Outcome, Record
from broadsheet.pipeline import addresses, reading
from broadsheet.pipeline.run import FeedReport, Run, batches
from broadsheet.store import articles, feeds, queue, responses, tombstones
from broadsheet.store.connection import Connection
from broadsheet.store.responses import Document

PARSE_VERSION = MERGE_VERSION = 1
_PARSE_TOGETHER = 8
_SAVE_TOGETHER = 32
_SAVE_BYTES = 16_000_000
"""Entries that are held in memory until they are saved together."""

Read = tuple[Document, Outcome[reading.ReadFeed]]


class _Titled(Record, frozen=True):
    title: str = ""


def parse_and_merge(run: Run) -> None:
    """Parse every document that is due and merge its entries into the store.

    Documents of one feed are merged in the order in which they came: those that wait behind another one are left to a
    further round.
    """
    with run.store.read() as connection:
        waiting = responses.documents(connection, sorted(map(int, queue.waiting(connection, "parse", run.now))))
    while waiting:
        first = {document.feed_id: document for document in reversed(waiting)}
        taken = {document.number for document in first.values()}
        merge(run, ((document, _body(run, document)) for document in waiting if document.number in taken))
        waiting = [document for document in waiting if document.number not in taken]


def _body(run: Run, document: Document) -> bytes:
    try:
        return run.store.blobs.get(document.body)
    except StoreError as error:
        run.report.failures.append(str(error))
        return b""


def merge(run: Run, documents: Iterable[tuple[Document, bytes]]) -> None:
    """Parse documents as they come, no two of one feed, and merge their entries into the store, many at once."""
    with run.store.read() as connection:
        known = feeds.everyone(connection)
        refused = frozenset(tombstones.targets(connection, "domain") | tombstones.targets(connection, "feed"))
        gone = tombstones.targets(connection, "article")
        gone_keys = frozenset(articles.refused_keys(connection) if gone else ())
        given = addresses.given(connection)
    under_way: dict[str, Document] = {}

    def inputs() -> Iterator[reading.ParseInput]:
        for document, data in documents:
            under_way[str(document.number)] = document
            yield reading.ParseInput(
                key=str(document.number), feed=known.get(document.feed_id) or Feed(id=document.feed_id, url=document.url),
                data=data, url=document.final_url, content_type=document.headers.get("content-type", ""),
                fetched=document.fetched, refused=refused,
            )  # fmt: skip

    outcomes = run.engine.map(reading.read_batch, batches(inputs(), _PARSE_TOGETHER))
    for group in batches(outcomes, _SAVE_TOGETHER, weight=_weight, limit=_SAVE_BYTES):
        read = [(under_way.pop(outcome.key), outcome) for outcome in group]
        with run.store.begin() as connection:
            _Merge(run, connection, known, refused, gone, gone_keys, given).save(read)


def _weight(outcome: Outcome[reading.ReadFeed]) -> int:
    return sum(len(item.data) for item in outcome.value.items) if isinstance(outcome, Done) else 0


class _Merge:
    """What a group of documents, no two of one feed, brings into the store; written at once at the end."""

    def __init__(
        self, run: Run, connection: Connection, known: dict[str, Feed], refused: frozenset[str], gone: set[str],
        gone_keys: frozenset[str], given: dict[str, str],
    ) -> None:  # fmt: skip
        self._run = run
        self._connection = connection
        self._known = known
        self._refused = refused
        self._gone = gone
        self._gone_keys = gone_keys
        self._given = given
        self._keys: list[tuple[str, str, str]] = []
        self._entries: list[articles.NewEntry] = []
        self._states: list[FeedState] = []
        self._parsed: list[tuple[str, str, str, str]] = []
        self._merged: list[tuple[str, str, str, str]] = []

    def save(self, read: Sequence[Read]) -> None:
        """Decide about every document of the group, and write."""
        connection, run = self._connection, self._run
        ids = [document.feed_id for document, _ in read]
        states = feeds.states_of(connection, ids)
        newest = responses.newest(connection, ids)
        old = articles.with_keys(connection, ids)
        for document, outcome in read:
            state = states[document.feed_id]
            latest = newest.get(document.feed_id, (document.number, ""))[0] == document.number
            counts = latest and state.checked is not None and document.fetched <= state.checked
            if document.kind == "archive":
                self._take_page(document, outcome, state, known=document.feed_id in old)
            elif isinstance(outcome, Done):
                self._take(document, outcome.value, state if counts else None, known=document.feed_id in old)
            elif isinstance(outcome, Failed):
                self._fail(document, outcome, state if counts else None)
        articles.remember(connection, self._keys)
        articles.add_entries(connection, self._entries)
        queue.put(connection, "fetch", [entry.article_id for entry in self._entries])
        feeds.save_states(connection, self._states)
        queue.done(connection, "parse", PARSE_VERSION, self._parsed, run.now)
        queue.done(connection, "merge", MERGE_VERSION, self._merged, run.now)

    def _fail(self, document: Document, failure: Failed, state: FeedState | None) -> None:
        report = self._report(document)
        report.outcome, report.why = "failed", failure.message
        self._run.report.stage("parse").failed += 1
        if state is not None:
            self._states.append(schedule.after_failure(state, failure, self._run.now))
        self._parsed.append((str(document.number), document.body, "failed", failure.message))

    def _take(self, document: Document, read: reading.ReadFeed, state: FeedState | None, *, known: bool) -> None:
        new, changed = self._count(document, read, known=known)
        self._report(document).problems = read.problems
        if state is None:
            return
        feed = self._known.get(document.feed_id)
        if feed is not None and feed.backfill and state.backfill is None:
            state = msgspec.structs.replace(state, backfill=backfill.begin(read.feed, document.final_url))
        state = schedule.with_document(state, document.headers, document.body, read.feed)
        state = schedule.with_hints(state, read.feed, read.window)
        self._states.append(schedule.after_success(state, document.fetched, news=bool(new or changed)))

    def _take_page(
        self, document: Document, outcome: Outcome[reading.ReadFeed], state: FeedState, *, known: bool
    ) -> None:
        """Take in one of a feed's older pages: nothing of what is known of the feed itself changes by it."""
        progress = state.backfill or Backfill()
        if isinstance(outcome, Done):
            new, _ = self._count(document, outcome.value, known=known)
            limit = self._run.config.poll.backfill_pages
            progress = backfill.after_page(progress, outcome.value.feed, news=bool(new), limit=limit)
        elif isinstance(outcome, Failed):
            progress = backfill.after_failure(progress, outcome)
            self._run.report.failures.append(outcome.message)
            self._parsed.append((str(document.number), document.body, "failed", outcome.message))
        self._states.append(msgspec.structs.replace(state, backfill=progress))

    def _count(self, document: Document, read: reading.ReadFeed, *, known: bool) -> tuple[int, int]:
        """Take a document's entries and report them; return the number of new and of changed ones."""
        run, report, number = self._run, self._report(document), str(document.number)
        new, changed = self._decide(document, read.items, known=known)
        report.new += new
        report.changed += changed
        report.title = report.title or read.feed.title
        if new or changed:
            report.outcome = "new"
        run.report.articles_new += new
        run.report.articles_changed += changed
        run.report.stage("parse").done += 1
        run.report.stage("merge").done += new + changed
        self._parsed.append((number, document.body, "done", "; ".join(read.problems)))
        self._merged.append((number, document.body, "done", f"{new} new, {changed} changed"))
        return new, changed

    def _report(self, document: Document) -> FeedReport:
        return self._run.report.feeds.setdefault(document.feed_id, FeedReport(url=document.url))

    def _decide(self, document: Document, items: Sequence[reading.Item], *, known: bool) -> tuple[int, int]:
        """Note what is new and what has changed among a document's entries; return the number of each."""
        feed_id, seen = document.feed_id, document.fetched
        feed = self._known.get(feed_id)
        if feed is not None and feed.url in self._refused:
            return 0, 0
        keys = articles.known(self._connection, feed_id, [key for item in items for key in item.keys]) if known else {}
        digests = articles.entry_digests(self._connection, sorted(set(keys.values())))
        new = changed = 0
        for decision in identity.decide(items, keys, lambda article: digests.get(article, "")):
            item, article_id, permalink = decision.keyed, decision.article_id, ""
            if article_id in self._gone:
                continue
            if decision.what == "new":
                if not self._gone_keys.isdisjoint(item.keys):
                    continue
                article_id = urls.short_id(f"{feed_id} {item.keys[0]}")
                permalink = addresses.permalink(self._given, article_id, seen, self._words(item))
            self._keys += [(feed_id, key, article_id) for key in item.keys if keys.get(key) != article_id]
            if decision.what == "same":
                continue
            new += bool(permalink)
            changed += not permalink
            self._entries.append(
                articles.NewEntry(
                    article_id=article_id, feed_id=feed_id, data=item.data, link=item.link, digest=item.digest,
                    seen=seen, response=document.number, permalink=permalink,
                )
            )  # fmt: skip
        return new, changed

    def _words(self, item: reading.Item) -> str:
        """Return the title whose words an article's address is to have; none by default."""
        return msgspec.json.decode(item.data, type=_Titled).title if self._run.config.site.slugs else ""
