"""What a report hangs on: names in quotes, telling numbers, proper names. Two reports of one event share them.

Anchors stand in the title and the lead (500 characters). They are read off the text alone: no frequency that would change
as articles come, so the answer does not depend on the order of arrival.
"""

from __future__ import annotations

import re
from collections.abc import Collection

LEAD = 500
WEIGHTS = {"q": 2.0, "n": 1.5, "w": 1.0}
"""Of a quoted name, a number, a proper name."""
MOST = 24
_QUOTED = re.compile(r"[“「『《]([^”」』》“「『《]{2,12})[”」』》]")
# Two digits or more; not of dates, times and years, which all reports of a day share.
_NUMBER = re.compile(r"(?<![\d.,:/-])\d[\d,]*(?:\.\d+)?(?![\d:：/]|-\d|[年月日时点號号])")
_NAME = re.compile(r"(?<=[a-z,;’'\d] )[A-Z][a-z]{3,20}\b")
_TITLE_NAME = re.compile(r"(?<=\w )[A-Z][a-z]{3,20}\b")
_CALENDAR = frozenset(
    (
        "january february march april june july august september october november december monday tuesday wednesday "
        "thursday friday saturday sunday"
    ).split()
)


def anchors_of(title: str, text: str) -> tuple[str, ...]:
    """Return the anchors of a report, each with its kind in front (``q:``, ``n:``, ``w:``), in order, 24 at most."""
    lead = text[:LEAD]
    found: dict[str, None] = {}
    for part in (title, lead):
        found |= dict.fromkeys(f"q:{name.lower()}" for name in _QUOTED.findall(part))
        numbers = (number.replace(",", "").rstrip(".") for number in _NUMBER.findall(part))
        found |= dict.fromkeys(f"n:{number}" for number in numbers if _tells(number))
    names = [*_TITLE_NAME.findall(title), *_NAME.findall(lead)]
    found |= dict.fromkeys(f"w:{name.lower()}" for name in names if name.lower() not in _CALENDAR)
    return tuple(sorted(list(found)[:MOST]))


def weight(anchors: Collection[str]) -> float:
    """Return how much the anchors tell together."""
    return sum(WEIGHTS[anchor[0]] for anchor in anchors)


def _tells(number: str) -> bool:
    digits = number.replace(".", "")
    year = len(number) == 4 and number[:2] in ("19", "20") and number.isdigit()
    return len(digits) >= 2 and not year
