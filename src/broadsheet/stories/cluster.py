"""Matches -> stories: the connected components, independent of the order in which articles came."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from broadsheet.model import Record, Story


class Member(Record, frozen=True, kw_only=True):
    """An article as the choice of the lead needs it. ``length`` is in words."""

    id: str
    publisher: str
    published: datetime
    length: int
    sponsored: bool = False


def components(ids: Sequence[str], links: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the groups into which the links join the ids, each sorted, in the order of their first id."""
    groups: list[list[str]] = []
    seen: set[str] = set()
    for start in sorted(ids):
        if start in seen:
            continue
        group, waiting = [], [start]
        seen.add(start)
        while waiting:
            current = waiting.pop()
            group.append(current)
            for other in links.get(current, ()):
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        groups.append(sorted(group))
    return groups


def tell(members: Sequence[Member], pinned: Collection[str] = ()) -> Story:
    """Return the story that the articles make. It is named after the first published; the fullest report leads.

    Completeness counts in steps of a fifth, so that among nearly equal texts the first published leads. An article that
    was pinned by hand leads before all others.
    """
    first = min(members, key=lambda member: (member.published, member.id))
    longest = max(member.length for member in members) or 1
    order = sorted(
        members,
        key=lambda member: (
            member.id not in pinned,
            member.sponsored,
            -round(member.length / longest * 5),
            member.published,
            member.id,
        ),
    )
    return Story(
        id=first.id,
        articles=tuple(member.id for member in order),
        publishers=len({member.publisher for member in members}),
        first_seen=first.published,
        last_seen=max(member.published for member in members),
    )
