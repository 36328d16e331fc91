"""What an article shows of other sites: films, sound, posts. A link stands in the place of each, with a still where one is known.

Nothing of theirs is loaded: what a frame would show is fetched by no one, and a still is copied like any other picture.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from broadsheet import urls
from broadsheet.articles.tree import Element, drop, last_of, make, replace, text_of
from broadsheet.text import collapse

FRAMES = ("iframe", "embed", "object", "video", "audio")
POST = "data-post"
"""Marks a frame that stands for somebody's post."""
_WAITING = ("data-src", "data-lazy-src", "data-original")
_POSTS = frozenset("twitter-tweet instagram-media tiktok-embed bluesky-embed text-post-media reddit-embed-bq".split())
"""Classes that networks give to what they have sites embed, until their script puts a frame in its place."""
_MAX_LABEL = 120
_YOUTUBE = re.compile(
    r"https?://(?:www\.)?youtube(?:-nocookie)?\.com/(?:embed|v)/(?!videoseries|live_stream)([\w-]{11})(?![\w-])",
    re.IGNORECASE,
)
_BILIBILI = re.compile(r"https?://player\.bilibili\.com/player\.html\?(?:[^#]*&)?bvid=(BV\w{10})(?!\w)", re.IGNORECASE)
_VIMEO = re.compile(r"https?://player\.vimeo\.com/video/(\d{1,12})(?:\?(?!(?:[^#]*&)?h=)|#|$)", re.IGNORECASE)


class _Shown(NamedTuple):
    """Where a player's film can be seen, and its still; empty where none is known."""

    address: str
    still: str = ""


def address_of(frame: Element) -> str:
    """Return what a frame or player loads, at once or when it is scrolled to; may be empty, or no address at all."""
    inner = frame.find(".//source") if frame.tag in ("video", "audio") else frame.find(".//embed")
    given = [frame.get(name) for name in (*_WAITING, "src", "data")]
    given.append(inner.get("src") if inner is not None else "")
    named = [address.strip() for address in given if address and address.strip()]
    return next((address for address in named if not address.startswith(("about:", "data:"))), "")


def posts_to_frames(root: Element) -> None:
    """Put a frame in the place of every embedded post: it is someone else's text, and shown by a script elsewhere."""
    for quote in list(root.iter("blockquote")):
        if not _POSTS.intersection((quote.get("class") or "").split()):
            continue
        last = last_of(quote.iter("a"))
        named = (quote.get("cite"), quote.get("data-instgrm-permalink"), last.get("href") if last is not None else "")
        address = next((one.strip() for one in named if one and urls.is_http(one.strip())), "")
        if address:
            replace(quote, make("iframe", **{"src": address, "title": _signature(quote), POST: "1"}))


def _signature(quote: Element) -> str:
    """Return what stands beside a post's own paragraphs: whose it is, and when it was written."""
    said = [quote.text, *(part for child in quote for part in ("" if child.tag == "p" else text_of(child), child.tail))]
    label = collapse(" ".join(part or "" for part in said)).lstrip("—–- ")
    return label if len(label) <= _MAX_LABEL else ""


def frames_to_links(root: Element, base_url: str) -> None:
    """Put a link in the place of every frame and player, with a still before it where one is known."""
    for frame in list(root.iter(*FRAMES)):
        if frame.getparent() is None:
            continue  # inside one that is gone
        given = address_of(frame)
        target = urls.resolve(base_url, given) if given else ""
        if not urls.is_http(target):
            drop(frame)
            continue
        shown = _shown(target)
        poster = (frame.get("poster") or "").strip()
        link = make("p")
        link.append(make("a", collapse(frame.get("title") or "") or urls.host(target), href=shown.address))
        replace(frame, link)
        if still := shown.still or (urls.resolve(base_url, poster) if poster else ""):
            picture = make("a", href=shown.address)
            picture.append(make("img", src=still, alt=""))
            link.addprevious(make("p"))
            link.getprevious().append(picture)


def _shown(address: str) -> _Shown:
    if found := _YOUTUBE.match(address):
        return _Shown(f"https://www.youtube.com/watch?v={found[1]}", f"https://i.ytimg.com/vi/{found[1]}/hqdefault.jpg")
    if found := _BILIBILI.match(address):
        return _Shown(f"https://www.bilibili.com/video/{found[1]}/")
    if found := _VIMEO.match(address):
        return _Shown(f"https://vimeo.com/{found[1]}")
    return _Shown(address)
