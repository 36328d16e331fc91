"""No address of a feed is printed as a link unless it is one of the web."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from broadsheet.newspaper import Newspaper
from broadsheet.urls import web_only
from tests.conftest import Answer, Web

HOSTILE = [
    "javascript:alert(1)", "JaVaScRiPt://x/%0aalert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "mailto:a@b"
]  # fmt: skip
_LINK = re.compile(r'(?:href|src|action|content)="\s*([a-z][a-z0-9+.-]*):', re.IGNORECASE)


@pytest.mark.parametrize("mode", ["full", "excerpt", "link"])
@pytest.mark.parametrize("form", ["rss", "json"])
def test_only_links_of_the_web_are_printed(paper: Callable[..., Newspaper], web: Web, mode: str, form: str) -> None:
    for number, link in enumerate(HOSTILE):
        if form == "rss":
            body = (
                f"<rss><channel><title>Feed {number}</title><link>{link}</link><item>"
                f"<title>Item {number}</title><link>{link}</link><guid>{link}</guid><comments>{link}</comments>"
                f"<source url='{link}'>s</source>"
                f"<description>Text {number}.</description></item></channel></rss>"
            ).encode()
        else:
            item = {"id": link, "url": link, "external_url": link, "title": f"Item {number}", "content_text": f"Text {number}.",
                    "image": link, "authors": [{"name": "A", "url": link}]}  # fmt: skip
            feed = {
                "version": "https://jsonfeed.org/version/1.1",
                "title": f"Feed {number}",
                "home_page_url": link,
                "items": [item],
            }
            body = json.dumps(feed).encode()
        web.pages[f"/{number}"] = Answer(body)
    made = paper(*(f"{web.url}/{number}" for number in range(len(HOSTILE))), mode=mode)
    assert made.run().articles_new == len(HOSTILE)
    for page in (made.folder / "public").rglob("*.html"):
        assert set(_LINK.findall(page.read_text("utf-8"))) <= {"http", "https"}, page
    for name in ("feed.xml", "feed.json"):
        assert "javascript:" not in (made.folder / "public" / name).read_text("utf-8").lower()


def test_what_is_of_the_web() -> None:
    assert web_only("https://a.example/x?y#z") == "https://a.example/x?y#z"
    assert [web_only(link) for link in (*HOSTILE, "", "/x", "https://")] == [""] * (len(HOSTILE) + 3)
