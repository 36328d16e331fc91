"""RSSHub addresses: ``rsshub://route`` names a feed, and the newspaper's list of instances says where it is served."""

from __future__ import annotations

from collections.abc import Sequence

SCHEME = "rsshub://"


def is_rsshub(url: str) -> bool:
    """Return whether an address is of scheme ``rsshub``."""
    return url.strip()[: len(SCHEME)].lower() == SCHEME


def route(url: str) -> str:
    """Return the route and query of an ``rsshub://`` address, no slash in front; ``""`` for other addresses."""
    return url.strip()[len(SCHEME) :].strip("/") if is_rsshub(url) else ""


def expand(url: str, instances: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses of one feed, in the order in which they are to be tried.

    ``rsshub://sina/finance`` gives one address for each instance, in the order of the list; any other address comes
    back alone. An instance may have a path and a query (an access key), which every address of it then has.
    """
    if not is_rsshub(url):
        return (url,)
    path, _, query = route(url).partition("?")
    found = []
    for instance in instances:
        base, _, key = instance.strip().partition("?")
        if not base:
            continue
        base = base if "://" in base else f"https://{base}"
        parameters = "&".join(part for part in (query, key) if part)
        found.append(f"{base.rstrip('/')}/{path}{'?' + parameters if parameters else ''}")
    return tuple(dict.fromkeys(found))
