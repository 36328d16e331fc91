"""A source's article, front and list pages: the article, and round it all that web pages put there. Pure."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from broadsheet.demo.content import Entry, Source
from broadsheet.demo.feeds import BEIJING, article_html, entry_url, guid, media_url, summary

OTHERS = 6
"""Headlines of other articles in a sidebar."""


def article_page(source: Source, entry: Entry, base_url: str) -> bytes:
    """Return the page of one article, in the source's encoding."""
    here = source.entries.index(entry)
    turned = source.entries[here + 1 :] + source.entries[:here]
    page = (
        _templates()
        .get_template(f"{source.house}.html")
        .render(
            source=source,
            entry=entry,
            guid=guid(source, entry),
            article=article_html(source, entry, base_url),
            lead=media_url(source, entry.picture, base_url) if entry.picture else "",
            summary=summary(entry),
            local=entry.published.astimezone(BEIJING),
            canonical=entry_url(source, entry, base_url),
            others=[(other.title, entry_url(source, other, base_url)) for other in turned[:OTHERS]],
            previous=_neighbour(source, here + 1, base_url),
            following=_neighbour(source, here - 1, base_url),
            remarks=_remarks(source, here),
            home=f"{base_url}/{source.slug}/",
            feed=base_url + source.path,
            media=f"{base_url}/{source.slug}/media/",
        )
    )
    return page.encode(source.encoding, "xmlcharrefreplace")


def front_page(source: Source, base_url: str) -> bytes:
    """Return the source's front page: its headlines, and where its feed is."""
    entries = [(entry, entry_url(source, entry, base_url), summary(entry)) for entry in source.entries]
    page = _templates().get_template("front.html").render(source=source, entries=entries, feed=base_url + source.path)
    return page.encode(source.encoding, "xmlcharrefreplace")


def outlets_page(sources: tuple[Source, ...], base_url: str) -> bytes:
    """Return the list of all sources."""
    return _templates().get_template("outlets.html").render(sources=sources, base=base_url).encode()


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("broadsheet.demo"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


def _neighbour(source: Source, index: int, base_url: str) -> tuple[str, str] | None:
    """Return title and address of the entry at ``index``, if there is one."""
    if not 0 <= index < len(source.entries):
        return None
    return source.entries[index].title, entry_url(source, source.entries[index], base_url)


def _remarks(source: Source, here: int) -> list[tuple[str, str]]:
    """Return (name, text) of two readers' remarks; which two depends on the article's place."""
    count = len(source.comments)
    chosen = [source.comments[(here + step) % count] for step in range(min(2, count))]
    return [(name.strip(), text.strip()) for name, _, text in (remark.partition(":") for remark in chosen)]
