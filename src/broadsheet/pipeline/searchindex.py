"""Brings the site's search up to date: the tail anew, and what else has changed, with the manifest last."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from broadsheet.model import Output, StoredArticle
from broadsheet.pipeline.run import batches
from broadsheet.site import postings, search
from broadsheet.site.compose import Composer
from broadsheet.site.search import Manifest, Span
from broadsheet.store import articles, doubles, queue, site
from broadsheet.store.connection import Connection
from broadsheet.text import digest, excerpt

FOLDER = "search/"
_META = "search"
_AT_ONCE = 200
_EXCERPT = 120
"""Columns of a result's excerpt; a Han character takes two."""


class SearchIndex:
    """The index as the last build left it, and what this one makes of it."""

    def __init__(self, connection: Connection, composer: Composer) -> None:
        self._connection = connection
        self._composer = composer
        kept = queue.get_meta(connection, _META)
        found = msgspec.json.decode(kept, type=Manifest) if kept else Manifest(block=search.BLOCK)
        policies = sorted((feed.id, feed.mode, composer.names(feed)) for feed in composer.feeds)
        key = digest(json.dumps([search.FORMAT, policies, composer.base, str(composer.zone)]), size=8)
        self._anew = found.key != key
        self._before = found
        self._places = {} if self._anew else {names: place for place, names in enumerate(found.sources)}
        self._spans: list[Span] = []
        self._key = key

    def outputs(self, dirty: Sequence[str], root: Path) -> Iterator[Output]:
        """Yield the files that the articles that have changed make necessary, those that lead to others last.

        A folder that has gone from the site below ``root`` is made anew.
        """
        total = site.published(self._connection)
        changed = {} if self._anew else site.numbers(self._connection, dirty)
        gone = {changed[article] for article in self._untold(list(changed))}
        # What has its own page again may have been told by another's when its words were taken.
        gone |= set(site.numbers(self._connection, doubles.whole_again(self._connection)).values())
        touched = set(changed.values())
        kept = {} if self._anew else {(span.start, span.end): span for span in self._before.spans}
        for start, end in search.spans(total):
            known = kept.get((start, end))
            # What lies behind the tail has its words from when it was closed; only what went or came back makes it anew.
            stale = touched if start >= total // search.LEVELS[-1] * search.LEVELS[-1] else gone
            there = known is not None and (root / FOLDER / known.folder).is_dir()
            if known is None or not there or any(start <= number < end for number in stale):
                yield from self._span(start, end)
            else:
                self._spans.append(known)
        blocks = {number // search.BLOCK for number in (range(total) if self._anew else touched)}
        for group in batches(sorted(blocks), _AT_ONCE // search.BLOCK):
            yield from self._blocks(group)
        yield Output(path=f"{FOLDER}index.json", body=msgspec.json.encode(self.manifest()))

    def manifest(self) -> Manifest:
        """Return what the index is made of now."""
        return Manifest(block=search.BLOCK, key=self._key, spans=tuple(self._spans), sources=tuple(self._places))

    def save(self, connection: Connection) -> None:
        """Remember the index for the next build."""
        queue.set_meta(connection, _META, msgspec.json.encode(self.manifest()).decode())

    def stale(self, root: Path) -> list[str]:
        """Return the files of folders that the manifest does not lead to any more.

        The script of a reader who still holds the manifest before reads the new one and tries again.
        """
        folder = root / FOLDER
        live = {span.folder for span in self._spans}
        found = (
            sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "d") if folder.is_dir() else []
        )
        return [
            f"{FOLDER}{path.name}/{file.name}"
            for path in found
            if path.name not in live
            for file in sorted(path.iterdir())
        ]

    def _span(self, start: int, end: int) -> Iterator[Output]:
        places: list[tuple[int, int]] = []
        shards = postings.index(self._documents(start, end, places), start, end)
        filters = search.filters(places)
        folder = f"{start}-{digest(*shards, filters, size=5)}"
        self._spans.append(Span(start=start, end=end, folder=folder, shards=len(shards)))
        for number, shard in enumerate(shards):
            yield Output(path=f"{FOLDER}{folder}/{number}.bin", body=shard)
        yield Output(path=f"{FOLDER}{folder}/filters.bin", body=filters)

    def _documents(self, start: int, end: int, places: list[tuple[int, int]]) -> Iterator[search.Document]:
        for group in batches(range(start, end), _AT_ONCE):
            found = self._numbered(group)
            texts = articles.texts(self._connection, [stored.article.id for stored in found.values()])
            for number in group:
                if number not in found:
                    places.append((search.NOBODY, 0))
                    continue
                stored, article = found[number], found[number].article
                places.append((self._place(stored), search.day_number(self._composer.day_of(stored))))
                text = "" if self._composer.is_elsewhere(stored) else texts.get(article.id, "")
                yield search.Document(number=number, title=article.title, text=text)

    def _untold(self, ids: Sequence[str]) -> set[str]:
        """Return those that have no page of their own: taken down, or told by another's page."""
        found: set[str] = set()
        for group in batches(ids, _AT_ONCE):
            rows = articles.rows(self._connection, group)
            found.update(article for article, stored in rows.items() if _is_untold(stored))
        return found

    def _numbered(self, numbers: Sequence[int]) -> dict[int, StoredArticle]:
        """Return the articles by their numbers, where something is left under these."""
        ids = site.numbered(self._connection, numbers)
        rows = articles.rows(self._connection, list(ids.values()))
        return {number: rows[article] for number, article in ids.items() if not _is_untold(rows[article])}

    def _place(self, stored: StoredArticle) -> int:
        names = self._composer.names(self._composer.feed(stored.article.feed_id))
        return self._places.setdefault(names, len(self._places))

    def _blocks(self, blocks: Sequence[int]) -> Iterator[Output]:
        numbers = {block: range(block * search.BLOCK, (block + 1) * search.BLOCK) for block in blocks}
        found = self._numbered([number for some in numbers.values() for number in some])
        for block, some in numbers.items():
            entries = [self._entry(found[number]) if number in found else None for number in some]
            yield Output(path=f"{FOLDER}d/{block}.json", body=search.block(entries))

    def _entry(self, stored: StoredArticle) -> search.Entry:
        article, composer = stored.article, self._composer
        told = "" if composer.is_elsewhere(stored) else article.excerpt
        return search.Entry(
            title=article.title, href=composer.leads_to(stored), place=self._place(stored), language=article.language,
            day=composer.day_of(stored).isoformat(), excerpt=excerpt(told, width=_EXCERPT),
        )  # fmt: skip


def _is_untold(stored: StoredArticle) -> bool:
    """Return whether an article has no page of its own: it was taken down, or another's page tells it."""
    return stored.state != "live" or bool(stored.double_of)
