"""zone: learn by how many hours each feed's dates are off, and date its articles anew where that has changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from broadsheet.articles.extract import feed_date
from broadsheet.feeds import zone
from broadsheet.model import Feed, FeedState
from broadsheet.pipeline.extract import dated
from broadsheet.pipeline.relate import publisher, relate
from broadsheet.pipeline.run import Run
from broadsheet.store import articles, feeds, queue, stories
from broadsheet.store.connection import Connection

ZONE_VERSION = 1
_ROUNDS = 3
"""Dates that were put right are evidence for other feeds."""


def zones(run: Run) -> None:
    """Look at every feed with new matches, and at those whose offset was fixed in the configuration since."""
    for _ in range(_ROUNDS):
        if not _round(run):
            return
        relate(run)


def _round(run: Run) -> int:
    """Learn, and date articles anew; return how many have another date."""
    with run.store.read() as connection:
        waiting = queue.waiting(connection, "zone", run.now)
        known = feeds.everyone(connection)
        states = feeds.states(connection)
    publishers = {feed_id: publisher(feed) for feed_id, feed in known.items()}
    changed = 0
    for feed_id in sorted({*waiting, *(name for name, state in states.items() if _is_stale(known.get(name), state))}):
        with run.store.begin() as connection:
            state = feeds.states_of(connection, [feed_id])[feed_id]
            if feed_id in waiting:
                state = _learnt(connection, state, publishers)
            feed = known.get(feed_id) or Feed(id=feed_id, url=feed_id)
            changed += _redate(run, connection, state, zone.offset(feed, state))
            feeds.save_states(connection, [msgspec.structs.replace(state, zone_used=zone.offset(feed, state))])
            queue.done(connection, "zone", ZONE_VERSION, [(feed_id, "", "done", "")], run.now)
    run.report.stage("zone").done += changed
    return changed


def _is_stale(feed: Feed | None, state: FeedState) -> bool:
    return feed is not None and zone.offset(feed, state) != state.zone_used


def _learnt(connection: Connection, state: FeedState, publishers: dict[str, str]) -> FeedState:
    ids = articles.recent_of_feed(connection, state.feed_id, zone.NEWEST)
    own = publishers.get(state.feed_id, state.feed_id)
    dates = {
        source.id: (date, source.entry_seen)
        for source in articles.sources(connection, ids)
        if (date := feed_date(source.entry)) is not None
    }
    items = [zone.Sighting(dated=date, seen=seen) for date, seen in (dates[item] for item in ids if item in dates)]
    twins = [
        zone.Twin(publisher=publishers.get(feed_id, feed_id), later=dates[item][0] - published)
        for item, feed_id, published in stories.twins(connection, list(dates))
        if publishers.get(feed_id, feed_id) != own
    ]
    found = zone.learn(zone.Offset(hours=state.zone_offset, by=state.zone_by), items, twins)
    return msgspec.structs.replace(state, zone_offset=found.hours, zone_by=found.by)


def _redate(run: Run, connection: Connection, state: FeedState, hours: int) -> int:
    """Give the feed's articles the dates that the offset makes; return how many have another one now.

    Where an offset was forgotten, only the newest items can be wrong by it, and those that lay in the future without it
    are right as they are.
    """
    if hours == state.zone_used:
        return 0
    forgotten = hours == 0
    ids: Sequence[str] = articles.recent_of_feed(connection, state.feed_id, zone.NEWEST if forgotten else -1)
    changed = []
    for source in articles.sources(connection, ids):
        raw, article = feed_date(source.entry), articles.get(connection, source.id)
        if raw is None or article is None or (forgotten and raw > source.first_seen + zone.TOLERANCE):
            continue
        article_now = msgspec.structs.replace(
            article, published=raw, published_source="feed", modified=source.entry.updated or article.modified
        )
        article_now = dated(article_now, source, hours)
        if article_now != article:
            articles.save(connection, article_now, changed=run.now, live=articles.is_live(connection, source.id))
            changed.append(source.id)
    queue.put(connection, "relate", changed)
    return len(changed)
