"""Web archives: their articles are taken in once, whatever happens in between."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadsheet.errors import UsageError
from broadsheet.export.base import ExportResponse
from broadsheet.export.warc import response_record
from broadsheet.newspaper import Newspaper
from broadsheet.pipeline import ingest
from broadsheet.pipeline.ingest import Progress
from broadsheet.store import tombstones
from tests.conftest import NOW, Answer, Web, item, rss, with_site
from tests.e2e.test_demo import command

WHEN = datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)


def page(number: int, paragraphs: int = 12) -> bytes:
    text = "".join(
        f"<p>Paragraph {part} of report {number} tells what happened at pier {number * 7 + part} that day.</p>"
        for part in range(paragraphs)
    )
    title = f"Report {number}"
    return f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{text}</article></body></html>".encode()


def archive(path: Path, pages: dict[str, bytes], *, status: int = 200, kind: str = "text/html; charset=utf-8") -> Path:
    """Write a WARC file, compressed record by record where its name says so."""
    info = b"WARC/1.0\r\nWARC-Type: warcinfo\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2019-05-06T00:00:00Z\r\n"
    records = [info + b"Content-Type: application/warc-fields\r\nContent-Length: 5\r\n\r\na: b\n\r\n\r\n"]
    for number, (url, body) in enumerate(pages.items()):
        answer = ExportResponse(
            number=number, kind="page", key="", url=url, final_url=url, status=status, headers={"content-type": kind},
            body=body, fetched=WHEN,
        )  # fmt: skip
        records.append(response_record(answer, "<urn:uuid:1>"))
    packed = path.suffix == ".gz"
    path.write_bytes(b"".join(gzip.compress(record) if packed else record for record in records))
    return path


def links(numbers: range) -> dict[str, bytes]:
    return {f"https://news{number % 2}.example/a/{number}": page(number) for number in numbers}


def test_articles_are_taken_in_by_site(paper: Callable[..., Newspaper], tmp_path: Path) -> None:
    made = paper()
    file = archive(tmp_path / "one.warc.gz", links(range(10)) | {
        "https://news0.example/": page(90), "https://news0.example/short": page(91, 1), "https://news1.example/a/1": page(1),
    })  # fmt: skip
    other = archive(tmp_path / "two.warc", links(range(10, 12)))
    lost = archive(tmp_path / "three.warc.gz", links(range(20, 22)), status=404)
    feeds = archive(tmp_path / "four.warc.gz", links(range(22, 24)), kind="application/rss+xml")
    report = made.ingest([str(path) for path in (file, other, lost, feeds)], section="Past/Harbour", mode="full")
    assert report.articles_new == 12
    found = {article.title: article for article in made.articles()}
    assert set(found) == {f"Report {number}" for number in range(12)}
    published = found["Report 3"].published
    assert published is not None
    assert published.date() == WHEN.date()
    assert found["Report 3"].url == "https://news1.example/a/3"
    assert "Paragraph 11 of report 3" in found["Report 3"].text
    made.build()
    site = made.folder / "public"
    assert len(list(site.glob("2019/05/06/*.html"))) >= 12
    assert "Past" in (site / "index.html").read_text()
    assert [article.title for article in made.search("pier 77")] != []
    assert made.run().articles_new == 0, "a run polls nothing of it"


def test_their_addresses_have_words_by_the_same_setting_as_those_of_feeds(
    paper: Callable[..., Newspaper], tmp_path: Path
) -> None:
    file = archive(tmp_path / "one.warc.gz", links(range(2)))
    with with_site(paper(), "slugs = true") as made:
        made.ingest([str(file)])
        made.build()
        names = [path.stem for path in (made.folder / "public").glob("2019/05/06/*.html") if path.stem != "index"]
    assert sorted(re.sub("-[0-9a-z]{12}$", "", name) for name in names) == ["report-0", "report-1"]


def test_a_second_time_takes_in_nothing(paper: Callable[..., Newspaper], tmp_path: Path) -> None:
    made = paper()
    file = archive(tmp_path / "one.warc.gz", links(range(6)))
    assert made.ingest([str(file)]).articles_new == 6
    assert made.ingest([str(file)]).articles_new == 0
    copy = tmp_path / "copy.warc.gz"
    copy.write_bytes(file.read_bytes())
    assert made.ingest([str(copy)]).articles_new == 0, "another file with known addresses"


def test_it_goes_on_where_it_was_cut_off(
    paper: Callable[..., Newspaper], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "_AT_ONCE", 5)
    made = paper()
    file = archive(tmp_path / "one.warc.gz", links(range(23)))
    told: list[Progress] = []

    def stop(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made.ingest([str(file)], tell=stop)
    assert len(list(made.articles())) == 10
    again: list[Progress] = []
    assert made.ingest([str(file)], tell=again.append).articles_new == 13
    assert again[-1].pages <= 23 - 10 + 1, "what lies before was not read again"
    assert told[0].left > told[1].left > again[-1].left >= 0
    assert len({article.url for article in made.articles()}) == 23


def test_a_damaged_file_is_named_and_costs_what_is_damaged(paper: Callable[..., Newspaper], tmp_path: Path) -> None:
    made = paper()
    file = archive(tmp_path / "one.warc.gz", links(range(8)))
    whole = file.read_bytes()
    for damaged in (whole[:-300], whole[: len(whole) // 2] + b"\x00" * 100 + whole[len(whole) // 2 + 100 :]):
        file.write_bytes(damaged)
        with pytest.raises(UsageError, match=r"one\.warc\.gz: damaged behind byte \d+"):
            made.ingest([str(file)])
    file.write_bytes(b"this is no archive")
    with pytest.raises(UsageError, match="damaged behind byte 0"):
        made.ingest([str(file)])
    assert len(list(made.articles())) >= 4
    with pytest.raises(UsageError, match="cannot be read"):
        made.ingest([str(tmp_path / "nowhere.warc")])


def test_what_was_taken_down_stays_down(paper: Callable[..., Newspaper], tmp_path: Path) -> None:
    made = paper()
    with made.store.begin() as connection:
        tombstones.remember(connection, "news0.example", "domain", "", NOW)
    assert made.ingest([str(archive(tmp_path / "one.warc.gz", links(range(6))))]).articles_new == 3


def test_our_own_export_comes_back(paper: Callable[..., Newspaper], web: Web, tmp_path: Path, bucket: str) -> None:
    """The pages of one newspaper, by way of its WARC export in S3, in another one."""
    addresses = [f"{web.url}/page/{number}" for number in range(4)]
    web.pages["/feed"] = Answer(rss("One", "".join(item(n, text="short", link=url) for n, url in enumerate(addresses))))
    for number in range(4):
        web.pages[f"/page/{number}"] = Answer(page(number), headers={"Content-Type": "text/html"})
    first = paper(f"{web.url}/feed")
    assert first.run().articles_new == 4
    first.close()
    command(first.folder, "export", "warc", str(tmp_path / "out"))
    (file,) = (tmp_path / "out").glob("*.warc.gz")
    assert gzip.decompress(file.read_bytes()).startswith(b"WARC/1.1")
    import fsspec

    place, _, query = bucket.partition("?endpoint_url=")
    with fsspec.open(f"{place}/one.warc.gz", "wb", endpoint_url=query) as handle:
        handle.write(file.read_bytes())
    second = paper(name="second")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_ENDPOINT_URL", query)
        fsspec.filesystem("s3").clear_instance_cache()
        assert second.ingest([f"{place}/one.warc.gz"]).articles_new == 4
    assert {article.url for article in second.articles()} == set(addresses)


def test_the_command_says_what_it_did(paper: Callable[..., Newspaper], tmp_path: Path) -> None:
    made = paper()
    made.close()
    file = archive(tmp_path / "one.warc.gz", links(range(6)))
    done = command(made.folder, "ingest", "warc", str(file), "--mode", "link", "--json")
    assert json.loads(done.stdout)["stages"]["ingest"] == {"done": 6, "skipped": 0, "failed": 0, "seconds": 0.0}
    again = command(made.folder, "ingest", "warc", str(file))
    assert "0 new articles" in again.stderr
    assert "cannot be read" in command(made.folder, "ingest", "warc", "nowhere.warc", code=2).stderr
