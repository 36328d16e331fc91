"""JSON-LD that credits the source (schema.org NewsArticle)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


def news_article(
    *, title: str, url: str, original: str, source: str, source_url: str, byline: str, published: datetime,
    modified: datetime | None, language: str, image: str,
) -> str:  # fmt: skip
    """Return JSON that is safe inside a script element: no ``<``, ``>`` or ``&`` stands in it as itself."""
    document: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": title[:250],
        "url": url,
        "isBasedOn": original,
        "datePublished": published.isoformat(),
        "dateModified": modified.isoformat() if modified else None,
        "inLanguage": language,
        "author": {"@type": "Person", "name": byline} if byline else {"@type": "Organization", "name": source},
        "sourceOrganization": {"@type": "Organization", "name": source, "url": source_url},
    }
    if image:
        document["image"] = [image]
    text = msgspec.json.encode({key: value for key, value in document.items() if value}).decode()
    return (
        text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        .replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    )  # fmt: skip
