"""ingest: from WARC files, of any length, to articles. What is no article is left out; what is known stays as it is.

Pages are taken in groups. A group's articles, and how far the file was read, are saved in one transaction: a run that was cut off
goes on behind the last group, and what it takes in twice counts once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any, NamedTuple

import msgspec

from broadsheet import urls
from broadsheet.articles.template import MIN_SAMPLES, Template
from broadsheet.errors import UsageError
from broadsheet.feeds import identity
from broadsheet.model import Done, Entry, Feed, Mode, Response
from broadsheet.pipeline import addresses, reading, relate, work
from broadsheet.pipeline.extract import learn, save_article
from broadsheet.pipeline.run import Run, batches
from broadsheet.store import articles, feeds, queue, responses, templates, tombstones
from broadsheet.store.connection import Connection
from broadsheet.text import digest

MIN_TEXT = 400
"""Characters below which a page is no article: front pages, lists, notices."""
_AT_ONCE = 400
"""Pages of a group; two workers are at them for some seconds."""
_EXTRACT_TOGETHER = 10
_BEHIND = 1_000_000
"""Position of sites that nobody subscribed to, behind the subscriptions."""


class Place(NamedTuple):
    """Where the articles of a file are to appear."""

    section: str
    mode: Mode


class Progress(NamedTuple):
    """How far a file is read."""

    file: str
    pages: int
    new: int
    seconds: float
    bytes: int
    """Read in this run."""
    left: int
    """Bytes that are still to be read; -1 where nobody knows."""


class _Page(NamedTuple):
    offset: int
    answer: Response


Tell = Callable[[Progress], None]


def ingest(run: Run, files: Sequence[str], place: Place, tell: Tell) -> None:
    """Take in the articles of WARC files, each from where an earlier run stood.

    A file is a path, or an address that fsspec knows (``s3://…``). Raises ``UsageError`` where one cannot be read, naming the
    byte; what came before it is taken in.
    """
    for file in files:
        _ingest(run, file, place, tell)
    relate.relate(run)


def _ingest(run: Run, file: str, place: Place, tell: Tell) -> None:
    started, pages, new = time.monotonic(), 0, 0
    with _open(file) as (stream, size):
        key = f"ingest:{digest(file)}"
        begin = _resume(run, key, size)
        faults: list[str] = []
        for group in batches(_pages(stream, file, begin, size, run.config.poll.max_bytes, faults), _AT_ONCE):
            new += _take(run, group, place, key, size)
            pages += len(group)
            reached = group[-1].offset
            tell(Progress(file, pages, new, time.monotonic() - started, reached - begin, max(-1, size - reached)))
    if faults:
        raise UsageError(faults[0])
    with run.store.begin() as connection:
        queue.set_meta(connection, key, f"{size} {size}")


@contextmanager
def _open(file: str) -> Iterator[tuple[IO[bytes], int]]:
    """Open a file for reading at any place and tell its size."""
    try:
        if "://" in file:
            import fsspec

            with fsspec.open(file, "rb") as stream:
                yield stream, int(getattr(stream, "size", None) or -1)
        else:
            with open(file, "rb") as stream:  # noqa: PTH123 - beside the other
                yield stream, os.fstat(stream.fileno()).st_size
    except ImportError:
        raise UsageError(f"{file}: its client is missing. Install it: pip install 'broadsheet[s3]'") from None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror or error})") from None


def _resume(run: Run, key: str, size: int) -> int:
    """Return the byte to begin with: where the last group of an earlier run ended, if the file is the same."""
    with run.store.read() as connection:
        known = queue.get_meta(connection, key)
    reached, _, of = known.partition(" ")
    return int(reached) if known and int(of) == size else 0


def _pages(stream: IO[bytes], file: str, begin: int, size: int, max_bytes: int, faults: list[str]) -> Iterator[_Page]:
    """Yield the pages of a WARC file from a record on; what ends it before its end is added to ``faults``."""
    try:
        from warcio.archiveiterator import ArchiveIterator
        from warcio.exceptions import ArchiveLoadFailed
    except ImportError:
        raise UsageError(
            "WARC files are read by warcio, which is missing. Install it: pip install 'broadsheet[warc]'"
        ) from None
    stream.seek(begin)
    records = ArchiveIterator(stream)
    offset = begin
    try:
        for record in records:
            answer = _answer(record, max_bytes) if record.rec_type == "response" else None
            offset = int(records.get_record_offset())  # asked after the body: it goes on to the record's end
            if answer is not None:
                yield _Page(offset, answer)
        if records.offset < size:
            raise EOFError("the last record is cut off")
    except (ArchiveLoadFailed, ValueError, EOFError) as error:
        faults.append(f"{file}: damaged behind byte {offset} ({str(error)[:80]}); what came before it was taken in")


def _answer(record: Any, max_bytes: int) -> Response | None:
    """Return a record as the answer that it was, if that is a page."""
    headers = record.http_headers
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    if headers is None or headers.get_statuscode() != "200" or not identity.link_key(url):
        return None
    kept = {name.lower(): value for name, value in headers.headers}
    if "html" not in kept.get("content-type", ""):
        return None
    body = record.content_stream().read(max_bytes + 1)
    if not body or len(body) > max_bytes:
        return None
    fetched = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date"))
    return Response(key="", url=url, final_url=url, status=200, headers=kept, body=body, fetched=fetched)


# ---------------------------------------------------------------------------------------------------- a group


def _take(run: Run, group: Sequence[_Page], place: Place, key: str, size: int) -> int:
    """Take in a group's articles and remember how far the file was read; return how many are new."""
    wanted = _wanted(run, group, place)
    known = _templates(run, wanted)
    inputs = (
        work.ExtractInput(
            key=article_id, url=answer.url, page=answer.body, entry=Entry(link=answer.url), language="",
            template=known[feed.id], digest="",
        )
        for article_id, (feed, answer) in wanted.items()
    )  # fmt: skip
    outcomes = run.engine.map(work.extract_batch, batches(inputs, _EXTRACT_TOGETHER))
    found = {one.key: one for one in outcomes if isinstance(one, Done) and len(one.value.text) >= MIN_TEXT}
    stage = run.report.stage("ingest")
    stage.done += len(found)
    stage.skipped += len(group) - len(found)
    chosen = {article_id: wanted[article_id] for article_id in wanted if article_id in found}
    written = run.store.blobs.write([answer.body for _, answer in chosen.values()])
    with run.store.begin() as connection:
        written.enter(connection)
        titles = {article_id: found[article_id].value.title if run.config.site.slugs else "" for article_id in chosen}
        _create(connection, chosen, written.digests, titles)
        for article_id, body in zip(chosen, written.digests, strict=True):
            template = known[wanted[article_id][0].id].digest()
            save_article(run, connection, found[article_id], digest("", body, template), {}, fetching=False)
        queue.set_meta(connection, key, f"{group[-1].offset} {size}")
    run.report.articles_new += len(found)
    return len(found)


def _wanted(run: Run, group: Sequence[_Page], place: Place) -> dict[str, tuple[Feed, Response]]:
    """Return the pages that are neither known nor refused, each with the site that it belongs to, by article."""
    found: dict[str, tuple[Feed, Response]] = {}
    with run.store.read() as connection:
        refused = frozenset(tombstones.targets(connection, "domain"))
        gone = tombstones.targets(connection, "article") | articles.refused_keys(connection)
        for _, answer in group:
            host = urls.host(answer.url)
            if reading.is_refused(answer.url, refused) or articles.with_link(connection, answer.url):
                continue
            site = f"https://{host}/"
            section = (*filter(None, (part.strip() for part in place.section.split("/"))), host)
            feed = Feed(id=urls.short_id(f"feed {site}"), url=site, title=host, section=section, mode=place.mode)
            article_id = urls.short_id(f"{feed.id} {_key(answer)}")
            if gone.isdisjoint((article_id, _key(answer))) and article_id not in found:
                found[article_id] = (feed, answer)
    return found


def _key(answer: Response) -> str:
    return f"l:{identity.link_key(answer.url)}"


def _templates(run: Run, wanted: dict[str, tuple[Feed, Response]]) -> dict[str, Template]:
    """Return what each site repeats, learnt of this group where it has pages enough and nothing is known."""
    pages: dict[str, list[tuple[bytes, str]]] = {}
    for feed, answer in wanted.values():
        pages.setdefault(feed.id, []).append((answer.body, answer.url))
    with run.store.read() as connection:
        known = {feed_id: template for feed_id in pages if (template := templates.get(connection, feed_id))}
    known |= learn(
        run,
        [
            [work.LearnInput(key=feed_id, fragments=(), pages=tuple(of_site[: 5 * MIN_SAMPLES]))]
            for feed_id, of_site in pages.items()
            if feed_id not in known and len(of_site) >= MIN_SAMPLES
        ],
    )
    return {feed_id: known.get(feed_id, Template()) for feed_id in pages}


def _create(
    connection: Connection, chosen: dict[str, tuple[Feed, Response]], bodies: Sequence[str], titles: Mapping[str, str]
) -> None:
    """Make the rows of new articles: their sites, answers, entries and keys. ``titles`` are those in their addresses."""
    given = addresses.given(connection)
    feeds.add_unsubscribed(connection, {feed.id: feed for feed, _ in chosen.values()}.values(), _BEHIND)
    answers = [
        (msgspec.structs.replace(answer, key=article_id), body)
        for (article_id, (_, answer)), body in zip(chosen.items(), bodies, strict=True)
    ]
    numbers = responses.add_many(connection, "page", answers)
    new, keys = [], []
    for article_id, (feed, answer) in chosen.items():
        entry = Entry(link=answer.url)
        new.append(
            articles.NewEntry(
                article_id=article_id, feed_id=feed.id, data=msgspec.json.encode(entry), link=answer.url, digest="",
                seen=answer.fetched, response=None,
                permalink=addresses.permalink(given, article_id, answer.fetched, titles[article_id]),
            )
        )  # fmt: skip
        keys.append((feed.id, _key(answer), article_id))
    articles.remember(connection, keys)
    articles.add_entries(connection, new)
    for article_id, number in zip(chosen, numbers, strict=True):
        articles.set_page(connection, article_id, number)
