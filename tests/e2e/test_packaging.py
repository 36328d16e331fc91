"""What is ready to be copied: publishing from a machine that keeps nothing, units, action and container."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import Web
from tests.e2e.test_deploy import feed, git, tree

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"


def test_published_from_a_machine_that_keeps_nothing(web: Web, paper, tmp_path: Path) -> None:
    """Each edition is made in a fresh folder; no address moves, nothing is taken in twice, and only changes are sent."""
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)
    settings = paper(f"{web.url}/feed", extra="[media]\ncopy = false").config_file.read_text("utf-8")
    settings = settings.replace("[poll]", "[poll]\nmax_interval = 0")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def edition(name: str, articles: int) -> tuple[dict[str, bytes], str]:
        web.pages["/feed"] = feed(articles)
        folder = tmp_path / name
        folder.mkdir()
        (folder / "broadsheet.toml").write_text(settings, "utf-8")
        done = subprocess.run(
            ["sh", PACKAGING / "github" / "publish.sh", remote], cwd=folder, env={**os.environ, "PATH": path},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        read = tmp_path / f"{name}-site"
        subprocess.run(["git", "clone", "--quiet", "--branch", "gh-pages", remote, read], check=True)
        assert tree(read) == tree(folder / "public")
        shutil.rmtree(folder)
        return tree(read), done.stderr

    first, _ = edition("one", 3)
    again, told = edition("two", 3)
    assert again == first
    assert "Nothing has changed" in told
    more, told = edition("three", 4)
    stories = [{path for path in site if re.match(r"\d{4}/\d\d/\d\d/\w{12}\.html", path)} for site in (first, more)]
    assert [len(found) for found in stories] == [3, 4]
    assert stories[0] < stories[1]
    assert git(remote, "rev-list", "--count", "gh-pages") == git(remote, "rev-list", "--count", "store") == "1"


def test_units_are_understood(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed: units are not verified")
    for unit in (PACKAGING / "systemd").iterdir():
        shutil.copy(unit, tmp_path / unit.name.replace("@", "@paper"))
    units = sorted(tmp_path.iterdir())
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "broadsheet@" in line] == []
    units[0].write_text("[Service]\nType=nonsense\n")
    done = subprocess.run(["systemd-analyze", "verify", units[0]], capture_output=True, text=True, check=False)
    assert "broadsheet@" in done.stderr, "a fault would be seen"


@pytest.mark.parametrize(
    ("schema", "path"),
    [("vendor.github-actions", ROOT / "action.yml"), ("vendor.github-workflows", PACKAGING / "github" / "publish.yml")],
)
def test_action_and_workflow_are_understood(schema: str, path: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    done = subprocess.run([*words, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    broken = tmp_path / path.name
    broken.write_text(path.read_text("utf-8").replace("runs-on", "runs_on").replace("using:", "use:"), "utf-8")
    assert subprocess.run([*words, broken], capture_output=True, check=False).returncode == 1


def test_the_action_passes_what_it_asks_for() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    assert set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text("utf-8"))) == set(action["inputs"])


def test_the_container_copies_what_there_is() -> None:
    text = (PACKAGING / "Dockerfile").read_text("utf-8")
    for line in re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE):
        for name in line.split():
            assert (ROOT / name).exists(), name
