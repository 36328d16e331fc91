"""relate: which articles report one event."""

from __future__ import annotations

from datetime import datetime

from broadsheet.model import Feed
from broadsheet.pipeline.doubles import mark_same, settle
from broadsheet.pipeline.run import Run, batches
from broadsheet.store import feeds, queue, stories
from broadsheet.store.connection import Connection
from broadsheet.stories.cluster import components, tell
from broadsheet.stories.duplicates import compare

RELATE_VERSION = 3
_AT_ONCE = 50


def relate(run: Run) -> None:
    """Compare every new or changed article with those that may be the same report, and tell the stories anew."""
    with run.store.read() as connection:
        waiting = queue.waiting(connection, "relate", run.now)
        known = feeds.everyone(connection)
    publishers = {feed_id: publisher(feed) for feed_id, feed in known.items()}
    stage = run.report.stage("relate")
    run.progress.start("relate", len(waiting))
    for group in batches(waiting, _AT_ONCE):
        with run.store.begin() as connection:
            loaded = {item.id: item for item in stories.load(connection, group)}
            touched = set(loaded)
            for item in loaded.values():
                touched |= set(stories.neighbours(connection, [item.id]))
                stories.forget(connection, item.id)
            near = stories.remember(connection, list(loaded.values()))
            for item in loaded.values():
                others = stories.recall(connection, near[item.id])
                found = [(match, item, other) for other in others if (match := compare(item, other))]
                stories.add_matches(connection, mark_same(connection, found))
            retell(connection, sorted(touched), publishers)
            settle(connection, touched, known)
            queue.put(connection, "zone", {item.feed_id for item in loaded.values()})
            queue.done(connection, "relate", RELATE_VERSION, [(item, "", "done", "") for item in group], run.now)
        stage.done += len(loaded)
        run.progress.advance("relate", len(group))
    run.progress.end("relate")


def publisher(feed: Feed) -> str:
    """Return who publishes a feed: the source in its section path, else its title, else its address."""
    return "/".join(feed.section[:2]) if len(feed.section) > 1 else feed.title or feed.url


def retell(connection: Connection, ids: list[str], publishers: dict[str, str]) -> None:
    """Tell the stories of these articles, and of all that are linked with them, anew."""
    links = stories.neighbours(connection, ids)
    everyone = sorted(set(ids) | set(links))
    pinned = stories.pinned(connection)
    for group in components(everyone, links):
        found = stories.members(connection, group, publishers)
        if not found:
            continue
        story = tell(found, pinned)
        before = stories.story_of(connection, list(story.articles))
        now = set(stories.articles_of(connection, [story.id]).get(story.id, []))
        alone = len(story.articles) == 1 and not now - set(story.articles)
        if any(before[article] != story.id for article in story.articles) or not (alone or now == set(story.articles)):
            stories.assign(connection, story.articles, story.id)


def correct(connection: Connection, kind: str, articles: list[str], publishers: dict[str, str], at: datetime) -> None:
    """Do what a person says: ``split`` one article off, ``merge`` two, or ``pin`` one as the lead."""
    before = stories.neighbours(connection, articles)
    stories.override(connection, kind, articles[0], articles[1] if kind == "merge" else "", at)
    touched = sorted(set(before) | set(articles))
    retell(connection, touched, publishers)
    stories.touch(connection, touched)
