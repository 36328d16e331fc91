"""A host reached by rsync: the files that changed, in an order in which nothing leads to what is not there yet."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from broadsheet.deploy.plan import without_secrets
from broadsheet.errors import DeployError


class Rsync:
    """A folder on another host, ``host:folder`` or ``rsync://host/module``."""

    def __init__(self, site: Path, target: str) -> None:
        self._site = site
        self._target = target if target.startswith("rsync://") else target.removeprefix("rsync:")
        if self._target.startswith("-"):
            raise DeployError(f"{target!r} is no place for rsync; write it as rsync:host:/folder")

    def send(self, paths: Sequence[str]) -> None:
        """Send files of the site."""
        # They have changed: rsync by itself would leave out one that has the size and the second of the one before.
        self._rsync(paths, "--ignore-times")

    def remove(self, paths: Sequence[str]) -> None:
        """Remove files that the site has no more; of others on the host nothing is known and nothing removed."""
        gone = dict.fromkeys(self._first_gone(path) for path in paths)
        self._rsync(tuple(gone), "--delete-missing-args", "--force")

    def _first_gone(self, path: str) -> str:
        """Return the path, or the outermost folder above it that the site has no more: rsync asks for what lies above."""
        above = [str(folder) for folder in PurePosixPath(path).parents][-2::-1]
        return next((folder for folder in above if not (self._site / folder).exists()), path)

    def _rsync(self, paths: Sequence[str], *options: str) -> None:
        words = ["rsync", "--recursive", "--times", "--delay-updates", *options, "--from0", "--files-from=-"]
        try:
            done = subprocess.run(  # noqa: S603 - nothing of a feed is among the words
                [*words, "--", f"{self._site}/", self._target], input="\0".join(paths).encode(), capture_output=True,
                check=False,
            )  # fmt: skip
        except FileNotFoundError:
            raise DeployError("rsync is not installed; the site is deployed to other hosts with it") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
            raise DeployError(f"{without_secrets(self._target)}: rsync failed: {without_secrets(said[0])}")
