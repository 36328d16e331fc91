"""The example files for Compose and Kubernetes are what their schemas say, and name settings and commands that there are."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from broadsheet.cli import COMMANDS
from broadsheet.configfile import parse_config

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
FILES = ("compose.yaml", "kubernetes.yaml")


def compose_fault(path: Path) -> str:
    """Return what the Compose specification's schema says against a file."""
    command = ["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def manifests() -> list[dict[str, object]]:
    return list(yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text("utf-8")))


def test_the_compose_file_is_valid(tmp_path: Path) -> None:
    path = EXAMPLES / "compose.yaml"
    assert compose_fault(path) == ""
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(path.read_text("utf-8").replace("mem_limit", "memory_limit"))
    assert "memory_limit" in compose_fault(wrong), "the checker checks"


@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
def test_the_manifests_are_valid(version: str) -> None:
    found = manifests()
    assert {one["kind"] for one in found} >= {"Deployment", "CronJob", "Service", "PersistentVolumeClaim"}
    for one in found:
        kubernetes_validate.validate(one, version, strict=True)
    found[-1]["spec"]["schedul"] = "x"  # type: ignore[index]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(found[-1], version, strict=True)


@pytest.mark.parametrize("name", FILES)
def test_settings_and_commands_exist(name: str) -> None:
    text = (EXAMPLES / name).read_text("utf-8")
    given = dict(re.findall(r"\b(BROADSHEET_[A-Z_]+): (\S+)", text))
    config = parse_config("", environ=given)
    assert config.engine.kind == "dask"
    assert config.store.url.startswith("postgresql://")
    for variable in given:
        table, _, key = variable.removeprefix("BROADSHEET_").lower().partition("_")
        assert config.origin[f"{table}.{key}"] == "environment", f"{variable} is no setting"
    command = re.search(r'\[?"?broadsheet"?, (?:-C, /paper, )?"?(\w+)', text)
    assert command is not None
    assert command[1] in COMMANDS
