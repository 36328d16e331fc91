"""A polling day of a million feeds, decided by the real scheduler (``feeds.schedule``) in a made world, seeded.

The world: how often feeds publish, sleep at night, say what they wish, fail and die, and how many share a host, is drawn from
the distributions below. Nothing is asked over a network; answers follow from what a feed has published since it was last asked.

``FEEDS=1000000 SEED=7 EVERY=60`` (minutes between runs) set the size.
"""

from __future__ import annotations

import math
import os
import random
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from benchmarks.measure import Row, cpu
from broadsheet.config import PollConfig
from broadsheet.feeds import schedule
from broadsheet.model import Failed, FeedState, Wish

DAY = 86_400
START = datetime(2026, 3, 16, tzinfo=UTC)
ANSWER = 0.35
"""Seconds that one answer takes, the connection included."""
_ACTIVE = (
    (0.05, 40.0), (0.15, 8.0), (0.30, 1.0), (0.25, 0.15), (0.25, 0.002),
)  # fmt: skip
"""Share of the feeds and entries a day: wires, papers, magazines and blogs, rare blogs, dead ones."""
_WISHES = ((0.62, 0), (0.12, 300), (0.10, 900), (0.12, 3600), (0.03, 21_600), (0.01, 86_400))
"""Share of the feeds and the seconds that their headers or documents ask for."""
_FAILING = 0.03
"""Share of the feeds that have not answered for up to a year."""
_HOSTS_SHARE = 0.35
"""Hosts as a share of the feeds."""
_CROWDED = 0.5
"""Share of the feeds on hosts whose sizes follow Zipf's law; the others have a host like any other."""
_NIGHT = tuple(0.35 + 0.65 * (0.5 - 0.5 * math.cos(2 * math.pi * (hour - 4) / 24)) for hour in range(24))


class Day(NamedTuple):
    """What came of a day."""

    feeds: int
    asked: list[int]
    """Requests of each run."""
    worst: list[int]
    """Requests of each run to the host that had most."""
    late: list[float]
    """Seconds from an entry's publication to the run that saw it, sorted; of a sample of at most a million."""
    news: int
    """Answers that had something new."""
    entries: int
    failed: int


def simulate(feeds: int, seed: int, every: int = 60) -> Day:
    """Return what comes of a day on which ``feeds`` feeds are asked every ``every`` minutes if they are due."""
    chance = random.Random(seed)
    runs = DAY // (60 * every)
    hosts = max(1, int(feeds * _HOSTS_SHARE))
    asked, counted = [0] * runs, array("H", bytes(2 * hosts * runs))
    late: list[float] = []
    news = entries = failed = 0
    within = schedule.Bounds(longest=60 * PollConfig().max_interval)
    for number in range(feeds):
        # By Zipf's law the host of rank r has 1/r as many as the first.
        host = int(hosts ** chance.random()) - 1 if chance.random() < _CROWDED else chance.randrange(hosts)
        state, rate, answers = _begin(number, chance, timedelta(minutes=every))
        moment = _next_run(schedule.due(state, START, within).at, -1, every)
        while moment < runs:
            now = START + timedelta(minutes=every * moment)
            asked[moment] += 1
            place = moment * hosts + host
            counted[place] = min(65_535, counted[place] + 1)
            if not answers:
                failed += 1
                state = schedule.after_failure(state, _FAILURE, now)
            else:
                assert state.checked is not None
                seen = _published(rate, state.checked, now, chance)
                entries += len(seen)
                news += bool(seen)
                late += seen if len(late) < 1_000_000 else ()
                state = msgspec.structs.replace(state, checked=now, answers=state.answers + 1)
                state = schedule.after_success(state, now, news=bool(seen))
            moment = _next_run(schedule.due(state, now, within).at, moment, every)
    worst = [max(counted[moment * hosts : (moment + 1) * hosts]) for moment in range(runs)]
    return Day(feeds, asked, worst, sorted(late), news, entries, failed)


_FAILURE = Failed(key="", error="TimedOut", message="no answer")


def _begin(number: int, chance: random.Random, every: timedelta) -> tuple[FeedState, float, bool]:
    """Return a feed as the days before have left it, the entries a day that it publishes, and whether it answers."""
    rate = _drawn(_ACTIVE, chance) * math.exp(chance.gauss(0, 0.6))
    news = START - timedelta(seconds=min(chance.expovariate(rate / DAY), 3 * 365 * DAY))
    state = FeedState(
        feed_id=f"{number:x}", news=news, answers=1, header_wish=Wish(seconds=_drawn(_WISHES, chance), by="max-age")
    )
    if chance.random() < _FAILING:
        since = timedelta(days=chance.uniform(1, 365))
        state = msgspec.structs.replace(state, failures=20, failing_since=START - since)
        state = schedule.after_failure(state, _FAILURE, START - since * schedule.SHARE * chance.random())
        return state, rate, False
    # Asked last at some moment of the pause that it was in when the run before the first ended.
    checked = (
        START - every - timedelta(seconds=chance.random() * min(schedule.SHARE * (START - news).total_seconds(), DAY))
    )
    # A document holds some twenty entries.
    window = 20 / rate * DAY
    return msgspec.structs.replace(state, checked=checked, succeeded=checked, window=window), rate, True


def _drawn(shares: tuple[tuple[float, float], ...], chance: random.Random) -> float:
    drawn = chance.random()
    for share, value in shares:
        drawn -= share
        if drawn < 0:
            return value
    return shares[-1][1]


def _next_run(at: datetime | None, after: int, every: int) -> int:
    """Return the first run behind ``after`` in which a feed that is due then is asked."""
    if at is None:
        return 1 << 30
    return max(after + 1, math.ceil((at - START).total_seconds() / (60 * every)))


def _published(rate: float, since: datetime, now: datetime, chance: random.Random) -> list[float]:
    """Return the age, in seconds, of each entry that was published in between; fewer come by night."""
    span = (now - since).total_seconds()
    expected = rate * span / DAY
    if expected < 0.05 and chance.random() >= expected:
        return []
    count = 1 if expected < 0.05 else _poisson(expected, chance)
    ages = (chance.random() * span for _ in range(count))
    return [age for age in ages if chance.random() < _NIGHT[(now - timedelta(seconds=age)).hour]]


def _poisson(expected: float, chance: random.Random) -> int:
    if expected > 30:
        return max(0, round(chance.gauss(expected, math.sqrt(expected))))
    count, left = 0, math.exp(-expected)
    product = chance.random()
    while product > left:
        count += 1
        product *= chance.random()
    return count


def run() -> Iterator[Row]:
    """Simulate a day and say what it needs."""
    feeds, seed, every = (
        int(os.environ.get(name, value)) for name, value in (("FEEDS", 1_000_000), ("SEED", 7), ("EVERY", 60))
    )
    before = cpu()
    day = simulate(feeds, seed, every)
    seconds = cpu() - before
    total, most = sum(day.asked), max(day.asked)
    what = f"{feeds:,} feeds, a run every {every} min"
    yield Row(f"simulate: {what}", f"{seconds:.0f} CPU s", "ten minutes", seconds / 600, "times", "1")
    yield Row(
        "requests of the day", f"{total:,}", "every feed in every run", total / (feeds * len(day.asked)), "of them", "-"
    )
    yield Row("of them with news", f"{day.news:,}", "requests", day.news / total, "of them", "-")
    yield Row("entries", f"{day.entries:,}", "requests", day.entries / total, "a request", "-")
    yield Row(
        "busiest run",
        f"{most:,}",
        f"the mean run, {total // len(day.asked):,}",
        most * len(day.asked) / total,
        "times",
        "-",
    )
    needed = most * ANSWER / (60 * every)
    yield Row(
        "requests under way at once",
        f"{needed:.0f}",
        f"{ANSWER} s an answer",
        needed / PollConfig().concurrency,
        "defaults",
        "-",
    )
    worst = max(day.worst)
    hours = worst * max(PollConfig().delay, ANSWER) / 3600
    yield Row(
        "worst host in one run",
        f"{worst:,} requests",
        f"a run, at {PollConfig().delay:g} s each",
        hours * 60 / every,
        "runs",
        "-",
    )
    for share in (0.5, 0.9, 0.99):
        age = day.late[bisect_left(range(len(day.late)), int(share * len(day.late)))]
        yield Row(
            f"age of {share:.0%} of entries when seen", f"{age / 60:.0f} min", "a run", age / 60 / every, "runs", "-"
        )
    hourly = [
        sum(day.asked[start : start + len(day.asked) // 24 or 1])
        for start in range(0, len(day.asked), len(day.asked) // 24 or 1)
    ]
    for start in range(0, len(hourly), 6):
        told = " ".join(f"{count:,}" for count in hourly[start : start + 6])
        yield Row(
            f"requests from {start:02}:00, by the hour",
            told,
            "",
            hourly[start] * len(hourly) / total,
            "of the mean",
            "-",
        )
