"""What has to be sent and removed, in which order, and what the host allows. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Literal

from broadsheet.model import Record

Kind = Literal["folder", "git", "rsync", "storage"]


class Changes(Record, frozen=True, kw_only=True):
    """Paths to send, what others lead to first, and paths to remove."""

    send: tuple[str, ...]
    remove: tuple[str, ...]


class Host(Record, frozen=True, kw_only=True):
    """What a host of static sites allows; 0 is no limit that matters."""

    title: str
    files: int = 0
    bytes: int = 0
    file_bytes: int = 0


HOSTS = {
    "github-pages": Host(title="GitHub Pages", bytes=1_000_000_000, file_bytes=100_000_000),
    "cloudflare-pages": Host(title="Cloudflare Pages", files=20_000, file_bytes=25 * 1024 * 1024),
}
"""By their names in the settings; as their documentation gave them in 2026, of the plans that cost nothing."""
NEAR = 0.8
"""Share of a limit from which on it is spoken of."""

_IMMUTABLE = re.compile(r"(assets|m)/|search/(\d+-|d/)")
_FIXED = re.compile(r"(.*/)?\d+\.(html|xml)$")
_LAST = ("sitemap.xml", "search/index.json", "feed.json", "feed.xml", "index.html")
"""What leads to everything else, the front page at the very end."""


def kind_of(target: str) -> Kind:
    """Return what kind of place an address is."""
    if target.startswith("rsync:"):
        return "rsync"
    plain = target.removesuffix("/")
    if target.startswith(("git+", "git@", "ssh://", "git://")) or plain.endswith(".git"):
        return "git"
    return "storage" if "://" in target else "folder"


def changes(now: Mapping[str, str], then: Mapping[str, str]) -> Changes:
    """Return what differs between the digests of the site's files now and those that were sent, by path.

    Of files of one rank those that are new come first: as long as no page leads to them, nobody can come to them.
    """
    send = (path for path, digest in now.items() if then.get(path) != digest)
    return Changes(
        send=tuple(sorted(send, key=lambda path: (rank(path), path in then, path))),
        remove=tuple(sorted(then.keys() - now.keys())),
    )


def rank(path: str) -> int:
    """Return when a file has to be there: a higher rank leads to lower ones."""
    if path in _LAST:
        return 4 + _LAST.index(path)
    if _IMMUTABLE.match(path):
        return 0
    if path.endswith("/index.html"):
        return 2
    return 1 if path.endswith(".html") or _FIXED.match(path) else 3


def groups(paths: Sequence[str], most: int) -> list[list[str]]:
    """Return paths in groups of one rank, ``most`` at once: those of a group may go in any order."""
    found = []
    for _, same in groupby(paths, rank):
        whole = list(same)
        found += [whole[start : start + most] for start in range(0, len(whole), most)]
    return found


def without_secrets(text: str) -> str:
    """Return text in which addresses have lost user names and passwords."""
    return re.sub(r"(?<=://)[^/\s@]+@", "", text)


def warnings(host: Host, sizes: Mapping[str, int]) -> list[tuple[str, int, int, str]]:
    """Return (what, how much, limit, path) of the limits of a host that files of these sizes come near to or break.

    ``what`` is ``files``, ``bytes`` or ``file_bytes``; the path is that of the largest file for the last.
    """
    largest = max(sizes, key=sizes.__getitem__, default="")
    measured = (
        ("files", len(sizes), host.files, ""),
        ("bytes", sum(sizes.values()), host.bytes, ""),
        ("file_bytes", sizes.get(largest, 0), host.file_bytes, largest),
    )
    return [row for row in measured if row[2] and row[1] >= NEAR * row[2]]
