"""The order of the front page: distinct publishers and freshness, no engagement data.

    score = 0.5 ** (age in hours / 18) * (1 + 1.5 log2(publishers)) * (1.15 with a picture) * (0.8 when very short)

The age is counted from the newest story, not from the clock, so that a paper that is printed again is the same.
"""

from __future__ import annotations

import math
from datetime import datetime

HALF_LIFE_HOURS = 18.0
SHORT_WORDS = 40


def score(published: datetime, newest: datetime, *, publishers: int, pictured: bool, length: int) -> float:
    """Return the rank of a story; a higher one stands further up."""
    age = max(0.0, (newest - published).total_seconds() / 3600)
    value: float = 0.5 ** (age / HALF_LIFE_HOURS) * (1 + 1.5 * math.log2(max(1, publishers)))
    return value * (1.15 if pictured else 1.0) * (0.8 if length < SHORT_WORDS else 1.0)
