"""The store: one writer, nothing lost, clear words when something is wrong."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import inspect

from broadsheet.errors import LockedError, StoreError
from broadsheet.model import Article, Entry, Feed
from broadsheet.store import articles, feeds, queue, search
from broadsheet.store.database import HEAD, Store
from broadsheet.store.schema import metadata
from tests.conftest import NOW

URL = "sqlite:///state/paper.db"


@pytest.fixture
def store(tmp_path: Path):
    made = Store.open(URL, tmp_path)
    yield made
    made.close()


def test_migrations_make_the_schema_that_the_code_knows(store: Store) -> None:
    """Every table and column of the schema is in a migrated store, and nothing else but the search index is."""
    with store.read() as connection:
        found = inspect(connection)
        tables = {name for name in found.get_table_names() if not name.startswith(("search", "alembic", "sqlite"))}
        assert tables == set(metadata.tables)
        for name, table in metadata.tables.items():
            assert {column["name"] for column in found.get_columns(name)} == set(table.columns.keys())
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEAD


def test_what_is_committed_is_on_disk(store: Store) -> None:
    """WAL with synchronous=FULL: NORMAL lost acknowledged rows in 21 of 30 power cuts."""
    with store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_a_transaction_is_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(RuntimeError), store.begin() as connection:
        queue.set_meta(connection, "a", "1")
        raise RuntimeError
    with store.read() as connection:
        assert queue.get_meta(connection, "a") == ""


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    Store.open(URL, tmp_path).close()
    with sqlite3.connect(tmp_path / "state/paper.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(StoreError, match="newer Broadsheet"):
        Store.open(URL, tmp_path)


def test_a_damaged_store_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state/paper.db"
    path.parent.mkdir()
    path.write_bytes(b"this is no database, but somebody's file" * 100)
    with pytest.raises(StoreError, match=r"paper\.db.*doctor"):
        Store.open(URL, tmp_path)
    assert path.read_bytes().startswith(b"this is no database")


def _try(folder: str, answers) -> None:
    store = Store.open(URL, Path(folder))
    try:
        with store.lock("run"):
            answers.put("got it")
    except LockedError as error:
        answers.put(str(error))
    finally:
        store.close()


def test_the_lock_names_its_holder_and_is_freed(tmp_path: Path, store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    with store.lock("update"):
        other = context.Process(target=_try, args=(str(tmp_path), answers))
        other.start()
        assert "is held by broadsheet update (process" in answers.get(timeout=30)
        other.join(10)
    other = context.Process(target=_try, args=(str(tmp_path), answers))
    other.start()
    assert answers.get(timeout=30) == "got it"
    other.join(10)


def test_blobs_are_kept_once_and_checked(store: Store) -> None:
    digest = store.blobs.put(b"a page" * 100)
    assert store.blobs.put(b"a page" * 100) == digest
    assert store.blobs.get(digest) == b"a page" * 100
    store.blobs.path(digest).write_bytes(b"damaged")
    with pytest.raises(StoreError, match="restore it from a backup"):
        store.blobs.get(digest)
    with pytest.raises(StoreError, match="cannot be read back"):
        store.blobs.get("0" * 40)


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
            new = articles.NewEntry(article_id=article.id, entry=Entry(), digest="", permalink=f"{article.id}.html")
            articles.create(connection, "f", [new], first_seen=NOW)
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
