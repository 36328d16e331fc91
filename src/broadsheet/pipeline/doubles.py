"""Articles that were published twice: which page tells them, and what has to be printed anew when that changes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import msgspec

from broadsheet import urls
from broadsheet.model import Article, Feed, Match
from broadsheet.store import articles, doubles, stories
from broadsheet.store.connection import Connection
from broadsheet.stories.doubles import Copy, Shown, may_be_same, pages, same
from broadsheet.stories.duplicates import Candidate

_ADDRESS = re.compile(r"""\b(?:href|src)="([^"]*)""")
"""In HTML as the sanitiser writes it."""


def mark_same(connection: Connection, pairs: Sequence[tuple[Match, Candidate, Candidate]]) -> list[Match]:
    """Return the matches, those of one article that was published twice marked as such. Only their texts are read."""
    likely = [(one, other) for match, one, other in pairs if may_be_same(match, one, other)]
    whole = articles.whole(connection, sorted({item.id for pair in likely for item in pair}))
    shows = {name: shown(stored.article, html, text) for name, (stored, html, text) in whole.items()}
    return [
        msgspec.structs.replace(match, twice=same(match, one, other, shows[one.id], shows[other.id]))
        if one.id in shows and other.id in shows
        else match
        for match, one, other in pairs
    ]


def shown(article: Article, html: str, text: str) -> Shown:
    """Return what a reader is shown of an article."""
    addresses = sorted(set(_ADDRESS.findall(html)))
    image = article.image.path or article.image.url if article.image else ""
    beside = (article.title, article.byline, article.rights, article.comments_url, str(article.sponsored), image)
    return Shown(text=text, beside=(*beside, *addresses))


def settle(connection: Connection, ids: Collection[str], feeds: Mapping[str, Feed]) -> None:
    """Decide which pages tell these articles and all that hang together with them; what changes is to be printed anew."""
    everyone, pairs = doubles.together(connection, ids)
    before = doubles.given(connection, everyone)
    if not pairs and not before:
        return
    concerned = {article for group in (*pairs, *before.items()) for article in group}
    live = doubles.copies(connection, concerned)
    told = pages([_copy(row, feeds) for row in live], pairs)
    now = {row.id: told.get(row.id, row.id) for row in live if row.id in told or row.id in before}
    doubles.settled(connection, sorted(set(before) - set(now)))
    changed = {article: page for article, page in now.items() if before.get(article) != page}
    doubles.give(connection, changed)
    anew = {*changed, *changed.values(), *(before[article] for article in changed if article in before)}
    gone = {page for article, page in before.items() if article not in now}
    # The pages of their events, and of the other reports of these, are printed with them.
    stories.touch(connection, sorted(anew | gone))


def _copy(row: doubles.CopyRow, feeds: Mapping[str, Feed]) -> Copy:
    feed = feeds.get(row.feed_id) or Feed(id=row.feed_id, url=row.feed_id)
    site = urls.registrable_domain(row.url)
    return Copy(
        id=row.id, publisher="/".join(feed.section[:2]) if len(feed.section) > 1 else feed.url, mode=feed.mode,
        # The number of a machine says nothing of who publishes on it.
        home=any(map(str.isalpha, site)) and site[0] != "[" and site == urls.registrable_domain(feed.url), seq=row.seq,
        published=row.published,
    )  # fmt: skip
