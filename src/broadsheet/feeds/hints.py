"""What a source says of when it wants to be asked again: its headers, its document, its rhythm. Pure."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from broadsheet.model import Entry, FeedInfo, Wish

_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BELIEVABLE = timedelta(days=31)
LONGEST_SKIP = timedelta(days=3)
"""A document that skips every hour of so long a time is asked as if it skipped none."""


def of_headers(headers: Mapping[str, str], fetched: datetime) -> Wish:
    """Return how long an answer stays fresh (RFC 9111, section 4.2.1): max-age less Age, else Expires less Date.

    Both dates are the server's own, so a clock that is wrong does no harm; where they do not fit each other, ours counts.
    """
    control = headers.get("cache-control", "").lower()
    if re.search(r"\bno-(?:cache|store)\b", control):
        return Wish()
    if found := re.search(r'\bmax-age\s*=\s*"?(\d{1,10})', control.replace("s-maxage", "")):
        age = headers.get("age", "")
        return _wish(int(found[1]) - (int(age[:10]) if age.isascii() and age.isdigit() else 0), "Cache-Control")
    if expires := _date(headers.get("expires", "")):
        for now in (_date(headers.get("date", "")), fetched):
            if now and 0 <= (seconds := (expires - now).total_seconds()) <= _BELIEVABLE.total_seconds():
                return _wish(seconds, "Expires")
    return Wish()


def of_document(feed: FeedInfo) -> Wish:
    """Return the longer of ``ttl`` (minutes) and ``sy:updatePeriod`` divided by ``sy:updateFrequency``."""
    wishes = [_wish((feed.ttl or 0) * 60, "ttl")]
    if period := _PERIODS.get(feed.update_period):
        wishes.append(_wish(period.total_seconds() / max(feed.update_frequency or 1, 1), "sy:updatePeriod"))
    return max(wishes, key=lambda wish: wish.seconds)


def window(entries: Sequence[Entry], now: datetime) -> float:
    """Return the seconds from the oldest to the newest dated entry, those of the future aside; 0 where it is unknown."""
    dates = [date for entry in entries if (date := entry.published or entry.updated) and date <= now]
    return (max(dates) - min(dates)).total_seconds() if dates else 0.0


def outside_skips(at: datetime, hours: Sequence[int], days: Sequence[str]) -> datetime:
    """Return ``at``, or the next full hour (UTC) that neither ``skipHours`` nor ``skipDays`` names."""
    closed = {day.strip().lower()[:3] for day in days}
    moment = at
    while moment - at < LONGEST_SKIP:
        if moment.hour not in hours and _DAYS[moment.weekday()] not in closed:
            return moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return at


def _wish(seconds: float, by: str) -> Wish:
    return Wish(seconds=float(seconds), by=by) if seconds > 0 else Wish()


def _date(value: str) -> datetime | None:
    try:
        date = email.utils.parsedate_to_datetime(value)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
