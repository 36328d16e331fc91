"""By how many whole hours a feed's dates are off: learnt from when its items were seen, and from their twins. Pure.

Some sources print the time of one zone under the name of another: Beijing time labelled GMT is 8 hours ahead. Two kinds of
evidence tell, over the newest 40 items:

- Twins: the same report in feeds of at least two other publishers, always the same whole hours (10 minutes either way)
  apart: at least three of them, and three in four of all twins.
- The future: at least five items that were seen before their own date. The offset is then the fewest whole hours that
  bring all of them into the past; fresher items bring it up to the truth, never beyond. Where more than one in ten of them
  lies more than 14 hours ahead, the dates are not of a zone but of events to come, and nothing is learnt.

Twins win over the future unless they would leave an item in it. What was learnt from the future is forgotten when none of
the newest 20 items lay in it; what was learnt from twins when twins say otherwise.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from broadsheet.model import Feed, FeedState, Record

NEWEST = 40
TOLERANCE = timedelta(minutes=10)
"""Between clocks; also how far ahead an article's date may lie."""
LARGEST = 14
"""Hours; no zone is further from UTC."""
MIN_AHEAD = 5
MIN_TWINS = 3
AGREEING = 0.75
OTHER_PUBLISHERS = 2
FORGOTTEN_AFTER = 20
_HOUR = timedelta(hours=1)


class Sighting(Record, frozen=True, kw_only=True):
    """An item of the feed: its date as the feed has it, and when it was seen."""

    dated: datetime
    seen: datetime


class Twin(Record, frozen=True, kw_only=True):
    """The same report in another feed: who publishes that, and by how much the item's own date is later."""

    publisher: str
    later: timedelta


class Offset(Record, frozen=True, kw_only=True):
    """Hours that a feed's dates are ahead of the truth, and what says so."""

    hours: int = 0
    by: Literal["", "future", "twins"] = ""


def offset(feed: Feed, state: FeedState) -> int:
    """Return the hours that a feed's dates are ahead: what the configuration says, else what was learnt."""
    return state.zone_offset if feed.zone_offset is None else feed.zone_offset


def learn(known: Offset, items: Sequence[Sighting], twins: Sequence[Twin]) -> Offset:
    """Return the offset after the evidence, the newest item first; what is known already where it says nothing."""
    newest = items[:FORGOTTEN_AFTER]
    mended = len(newest) == FORGOTTEN_AFTER and not any(map(_is_ahead, newest))
    ahead = 0 if mended else _by_future(items)
    told = _by_twins(twins)
    if told is not None and (not ahead or told >= ahead):
        return Offset(hours=told, by="twins" if told else "")
    if ahead:
        # A lower bound: what was learnt from fresher items stands.
        return known if known.hours >= ahead else Offset(hours=ahead, by="future")
    return Offset() if mended and known.by == "future" else known


def _is_ahead(item: Sighting) -> bool:
    return item.dated - item.seen > TOLERANCE


def _by_future(items: Sequence[Sighting]) -> int:
    """Return the fewest whole hours that bring the items into the past; 0 where too few lie in the future."""
    ahead = [item.dated - item.seen for item in items if _is_ahead(item)]
    near = [lead for lead in ahead if lead <= LARGEST * _HOUR + TOLERANCE]
    if len(near) < MIN_AHEAD or len(near) < 0.9 * len(ahead):
        return 0
    return math.ceil((max(near) - TOLERANCE) / _HOUR)


def _by_twins(twins: Sequence[Twin]) -> int | None:
    """Return the whole hours by which nearly all twins differ, which may be none; None where they do not agree."""
    hours = Counter(round(twin.later / _HOUR) for twin in twins if _is_whole(twin.later))
    if not hours:
        return None
    common, count = min(hours.items(), key=lambda item: (-item[1], abs(item[0]), item[0]))
    publishers = {twin.publisher for twin in twins if _is_whole(twin.later) and round(twin.later / _HOUR) == common}
    agree = count >= MIN_TWINS and count >= AGREEING * len(twins)
    return common if agree and len(publishers) >= OTHER_PUBLISHERS and abs(common) <= LARGEST else None


def _is_whole(later: timedelta) -> bool:
    return abs(later - round(later / _HOUR) * _HOUR) <= TOLERANCE
