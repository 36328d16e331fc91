"""What a subscribed address answered -> its entries, whether that is a feed, a sitemap, or a page with selectors."""

from __future__ import annotations

from datetime import datetime

from broadsheet.errors import NotAFeed
from broadsheet.feeds.parse import parse_feed
from broadsheet.model import ParsedFeed, Scrape


def read_source(
    data: bytes,
    *,
    url: str,
    content_type: str | None = None,
    scrape: Scrape | None = None,
    reference: datetime | None = None,
) -> ParsedFeed:
    """Return the entries of a document: by the selectors where there are any, else of a feed, else of a sitemap.

    ``reference`` is when it was fetched. Raises ``NotAFeed`` and ``LimitExceeded``.
    """
    if scrape is not None and scrape.list:
        from broadsheet.feeds.scrape import scrape_feed

        return scrape_feed(data, scrape, url=url, content_type=content_type, reference=reference)
    try:
        return parse_feed(data, url=url, content_type=content_type, reference=reference)
    except NotAFeed:
        from broadsheet.feeds.sitemap import is_sitemap, parse_sitemap

        if not is_sitemap(data):
            raise
        return parse_sitemap(data, url=url, content_type=content_type)
