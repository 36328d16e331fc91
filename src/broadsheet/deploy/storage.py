"""Object storage and whatever else fsspec reaches: S3-compatible stores, Google Cloud, Azure, WebDAV, SFTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from broadsheet.deploy.plan import without_secrets
from broadsheet.errors import DeployError


class Storage:
    """A folder there, by an address such as ``s3://bucket/folder``.

    Credentials come from the environment and files that the storage's own tools read.
    """

    def __init__(self, site: Path, target: str, endpoint: str = "") -> None:
        self._site = site
        self._target = without_secrets(target)
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise DeployError(
                "Object storage needs more parts; install them with: pip install 'broadsheet[s3]'"
            ) from None
        options: dict[str, Any] = {"endpoint_url": endpoint} if endpoint else {}
        try:
            self._system, folder = url_to_fs(target, **options)
        except (ImportError, ValueError) as error:
            raise DeployError(f"{self._target} cannot be reached: {error}") from None
        self._folder = folder.rstrip("/")

    def send(self, paths: Sequence[str]) -> None:
        """Send files of the site, many at once."""
        here = [str(self._site / path) for path in paths]
        self._try("written", lambda: self._system.put(here, self._there(paths)))

    def remove(self, paths: Sequence[str]) -> None:
        """Remove files; what is gone already is."""
        self._try(
            "removed", lambda: self._system.rm([path for path in self._there(paths) if self._system.exists(path)])
        )

    def _there(self, paths: Sequence[str]) -> list[str]:
        return [f"{self._folder}/{path}" for path in paths]

    def _try(self, what: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - every kind of storage has errors of its own
            raise DeployError(f"{self._target}: cannot be {what}: {without_secrets(str(error))[:300]}") from None
