"""Articles and events as our own feeds carry them."""

from __future__ import annotations

from html import escape

import msgspec

from broadsheet.model import StoredArticle
from broadsheet.site.compose import Composer
from broadsheet.site.listpages import FrontStory
from broadsheet.site.outfeeds import OutEntry


def story_entry(composer: Composer, story: FrontStory, entry: OutEntry) -> OutEntry:
    """Return an event as our own feed carries it: its leading report's entry, and links to the others under it."""
    links = "".join(
        f'<li><a href="{escape(_public(composer, other))}">{escape(other.article.title)}</a> '
        f"({escape(composer.source(composer.feed(other.article.feed_id)).title)})</li>"
        for other in story.others
    )
    told = escape(composer.labels["reported_by"] % story.publishers)
    # Named after the first report, so that a subscriber gets an event once however many reports follow.
    return msgspec.structs.replace(
        entry,
        id=composer.absolute(story.first),
        html=(entry.html or f"<p>{escape(entry.summary)}</p>") + f"<p>{told}</p><ul>{links}</ul>"
        if links
        else entry.html,
    )


def _public(composer: Composer, stored: StoredArticle) -> str:
    return stored.article.url if composer.is_elsewhere(stored) else composer.absolute(stored.address)


def out_entry(composer: Composer, stored: StoredArticle, html: str = "") -> OutEntry:
    """Return an article as our feeds carry it: whole where ``html`` is given and its source's mode allows."""
    article, feed = stored.article, composer.feed(stored.article.feed_id)
    shown = html.replace(' src="/m/', f' src="{composer.absolute("m/")}') if feed.mode == "full" else ""
    published = article.published or stored.first_seen
    modified = composer.modified(stored)
    return OutEntry(
        id=composer.absolute(stored.permalink), title=article.title,
        url=_public(composer, stored), original=article.url,
        html=shown, summary="" if shown or composer.is_elsewhere(stored) else article.excerpt, published=published,
        updated=article.modified if modified and article.modified else published,
        author=article.byline, source=composer.source(feed).title, source_url=composer.origin + composer.source(feed).href,
        language=article.language, categories=article.categories,
        image=composer.absolute(article.image.path) if article.image and article.image.path else "",
    )  # fmt: skip
