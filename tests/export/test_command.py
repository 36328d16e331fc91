"""The command: what is selected, how much of it, and what becomes of it when it is taken down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from broadsheet.errors import UsageError
from broadsheet.export import OURS, formats
from broadsheet.newspaper import Newspaper
from broadsheet.pipeline.export import since_of
from tests.conftest import Answer, Web, item, rss
from tests.export.conftest import Paper
from tests.export.test_data import records

_DAY = "Wed, 11 Mar 2026 08:00:00 GMT"


@pytest.fixture
def small(web: Web, tmp_path: Path) -> Paper:
    """A newspaper of three feeds: one published whole, one as excerpts, one as links, over three days."""
    folder = tmp_path / "small"
    folder.mkdir()
    tables = ""
    for number, (mode, section) in enumerate(
        [("full", "World/Post"), ("excerpt", "World/Wire"), ("link", "Science/Lab")]
    ):
        items = "".join(
            item(10 * number + day, date=f"Wed, 1{day} Mar 2026 08:00:00 GMT", link=f"{web.url}/a/{10 * number + day}")
            for day in range(3)
        )
        web.pages[f"/{mode}.xml"] = Answer(rss(mode, items, link=web.url))
        tables += (
            f'[[feeds]]\nurl = "{web.url}/{mode}.xml"\nsection = "{section}"\nmode = "{mode}"\nfull_text = "never"\n'
        )
    (folder / "broadsheet.toml").write_text(
        f'[site]\ntitle = "Small"\nurl = "https://small.example/"\n[poll]\ndelay = 0\nallow_private = ["{web.address}"]\n'
        f'[engine]\nkind = "inline"\n{tables}',
        "utf-8",
    )
    with Newspaper(folder, environ={}) as paper:
        paper.run()
    return Paper(folder)


def titles(folder: Path) -> dict[str, str]:
    """Return the body of each exported Markdown file by its title."""
    found = {}
    for path in folder.rglob("*.md"):
        _, head, body = path.read_text("utf-8").split("---\n", 2)
        found[yaml.safe_load(head)["title"]] = body
    return found


def test_as_much_as_the_mode_lets_be_published(small: Paper, tmp_path: Path) -> None:
    small.export("markdown", tmp_path / "out")
    found = titles(tmp_path / "out")
    assert len(found) == 9
    assert "Paragraph 19 of story 1 " in found["Story 1 about the works"]
    assert "Paragraph 0 of story 11 " in found["Story 11 about the works"]
    assert "Paragraph 19" not in found["Story 11 about the works"]
    assert found["Story 21 about the works"] == ""
    small.export("markdown", tmp_path / "out", "--whole")
    assert all("Paragraph 19" in body for body in titles(tmp_path / "out").values())
    small.export("json", tmp_path / "json")
    assert (tmp_path / "json" / "articles.jsonl").read_text("utf-8").count("Paragraph 19") == 18, "text and html of all"


def test_the_folder_becomes_what_is_selected(small: Paper, tmp_path: Path) -> None:
    small.export("markdown", tmp_path / "out")
    small.export("markdown", tmp_path / "out", "--section", "World")
    assert len(titles(tmp_path / "out")) == 6
    small.export("markdown", tmp_path / "out", "--section", "World/Wire", "--section", "Science")
    assert {title.split()[1] for title in titles(tmp_path / "out")} == {"10", "11", "12", "20", "21", "22"}
    small.export("markdown", tmp_path / "out", "--since", "2026-03-12")
    assert {title.split()[1] for title in titles(tmp_path / "out")} == {"2", "12", "22"}
    small.export("markdown", tmp_path / "out", "--day", "2026-03-11", "--section", "Science/Lab")
    assert list(titles(tmp_path / "out")) == ["Story 21 about the works"]
    small.export("markdown", tmp_path / "out", "--section", "World/Wi")
    assert titles(tmp_path / "out") == {}, "a section's whole name is meant"


def test_what_is_taken_down_is_nowhere(small: Paper, tmp_path: Path) -> None:
    edition = ("--week", "2026-W11")
    for name in OURS:
        small.export(name, tmp_path / name, *(edition if name == "epub" else ()))
    assert len(records(tmp_path / "warc")) == 3
    rows = map(json.loads, (tmp_path / "json" / "articles.jsonl").read_text("utf-8").splitlines())
    link = next(row["url"] for row in rows if row["title"].startswith("Story 0 "))
    done = subprocess.run(
        [sys.executable, "-m", "broadsheet", "-C", str(small.folder), "takedown", link], capture_output=True, check=True
    )
    assert b"1 articles taken down" in done.stderr
    for name in OURS:
        before = {path.name for path in (tmp_path / name).rglob("*") if path.is_file()}
        small.export(name, tmp_path / name, *(edition if name == "epub" else ()))
        assert {path.name for path in (tmp_path / name).rglob("*") if path.is_file()} <= before
    from tests.contracts.test_exporters import files, inside

    for name in OURS:
        text = b"".join(map(inside, files(tmp_path / name).values()))
        assert b"story 0 says" not in text, name
        assert b"Story 0 about" not in text, name
    assert len(records(tmp_path / "warc")) == 2, "the feed's document holds it, so it is left out"


def test_an_edition_with_something_taken_down_goes(small: Paper, tmp_path: Path) -> None:
    small.export("epub", tmp_path / "out", "--day", "2026-03-10")
    small.export("epub", tmp_path / "out", "--day", "2026-03-11")
    with Newspaper(small.folder) as paper:
        first = next(article for article in paper.articles() if article.title.startswith("Story 0 "))
    subprocess.run(
        [sys.executable, "-m", "broadsheet", "-C", str(small.folder), "takedown", first.url],
        check=True,
        capture_output=True,
    )
    done = small.export("epub", tmp_path / "out", "--day", "2026-03-11")
    assert "2026-03-10.epub is removed" in done.stderr
    assert [path.name for path in (tmp_path / "out").glob("*.epub")] == ["2026-03-11.epub"]


@pytest.mark.parametrize("name", ["hexo", "hugo", "markdown", "epub", "parquet", "warc", "json"])
def test_every_process_makes_the_same_bytes(name: str, demo: Paper, tmp_path: Path) -> None:
    made = []
    for seed in ("1", "2"):
        words = ["--day", "2026-03-12"] if name == "epub" else []
        subprocess.run(
            [sys.executable, "-m", "broadsheet", "-C", str(demo.folder), "export", name, str(tmp_path / seed), *words],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo" if seed == "1" else "UTC"}, check=True,
            capture_output=True,
        )  # fmt: skip
        root = tmp_path / seed
        made.append({path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()})
    assert made[0] == made[1]
    assert len(made[0]) > 1


def test_wrong_calls(small: Paper, tmp_path: Path) -> None:
    assert "there is no export format 'hexxo'" in small.export("hexxo", tmp_path / "out", code=2).stderr
    assert "is no time" in small.export("hexo", tmp_path / "out", "--since", "lately", code=2).stderr
    done = subprocess.run(
        [sys.executable, "-m", "broadsheet", "-C", str(small.folder), "export", "hexo"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "broadsheet export hexo DIRECTORY" in done.stderr) == (2, True)
    (tmp_path / "file").write_text("mine", "utf-8")
    assert "is not a folder" in small.export("hexo", tmp_path / "file", code=2).stderr
    assert formats()[:8] == list(OURS)


def test_opml_goes_to_stdout(small: Paper) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "broadsheet", "-C", str(small.folder), "export", "opml"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("xmlUrl=") == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", datetime(2026, 2, 28, 16, tzinfo=UTC)), ("2026-03-01T08:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T08:00:00Z", datetime(2026, 3, 1, 8, tzinfo=UTC)), ("7d", datetime(2026, 3, 13, 12, tzinfo=UTC)),
        ("12h", datetime(2026, 3, 20, tzinfo=UTC)), ("1w", datetime(2026, 3, 20, 12, tzinfo=UTC) - timedelta(days=7)),
    ],
)  # fmt: skip
def test_times(text: str, expected: datetime) -> None:
    assert since_of(text, ZoneInfo("Asia/Shanghai"), datetime(2026, 3, 20, 12, tzinfo=UTC)) == expected


@pytest.mark.parametrize("text", ["7", "d7", "yesterday", "2026-13-01", ""])
def test_no_times(text: str) -> None:
    with pytest.raises(UsageError):
        since_of(text, ZoneInfo("UTC"), datetime(2026, 3, 20, 12, tzinfo=UTC))
