"""robots.txt (RFC 9309) for article pages, kept for the length of a run."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from protego import Protego


class Robots:
    """What each origin allows us. An origin in trouble (no answer, 5xx) allows nothing for now."""

    def __init__(self, user_agent: str) -> None:
        self._agent = user_agent
        self._rules: dict[str, Protego | None] = {}
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def known(self, origin: str) -> bool:
        """Return whether this origin was asked."""
        return origin in self._rules

    def lock(self, origin: str) -> asyncio.Lock:
        """Return the lock under which an origin is asked once."""
        return self._locks[origin]

    def learn(self, origin: str, text: str | None) -> None:
        """Keep what an origin said; None is an origin in trouble."""
        self._rules[origin] = None if text is None else Protego.parse(text)

    def delay(self, origin: str) -> float:
        """Return the seconds between two requests that an origin asks for (Crawl-delay), or 0."""
        rules = self._rules[origin]
        return float((rules.crawl_delay(self._agent) if rules is not None else None) or 0.0)

    def allows(self, origin: str, url: str) -> bool:
        """Return whether the address may be fetched."""
        rules = self._rules[origin]
        return rules is not None and bool(rules.can_fetch(url, self._agent))
