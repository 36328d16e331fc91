"""Node packages for tests, installed once a machine by npm."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest


def modules(package: Mapping[str, Any], what: str) -> Path:
    """Return the folder of a package's installed dependencies, kept between runs.

    Skips where node is absent or npm cannot install; ``what`` says what is not tested then.
    """
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip(f"node and npm are not installed: {what}")
    text = json.dumps(package)
    folder = Path.home() / ".cache" / "broadsheet-tests" / f"node-{sha256(text.encode()).hexdigest()[:12]}"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(text, "utf-8")
        done = subprocess.run(
            ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder,
            capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"npm could not install {', '.join(package['dependencies'])}: {what} ({done.stderr[-300:]})")
        (folder / "ready").touch()
    return folder / "node_modules"
