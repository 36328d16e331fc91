"""Whether a feed carries its articles whole: told from an entry's text, and learnt by comparing entries with their pages.

An entry's text alone misleads: a feed may break off without a word, and a short post may be all that there is. Both are
learnt by looking at a few pages: while nothing is known, at one in five of those that seem needless; once a feed is known
to be whole, at one in eight, so that a change is seen. Which ones is decided by the articles' ids, so that a run that was
cut off decides the same.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from zlib import crc32

from broadsheet.model import Entry
from broadsheet.text import is_cjk, visible_text, words

WHOLE = 120
"""Words (CJK: characters, twice as many) from which a feed's content may be a whole article."""
SHARE = 0.8
"""Of a page's article that a whole entry has at least: the page's own furniture counts too."""
_BREAKS = ("…", "...", "[…]", "[...]", "阅读全文", "查看全文", "Read more", "Continue reading")
READ_ON = (
    r"(?:(?:continue|keep) reading|read (?:more|on)|阅读全文|阅读原文|查看全文|继续阅读|続きを読む|weiterlesen|lire la suite)"
    r"(?![a-z]).{0,150}"
)
"""What stands at the end of a teaser and leads to the rest of it; in any case of letters."""
_BREAKS_OFF = re.compile(rf"(?:…|\.\.\.)\W{{0,4}}{READ_ON}$", re.IGNORECASE)
_END = 200
TRIAL, CHECK = 5, 8
"""Pages of which one is looked at: while nothing is known of a feed, and once it is known to be whole."""
_MOST = 40
"""Comparisons that count; then each counts half, so that what changes is seen."""


class Votes(NamedTuple):
    """Entries that had as much as their page, and entries that had less."""

    whole: int = 0
    short: int = 0

    def add(self, whole: int, short: int) -> Votes:
        """Return the votes with more of them."""
        both = Votes(self.whole + whole, self.short + short)
        return Votes(both.whole // 2, both.short // 2) if sum(both) > _MOST else both


def is_cut(entry: Entry) -> bool:
    """Return whether an entry's text says itself that it goes on elsewhere."""
    return _breaks_off(_text(entry))


def _breaks_off(text: str) -> bool:
    return text.endswith(_BREAKS) or _BREAKS_OFF.search(text[-_END:]) is not None


def is_whole(entry: Entry) -> bool:
    """Return whether the feed carries an article in full, as far as its text alone can tell."""
    text = _text(entry)
    return not _breaks_off(text) and words(text) >= WHOLE * (2 if is_cjk(text) else 1)


def verdict(votes: Votes) -> Literal["whole", "short", ""]:
    """Return what a feed is known to be; nothing while too few of its pages were looked at."""
    if votes.short >= 2 and votes.short > votes.whole:
        return "short"
    return "whole" if votes.whole >= 3 and votes.short * 5 <= votes.whole else ""


def needs_page(entry: Entry, votes: Votes, article_id: str) -> bool:
    """Return whether an article's page has to be fetched for its text, or to learn whether that is necessary."""
    known = verdict(votes)
    if known == "short" or is_cut(entry) or not _text(entry):
        return True
    if known == "whole":
        return drawn(article_id, CHECK)
    return not is_whole(entry) or drawn(article_id, TRIAL)


def vote(entry: Entry, theirs: int) -> Votes:
    """Return what an entry whose page's article has so many words says of its feed; nothing where it breaks off anyway."""
    if is_cut(entry) or not theirs or not (text := _text(entry)):
        return Votes()
    return Votes(whole=1) if words(text) >= SHARE * theirs else Votes(short=1)


def _text(entry: Entry) -> str:
    return visible_text(entry.content or entry.summary)


def drawn(article_id: str, of: int) -> bool:
    """Return whether an article is the one of so many whose page is looked at."""
    return crc32(article_id.encode()) % of == 0
