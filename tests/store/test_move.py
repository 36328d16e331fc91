"""A store is copied to the other kind and back, and nothing is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from broadsheet.errors import StoreError, UsageError
from broadsheet.newspaper import Newspaper
from broadsheet.store import move, queue, responses, search
from broadsheet.store.database import Store
from broadsheet.store.schema import media, metadata
from tests import servers
from tests.conftest import NOW, Answer, Web, item, rss
from tests.e2e.test_demo import command

STORY = "<p>海港的起重机在清晨重新转动，第一艘渡轮准时靠岸。</p>" * 30


@pytest.fixture
def printed(paper: Callable[..., Newspaper], web: Web) -> Newspaper:
    """A newspaper with articles, pages, a picture's row and a takedown."""
    links = [f"{web.url}/page/{number}" for number in range(4)]
    items = [item(number, text="short", link=link) for number, link in enumerate(links)]
    web.pages["/feed"] = Answer(rss("One", "".join([*items, item(9, text=STORY)])))
    for number in range(4):
        text = "".join(f"<p>Sentence {part} of page {number} says something of its own.</p>" for part in range(30))
        page = f"<html><body><article><h1>Page {number}</h1>{text}</article></body></html>"
        web.pages[f"/page/{number}"] = Answer(page.encode(), headers={"Content-Type": "text/html"})
    made = paper(f"{web.url}/feed")
    report = made.run()
    assert report.articles_new == 5
    with made.store.begin() as connection:
        connection.execute(sa.insert(media).values(
            url="https://x.example/a\x00b", state="failed", path="", width=0, height=0, note="a\x00b", at=1
        ))  # fmt: skip
    return made


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.read() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for name, table in metadata.tables.items()
        }


def test_there_and_back_again(printed: Newspaper, postgresql: servers.Server, bucket: str, tmp_path: Path) -> None:
    """SQLite and a folder, PostgreSQL and S3, SQLite and another folder: the same rows, bodies, and finds."""
    first = printed.store
    there = Store.open(postgresql.url(), tmp_path / "there", bucket)
    back = Store.open("sqlite:///back/paper.db", tmp_path)
    going = move.copy(first, there)
    coming = move.copy(there, back)
    assert going == coming
    counts = {moved.name: moved.count for moved in going}
    assert counts["articles"] == 5
    assert counts["bodies"] == counts["blobs"] >= 5
    before = everything(first)
    assert before["media"][0][0] == "https://x.example/a\x00b"
    clean = {name: [tuple(move._plain(value) for value in row) for row in rows] for name, rows in before.items()}
    # A state that no article is in any more is not counted anew.
    clean["tallies"] = [row for row in clean["tallies"] if row[2]]
    assert everything(there) == everything(back) == clean
    for store in (there, back):
        with store.read() as connection:
            assert len(search.find(connection, "起重机")) == 1
            for answer in connection.execute(sa.select(metadata.tables["responses"])):
                assert store.blobs.get(answer.body) == first.blobs.get(answer.body)
        # Numbers go on behind those that came.
        with store.begin() as connection:
            connection.execute(sa.insert(metadata.tables["runs"]).values(started=1, report=b""))
            queue.put(connection, "fetch", ["a"])
            assert responses.add(connection, "page", _answer(), "0" * 40) > max(row[0] for row in before["responses"])
        store.close()


def _answer() -> responses.Response:
    return responses.Response(key="k", url="u", final_url="u", status=200, headers={}, body=b"", fetched=NOW)


def test_a_store_that_holds_something_is_not_written_to(printed: Newspaper, tmp_path: Path) -> None:
    other = Store.open("sqlite:///other.db", tmp_path)
    with other.begin() as connection:
        queue.set_meta(connection, "a", "1")
    with pytest.raises(UsageError, match="holds a newspaper already"):
        move.copy(printed.store, other)
    other.close()


def test_what_comes_out_otherwise_is_not_kept(printed: Newspaper, tmp_path: Path, postgresql: servers.Server) -> None:
    """A server that changes what it is given is found out, and has nothing afterwards."""
    target = Store.open(postgresql.url(), tmp_path / "there")
    with target.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION spoil() RETURNS trigger AS $$ BEGIN NEW.text = NEW.text || '!'; RETURN NEW; END $$ LANGUAGE plpgsql"
        )
        connection.exec_driver_sql("CREATE TRIGGER spoil BEFORE INSERT ON bodies FOR EACH ROW EXECUTE FUNCTION spoil()")
    with pytest.raises(StoreError, match="of table bodies, 5 rows"):
        move.copy(printed.store, target)
    assert not any(everything(target).values()), "not even a tally"
    target.close()


def test_a_damaged_body_is_not_copied_silently(printed: Newspaper, tmp_path: Path) -> None:
    (pack, *_) = sorted((printed.store.state_dir / "blobs").rglob("*.pack"))
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 0xFF
    pack.write_bytes(content)
    target = Store.open("sqlite:///other/paper.db", tmp_path)
    with pytest.raises(StoreError, match="restore it from a backup"):
        move.copy(printed.store, target)
    target.close()


def test_the_command_copies_and_says_what(printed: Newspaper, postgresql: servers.Server) -> None:
    printed.close()
    url = postgresql.url()
    done = command(printed.folder, "store", "copy", "sqlite:///.broadsheet/broadsheet.db", url, "--json")
    tables = {entry["name"]: entry for entry in json.loads(done.stdout)["tables"]}
    assert tables["articles"]["count"] == 5
    again = command(printed.folder, "store", "copy", "sqlite:///.broadsheet/broadsheet.db", url, code=2)
    assert "holds a newspaper already" in again.stderr
    missing = command(printed.folder, "store", "copy", "sqlite:///nowhere.db", url, code=2)
    assert "there is no store" in missing.stderr
    assert not (printed.folder / "nowhere.db").exists()
    assert (
        "must be sqlite:///PATH or postgresql://" in command(printed.folder, "store", "copy", "x", url, code=2).stderr
    )
    text = printed.config_file.read_text("utf-8")
    printed.config_file.write_text(text + f'\n[store]\nurl = "{url}"\n', "utf-8")
    assert json.loads(command(printed.folder, "status", "--json").stdout)["articles"] == {"live": 5}
    assert len(json.loads(command(printed.folder, "search", "起重机", "--json").stdout)) == 1
    assert json.loads(command(printed.folder, "build", "--json").stdout)["pages_written"] == 0
    assert {entry["verdict"] for entry in json.loads(command(printed.folder, "doctor", "--json").stdout)} <= {
        "ok",
        "note",
    }
