"""Parquet by DuckDB, JSON Lines by their schema, WARC by warcio: what other programs read is what the store holds."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
from pyarrow import parquet as pq
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from broadsheet.export import warc
from broadsheet.export.base import ExportResponse
from broadsheet.export.rows import TABLES
from broadsheet.newspaper import Newspaper
from tests.export.conftest import Paper
from tests.export.made import START, Desk, article


@pytest.fixture(scope="module")
def tables(demo: Paper, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parquet")
    demo.export("parquet", folder)
    return folder


def test_duckdb_reads_the_parquet(demo: Paper, tables: Path) -> None:
    articles = demo.articles(in_part=False)
    with duckdb.connect() as base:
        base.execute("SET TimeZone = 'UTC'")
        rows = base.execute(
            "SELECT id, title, text, html, published, section, source, categories, sponsored FROM read_parquet(?) ORDER BY id",
            [str(tables / "articles.parquet")],
        ).fetchall()
        wanted = [
            (
                item.id, item.title, item.text, item.html, item.stored.article.published, item.section, item.source,
                list(item.stored.article.categories), item.stored.article.sponsored,
            )
            for item in sorted(articles, key=lambda item: item.id)
        ]  # fmt: skip
        assert rows == wanted
        joined = base.execute(
            "SELECT count(*), count(DISTINCT a.id) FROM read_parquet(?) e JOIN read_parquet(?) a ON a.id = e.article_id "
            "JOIN read_parquet(?) f ON f.id = e.feed_id",
            [str(tables / f"{name}.parquet") for name in ("entries", "articles", "feeds")],
        ).fetchone()
        assert joined is not None
        assert joined[1] == len(articles)
        stories = base.execute(
            "SELECT s.id, len(s.articles), count(*) FROM read_parquet(?) s JOIN read_parquet(?) a ON a.story_id = s.id "
            "GROUP BY ALL", [str(tables / f"{name}.parquet") for name in ("stories", "articles")],
        ).fetchall()  # fmt: skip
    assert stories
    assert all(size == members for _, size, members in stories)


def test_the_schema_is_the_documented_one(tables: Path) -> None:
    for name, kind in TABLES.items():
        assert pq.read_schema(tables / f"{name}.parquet").names == list(kind.__struct_fields__)


def test_json_lines_follow_their_schema(demo: Paper, tmp_path: Path) -> None:
    demo.export("json", tmp_path)
    counts = {}
    for name in TABLES:
        schema = json.loads((tmp_path / f"{name}.schema.json").read_text("utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        lines = (tmp_path / f"{name}.jsonl").read_text("utf-8").splitlines()
        for line in lines:
            validator.validate(json.loads(line))
        counts[name] = len(lines)
        if lines:
            with pytest.raises(jsonschema.ValidationError):
                validator.validate(json.loads(lines[0]) | {"id": 7, "article_id": 7})
    articles = demo.articles(in_part=False)
    assert counts["articles"] == len(articles)
    first = json.loads((tmp_path / "articles.jsonl").read_text("utf-8").splitlines()[0])
    assert (first["id"], first["text"], first["html"]) == (articles[0].id, articles[0].text, articles[0].html)


def records(folder: Path) -> list[tuple[Any, bytes]]:
    """Return (record, payload) of every response in the folder's files, as warcio reads them."""
    found = []
    for path in sorted(folder.glob("*.warc.gz")):
        with path.open("rb") as handle:
            for record in ArchiveIterator(handle):
                payload = record.content_stream().read()
                if record.rec_type == "response":
                    found.append((record, payload))
                else:
                    assert record.rec_type == "warcinfo"
    return found


def test_warcio_finds_every_response(demo: Paper, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demo.export("warc", tmp_path)
    with Newspaper(demo.folder) as paper, paper.store.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT final_url, status, body, fetched, headers FROM responses ORDER BY fetched, id"
        ).all()
        bodies = [paper.store.blobs.get(body) for _, _, body, _, _ in rows]
    found = records(tmp_path)
    assert len(rows) > 40
    assert [payload for _, payload in found] == bodies
    for (record, _), (address, status, _, fetched, headers) in zip(found, rows, strict=True):
        assert record.rec_headers.get_header("WARC-Target-URI") == address
        assert record.http_headers.get_statuscode() == str(status)
        assert record.http_headers.get_header("content-type") == json.loads(headers).get("content-type")
        date = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date"))
        assert int(date.timestamp() * 1_000_000 + 0.5) == fetched
    identifiers = [record.rec_headers.get_header("WARC-Record-ID") for record, _ in found]
    assert len(set(identifiers)) == len(identifiers)
    checked = Checker(_Options([str(path) for path in tmp_path.glob("*.gz")]))
    checked.process_all()
    assert checked.exit_value == 0, capsys.readouterr().out
    assert "digest failed" not in capsys.readouterr().out


class _Options:
    """What warcio's checker takes from its command line."""

    def __init__(self, inputs: list[str]) -> None:
        self.inputs = inputs
        self.verbose = True


def test_a_header_cannot_add_another(tmp_path: Path) -> None:
    class Odd(Desk):
        def responses(self) -> list[ExportResponse]:
            return [
                ExportResponse(
                    number=1, kind="page", key="a", url="u", final_url="https://x.example/\r\nWARC-Type: metadata", status=799,
                    headers={"link": "<a>\r\n\r\n<script>", "content-length": "3"}, body=b"\r\n\r\nbody", fetched=START,
                )
            ]  # fmt: skip

    desk = Odd([article(1)])
    warc.write(iter(desk.articles), desk.target(tmp_path))
    ((record, payload),) = records(tmp_path)
    assert payload == b"\r\n\r\nbody"
    assert record.http_headers.get_statuscode() == "799"
    assert record.http_headers.get_header("content-length") == "8"
    assert b"WARC/1.1\r\n" in gzip.decompress((tmp_path / "2026-03-10.warc.gz").read_bytes())[:20]


def test_every_field_is_documented() -> None:
    """The reference names each field of each table with what it means."""
    text = (Path(__file__).parents[2] / "docs" / "reference" / "exports.md").read_text("utf-8")
    for name, kind in TABLES.items():
        section = text.split(f"\n### {name}\n")[1].split("\n#")[0]
        found = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
        assert found == list(kind.__struct_fields__)
