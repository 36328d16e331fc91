"""The ancestor's posts as the comparison sees them."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broadsheet.articles.extract import extract_article
from broadsheet.articles.template import learn_fragments
from broadsheet.model import Entry
from broadsheet.stories.duplicates import Candidate
from broadsheet.stories.signature import sign
from tests.e2e.test_posts import Post, posts_of


def clusters(corpus: Path) -> dict[str, Any]:
    """Return the hand-made judgement over the posts."""
    found: dict[str, Any] = json.loads((corpus / "posts" / "clusters.json").read_text("utf-8"))
    return found


def candidates(corpus: Path) -> tuple[list[Candidate], dict[str, str]]:
    """Return every post as a candidate, cleaned with what its channel repeats, and the texts by name."""
    posts = posts_of(corpus)
    channels: dict[tuple[str, ...], list[Post]] = defaultdict(list)
    for post in posts:
        channels[post.section].append(post)
    templates = {section: learn_fragments(post.body for post in found) for section, found in channels.items()}
    items, texts = [], {}
    for post in posts:
        link = post.link("https://posts.example")
        entry = Entry(title=post.title, content=post.body, link=link)
        article = extract_article(b"", url=link, entry=entry, template=templates[post.section])
        texts[post.name] = article.text
        items.append(
            Candidate(
                id=post.name, feed_id="/".join(post.section), link=article.url, published=_moment(post),
                signature=sign(article.title, article.text),
            )
        )  # fmt: skip
    return items, texts


def _moment(post: Post) -> datetime:
    if post.instant:
        return post.instant
    try:
        return datetime.strptime(post.date, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime(2022, 7, 10, tzinfo=UTC)
