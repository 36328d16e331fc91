"""The site where readers find it: folders, real git repositories and rsync, and a storage that fsspec reaches."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.deploy import plan
from broadsheet.errors import DeployError, LockedError, UsageError
from broadsheet.newspaper import Newspaper
from tests.conftest import Answer, Web
from tests.e2e.test_demo import command

paths = st.sampled_from(
    [
        "index.html", "feed.xml", "2026/03/01/a.html", "2026/03/01/b.html", "latest/1.html", "latest/2.xml", "latest/index.html",
        "assets/style.css", "m/aa/x.webp", "search/index.json", "search/0-ab/3.bin", "sitemap.xml", "about/index.html",
    ]
)  # fmt: skip
sites = st.dictionaries(paths, st.sampled_from("abc"))


def item(number: int) -> str:
    link = f"https://news.example/{number}"
    return f"<item><title>Story {number}</title><link>{link}</link><description>Text {number}</description></item>"


def feed(count: int) -> Answer:
    return Answer(f"<rss><channel><title>News</title>{''.join(map(item, range(count)))}</channel></rss>".encode())


def tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


@pytest.fixture
def made(web: Web, paper) -> Newspaper:
    """A newspaper of three articles, printed."""
    web.pages["/feed"] = feed(3)
    found = paper(f"{web.url}/feed")
    found.run()
    return found


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """An empty git repository."""
    place = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", place], check=True)
    return place


def git(remote: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "--git-dir", remote, *words], capture_output=True, text=True, check=True
    ).stdout.strip()


@given(sites, sites)
def test_a_plan_brings_there_what_is_here(now: dict[str, str], then: dict[str, str]) -> None:
    changes = plan.changes(now, then)
    there = {path: digest for path, digest in then.items() if path not in changes.remove}
    there |= {path: now[path] for path in changes.send}
    assert there == now
    assert not [path for path in changes.send if then.get(path) == now[path]]
    assert [path for group in plan.groups(changes.send, 3) for path in group] == list(changes.send)
    assert sorted(changes.send, key=plan.rank) == list(changes.send)


def test_what_leads_to_others_comes_after_them() -> None:
    order = [
        "m/aa/x.webp", "2026/03/01/a.html", "latest/index.html", "robots.txt", "search/index.json", "feed.xml", "index.html",
    ]  # fmt: skip
    assert list(plan.changes(dict.fromkeys(order, "x"), {}).send) == order


def test_kinds_of_places() -> None:
    assert {plan.kind_of(name) for name in ("git@github.com:a/b.git", "https://x.example/p.git", "git+ssh://h/p")} == {
        "git"
    }
    assert [plan.kind_of(name) for name in ("rsync:h:/x", "s3://b/x", "/srv/www", "out")] == [
        "rsync", "storage", "folder", "folder",
    ]  # fmt: skip


def test_into_a_folder_only_what_changed(made: Newspaper, web: Web, tmp_path: Path) -> None:
    place = tmp_path / "www"
    (place / ".well-known").mkdir(parents=True)
    (place / ".well-known" / "security.txt").write_text("Contact: me")
    first = made.deploy(to=str(place))
    root = made.folder / "public"
    own = {".well-known/security.txt": b"Contact: me"}
    assert tree(place) == tree(root) | own
    assert first.sent[-1] == "index.html"
    assert made.deploy(to=str(place)).sent == ()
    before = tree(root)
    web.pages["/feed"] = feed(4)
    made.run(everything=True)
    changed = {path for path, body in tree(root).items() if before.get(path) != body}
    planned = made.deploy(to=str(place), dry_run=True)
    assert tree(place) == before | own
    done = made.deploy(to=str(place))
    assert done == planned
    assert set(done.sent) == changed
    assert set(done.removed) == set(before) - set(tree(root)), "the old tail of the search"
    assert tree(place) == tree(root) | own
    assert len(made.deploy(to=str(place), full=True).sent) == len(tree(root))


def test_a_folder_that_was_cut_off_is_completed(
    made: Newspaper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from broadsheet.pipeline import deploy

    monkeypatch.setattr(deploy, "_AT_ONCE", 5)
    place = tmp_path / "www"
    real, calls = deploy._Folder.send, []

    def send(self, group) -> None:
        calls.append(group)
        if len(calls) == 4:
            raise OSError(28, "No space left on device")
        real(self, group)

    monkeypatch.setattr(deploy._Folder, "send", send)
    with pytest.raises(OSError, match="No space"):
        made.deploy(to=str(place))
    assert not (place / "index.html").exists()
    sent = [path for group in calls[:3] for path in group]
    rest = made.deploy(to=str(place)).sent
    assert sent
    assert not set(sent) & set(rest)
    assert tree(place) == tree(made.folder / "public")


@pytest.mark.parametrize("squash", [False, True])
def test_to_a_git_branch(made: Newspaper, web: Web, remote: Path, tmp_path: Path, squash: bool) -> None:
    config = made.config_file.read_text("utf-8") + f'[deploy]\nto = "{remote}"\nsquash = {str(squash).lower()}\n'
    made.config_file.write_text(config, "utf-8")
    command(made.folder, "deploy")
    web.pages["/feed"] = feed(4)
    made.run(everything=True)
    would = json.loads(command(made.folder, "deploy", "--dry-run", "--json").stdout)
    assert git(remote, "rev-list", "--count", "gh-pages") == "1"
    done = json.loads(command(made.folder, "deploy", "--json").stdout)
    assert done == would
    assert done["sent"]
    assert git(remote, "rev-list", "--count", "gh-pages") == ("1" if squash else "2")
    nothing = command(made.folder, "deploy").stderr
    assert "Nothing has changed" in nothing
    subprocess.run(["git", "clone", "--quiet", "--branch", "gh-pages", remote, tmp_path / "read"], check=True)
    assert tree(tmp_path / "read") == tree(made.folder / "public")


def test_anothers_commit_stays(made: Newspaper, web: Web, remote: Path, tmp_path: Path) -> None:
    made.deploy(to=str(remote))
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "--quiet", "--branch", "gh-pages", remote, other], check=True)
    (other / "CNAME").write_text("paper.example")
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
    for words in (["add", "."], [*who, "commit", "--quiet", "-m", "Name"], ["push", "--quiet"]):
        subprocess.run(["git", *words], cwd=other, check=True)
    web.pages["/feed"] = feed(4)
    made.run(everything=True)
    done = made.deploy(to=str(remote))
    assert git(remote, "rev-list", "--count", "gh-pages") == "3"
    assert done.removed[0] == "CNAME", "the branch is the site and nothing else"


def test_a_repository_that_is_not_there_is_named_without_its_password(made: Newspaper) -> None:
    with pytest.raises(DeployError, match=r"^https://127\.0\.0\.1:9/p\.git: git ls-remote failed") as caught:
        made.deploy(to="https://me:secret@127.0.0.1:9/p.git")
    assert "secret" not in str(caught.value)


def test_by_rsync(made: Newspaper, web: Web, tmp_path: Path) -> None:
    if not shutil.which("rsync"):
        pytest.skip("rsync is not installed")
    place = tmp_path / "www"
    place.mkdir()
    (place / "own.txt").write_text("mine")

    def within_a_second() -> None:
        for path in (made.folder / "public").rglob("*"):
            os.utime(path, (1_770_000_000, 1_770_000_000))

    within_a_second()
    made.deploy(to=f"rsync:{place}")
    assert tree(place) == tree(made.folder / "public") | {"own.txt": b"mine"}
    web.pages["/feed"] = feed(4)
    made.run(everything=True)
    within_a_second()
    done = made.deploy(to=f"rsync:{place}")
    assert done.removed
    assert tree(place) == tree(made.folder / "public") | {"own.txt": b"mine"}
    with pytest.raises(DeployError, match="rsync failed"):
        made.deploy(to=f"rsync:{tmp_path}/nowhere/at/all")


def test_into_a_storage(made: Newspaper, web: Web) -> None:
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    system = fsspec.filesystem("memory")
    made.deploy(to="memory://bucket/paper")
    web.pages["/feed"] = feed(4)
    made.run(everything=True)
    done = made.deploy(to="memory://bucket/paper")
    assert done.removed
    there = {path.removeprefix("/bucket/paper/"): system.cat(path) for path in system.find("/bucket/paper")}
    assert there == tree(made.folder / "public")
    with pytest.raises(DeployError, match="cannot be reached"):
        made.deploy(to="nosuch://bucket")


def test_limits_are_spoken_of_before_they_are_met(
    made: Newspaper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    many = len(tree(made.folder / "public"))
    host = plan.Host(title="Small Pages", files=many + 1, bytes=10**9, file_bytes=1000)
    monkeypatch.setitem(plan.HOSTS, "github-pages", host)
    with made.config_file.open("a") as config:
        config.write('[deploy]\nhost = "github-pages"\n')
    with Newspaper(made.folder) as again:
        near = {row[0]: row[1:] for row in again.deploy(to=str(tmp_path / "www")).near}
    assert near["files"] == (many, many + 1, "")
    assert near["file_bytes"][2] == max(tree(made.folder / "public").items(), key=lambda item: len(item[1]))[0]
    assert set(near) == {"files", "file_bytes"}


@pytest.mark.parametrize(
    ("to", "why"),
    [("", "Nothing says where"), ("public", "own folder"), (".", "own folder"), ("public/x", "own folder")],
)
def test_places_that_are_none(made: Newspaper, to: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        made.deploy(to=to)


def test_not_while_a_run_is_at_work(made: Newspaper, tmp_path: Path) -> None:
    with made.store.lock("run"), Newspaper(made.folder) as other, pytest.raises(LockedError):
        other.deploy(to=str(tmp_path / "www"))


def test_without_a_site(web: Web, paper, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no site"):
        paper(f"{web.url}/feed").deploy(to=str(tmp_path / "www"))
