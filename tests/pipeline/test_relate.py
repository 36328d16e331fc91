"""Whose pages have to be printed anew when the articles of an event change."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from broadsheet.model import Article, Entry, Feed, Match
from broadsheet.pipeline.relate import retell
from broadsheet.store import articles, feeds, stories
from broadsheet.store.database import Store
from tests.conftest import NOW

REPORTS = ("a1", "a2", "a3")


@pytest.fixture(params=[1, -1], ids=["in the order of their names", "the other way round"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Store:
    """A store with three reports of one event, all of them printed, published in one order or the other."""
    made = Store.open("sqlite:///paper.db", tmp_path)
    with made.begin() as connection:
        feeds.sync(connection, [Feed(id="f", url="https://f.example/")])
        for number, name in enumerate(REPORTS):
            new = articles.NewEntry(
                article_id=name, feed_id="f", data=msgspec.json.encode(Entry()), link="", digest="",
                permalink=f"{name}.html", seen=NOW, response=None,
            )  # fmt: skip
            articles.add_entries(connection, [new])
            report = Article(
                id=name, feed_id="f", text=name, digest=name, published=NOW + request.param * timedelta(minutes=number)
            )
            articles.save(connection, report, changed=NOW, live=True)
        stories.add_matches(
            connection,
            [
                Match(a=a, b=b, kind="text", score=1.0, because="")
                for a, b in (("a1", "a2"), ("a1", "a3"), ("a2", "a3"))
            ],
        )
        retell(connection, list(REPORTS), {})
        articles.mark(connection, list(REPORTS), dirty=False)
    return made


@pytest.mark.parametrize("leaves", REPORTS)
def test_who_leaves_an_event_changes_the_pages_of_those_who_stay(store: Store, leaves: str) -> None:
    with store.begin() as connection:
        stories.forget(connection, leaves)
        retell(connection, list(REPORTS), {})
        stay = [name for name in REPORTS if name != leaves]
        found = map(sorted, stories.articles_of(connection, list(REPORTS)).values())
        assert sorted(found) == sorted([[leaves], stay])
        assert set(stay) <= set(articles.dirty(connection))


def test_so_does_who_hung_together_with_them_by_what_is_no_more(store: Store) -> None:
    """Nothing leads from one to the others; their pages name it all the same. The event is named after another."""
    with store.begin() as connection:
        for other in ("a1", "a3"):
            stories.forget(connection, other)
        retell(connection, ["a2"], {})
        assert stories.story_of(connection, ["a2"]) == {"a2": "a2"}
        assert sorted(articles.dirty(connection)) == list(REPORTS)


def test_an_event_that_stays_as_it_is_is_not_printed_anew(store: Store) -> None:
    with store.begin() as connection:
        retell(connection, list(REPORTS), {})
        assert articles.dirty(connection) == []
