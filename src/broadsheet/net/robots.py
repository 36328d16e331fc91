"""robots.txt (RFC 9309) for article pages, kept for a day."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protego import Protego

DAY = 86_400.0
"""Seconds for which what was read holds (RFC 9309, section 2.4)."""

Texts = dict[str, tuple[float, str]]
"""Origin -> when its robots.txt was read, in seconds since 1970, and what it said."""


def fresh(texts: Texts, now: float) -> Texts:
    """Return those that still hold; what a clock that went back has read in the future does not."""
    return {origin: read for origin, read in texts.items() if _holds(read[0], now)}


def _holds(read: float, now: float) -> bool:
    return 0 <= now - read < DAY


class Robots:
    """What each origin allows us. An origin in trouble (no answer, 5xx) allows nothing for now.

    ``texts`` is what was read before, and takes what is read.
    """

    def __init__(self, user_agent: str, texts: Texts, now: Callable[[], float]) -> None:
        self._agent = user_agent
        self._texts = texts
        self._now = now
        self._rules: dict[str, Protego | None] = {}
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def known(self, origin: str) -> bool:
        """Return whether this origin was asked, and what it said holds."""
        if origin not in self._rules and origin in self._texts and _holds(self._texts[origin][0], self._now()):
            self._rules[origin] = _parsed(self._texts[origin][1])
        return origin in self._rules

    def lock(self, origin: str) -> asyncio.Lock:
        """Return the lock under which an origin is asked once."""
        return self._locks[origin]

    def learn(self, origin: str, text: str | None) -> None:
        """Keep what an origin said; None is an origin in trouble."""
        self._rules[origin] = None if text is None else _parsed(text)
        if text is not None:
            self._texts[origin] = (self._now(), text)

    def delay(self, origin: str) -> float:
        """Return the seconds between two requests that an origin asks for (Crawl-delay), or 0."""
        rules = self._rules[origin]
        return float((rules.crawl_delay(self._agent) if rules is not None else None) or 0.0)

    def allows(self, origin: str, url: str) -> bool:
        """Return whether the address may be fetched."""
        rules = self._rules[origin]
        return rules is not None and bool(rules.can_fetch(url, self._agent))


def _parsed(text: str) -> Protego:
    from protego import Protego  # which a run that only asks feeds does without

    return Protego.parse(text)
