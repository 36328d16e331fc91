"""Copies made while runs write, and stores that are damaged: what comes back, and that the next run goes on."""

from __future__ import annotations

import json
import queue
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from broadsheet.errors import LockedError, StoreError, UsageError
from broadsheet.newspaper import Newspaper
from broadsheet.store.backup import fault_of, last_good
from tests.e2e.crash import articles, site
from tests.e2e.test_commands import broadsheet
from tests.e2e.victim import Forker
from tests.e2e.world import NOW, World

LATER = NOW[1] + timedelta(days=3)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def new(world: World, folder: Path, extra: str = "") -> Path:
    folder.mkdir()
    (folder / "broadsheet.toml").write_text(world.config() + extra, "utf-8")
    return folder


def run(world: World, folder: Path, edition: int, now: datetime | None = None) -> None:
    world.edition = edition
    when = now or NOW[edition]
    with Newspaper(folder, environ={}, clock=lambda: when) as paper:
        paper.run()


@pytest.fixture(scope="module")
def undisturbed(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newspaper after both editions and a further run."""
    folder = new(world, tmp_path_factory.mktemp("undisturbed") / "paper")
    run(world, folder, 0)
    run(world, folder, 1)
    run(world, folder, 1, LATER)
    return folder


def database(folder: Path) -> Path:
    return folder / ".broadsheet" / "broadsheet.db"


def rows(path: Path, *tables: str) -> set[tuple[object, ...]]:
    """Return the keys of all rows of some tables."""
    with closing(sqlite3.connect(path)) as connection:
        known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        return {
            (table, *row)
            for table in tables
            if table in known
            for row in connection.execute(f"SELECT {'digest' if table == 'blobs' else 'id'} FROM {table}")
        }


# ---------------------------------------------------------------------------------------------------- copies


def test_copies_made_during_runs_lack_nothing(world: World, tmp_path: Path) -> None:
    folder, copies = new(world, tmp_path / "paper"), tmp_path / "copy"
    copy = copies / ".broadsheet" / "broadsheet.db"
    forker, count = Forker(), 0
    for edition in (0, 1):
        world.edition = edition
        ended: queue.SimpleQueue[dict[str, object]] = queue.SimpleQueue()
        work = partial(forker.run, folder, NOW[edition])
        running = threading.Thread(target=lambda ended=ended, work=work: ended.put(work()))
        running.start()
        while running.is_alive():
            if not database(folder).exists() or fault_of(database(folder)):
                continue  # the first moments of a new newspaper
            before = rows(database(folder), "articles", "responses", "entries", "blobs")
            with Newspaper(folder, environ={}) as paper:
                assert paper.backup(copies).missing == ()
            count += 1
            assert before <= rows(copy, "articles", "responses", "entries", "blobs")
            assert fault_of(copy, thorough=True) == ""
            with Newspaper(copies, environ={}) as restored:
                assert restored.damage() == [], "all that rows lead to is there"
        running.join()
        assert ended.get()["code"] == 0
    forker.close()
    assert count > 10, "runs were at work"
    with Newspaper(folder, environ={}) as paper:
        paper.backup(copies)
    with Newspaper(copies, environ={}) as restored:
        restored.build()
    assert site(copies) == site(folder), "a copy is a newspaper itself"


def test_a_backup_tells_what_it_did_and_copies_little_the_second_time(world: World, tmp_path: Path) -> None:
    folder = new(world, tmp_path / "paper")
    run(world, folder, 0)
    told = broadsheet(folder, "backup", str(tmp_path / "copy")).stderr
    assert "is a copy of this newspaper" in told
    again = json.loads(broadsheet(folder, "--json", "backup", str(tmp_path / "copy")).stdout)
    assert again["files"] == 2, "configuration and database"
    assert articles(tmp_path / "copy") == articles(folder)


def test_a_backup_holds_nothing_that_was_taken_down(world: World, tmp_path: Path) -> None:
    folder = new(world, tmp_path / "paper")
    run(world, folder, 0)
    broadsheet(folder, "backup", str(tmp_path / "copy"))
    with Newspaper(folder, environ={}) as paper:
        victim = next(article for article in paper.articles() if "/4/" in article.url)
    secret = b"of report %d from 4 says" % int(victim.url.rpartition("/")[2])
    assert secret in database(tmp_path / "copy").read_bytes()
    assert secret in last_good(database(folder)).read_bytes()
    broadsheet(folder, "takedown", victim.url)
    assert secret not in last_good(database(folder)).read_bytes(), "nor does the copy beside the store"
    broadsheet(folder, "backup", str(tmp_path / "copy"))
    assert secret not in database(tmp_path / "copy").read_bytes()


def test_a_backup_goes_into_no_folder_of_somebody_else(world: World, tmp_path: Path) -> None:
    folder, other = new(world, tmp_path / "paper"), tmp_path / "photos"
    other.mkdir()
    (other / "m").mkdir()
    (other / "m" / "me.jpg").write_bytes(b"me")
    run(world, folder, 0)
    with Newspaper(folder, environ={}) as paper:
        for place in (other, folder, folder / ".broadsheet", folder / "public"):
            with pytest.raises(UsageError, match=r"something else|itself"):
                paper.backup(place)
        (tmp_path / "file").write_text("x")
        with pytest.raises(StoreError, match="cannot be written"):
            paper.backup(tmp_path / "file" / "copy")
    assert (other / "m" / "me.jpg").read_bytes() == b"me"


def test_a_damaged_store_leaves_the_last_backup_as_it_is(world: World, tmp_path: Path) -> None:
    folder, copies = new(world, tmp_path / "paper"), tmp_path / "copy"
    run(world, folder, 0)
    broadsheet(folder, "backup", str(copies))
    before = database(copies).read_bytes()
    _truncate(database(folder))
    with Newspaper(folder, environ={}) as paper, pytest.raises(StoreError, match=r"no copy was made.*--repair"):
        paper.backup(copies)
    assert database(copies).read_bytes() == before
    assert not list(copies.rglob("*.tmp"))


def test_runs_keep_a_copy_as_often_as_is_set(world: World, tmp_path: Path) -> None:
    folder = new(world, tmp_path / "paper", "[store]\nbackup_hours = 6\n")
    copy = last_good(database(folder))
    run(world, folder, 0)
    first = copy.stat().st_mtime
    assert first == NOW[0].timestamp()
    run(world, folder, 0, NOW[0] + timedelta(hours=5))
    assert copy.stat().st_mtime == first
    run(world, folder, 0, NOW[0] + timedelta(hours=6))
    assert copy.stat().st_mtime == first + 6 * 3600
    run(world, folder, 0, NOW[0])
    assert copy.stat().st_mtime == first, "a clock that went back does not stop the copies"
    without = new(world, tmp_path / "without", "[store]\nbackup_hours = 0\n")
    run(world, without, 0)
    assert not last_good(database(without)).exists()


# --------------------------------------------------------------------------------------------------- damage


def _truncate(path: Path) -> None:
    with path.open("r+b") as handle:
        handle.truncate(path.stat().st_size - 4096)


def _zero(path: Path) -> None:
    """Overwrite pages in the middle."""
    with path.open("r+b") as handle:
        handle.seek(path.stat().st_size // 8192 * 4096)
        handle.write(bytes(4 * 4096))


def _head(path: Path) -> None:
    with path.open("r+b") as handle:
        handle.write(b"this is no database any more" * 100)


def _index(path: Path) -> None:
    """Take a row out of an index behind SQLite's back."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA writable_schema = ON;")
        connection.execute(
            "UPDATE sqlite_master SET name = 'hidden', tbl_name = 'hidden', type = 'x', sql = '' WHERE name = 'articles_dirty'"
        )
        connection.commit()
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'hidden'").fetchone()[0]
        page = connection.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as handle:  # an empty leaf of an index
        handle.seek((root - 1) * page)
        handle.write(b"\x0a\x00\x00\x00\x00" + page.to_bytes(2) + b"\x00" + bytes(page - 8))
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA writable_schema = ON;")
        connection.execute(
            "UPDATE sqlite_master SET name = 'articles_dirty', tbl_name = 'articles', type = 'index', "
            "sql = 'CREATE INDEX articles_dirty ON articles (dirty)' WHERE name = 'hidden'"
        )
        connection.commit()


@pytest.mark.parametrize(
    "damage", [_truncate, _zero, _head, _index, Path.unlink], ids=lambda one: one.__name__.strip("_")
)
def test_a_damaged_database_is_named_mended_and_goes_on(
    world: World, undisturbed: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = new(world, tmp_path / "paper", "[store]\nbackup_hours = 240\n")
    run(world, folder, 0)
    run(world, folder, 1)
    before = articles(folder)
    damage(database(folder))
    found = broadsheet(folder, "doctor", code=1).stdout
    assert "fault" in found
    assert "broadsheet.db: " in found
    assert "--repair" in found
    done = broadsheet(folder, "doctor", "--repair", code=None)
    assert "indexes were made anew" in done.stderr if damage is _index else "stands in its place" in done.stderr
    assert fault_of(database(folder), thorough=True) == ""
    run(world, folder, 1, LATER)
    after = articles(folder)
    assert [row[:2] for row in after] == [row[:2] for row in before], "every article is there, at its address"
    if damage not in (_head, Path.unlink):  # the documents that came in after the copy could be read
        expected, found_again = site(undisturbed), site(folder)
        # Since when a source is silent is known from the day of the copy on.
        for pages in (expected, found_again):
            pages["about/index.html"] = re.sub(rb'"notice">[^<]*', b"", pages["about/index.html"])
        assert sorted(found_again) == sorted(expected)
        assert [path for path, body in found_again.items() if body != expected[path]] == []
    assert json.loads(broadsheet(folder, "check", "--json").stdout)["faults"] == []
    assert "Nothing is damaged" in broadsheet(folder, "doctor", "--repair", code=None).stderr


def test_without_any_copy_all_that_can_be_read_is_taken_over(world: World, tmp_path: Path) -> None:
    folder = new(world, tmp_path / "paper", "[store]\nbackup_hours = 0\n")
    run(world, folder, 0)
    run(world, folder, 1)
    before = articles(folder)
    _truncate(database(folder))
    told = broadsheet(folder, "doctor", "--repair", code=None).stderr
    assert "there was no copy" in told
    assert "9 documents" in told, "five feeds, four of them twice"
    world.pages = {}  # the feeds are gone: nothing comes back from them
    with Newspaper(folder, environ={}, clock=lambda: LATER) as paper:
        paper.run()
    assert [row[:2] for row in articles(folder)] == [row[:2] for row in before]


@pytest.mark.parametrize("slugs", ["false", "true"])
def test_articles_that_only_the_site_has_left_come_again_at_their_addresses(
    world: World, tmp_path: Path, slugs: str
) -> None:
    folder = new(world, tmp_path / "paper", "[store]\nbackup_hours = 0\n")
    file = folder / "broadsheet.toml"
    file.write_text(file.read_text("utf-8").replace("[site]\n", f"[site]\nslugs = {slugs}\n"), "utf-8")
    run(world, folder, 0)
    before = articles(folder)
    database(folder).unlink()
    for path in (folder / ".broadsheet").rglob("*.pack"):
        path.unlink()
    broadsheet(folder, "doctor", "--repair", code=None)
    run(world, folder, 0, LATER)
    assert [row[:2] for row in articles(folder)] == [row[:2] for row in before]
    assert json.loads(broadsheet(folder, "check", "--json").stdout)["faults"] == []


def test_a_repair_that_is_killed_is_done_again(world: World, tmp_path: Path) -> None:
    folder = new(world, tmp_path / "paper", "[store]\nbackup_hours = 240\n")
    run(world, folder, 0)
    # As a kill between its two renames leaves it: the damaged database is aside, its journal is not.
    database(folder).rename(database(folder).with_name("broadsheet.db.damaged-1"))
    database(folder).with_name("broadsheet.db-wal").write_bytes(b"of another database" * 1000)
    with Newspaper(folder, environ={}) as paper:
        with pytest.raises(StoreError, match="missing or empty"):
            paper.run()
        assert any("it is missing" in line for line in paper.repair())
    run(world, folder, 0)
    assert fault_of(database(folder), thorough=True) == ""


def test_nothing_is_mended_while_a_run_is_at_work_or_from_no_copy(world: World, tmp_path: Path) -> None:
    folder = new(world, tmp_path / "paper")
    run(world, folder, 0)
    with Newspaper(folder, environ={}) as paper:
        with paper.store.lock("run"), pytest.raises(LockedError):
            paper.repair()
        (tmp_path / "empty").mkdir()
        with pytest.raises(StoreError, match="another copy with --from"):
            paper.repair(tmp_path / "empty")
    assert "give both" in broadsheet(folder, "doctor", "--from", str(tmp_path), code=2).stderr


def test_what_was_taken_down_does_not_come_back_with_an_old_backup(world: World, tmp_path: Path) -> None:
    folder = new(world, tmp_path / "paper")
    run(world, folder, 0)
    broadsheet(folder, "backup", str(tmp_path / "copy"))
    with Newspaper(folder, environ={}) as paper:
        victim = next(article for article in paper.articles() if "/4/" in article.url)
    broadsheet(folder, "takedown", victim.url, "--note", "Asked by its author")
    _truncate(database(folder))
    broadsheet(folder, "doctor", "--repair", "--from", str(tmp_path / "copy"), code=None)
    run(world, folder, 0, LATER)
    with Newspaper(folder, environ={}) as paper:
        assert victim.id not in {article.id for article in paper.articles()}
    assert not any(victim.title.encode() in body for body in site(folder).values())
    assert b"Asked by its author" in b"".join(site(folder).values())


def test_bodies_and_pictures_come_back_from_a_backup_or_the_site(world: World, tmp_path: Path) -> None:
    folder, state = new(world, tmp_path / "paper"), tmp_path / "paper" / ".broadsheet"
    run(world, folder, 0)
    broadsheet(folder, "backup", str(tmp_path / "copy"))
    packs, pictures = sorted(state.rglob("*.pack")), sorted((state / "m").rglob("*.webp"))
    whole = {path: path.read_bytes() for path in packs + pictures}
    packs[0].unlink()
    packs[1].write_bytes(bytes(len(whole[packs[1]])))
    pictures[0].unlink()
    pictures[1].write_bytes(b"damaged")
    found = broadsheet(folder, "doctor", code=1).stdout
    assert "bodies cannot be read" in found
    assert "pictures are missing" in found
    told = broadsheet(folder, "doctor", "--repair", "--from", str(tmp_path / "copy"), code=None).stderr
    assert "0 are lost" in told
    assert "2 pictures came back" in told
    assert {path: path.read_bytes() for path in packs + pictures} == whole
    pictures[0].unlink()
    assert "1 pictures came back" in broadsheet(folder, "doctor", "--repair", code=None).stderr, "from the site"


def test_what_is_lost_for_good_is_told_and_kept_when_it_comes_again(world: World, tmp_path: Path) -> None:
    folder, state = new(world, tmp_path / "paper"), tmp_path / "paper" / ".broadsheet"
    run(world, folder, 0)
    before = site(folder)
    for path in [*state.rglob("*.pack"), *(state / "m").rglob("*.webp"), *(folder / "public" / "m").rglob("*.webp")]:
        path.unlink()
    told = broadsheet(folder, "doctor", "--repair", code=None).stderr
    assert "bodies came back from the backup, " in told
    assert "pictures are" not in broadsheet(folder, "doctor", code=None).stdout
    run(world, folder, 0, LATER)
    with Newspaper(folder, environ={}, clock=lambda: LATER) as paper:
        paper.build(full=True)
        assert paper.damage() == []
    assert site(folder) == before, "pictures were fetched again"


def test_a_database_that_another_program_holds_is_named_and_waited_for(world: World, tmp_path: Path) -> None:
    folder = new(world, tmp_path / "paper")
    with Newspaper(folder, environ={}, clock=lambda: NOW[0]) as paper:
        paper.run()
        before = articles(folder)
        world.edition = 1
        # Nobody has half a minute here.
        sa.event.listen(sa.Engine, "connect", _hurry)
        paper.store.close()
    try:
        with closing(sqlite3.connect(database(folder), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with (
                pytest.raises(StoreError, match="another program holds the database"),
                Newspaper(folder, environ={}, clock=lambda: NOW[1]) as paper,
            ):
                paper.run()
    finally:
        sa.event.remove(sa.Engine, "connect", _hurry)
    assert articles(folder) == before
    run(world, folder, 1)
    assert len(articles(folder)) > len(before)


def _hurry(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA busy_timeout = 50")
