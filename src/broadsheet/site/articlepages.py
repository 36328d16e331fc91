"""The pages of one article and of one event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from broadsheet import urls
from broadsheet.model import Match, StoredArticle, story_path
from broadsheet.site import context, plan
from broadsheet.site.compose import Composer
from broadsheet.site.context import ArticlePage, Page, Target
from broadsheet.site.structured import news_article
from broadsheet.stories.differences import Passage, Piece
from broadsheet.text import reading_minutes

_RIGHT_TO_LEFT = frozenset(("ar", "fa", "he", "ur", "yi", "ps", "sd", "ug", "ckb", "dv"))
_QUOTED = {"full": 1600, "excerpt": 240, "link": 0}
"""Characters of a source's text in a comparison, by its mode: of an excerpt no more than the excerpt has."""


def article_page(
    composer: Composer, stored: StoredArticle, html: str, text: str, others: Sequence[StoredArticle], matches: Sequence[Match],
    doubles: Sequence[StoredArticle] = (),
) -> tuple[Page, ArticlePage]:  # fmt: skip
    """Return the page of one article, as much of it as its source's mode allows; ``doubles`` are what it tells too."""
    article, feed = stored.article, composer.feed(stored.article.feed_id)
    section, source, channel = composer.names(feed)
    trail = [Target(title=section, href=composer.section(feed).href)] if section else []
    trail.append(composer.source(feed))
    if channel:
        trail.append(Target(title=channel, href=composer.base + plan.spec("channel", section, source, channel).path))
    because = reasons(composer, article.id, matches)
    lead = composer.picture(article.image)
    shown = lead is not None and f'src="/{article.image.path if article.image else ""}"' in html
    full = feed.mode == "full"
    record = ArticlePage(
        title=article.title, language=article.language, html=_local(composer, html) if full else "", excerpt=article.excerpt,
        byline=article.byline, source=composer.source(feed), section=composer.section(feed), published=composer.moment(stored),
        modified=composer.modified(stored), original=article.url, original_host=urls.host(article.url),
        picture=None if (full and shown) or composer.is_elsewhere(stored) else lead,
        also=tuple(composer.also(other, because) for other in others),
        story_href=composer.href(story_path(stored.story_id)) if others else "", comments_href=urls.web_only(article.comments_url),
        rights=article.rights, minutes=reading_minutes(text), categories=article.categories,
        topics=composer.topics_of(article),
        sponsored=article.sponsored, closed=article.closed, mode=feed.mode,
        right_to_left=article.language.split("-")[0].lower() in _RIGHT_TO_LEFT,
        publications=_publications(composer, stored, doubles),
    )  # fmt: skip
    image = composer.absolute(article.image.path) if article.image and article.image.path else ""
    original = urls.web_only(article.url) if composer.config.site.copies == "canonical" else ""
    page = composer.page(
        stored.permalink, article.title, "article", trail=trail, indexed=bool(original), canonical=original,
        language=article.language, description=article.excerpt, image=image,
        structured=news_article(
            title=article.title, url=composer.absolute(stored.permalink), original=article.url, source=record.source.title,
            source_url=article.url, byline=article.byline, published=article.published or stored.first_seen,
            modified=article.modified, language=article.language, image=image,
        ),
    )  # fmt: skip
    return page, record


def _publications(
    composer: Composer, stored: StoredArticle, doubles: Sequence[StoredArticle]
) -> tuple[context.Publication, ...]:
    """Return every place where an article was published, its own first; nothing where that is one place."""
    found = []
    for item in (stored, *doubles) if doubles else ():
        article, feed = item.article, composer.feed(item.article.feed_id)
        section, source, channel = composer.names(feed)
        below = plan.spec("channel", section, source, channel) if channel else None
        found.append(
            context.Publication(
                source=composer.source(feed), published=composer.moment(item), original=article.url,
                channel=Target(title=below.title, href=composer.base + below.path) if below else None,
                original_host=urls.host(article.url), title=article.title, language=article.language,
            )
        )  # fmt: skip
    return tuple(found)


def story_page(
    composer: Composer, path: str, lead: StoredArticle, reports: Sequence[StoredArticle], because: Mapping[str, str],
    differences: Mapping[str, context.Differences], doubles: Mapping[str, Sequence[StoredArticle]],
) -> tuple[Page, context.StoryPage]:  # fmt: skip
    """Return the page of an event: its reports, the lead among them, oldest first; ``doubles`` are what each tells too."""
    ordered = sorted(reports, key=lambda item: (item.article.published or item.first_seen, item.article.id))
    feeds = [composer.feed(item.article.feed_id) for item in ordered]
    told = tuple(
        context.Told(
            title=item.article.title, language=item.article.language, source=composer.source(feed),
            href=composer.leads_to(item), published=composer.moment(item),
            excerpt="" if composer.is_elsewhere(item) else item.article.excerpt, because=because.get(item.article.id, ""),
            leads=item.article.id == lead.article.id, differences=differences.get(item.article.id),
            publications=_publications(composer, item, doubles.get(item.article.id, ())),
        )
        for item, feed in zip(ordered, feeds, strict=True)
    )  # fmt: skip
    article = lead.article
    everyone = [*ordered, *(item for group in doubles.values() for item in group)]
    first = composer.moment(ordered[0])
    record = context.StoryPage(
        title=article.title, language=article.language,
        publishers=len({composer.source(composer.feed(item.article.feed_id)).href for item in everyone}),
        first=first, last=context.later(first, composer.moment(ordered[-1])), picture=composer.picture(article.image),
        excerpt=article.excerpt, reports=told,
    )  # fmt: skip
    section = composer.section(composer.feed(article.feed_id))
    page = composer.page(
        path, article.title, "story", trail=[section] if section.title else [], description=article.excerpt,
        image=composer.absolute(article.image.path) if article.image and article.image.path else "",
    )  # fmt: skip
    return page, record


def quotable(composer: Composer, *reports: StoredArticle) -> int:
    """Return how many characters of a comparison of these reports may be published, by their sources' modes."""
    return min(_QUOTED[composer.feed(item.article.feed_id).mode] for item in reports)


def differences(
    composer: Composer, here: StoredArticle, there: StoredArticle, passages: Sequence[Passage], more: int
) -> context.Differences:
    """Return where a report differs from another; ``one`` of each passage is here, ``other`` there."""
    feed = composer.feed(there.article.feed_id)
    names = [part for part in composer.names(feed)[1:] if part]
    ours = [part for part in composer.names(composer.feed(here.article.feed_id))[1:] if part]
    title = names[0] if names[0] != ours[0] else " · ".join(names)
    return context.Differences(
        source=Target(title=title, href=composer.leads_to(there)),
        language=there.article.language, more=more,
        passages=tuple(
            context.Difference(here=_pieces(passage.one), there=_pieces(passage.other)) for passage in passages
        ),
    )  # fmt: skip


def reasons(composer: Composer, article_id: str, matches: Sequence[Match]) -> dict[str, str]:
    """Return why each other article belongs to this one, in the interface's language."""
    found = {}
    for match in matches:
        words = composer.labels[f"because_{match.kind}"]
        told = words % round(match.score * 100) if match.kind == "text" else words
        found[match.b if match.a == article_id else match.a] = told.replace("%%", "%")
    return found


def _local(composer: Composer, html: str) -> str:
    """Return stored HTML with the addresses of our pictures below the site's base path."""
    return html if composer.base == "/" else html.replace(' src="/m/', f' src="{composer.base}m/')


def _pieces(side: Sequence[Piece]) -> tuple[context.Piece, ...]:
    return tuple(context.Piece(text=piece.text, differs=piece.differs) for piece in side)
