"""RSSHub addresses: ``rsshub://route`` names a feed, and the newspaper's list of instances says where it is served."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from broadsheet.feeds.schedule import FIRST_PAUSE, LONGEST_PAUSE
from broadsheet.model import Record

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


class Health(Record, frozen=True, kw_only=True):
    """How an instance has done of late."""

    failures: int = 0
    until: datetime | None = None
    """Until when it is tried last."""


def in_order(instances: Sequence[str], health: Mapping[str, Health], now: datetime) -> tuple[str, ...]:
    """Return the instances as they are to be tried: in the order of the list, those that failed of late last."""

    def ailing(instance: str) -> bool:
        until = health.get(instance, Health()).until
        return until is not None and until > now

    return tuple(sorted(instances, key=ailing))


def after_attempts(
    health: Mapping[str, Health], failed: Collection[str], answered: Collection[str], now: datetime
) -> dict[str, Health]:
    """Return the health after a run: an instance that only failed is tried last for a time that doubles up to a day."""
    found = dict(health)
    for instance in failed:
        failures = found.get(instance, Health()).failures + 1
        pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 12), LONGEST_PAUSE)
        found[instance] = Health(failures=failures, until=now + pause)
    return found | {instance: Health() for instance in answered}


def instance_of(address: str, instances: Sequence[str]) -> str:
    """Return the instance that an address of ``expand`` belongs to, or an empty text."""
    return next((item for item in instances if address.startswith(_start(item))), "")


@lru_cache(maxsize=256)
def _start(instance: str) -> str:
    """Return what the addresses of an instance start with."""
    return expand(SCHEME, [instance])[0].partition("?")[0]
