"""Files of the site: only what changed, whole, never outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadsheet.errors import StoreError
from broadsheet.model import Output
from broadsheet.site.write import Writer, digest_of


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    known: dict[str, str] = {}
    writer = Writer(tmp_path, lambda _: known)
    writer.write([Output(path="a/b.html", body=b"one"), Output(path="c.html", body=b"two")])
    known = dict(writer.written)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.html")}
    again = Writer(tmp_path, lambda _: known)
    again.write([Output(path="a/b.html", body=b"one"), Output(path="c.html", body=b"three")])
    assert list(again.written) == ["c.html"]
    assert (tmp_path / "a/b.html").stat().st_mtime_ns == times[tmp_path / "a/b.html"]
    assert (tmp_path / "c.html").read_bytes() == b"three"
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_file_that_was_deleted_by_hand_comes_back(tmp_path: Path) -> None:
    writer = Writer(tmp_path, lambda _: {"a.html": digest_of(b"one")})
    writer.write([Output(path="a.html", body=b"one")])
    assert (tmp_path / "a.html").read_bytes() == b"one"


def test_many_files_come_in_their_order(tmp_path: Path) -> None:
    """What comes first in the order is older on disk: at no moment does a page link to one that is not there."""
    writer = Writer(tmp_path, lambda _: {})
    writer.write(Output(path=f"{number:04}.html", body=str(number).encode()) for number in range(1200))
    assert list(writer.written) == [f"{number:04}.html" for number in range(1200)]
    assert len(list(tmp_path.glob("*.html"))) == 1200


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/x", "a//b", "", "a/./b", "a\\..\\b", "a\0b"])
def test_nothing_is_written_outside(tmp_path: Path, path: str) -> None:
    with pytest.raises(StoreError):
        Writer(tmp_path / "site", lambda _: {}).write([Output(path=path, body=b"x")])
    assert not [item for item in tmp_path.rglob("*") if item.is_file()]


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "site"
    root.mkdir()
    (root / "a").symlink_to(outside)
    with pytest.raises(StoreError, match="symbolic link"):
        Writer(root, lambda _: {}).write([Output(path="a/x.html", body=b"x")])
    assert not list(outside.iterdir())
