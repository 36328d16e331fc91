"""What every store promises, on SQLite and on PostgreSQL: one writer, nothing lost, clear words when something is wrong."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy import create_engine, inspect

from broadsheet.errors import LockedError, StoreError
from broadsheet.model import Article, Entry, Feed, Image, Match
from broadsheet.store import articles, feeds, queue, search, stories, takedown
from broadsheet.store.bulk import Insert
from broadsheet.store.database import HEAD, Store, migrate
from broadsheet.store.schema import articles as schema_articles
from broadsheet.store.schema import bodies, meta, metadata
from broadsheet.stories.duplicates import Candidate
from broadsheet.stories.signature import sign
from tests.conftest import NOW


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> Callable[[], str]:
    """A maker of addresses of empty databases; one suite for both kinds."""
    if request.param == "postgresql":
        made: str = request.getfixturevalue("postgresql").url
        return made  # type: ignore[return-value]
    numbers = iter(range(100))
    return lambda: f"sqlite:///state/paper{next(numbers)}.db"


@pytest.fixture
def url(address: Callable[[], str]) -> str:
    return address()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    made = Store.open(url, tmp_path)
    yield made
    made.close()


def _shape(store: Store) -> dict[str, object]:
    with store.database.migrating() as connection:
        found = inspect(connection)
        return {
            name: (
                sorted((column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(name)),
                sorted(str((index["name"], index["column_names"], index["unique"], index.get("dialect_options")))
                       for index in found.get_indexes(name)),
                found.get_pk_constraint(name)["constrained_columns"],
            )
            for name in found.get_table_names()
        }  # fmt: skip


def test_migrations_make_the_schema_that_the_code_knows(
    store: Store, address: Callable[[], str], tmp_path: Path
) -> None:
    """A store that came through every migration is like one that was made today, and has every table of the schema."""
    url = address()
    raw = url.replace("sqlite:///", f"sqlite:///{tmp_path}/").replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(raw)
    with engine.connect() as connection:
        migrate(connection)
    engine.dispose()
    old = Store.open(url, tmp_path)
    assert _shape(old) == _shape(store)
    assert set(metadata.tables) <= set(_shape(store))
    with old.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEAD
    old.close()


def test_a_newer_store_is_refused(store: Store, url: str, tmp_path: Path) -> None:
    with store.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer Broadsheet"):
        Store.open(url, tmp_path)


def _try(url: str, folder: str, answers) -> None:
    store = Store.open(url, Path(folder))
    try:
        with store.lock("run"):
            answers.put("got it")
    except LockedError as error:
        answers.put(str(error))
    finally:
        store.close()


def test_the_lock_names_its_holder_and_is_freed(url: str, tmp_path: Path, store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    with store.lock("update"):
        other = context.Process(target=_try, args=(url, str(tmp_path), answers))
        other.start()
        assert "is held by broadsheet update (process" in answers.get(timeout=30)
        other.join(10)
    other = context.Process(target=_try, args=(url, str(tmp_path), answers))
    other.start()
    assert answers.get(timeout=30) == "got it"
    other.join(10)


def _hold(url: str, folder: str, answers) -> None:
    store = Store.open(url, Path(folder))
    with store.lock("run"):
        answers.put("held")
        answers.get()  # for ever


def test_the_lock_of_a_process_that_was_killed_is_free(url: str, tmp_path: Path, store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    other = context.Process(target=_hold, args=(url, str(tmp_path), answers))
    other.start()
    assert answers.get(timeout=30) == "held"
    with pytest.raises(LockedError), store.lock("run"):
        pass
    other.kill()
    other.join(10)
    for _ in range(100):
        try:
            with store.lock("run"):
                break
        except LockedError:
            time.sleep(0.05)  # the server notices a moment later
    else:
        pytest.fail("the lock is still held")


def test_readers_are_not_blocked_and_see_one_state(store: Store) -> None:
    """While a run writes, others read what was there before; one reader sees one state however long it looks."""
    with store.begin() as connection:
        queue.set_meta(connection, "a", "1")
    with store.read() as before:
        assert queue.get_meta(before, "a") == "1"
        with store.lock("run"), store.begin() as connection:
            queue.set_meta(connection, "a", "2")
            with store.read() as beside:
                assert queue.get_meta(beside, "a") == "1"
        assert queue.get_meta(before, "a") == "1"
        with store.read() as after:
            assert queue.get_meta(after, "a") == "2"


def test_writers_come_one_after_the_other(store: Store) -> None:
    """Numbers are given by the writer: two that write at once would give the same."""
    order: list[str] = []

    def write(name: str) -> None:
        with store.begin() as connection:
            order.append(f"{name} begins")
            known = int(queue.get_meta(connection, "n") or 0)
            time.sleep(0.05)
            queue.set_meta(connection, "n", str(known + 1))
            order.append(f"{name} ends")

    threads = [threading.Thread(target=write, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [line.split()[1] for line in order] == ["begins", "ends"] * 4
    with store.read() as connection:
        assert queue.get_meta(connection, "n") == "4"


def test_the_last_of_several_rows_with_one_key_stays(store: Store) -> None:
    """As if they had come one after the other."""
    update = Insert("meta", ("key", "value"), conflict="update", key=("key",))
    keep = Insert("article_keys", ("feed_id", "key", "article_id"), conflict="nothing")
    with store.begin() as connection:
        update(connection, [("a", "1"), ("b", "1"), ("a", "2")])
        update(connection, [("a", "3")])
        keep(connection, [("f", "k", "first"), ("f", "k", "second")])
        keep(connection, [("f", "k", "third")])
        rows = connection.execute(sa.select(meta).where(meta.c.key.in_(("a", "b"))).order_by(meta.c.key))
        assert [tuple(row) for row in rows] == [("a", "3"), ("b", "1")]
        assert articles.known(connection, "f", ["k"]) == {"k": "first"}
        with pytest.raises((sqlite3.IntegrityError, sa.exc.IntegrityError)):
            Insert("meta", ("key", "value"))(connection, [("a", "4")])


def test_order_is_that_of_code_points(store: Store) -> None:
    """Whatever language a database speaks, its lists are in one order."""
    names = ["b", "a", "B", "é", "z", "Z", "中", "a b", "ab", "a-c"]
    with store.begin() as connection:
        queue.put(connection, "fetch", names)
    with store.read() as connection:
        assert queue.waiting(connection, "fetch", NOW) == sorted(names)


def test_whatever_a_source_writes_is_kept(store: Store) -> None:
    """Characters that a database cannot hold, and addresses that its index cannot, cost no run."""
    long = "https://news.example/" + random.Random(3).randbytes(4000).hex()
    image = Image(url=long, path="m/x.webp", width=1, height=1)
    article = _article(store, 1, "Title", "Text")
    with store.begin() as connection:
        connection.execute(sa.update(schema_articles).values(link=long))
        articles.save_picture(connection, image, "kept", "", NOW)
        articles.save_picture(connection, Image(url=long + "1"), "failed", "a\x00b", NOW)
        assert articles.pictures(connection, [long, long + "1"]) == {long: image, long + "1": None}
        assert articles.with_link(connection, long) == [article.id]


def _sign(name: str, title: str, text: str) -> Candidate:
    return Candidate(id=name, feed_id="f", link="", published=NOW, signature=sign(title, text))


def test_candidates_are_found_and_forgotten(store: Store) -> None:
    letters = random.Random(4)
    text, unlike = (" ".join("".join(letters.choices("abcdefgh", k=6)) for _ in range(300)) for _ in range(2))
    one, two = _sign("s1", "the harbour opens", text), _sign("s2", "a crane moves", f"{text} end")
    other = _sign("s3", "rain", unlike)
    with store.begin() as connection:
        assert stories.remember(connection, [one]) == {"s1": []}
        assert stories.remember(connection, [two, other]) == {"s2": ["s1"], "s3": []}
        assert stories.recall(connection, ["s2", "s1"]) == [one, two]
        stories.add_matches(connection, [Match(a="s1", b="s2", kind="text", score=1.0, because="")])
        assert stories.neighbours(connection, ["s1"]) == {"s1": ["s2"], "s2": ["s1"]}
        stories.forget(connection, "s1")
        assert stories.neighbours(connection, ["s2"]) == {}
        assert stories.remember(connection, [_sign("s4", "again", text)])["s4"] == ["s2"]


def test_a_transaction_is_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(RuntimeError), store.begin() as connection:
        queue.set_meta(connection, "a", "1")
        raise RuntimeError
    with store.read() as connection:
        assert queue.get_meta(connection, "a") == ""


def test_a_feed_that_is_no_longer_wanted_keeps_its_articles(store: Store) -> None:
    one, two = (Feed(id=name, url=f"https://{name}.example/feed") for name in ("one", "two"))
    with store.begin() as connection:
        feeds.sync(connection, [one, two])
        feeds.sync(connection, [two])
        assert [feed.id for feed in feeds.active(connection)] == ["two"]
        assert list(feeds.everyone(connection)) == ["one", "two"]
        feeds.sync(connection, [one, two])
        assert len(feeds.active(connection)) == 2


def test_failures_are_put_off_and_given_up(store: Store) -> None:
    with store.begin() as connection:
        queue.put(connection, "fetch", ["a"])
        assert queue.waiting(connection, "fetch", NOW) == ["a"]
        tries = 0
        while queue.again(connection, "fetch", "a", NOW):
            tries += 1
            assert queue.waiting(connection, "fetch", NOW) == []
        assert tries == queue.ATTEMPTS - 1
        queue.put(connection, "fetch", ["a"])
        assert queue.waiting(connection, "fetch", NOW) == ["a"], "a new reason starts afresh"


def _article(store: Store, number: int, title: str, text: str) -> Article:
    article = Article(id=f"a{number}", feed_id="f", title=title, text=text, html=f"<p>{text}</p>", digest=title + text)
    with store.begin() as connection:
        feeds.sync(connection, [Feed(id="f", url="https://f.example/")])
        if articles.get(connection, article.id) is None:
            new = articles.NewEntry(
                article_id=article.id, feed_id="f", data=msgspec.json.encode(Entry()), link="", digest="",
                permalink=f"{article.id}.html", seen=NOW, response=None,
            )  # fmt: skip
            articles.add_entries(connection, [new])
        search.index(connection, article, articles.get(connection, article.id))
        articles.save(connection, article, changed=NOW, live=True)
    return article


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("疫情", ["a1"]), ("疫情防控", ["a1"]), ("清", ["a1"]), ("面清", ["a1"]), ("防疫", []), ("harbour", ["a2", "a3"]),
        ("harbour ferry", ["a3"]), ("HARBOUR", ["a2", "a3"]), ("Ａ股", ["a1"]), ("a股", ["a1"]), ('"', []), ("*", []),
        ("NEAR(", []), ("title:harbour", []), ("", []),
    ],
)  # fmt: skip
def test_search_finds_words_and_any_part_of_chinese(store: Store, query: str, found: list[str]) -> None:
    _article(store, 1, "长春疫情防控", "社会面清零，A股收涨。")
    _article(store, 2, "Harbour opens", "A crane moves.")
    _article(store, 3, "Notes", "The ferry left the harbour.")
    with store.read() as connection:
        assert sorted(article for article, _ in search.find(connection, query)) == found


def test_a_changed_article_is_found_by_its_new_words_only(store: Store) -> None:
    _article(store, 1, "Old", "ancient words")
    _article(store, 1, "New", "modern words")
    with store.read() as connection:
        assert search.find(connection, "ancient") == []
        assert [article for article, _ in search.find(connection, "modern")] == ["a1"]


def test_a_phrase_is_found_wherever_it_stands_in_a_long_text(store: Store) -> None:
    """PostgreSQL tells 16,383 places of a document apart: a long one is several parts, and no phrase is lost between them."""
    text = [f"word{number}" for number in range(21_000)]
    _article(store, 1, "Long report", " ".join(text) + " 股市")
    _article(store, 2, "Short report", "word1 word3")
    with store.read() as connection:
        for start in (0, 1960, 1999, 16_384, 20_990):
            phrase = "-".join(text[start : start + 8])
            assert [article for article, _ in search.find(connection, f"{phrase} 市")] == [], "市 begins no pair"
            assert [article for article, _ in search.find(connection, f"{phrase} 股 report")] == ["a1"], start
        assert search.find(connection, "word1-word3") == [search.find(connection, "word3-")[0]], (
            "the short one is first"
        )
        assert search.find(connection, "report-word0") == [], "no phrase goes from the title to the text"


def test_titles_weigh_more_and_accents_do_not_count(store: Store) -> None:
    filler = " ".join(f"filler{number}" for number in range(50))
    _article(store, 1, "Notes", f"The café opens. {filler}")
    _article(store, 2, "Café", f"Nothing of it here. {filler}")
    with store.read() as connection:
        assert [article for article, _ in search.find(connection, "cafe")] == ["a2", "a1"]
        assert [article for article, _ in search.find(connection, "CAFÉ")] == ["a2", "a1"]


@pytest.mark.parametrize("query", ["长春", "长春 harbour", "harbour-长春", "长"])
def test_of_words_that_many_have_the_newest_are_shown_titles_first(
    store: Store, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks at the thousandth match; to rank all of them costs more with every year."""
    for number, title in enumerate(["Harbour 长春", "Notes", "Notes", "Harbour 长春", "Notes"], 1):
        _article(store, number, title, "The harbour 长春 opens.")
    shown = [["a4", "a1", "a5", "a3", "a2"], ["a4", "a5", "a3"], ["a4", "a5"]]
    with store.read() as connection:
        for newest, found in zip((4, 3, 2), shown, strict=True):
            monkeypatch.setattr(search, "NEWEST", newest)
            limit = 5 if newest == 4 else newest
            assert [article for article, _ in search.find(connection, query, limit)] == found, newest
        monkeypatch.undo()
        assert {article for article, _ in search.find(connection, query)} == {"a1", "a2", "a3", "a4", "a5"}


def test_what_no_live_article_shows_may_be_deleted(store: Store) -> None:
    """A takedown looks for our copies in the texts and the lead pictures of all others."""
    for number in (1, 2):
        article = _article(store, number, "Title", "Text")
        lead = Image(url="https://f.example/1.jpg", path="m/lead.webp")
        own = f'<img src="/m/{number}.webp"><img src="/m/both.webp">'
        with store.begin() as connection:
            kept = msgspec.structs.replace(article, image=lead if number == 2 else None, html=own)
            articles.save(connection, kept, changed=NOW, live=True)
    with store.begin() as connection:
        orphans = takedown.remove(connection, ["a1"], "", NOW)
        assert orphans.pictures == ("m/1.webp",)
        assert takedown.remove(connection, ["a2"], "", NOW).pictures == (
            "m/2.webp", "m/both.webp", "m/lead.webp",
        )  # fmt: skip
        assert search.find(connection, "Title") == []


def test_articles_are_counted_as_they_change(store: Store) -> None:
    """By triggers: however an article comes, changes its state or goes, the tallies are those of a count."""
    for number in (1, 2, 3):
        _article(store, number, "Title", "Text")
    with store.begin() as connection:
        feeds.sync(connection, [Feed(id="f", url="https://f.example/"), Feed(id="g", url="https://g.example/")])
        new = articles.NewEntry(
            article_id="b1", feed_id="g", data=msgspec.json.encode(Entry()), link="", digest="", permalink="b1.html",
            seen=NOW, response=None,
        )  # fmt: skip
        articles.add_entries(connection, [new, msgspec.structs.replace(new, article_id="b2", permalink="b2.html")])
        assert articles.count(connection) == {"live": 3, "new": 2}
        takedown.remove(connection, ["a2", "b1"], "", NOW)
        assert articles.count(connection) == {"gone": 2, "live": 2, "new": 1}
        assert feeds.article_counts(connection, ["f", "g", "h"]) == {"f": 2}
        connection.execute(sa.delete(bodies).where(bodies.c.article_id == "a1"))
        connection.execute(sa.delete(schema_articles).where(schema_articles.c.id == "a1"))
        assert articles.count(connection) == {"gone": 2, "live": 1, "new": 1}
        assert feeds.recent_counts(connection, NOW) == {"f": 1, "g": 1}
        assert feeds.recent_counts(connection, NOW + timedelta(days=1)) == {}
