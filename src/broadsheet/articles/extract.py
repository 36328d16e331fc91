"""A page and the feed's entry -> the article, clean.

The page is cut down to the blocks of its article (``choose``); the feed's own content wins where it is whole. What the
source repeats, the title on top of the body, lines of editors and the like are taken out, each with its reason; the
sanitiser comes last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Literal, NamedTuple

import msgspec
from lxml import etree

from broadsheet import urls
from broadsheet.articles import page, paging, walls
from broadsheet.articles.affixes import Affixes, cut_affixes
from broadsheet.articles.container import MIN_EVERY, Container, agreement, is_checked
from broadsheet.articles.edges import drop_edge_lines, drop_read_on, drop_title
from broadsheet.articles.embeds import frames_to_links
from broadsheet.articles.images import body_images, is_same_picture, lead_image, settle_sources
from broadsheet.articles.limits import MAX_BYTES, exceeded
from broadsheet.articles.metadata import Metadata, read_metadata, with_date
from broadsheet.articles.rules import NONE, QUOTED, Rules, body_by, drop_by, drop_lines_by
from broadsheet.articles.sanitize import sanitize_html
from broadsheet.articles.structure import links_to_targets, paragraphs_from_breaks, settle
from broadsheet.articles.template import Template, apply_template
from broadsheet.articles.tree import (
    Element,
    drop,
    last_blocks,
    lines,
    parse_fragment,
    prune,
    raw_text,
    serialise,
    text_blocks,
    text_of,
)
from broadsheet.articles.wholeness import SHARE, is_whole
from broadsheet.errors import ExtractError, LimitExceeded
from broadsheet.model import Article, Entry, Image, Removed
from broadsheet.text import clean, collapse, digest, excerpt, language, plain_title, visible_text, words

VERSION = 6
"""Of the extract stage; a higher one makes every stored article due again."""

_ADVERT = re.compile(
    r"^\s*(?:[【\[（(]?(?:广告|廣告|推广|推廣|Sponsor(?:ed)?(?: post| content)?|Paid post|Advertisement|Ad|Anzeige)[】\])）:：]|"
    r"[【\[]PR[】\]])", re.IGNORECASE,
)  # fmt: skip
_TAG = re.compile(r"<[a-zA-Z/!?]")
_WRAPPED = range(50, 91)
"""Characters of lines that break where a width says so, not where the writer does."""
_MAX_COMMENTS = 20


def extract_article(
    html: bytes, *, url: str, entry: Entry | None = None, template: Template | None = None, rules: Rules = NONE,
    more: Sequence[tuple[bytes, str]] = (),
) -> Article:  # fmt: skip
    """Return the article of a page, with the feed's entry and the site's template as evidence where given.

    ``rules`` are a person's for the site; they come before what is judged and learnt. ``more`` are its further pages, in their
    order, with their addresses; ``provenance["next"]`` is the address of the page that follows those.

    Raises ``ExtractError`` where neither holds any text, ``LimitExceeded`` where the page is more than a parser may have
    and the feed gives nothing in its place. ``published`` is left empty when nobody gives a date; it is in the zone in which the
    page gives it, so that its day is the publisher's.
    """
    found, refused, page_base = _Found(), list[Removed](), page.base_of(html, url)
    try:
        found = _from_page(html, url, page_base, entry, template, rules, more) if html else found
    except LimitExceeded as error:
        if not (entry and (entry.content or entry.summary)):
            raise
        refused = [Removed(what="page", why="more than a parser may have", evidence=f"limit {error.limit}")]
    meta = found.meta
    if found.wall is not None:
        refused.append(Removed(what="page", why=found.wall.kind, evidence=found.wall.evidence))
        _drop_offers(found.cut.body)
    markup, origin = _choose(found.cut.body, entry)
    if not markup and found.cut.body is None and not (entry and entry.title):
        raise ExtractError(f"{url}: neither the page nor the feed holds any text")
    title = _title(entry, meta)
    base = page_base if origin == "page" or not (entry and entry.link) else entry.link
    if origin == "page" and found.cut.body is not None:
        root = found.cut.body
        removed = [*found.removed, *tidy_tree(root, base_url=base, title=title, template=template, rules=rules)]
    else:
        root, removed = tidy(markup, base_url=base, title=title, template=template, rules=rules)
    text = "\n".join(lines(root))
    safe = sanitize_html(serialise(root), base_url=base)
    images = body_images(root)
    lead = _lead(entry, found, images, template)
    named = _language(title, text, entry, meta)
    byline = ", ".join(_names(entry))
    provenance = {
        "title": "feed" if entry and entry.title else meta.origin.get("title", ""),
        "byline": "feed" if byline else meta.origin.get("byline", ""),
        "text": origin,
        "next": found.following if origin != "feed" else "",
        "doubt": found.doubt,
        "page_words": str(words(clean(raw_text(found.cut.body))))
        if entry and (entry.content or entry.summary) and found.cut.body is not None and not found.wall
        else "",
    }
    return Article(
        title=title or excerpt(text, width=80), byline=byline or ", ".join(meta.authors),
        published=_published(entry, meta), published_source=_published_source(entry, meta),
        modified=(entry.updated if entry else None) or meta.modified, language=named,
        html=safe, text=text, excerpt=excerpt(_lead_text(root, text, entry), width=240), image=lead,
        images=tuple(images), url=_canonical(url, meta, entry), comments_url=entry.comments_url if entry else "",
        categories=tuple(dict.fromkeys(filter(None, (plain_title(name) for name in entry.categories)))) if entry else (),
        rights=plain_title(entry.rights or entry.license) if entry else "", sponsored=_is_advert(title, text, removed),
        closed=found.wall is not None and found.wall.kind == "paywall" and origin != "feed",
        digest=digest(title, text), removed=(*refused, *removed),
        provenance={name: value for name, value in provenance.items() if value},
    )  # fmt: skip


def feed_date(entry: Entry) -> datetime | None:
    """Return when the feed says that an entry was published."""
    return entry.published or entry.updated or entry.created


def date_article(article: Article, first_seen: datetime, ahead: timedelta = timedelta(0)) -> Article:
    """Return the article with dates in UTC and one that can be printed: never in the future, the day of first sight without any.

    An estimate is exact to the day only, and says so by ``published_source``. ``ahead`` is by how much the feed's dates are
    known to be later than the truth.
    """
    moments = {name: moment.astimezone(UTC) for name in ("published", "modified") if (moment := getattr(article, name))}
    article = msgspec.structs.replace(article, **moments)
    if ahead and article.published is not None and article.published_source == "feed":
        article = msgspec.structs.replace(article, published=article.published - ahead)
    day = first_seen.replace(hour=0, minute=0, second=0, microsecond=0)
    if article.published is None:
        return msgspec.structs.replace(article, published=day, published_source="first_seen")
    if article.published > first_seen + timedelta(minutes=10):
        return msgspec.structs.replace(article, published=day, published_source="clamped")
    if article.published < datetime(1995, 1, 1, tzinfo=UTC):
        return msgspec.structs.replace(article, published=day, published_source="first_seen")
    return article


def tidy(
    markup: str, *, base_url: str, title: str = "", template: Template | None = None, rules: Rules = NONE
) -> tuple[Element, list[Removed]]:
    """Return the body as a tree without furniture, and what was taken out. Not yet sanitised."""
    limit = exceeded(markup)
    if limit:
        return parse_fragment(f"<p>{_escape(visible_text(markup[: 4 * MAX_BYTES]))}</p>"), [
            Removed(what="markup", why="too long, too deep or too many attributes", evidence=f"limit {limit}")
        ]
    root = parse_fragment(markup)
    removed = tidy_tree(root, base_url=base_url, title=title, template=template, rules=rules)
    return root, [*_comments(markup), *removed]


def _comments(markup: str) -> list[Removed]:
    """Return the comments in a feed's markup, each once: the parser drops them, and nothing is cut without being named."""
    found: dict[str, None] = {}
    start = markup.find("<!--")
    while start >= 0 and len(found) < _MAX_COMMENTS and (end := markup.find("-->", start)) >= 0:
        if said := collapse(markup[start + 4 : end]):
            found[said[:QUOTED]] = None
        start = markup.find("<!--", end)
    return [Removed(what=said, why="no text of the article", evidence="comment") for said in found]


def tidy_tree(
    root: Element, *, base_url: str, title: str = "", template: Template | None = None, rules: Rules = NONE
) -> list[Removed]:
    """Take the furniture out of a body and return what that was. Not yet sanitised."""
    removed = drop_by(root, rules)
    removed += [
        Removed(what=f"<{element.tag}> block", why="no text of the article", evidence="element")
        for element in root.iter("style", "script")
    ]
    settle(root)
    etree.strip_elements(root, "style", "script", "noscript", "template", "form", "button", "input", with_tail=False)
    frames_to_links(root, base_url)
    removed += settle_sources(root, base_url)
    links_to_targets(root, base_url)
    paragraphs_from_breaks(root)
    blocks = text_blocks(root)
    recurring = apply_template(root, template, rules.keep, blocks) if template is not None else []
    recurring += drop_lines_by(root, rules)
    if recurring:  # what held them may be a block by itself now
        blocks = text_blocks(root)
    removed += recurring
    removed += drop_edge_lines(blocks, rules)
    removed += drop_read_on(blocks, base_url, rules)
    removed += drop_title(blocks, title) if title[:QUOTED] not in rules.keep else []
    left = [block for block, _ in blocks if block.getparent() is not None] or [root]
    removed += cut_affixes(
        left[0], left[-1], title, template.affixes if template else Affixes(), template.samples if template else 0,
        rules.keep,
    )  # fmt: skip
    for heading in root.iter("h1"):
        heading.tag = "h2"
    prune(root)
    return removed


class _Found(NamedTuple):
    """What a page gives: its article, what it says of itself, and what stands before the article or the rest of it."""

    cut: page.Cut = page.Cut()
    meta: Metadata = Metadata()
    wall: walls.Wall | None = None
    removed: tuple[Removed, ...] = ()
    following: str = ""
    """Address of the article's next page, of which nothing is known yet."""
    doubt: str = ""
    """What speaks against the site's container."""


def _from_page(
    html: bytes, url: str, base: str, entry: Entry | None, template: Template | None, rules: Rules,
    more: Sequence[tuple[bytes, str]],
) -> _Found:  # fmt: skip
    fast: _Found | None = None
    container = template.container if template is not None and not (rules.body or rules.drop) else Container()
    if container.selector and (
        parts := page.cut_by(
            html,
            url,
            container,
            titled=bool(entry and entry.title),
            author=_signed(entry),
            dated=_is_dated(entry),
            base=base,
        )
    ):
        cut, meta = parts
        near = [text_of(block) for block in last_blocks(cut.body, 3)]
        fast = _Found(cut, _with_byline(meta, cut.byline), walls.behind(cut.body, near, meta.closed))
        if not is_checked(url):
            return fast
    found = _judged(html, url, base, entry, rules, more)
    if fast is None or fast.cut.body is None or found.cut.body is None:
        return found
    alike = agreement(fast.cut.body, found.cut.body)
    return fast if alike >= MIN_EVERY else found._replace(doubt=f"its container has {alike:.0%} of the same words")


def _judged(
    html: bytes, url: str, base: str, entry: Entry | None, rules: Rules, more: Sequence[tuple[bytes, str]]
) -> _Found:
    """Return what a page gives where each of its blocks is judged."""
    tree = page.parse_page(html, url)
    if tree is None:
        return _Found()
    known = plain_title(entry.title) if entry else ""
    wall = walls.instead(tree, url, asked=entry.link if entry else "", title=known)
    if wall is not None:
        return _Found(wall=wall)
    is_titled = walls.is_titled(tree, known)
    following = paging.next_page(tree, url, url, 1) if paging.may_go_on(html, url) else ""
    meta = read_metadata(tree, url)
    title = _title(entry, meta)
    byline = _signed(entry) or ", ".join(meta.authors)
    if not (meta.published or _is_dated(entry)):
        meta = with_date(meta, tree, url)
    removed = drop_by(tree, rules)
    if (body := body_by(tree, rules)) is not None:
        return _joined(_Found(page.Cut(body), meta, None, tuple(removed), following), url, more, title, rules)
    cut = page.cut(tree, url, title=title, author=byline, site=meta.site, image=meta.image, base=base)
    wall = walls.excuse(cut.body, is_titled) if cut.body is not None else None
    if cut.body is None or wall is not None:
        cut = page.cut_scripts(html, url)
    if cut.body is None and wall is not None:
        return _Found(wall=wall)
    meta = _with_byline(meta, cut.byline)
    wall = walls.behind(cut.body, cut.near, meta.closed) if cut.body is not None else None
    return _joined(_Found(cut, meta, wall, tuple(removed), following), url, more, title, rules)


def _signed(entry: Entry | None) -> str:
    return plain_title(entry.authors[0].name) if entry and entry.authors else ""


def _names(entry: Entry | None) -> list[str]:
    """Return the names of an entry's authors, each once: feeds mark them up and escape them as they do titles."""
    return list(dict.fromkeys(filter(None, (plain_title(str(person)) for person in entry.authors)))) if entry else []


def _is_dated(entry: Entry | None) -> bool:
    return entry is not None and feed_date(entry) is not None


def _with_byline(meta: Metadata, byline: str) -> Metadata:
    """Return the metadata with the author that the page shows, or who else they say, where they name no person."""
    named = (byline,) if byline else meta.publisher
    if meta.authors or not named:
        return meta
    return msgspec.structs.replace(
        meta, authors=named, origin=meta.origin | {"byline": "page" if byline else "meta"}
    )  # fmt: skip


def _joined(found: _Found, first: str, more: Sequence[tuple[bytes, str]], title: str, rules: Rules) -> _Found:
    """Return what was found with the bodies of further pages at its end, as long as each says something new."""
    body = found.cut.body
    if body is None or found.wall is not None:
        return found._replace(following="")
    for known, (html, address) in enumerate(more, 2):
        tree = page.parse_page(html, address)
        if tree is None:
            return found._replace(following="")
        following = paging.next_page(tree, address, first, known)
        further = body_by(tree, rules)
        if further is None:
            further = page.cut(tree, address, title=title).body
        if further is None or not paging.join(body, further):
            return found._replace(following="")
        found = found._replace(following=following)
    return found


def _drop_offers(body: Element | None) -> None:
    """Take what a paywall says out of what is left of an article."""
    for block in last_blocks(body, 3) if body is not None else ():
        if walls.is_offer(text_of(block)):
            drop(block)


def _choose(body: Element | None, entry: Entry | None) -> tuple[str, Literal["feed", "page", ""]]:
    """Return whose words are better, and the feed's: the feed's where it is whole, the page's where that says more."""
    own = (entry.content or entry.summary) if entry else ""
    if entry and own and not _TAG.search(own):
        own = _paragraphs(_escape(own) if _is_plain(entry) else own)
    if body is None:
        return own, "feed" if own else ""
    if not own:
        return "", "page"
    theirs, ours = words(" ".join(body.itertext())), words(visible_text(own))
    if entry and is_whole(entry) and ours >= SHARE * theirs:
        return own, "feed"
    return ("", "page") if theirs > ours else (own, "feed")


def _is_plain(entry: Entry) -> bool:
    """Return whether signs that mean something in markup mean themselves in an entry's text."""
    detail = entry.details.get("content" if entry.content else "summary")
    return detail is not None and detail.type == "text/plain"


def _paragraphs(text: str) -> str:
    """Return markup of a text that has none but its lines: one that a width has broken is one line."""
    parts = []
    for part in filter(None, map(str.strip, re.split(r"\n\s*\n", text.replace("\r\n", "\n")))):
        *before, _ = said = part.split("\n")
        is_wrapped = all(len(line) in _WRAPPED for line in before)
        parts.append("<p>" + ("\n" if is_wrapped else "<br>").join(said) + "</p>")
    return "".join(parts)


def _title(entry: Entry | None, meta: Metadata) -> str:
    return plain_title(entry.title, _title_type(entry)) if entry and entry.title else meta.title


def _title_type(entry: Entry) -> str:
    detail = entry.details.get("title")
    return detail.type if detail else ""


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _lead(entry: Entry | None, found: _Found, images: list[Image], template: Template | None) -> Image | None:
    known = {image.url: image for image in images}
    candidates: list[Image] = []
    if entry and entry.image:
        candidates.append(entry.image)
    if entry:
        candidates += [Image(url=item.url) for item in entry.enclosures if item.type.startswith("image/")]
    if found.cut.picture:
        candidates.append(found.cut.picture)
    if found.meta.image:
        candidates += [image for image in images if is_same_picture(image.url, found.meta.image)][:1]
        candidates.append(Image(url=found.meta.image))
    candidates = [known.get(image.url, image) for image in candidates] + images
    recurring = template.images if template else {}
    return lead_image([image for image in candidates if image.url not in recurring])


def _lead_text(root: Element, text: str, entry: Entry | None) -> str:
    paragraphs = (said for block in root.iter("p") if len(said := text_of(block)) > 20)
    if first := list(islice(paragraphs, 4)):
        return " ".join(first)
    return text or (visible_text(entry.summary) if entry else "")


def _language(title: str, text: str, entry: Entry | None, meta: Metadata) -> str:
    hint = (entry.language if entry else "") or meta.language
    return language(f"{title}\n{text}", hint)


def _published(entry: Entry | None, meta: Metadata) -> datetime | None:
    return (_entry_date(entry, meta) if entry else None) or meta.published


def _entry_date(entry: Entry, meta: Metadata) -> datetime | None:
    # A sitemap says of a page without a title when it was last written, not when it came out: the page knows better.
    bare = not (entry.published or entry.title or entry.content or entry.summary)
    return None if bare and meta.published else feed_date(entry)


def _published_source(entry: Entry | None, meta: Metadata) -> Literal["feed", "page", ""]:
    if entry and _entry_date(entry, meta):
        return "feed"
    return "page" if meta.published else ""


def _canonical(url: str, meta: Metadata, entry: Entry | None) -> str:
    """Return the original's address; a canonical link to another site is a hint only and not followed."""
    own = urls.unwrap(entry.link if entry and entry.link else url)
    if meta.canonical and urls.registrable_domain(meta.canonical) == urls.registrable_domain(own):
        return urls.strip_trackers(meta.canonical)[0]
    return urls.strip_trackers(own)[0]


def _is_advert(title: str, text: str, removed: list[Removed]) -> bool:
    noticed = any(item.why == "advert notice" for item in removed)
    return noticed or bool(_ADVERT.match(title) or _ADVERT.match(text))
