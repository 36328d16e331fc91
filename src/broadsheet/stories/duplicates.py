"""Whether two articles are one report. Pure; precision first: a wrong merge is worse than a missed one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from broadsheet.model import Match, Record
from broadsheet.stories.anchors import weight
from broadsheet.stories.signature import Signature

MIN_SHARED = 0.55
"""Share of the shorter text's samples that the other must hold."""
MIN_SAMPLES = 5
WINDOW = timedelta(days=3)
TITLE_WINDOW = timedelta(hours=36)
EVENT_WINDOW = timedelta(hours=36)
EVENT_WEIGHT = 5.0
"""Least weight of shared anchors, a number or a quoted name among them."""
EVENT_SHARE = 0.4
"""Of the weight of the report with the fewer anchors."""


class Candidate(Record, frozen=True, kw_only=True):
    """An article as the comparison needs it."""

    id: str
    feed_id: str
    link: str
    published: datetime
    signature: Signature


def compare(one: Candidate, other: Candidate) -> Match | None:
    """Return why the two report one event, or None. The answer does not depend on their order."""
    a, b = sorted((one, other), key=lambda item: item.id)
    apart = abs(a.published - b.published)
    if a.link and a.link == b.link and (a.feed_id != b.feed_id or alike(a.signature.words, b.signature.words)):
        return Match(a=a.id, b=b.id, kind="address", score=1.0, because="both lead to the same page")
    if _is_series(a, b) or apart > WINDOW:
        return None
    score, fewest = overlap(a.signature, b.signature)
    if fewest >= MIN_SAMPLES and score >= MIN_SHARED:
        return Match(a=a.id, b=b.id, kind="text", score=round(score, 3), because=f"{score:.0%} of the text is the same")
    if (
        a.signature.title
        and a.signature.title == b.signature.title
        and a.feed_id != b.feed_id
        and apart <= TITLE_WINDOW
    ):
        minutes = round(apart.total_seconds() / 60)
        span = f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
        return Match(a=a.id, b=b.id, kind="title", score=0.9, because=f"same title within {span}")
    if a.feed_id != b.feed_id and apart <= EVENT_WINDOW and a.signature.cjk == b.signature.cjk:
        return _same_event(a, b)
    return None


def _same_event(a: Candidate, b: Candidate) -> Match | None:
    """Return a match where two reports, told in different words, hang on the same names and numbers."""
    shared = set(a.signature.anchors) & set(b.signature.anchors)
    told = weight(shared)
    least = min(weight(a.signature.anchors), weight(b.signature.anchors))
    if told < EVENT_WEIGHT or told < EVENT_SHARE * least or all(anchor[0] == "w" for anchor in shared):
        return None
    named = ", ".join(anchor[2:] for anchor in sorted(shared, key=lambda anchor: ("qnw".index(anchor[0]), anchor))[:4])
    return Match(a=a.id, b=b.id, kind="event", score=round(told / least, 3), because=f"both speak of {named}")


def alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two titles have more words in common than not: one feed's item, retitled."""
    ours, theirs = set(one), set(other)
    return len(ours & theirs) * 2 > len(ours | theirs)


def overlap(one: Signature, other: Signature) -> tuple[float, int]:
    """Return the share of the shorter text's samples that the longer text has too, and how many samples that rests on."""
    rate = max(one.rate, other.rate)
    ours, theirs = one.at(rate), other.at(rate)
    fewest = min(len(ours), len(theirs))
    return (len(ours & theirs) / fewest if fewest else 0.0), fewest


def _is_series(a: Candidate, b: Candidate) -> bool:
    """Return whether the two look like issues of one series: the titles' numbers differ."""
    return (
        bool(a.signature.numbers or b.signature.numbers)
        and a.signature.numbers != b.signature.numbers
        and (a.feed_id == b.feed_id or _shape_equal(a, b))
    )


def _shape_equal(a: Candidate, b: Candidate) -> bool:
    return len(a.signature.numbers) == len(b.signature.numbers)
