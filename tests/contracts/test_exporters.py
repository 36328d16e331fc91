"""What every exporter keeps to, ours and any that is added: one suite, run on each of them."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from broadsheet.errors import BroadsheetError, LockedError, UsageError
from broadsheet.export import OURS, ExportArticle, Manifest, find
from broadsheet.export.folder import MANIFEST
from broadsheet.export.names import fold
from tests.export.made import Desk, article, hostile

pytestmark = pytest.mark.parametrize("name", list(OURS))


def some(count: int = 4) -> list[ExportArticle]:
    return [article(number, lead=number == 2) for number in range(1, count + 1)]


def export(name: str, folder: Path, articles: list[ExportArticle]) -> Manifest:
    desk = Desk(articles)
    return find(name).write(iter(desk.articles), desk.target(folder))


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def inside(body: bytes) -> bytes:
    """Return what a reader of the format sees of a file: packed files are unpacked."""
    if body.startswith(b"PK"):
        import io

        with zipfile.ZipFile(io.BytesIO(body)) as book:
            return b"".join(book.read(name) for name in book.namelist())
    if body.startswith(b"\x1f\x8b"):
        return gzip.decompress(body)
    if body.startswith(b"PAR1"):
        import io

        from pyarrow import parquet

        return repr(parquet.read_table(io.BytesIO(body)).to_pylist()).encode()
    return body


def test_the_manifest_lists_what_is_there(name: str, tmp_path: Path) -> None:
    made = export(name, tmp_path / "out", some())
    assert made.format == name
    assert set(made.written) == set(made.files)
    found = set(files(tmp_path / "out")) - {MANIFEST}
    starters = {"_config.yml", "package.json", "hugo.toml"}
    assert set(made.files) <= found
    assert found - set(made.files) <= starters
    assert msgspec.json.decode((tmp_path / "out" / MANIFEST).read_bytes(), type=Manifest).files == made.files


def test_every_article_is_there(name: str, tmp_path: Path) -> None:
    export(name, tmp_path, some())
    everything = b"".join(map(inside, files(tmp_path).values()))
    for number in range(1, 5):
        assert b"canary%dx" % number in everything


def test_the_same_articles_make_the_same_bytes(name: str, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        export(name, tmp_path / folder, some())
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_nothing_new_writes_nothing(name: str, tmp_path: Path) -> None:
    export(name, tmp_path, some())
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    again = export(name, tmp_path, some())
    assert again.written == again.removed == ()
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}


def test_step_by_step_is_all_at_once(name: str, tmp_path: Path) -> None:
    for count in range(1, 5):
        export(name, tmp_path / "steps", some(count))
    export(name, tmp_path / "once", some(4))
    assert files(tmp_path / "steps") == files(tmp_path / "once")


def test_an_edit_changes_the_files_that_hold_it(name: str, tmp_path: Path) -> None:
    export(name, tmp_path, some())
    edited = some()
    edited[1] = article(2, body="<p>Edited: canary2y.</p>", lead=True)
    made = export(name, tmp_path, edited)
    everything = b"".join(map(inside, files(tmp_path).values()))
    assert b"canary2y" in everything
    assert b"canary2x" not in everything
    others = {path for path, kept in made.files.items() if kept.articles and edited[1].id not in kept.articles}
    assert not others & set(made.written)


def test_what_was_taken_down_goes(name: str, tmp_path: Path) -> None:
    export(name, tmp_path, some())
    left = some()
    del left[1]
    export(name, tmp_path, left)
    found = files(tmp_path)
    for path, body in found.items():
        assert b"canary2x" not in inside(body), path
        assert left[0].id.encode() not in body or path
    assert not [path for path in found if "0002" in path], "its picture is gone too"
    export(name, tmp_path / "fresh", left)
    assert found == {path: body for path, body in files(tmp_path).items() if not path.startswith("fresh/")}


def test_an_empty_newspaper_is_an_empty_export(name: str, tmp_path: Path) -> None:
    export(name, tmp_path, some())
    made = export(name, tmp_path, [])
    assert not [kept for kept in made.files.values() if kept.articles]
    assert b"canary" not in b"".join(map(inside, files(tmp_path).values()))


@pytest.mark.parametrize("stranger", ["notes.txt", "deep/er/notes.txt", ".hidden"])
def test_a_folder_with_other_files_is_refused(name: str, stranger: str, tmp_path: Path) -> None:
    path = tmp_path / stranger
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="was not written by this export"):
        export(name, tmp_path, some())
    assert files(tmp_path) == {stranger: b"mine"}


def test_a_file_of_another_format_is_refused(name: str, tmp_path: Path) -> None:
    other = "json" if name != "json" else "markdown"
    export(other, tmp_path, some())
    before = files(tmp_path)
    with pytest.raises(UsageError):
        export(name, tmp_path, some())
    assert files(tmp_path) == before


def test_an_export_that_was_killed_is_taken_up(name: str, tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    class Torn(Desk):
        def responses(self) -> Iterator[object]:  # type: ignore[override]
            yield from super().responses()[:3]
            raise KilledError

        def stories(self) -> object:  # type: ignore[override]
            raise KilledError

        def picture(self, path: str) -> bytes | None:
            if path.endswith("0003.webp"):
                raise KilledError
            return super().picture(path)

    torn = Torn([article(number, lead=True) for number in range(1, 5)])
    with pytest.raises(KilledError):
        find(name).write(iter(torn.articles), torn.target(tmp_path / "killed"))
    export(name, tmp_path / "killed", some())
    export(name, tmp_path / "fresh", some())
    assert files(tmp_path / "killed") == files(tmp_path / "fresh")


def test_two_at_once_do_not_meet(name: str, tmp_path: Path) -> None:
    class Second(Desk):
        def second(self) -> None:
            with pytest.raises(LockedError):
                export(name, tmp_path, some())

        def picture(self, path: str) -> bytes | None:
            self.second()
            return super().picture(path)

        def stories(self) -> list[object]:  # type: ignore[override]
            self.second()
            return super().stories()  # type: ignore[return-value]

        def responses(self) -> Iterator[object]:  # type: ignore[override]
            self.second()
            yield from super().responses()

    # The first to come leaves its lock when it is done, so the folder is whole at the end.
    desk = Second(some())
    find(name).write(iter(desk.articles), desk.target(tmp_path))
    assert export(name, tmp_path, some()).written == ()


def test_no_link_is_followed(name: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    first = min(export(name, tmp_path / "a", some()).files)
    place = tmp_path / "b" / first.split("/")[0]
    place.parent.mkdir()
    place.symlink_to(outside, target_is_directory=True)
    with pytest.raises(BroadsheetError, match="symbolic link"):
        export(name, tmp_path / "b", some())
    assert list(outside.iterdir()) == []


def test_names_suit_every_system(name: str, tmp_path: Path) -> None:
    made = export(name, tmp_path / "out", hostile())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    twins: dict[str, str] = {}
    every = {*made.files, *(parent for path in made.files for parent in parents(path))}
    for path in sorted(every):
        assert twins.setdefault(fold(path), path) == path, "equal where case is not told"
        for part in path.split("/"):
            assert 0 < len(part.encode()) <= 255
            assert not part.endswith((".", " "))
            assert part.split(".")[0].lower() not in {"con", "nul", "aux", "prn", "com1", "lpt1"}
            assert not set(part) & set('<>:"\\|?*%#')
            assert part.isprintable()
    everything = b"".join(map(inside, files(tmp_path).values()))
    for number in range(13):
        assert b"After %d." % number in everything


def parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def test_an_added_format_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with an entry point adds a format; it cannot take the name of one of ours."""
    about = tmp_path / "added-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: added\nVersion: 1\n", "utf-8")
    (about / "entry_points.txt").write_text(
        f"[broadsheet.exporters]\nlines = added_export\n{name} = added_export\nbroken = nowhere_to_be_found\n", "utf-8"
    )
    (tmp_path / "added_export.py").write_text(
        "from broadsheet.export import Manifest\ndef write(articles, target):\n"
        "    return Manifest(format='lines', files={}, notes=tuple(a.title for a in articles))\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert export("lines", tmp_path / "out", some()).notes == ("Story 1", "Story 2", "Story 3", "Story 4")
    assert find(name).write.__module__ == f"broadsheet.export.{OURS[name]}"
    with pytest.raises(UsageError, match="broken"):
        find("broken")
    with pytest.raises(UsageError, match="lines"):
        find("nonsense")
