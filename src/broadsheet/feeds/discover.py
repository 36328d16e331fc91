"""A web page to its feeds: what it says, what its links look like, where feeds often are. Nothing is fetched."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode

import ada_url
import lxml.html
from lxml import etree

from broadsheet import encoding, urls
from broadsheet.model import Record

MAX_BYTES = 2_000_000
MAX_CANDIDATES = 50
_TYPES = {
    "application/rss+xml": 0,
    "application/atom+xml": 0,
    "application/feed+json": 1,
    "application/rdf+xml": 1,
    "application/x-rss+xml": 1,
    "application/json": 2,
    "application/xml": 2,
    "text/xml": 2,
}
_FEED_PATH = re.compile(
    r"(?:^|[/.\-_=])(?:rss|atom|feed|feeds|rdf|rss2|index\.xml|feed\.json)(?:$|[/.?\-_&])|\.(?:rss|atom|rdf)$",
    re.IGNORECASE,
)
_FEED_TEXT = re.compile(r"\b(?:rss|atom|feed|xml)\b|订阅|訂閱|フィード|구독", re.IGNORECASE)
_COMMENTS = re.compile(r"comments?(?:/|-)?(?:feed|rss)|/comments/", re.IGNORECASE)
_WELL_KNOWN = (
    "/feed",
    "/rss",
    "/atom.xml",
    "/feed.xml",
    "/rss.xml",
    "/index.xml",
    "/feed.json",
    "/feed/",
    "/?feed=rss2",
    "/blog/feed",
)
_SCAN = 5_000

Source = Literal["known", "link", "anchor", "well-known"]


class Candidate(Record, frozen=True, kw_only=True):
    """An address at which a feed may be. Those that the page names come before those that are only usual."""

    url: str
    title: str = ""
    type: str = ""
    source: Source = "link"
    rank: int = 0
    """0 is the surest; candidates are sorted by it."""


def discover(html: bytes, url: str) -> list[Candidate]:
    """Return the feeds that a page offers, the surest first, each address once and of scheme http or https only.

    Feeds of comments come after the others. Well-known paths of the site come last; they are guesses to be tried.
    """
    found: dict[str, Candidate] = {}
    for address in known_feed_addresses(url):
        _add(found, Candidate(url=address, source="known", rank=0))
    text = encoding.to_utf8(html[:MAX_BYTES]).data.decode("utf-8", "replace").replace("\x00", "")
    if urls.host(url) in _YOUTUBE and (channel := _channel(text)):
        _add(found, Candidate(url=f"{_VIDEOS}?channel_id={channel}", source="known", rank=0))
    page = _page(text)
    if page is not None:
        if (parsed := _parsed(url)) and _is_mastodon(page):
            for address in _mastodon(parsed):
                _add(found, Candidate(url=address, source="known", rank=0))
        base = _base(page, url)
        for candidate in (*_links(page, base), *_anchors(page, base)):
            _add(found, candidate)
    if urls.is_http(url):
        for number, path in enumerate(_WELL_KNOWN):
            _add(found, Candidate(url=urls.resolve(url, path), source="well-known", rank=100 + number))
    return sorted(found.values(), key=lambda candidate: candidate.rank)[:MAX_CANDIDATES]


def _add(found: dict[str, Candidate], candidate: Candidate) -> None:
    if urls.is_http(candidate.url) and len(found) < 10 * MAX_CANDIDATES:
        old = found.get(candidate.url)
        if old is None or candidate.rank < old.rank:
            found[candidate.url] = candidate


def _page(text: str) -> Any:
    # libxml2 ends at 256 nested elements; a browser's parser takes 5 s for 49,000 of them, and four times that for twice as many.
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        return lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):
        return None


def _base(page: Any, url: str) -> str:
    href = next((node.get("href").strip() for node in page.iter("base") if node.get("href")), "")
    return (urls.resolve(url, href) or url) if href else url


def _links(page: Any, base: str) -> list[Candidate]:
    found = []
    for node in islice(page.iter("link"), _SCAN):
        attributes = node.attrib
        if not attributes.get("href"):
            continue
        rel = (attributes.get("rel") or "").lower().split()
        media_type = (attributes.get("type") or "").partition(";")[0].strip().lower()
        rank = _TYPES.get(media_type)
        if not {"alternate", "feed"} & set(rel) or (rank is None and "feed" not in rel) or "stylesheet" in rel:
            continue
        address = urls.resolve(base, (attributes.get("href") or "").strip())
        if media_type.endswith("/json") and not _FEED_PATH.search(address):
            continue  # WordPress announces its whole API as an alternate of type application/json
        title = " ".join((attributes.get("title") or "").split())[:200]
        rank = 1 + (rank or 0) + (20 if _COMMENTS.search(address) else 0)
        found.append(Candidate(url=address, title=title, type=media_type, source="link", rank=rank))
    return found


def _anchors(page: Any, base: str) -> list[Candidate]:
    found = []
    for node in islice(page.iter("a"), _SCAN):
        href = (node.get("href") or "").strip()
        if not href or len(href) > urls.MAX_LENGTH or href[0] == "#":
            continue
        if href[:5].lower() == "feed:":
            href = href[5:] if href[5:9].lower() == "http" else "http:" + href[5:]
        looks = bool(_FEED_PATH.search(href.partition("#")[0]))
        media_type = (node.get("type") or "").lower()
        if not looks and media_type not in _TYPES:
            continue
        text = " ".join("".join(islice(node.itertext(), 100))[:500].split())[:200]
        rank = 10 if _FEED_TEXT.search(text) or media_type in _TYPES else 15
        address = urls.resolve(base, href)
        found.append(
            Candidate(
                url=address,
                title=text,
                type=media_type,
                source="anchor",
                rank=rank + (20 if _COMMENTS.search(address) else 0),
            )
        )
    return found


def known_feed_addresses(url: str) -> tuple[str, ...]:
    """Return the feed addresses of a page on a well-known site: YouTube, GitHub, Mastodon, Reddit and others."""
    parsed = _parsed(url)
    if parsed is None:
        return ()
    site = str(parsed.hostname).removeprefix("www.").removeprefix("m.")
    parts = [part for part in str(parsed.pathname).split("/") if part]
    query = {name: values[0] for name, values in parse_qs(str(parsed.search).lstrip("?"), max_num_fields=None).items()}
    for names, build in _SITES:
        if site in names:
            return tuple(build(parts, query))
    if site.endswith((".substack.com", ".medium.com", ".wordpress.com", ".bearblog.dev")):
        return (f"https://{site}/feed/" if "bearblog" in site else f"https://{site}/feed",)
    if site.endswith(".tumblr.com"):
        return (f"https://{site}/rss",)
    if site.endswith(".blogspot.com"):
        return (f"https://{site}/feeds/posts/default",)
    # Mastodon and its kin: /@name on any host.
    if parts and re.fullmatch(r"@[\w.]{1,64}", parts[0]) and len(parts) <= 2:
        return (f"https://{parsed.host}/{parts[0]}.rss",)
    if site.startswith(("mastodon.", "mstdn.")):
        return _mastodon(parsed)
    if site.startswith("lemmy.") and len(parts) == 2 and parts[0] in ("c", "u"):
        return (f"https://{parsed.host}/feeds/{parts[0]}/{parts[1]}.xml",)
    return ()


def _parsed(url: str) -> ada_url.URL | None:
    try:
        return ada_url.URL(url) if urls.is_http(url) else None
    except (ValueError, UnicodeError):
        return None


def _mastodon(parsed: ada_url.URL) -> tuple[str, ...]:
    """Return the feed of an account's or a tag's page, on a host that is known to run Mastodon or what has its addresses."""
    path = str(parsed.pathname).rstrip("/").removesuffix(".rss")
    return (f"https://{parsed.host}{path}.rss",) if _ACCOUNT.fullmatch(path) else ()


def _is_mastodon(page: Any) -> bool:
    """Return whether a page says that Mastodon or Pleroma made it: by its generator, or where it starts the program."""
    for node in islice(page.iter("meta", "div"), _SCAN):
        names = node.get("name") in ("generator", "application-name")
        if (names and _FEDIVERSE.match(node.get("content") or "")) or node.get("id") in _PROGRAMS:
            return True
    return False


_ACCOUNT = re.compile(r"/(?:users/[\w.\-]{1,64}|tags/[^/]{1,200}|@[\w.\-]{1,64}/tagged/[^/]{1,200})")
_FEDIVERSE = re.compile(r"mastodon|pleroma|akkoma", re.IGNORECASE)
_PROGRAMS = frozenset(("mastodon", "mastodon-timeline"))
_VIDEOS = "https://www.youtube.com/feeds/videos.xml"
_YOUTUBE = frozenset(("youtube.com", "www.youtube.com", "m.youtube.com"))
# Of a page under a handle or of a video; the surest first: a page names the channels of other videos too.
_CHANNEL = [
    re.compile(pattern)
    for pattern in (
        r"feeds/videos\.xml\?channel_id=(UC[\w\-]{22})",
        r'<link rel="canonical" href="https://www\.youtube\.com/channel/(UC[\w\-]{22})"',
        r'<meta itemprop="(?:identifier|channelId)" content="(UC[\w\-]{22})"',
        r'"external(?:Channel)?Id":"(UC[\w\-]{22})"',
        r'"channelId":"(UC[\w\-]{22})"',
    )
]


def _channel(page: str) -> str:
    """Return the channel of a page of YouTube's, or nothing."""
    return next((match[1] for pattern in _CHANNEL if (match := pattern.search(page))), "")


def _youtube(parts: list[str], query: dict[str, str]) -> list[str]:
    feed = _VIDEOS
    if query.get("list") and re.fullmatch(r"[\w\-]{10,64}", query["list"]):
        return [f"{feed}?playlist_id={query['list']}"]
    if len(parts) >= 2 and parts[0] == "channel" and re.fullmatch(r"UC[\w\-]{22}", parts[1]):
        return [f"{feed}?channel_id={parts[1]}"]
    if len(parts) >= 2 and parts[0] == "user":
        return [f"{feed}?user={parts[1]}"]
    return []


def _github(parts: list[str], _query: dict[str, str]) -> list[str]:
    if len(parts) == 1:
        return [f"https://github.com/{parts[0]}.atom"]
    if len(parts) >= 2:
        repository = f"https://github.com/{parts[0]}/{parts[1].removesuffix('.git')}"
        if parts[2:3] == ["commits"] and len(parts) > 3:
            return [f"{repository}/commits/{'/'.join(parts[3:]).removesuffix('.atom')}.atom"]
        order = ("tags", "releases", "commits") if parts[2:3] == ["tags"] else ("releases", "tags", "commits")
        return [f"{repository}/{name}.atom" for name in (order if parts[2:3] != ["commits"] else ("commits",))]
    return []


def _gitlab(parts: list[str], _query: dict[str, str]) -> list[str]:
    if len(parts) >= 2 and parts[0] not in ("explore", "help", "users"):
        project = "/".join(parts[: parts.index("-")] if "-" in parts else parts)
        return [f"https://gitlab.com/{project}/-/tags?format=atom", f"https://gitlab.com/{project}.atom"]
    return []


_SPANS = ("hour", "day", "week", "month", "year", "all")


def _reddit(parts: list[str], query: dict[str, str]) -> list[str]:
    if len(parts) >= 2 and parts[0] in ("r", "u", "user", "domain"):
        path = "/".join(parts[:-1] if parts[-1] == ".rss" else parts).removesuffix(".rss")
        # The best of a day are another feed than the best of a year, and so is what is searched for.
        told = {"t": query.get("t", "")} if query.get("t") in _SPANS else {}
        if parts[-1].startswith("search"):
            told |= {name: query[name] for name in ("q", "restrict_sr", "sort") if name in query}
        return [f"https://www.reddit.com/{path}/.rss{'?' * bool(told)}{urlencode(told)}"]
    return ["https://www.reddit.com/.rss"] if not parts else []


def _medium(parts: list[str], _query: dict[str, str]) -> list[str]:
    if parts[:1] == ["tag"] and len(parts) >= 2:
        return [f"https://medium.com/feed/tag/{parts[1]}"]
    return [f"https://medium.com/feed/{parts[0]}"] if parts else []


def _codeberg(parts: list[str], _query: dict[str, str]) -> list[str]:
    if len(parts) >= 2:
        repository = f"https://codeberg.org/{parts[0]}/{parts[1].removesuffix('.git')}"
        return [f"{repository}/releases.rss", f"{repository}.rss"]
    return [f"https://codeberg.org/{parts[0].removesuffix('.rss')}.rss"] if parts else []


def _pypi(parts: list[str], _query: dict[str, str]) -> list[str]:
    return [f"https://pypi.org/rss/project/{parts[1]}/releases.xml"] if parts[:1] == ["project"] and parts[1:] else []


def _arxiv(parts: list[str], _query: dict[str, str]) -> list[str]:
    return [f"https://rss.arxiv.org/rss/{parts[1]}"] if parts[:1] == ["list"] and parts[1:] else []


def _dev(parts: list[str], _query: dict[str, str]) -> list[str]:
    if parts[:1] == ["t"]:
        return [f"https://dev.to/feed/tag/{parts[1]}"] if parts[1:] else []
    return [f"https://dev.to/feed/{parts[0]}"] if parts else ["https://dev.to/feed"]


def _vimeo(parts: list[str], _query: dict[str, str]) -> list[str]:
    return [f"https://vimeo.com/{parts[0]}/videos/rss"] if len(parts) == 1 and not parts[0].isdigit() else []


def _hacker_news(parts: list[str], _query: dict[str, str]) -> list[str]:
    return ["https://news.ycombinator.com/rss"] if not parts or parts[0] in ("news", "front") else []


def _stack(parts: list[str], _query: dict[str, str]) -> list[str]:
    if parts[:2] == ["questions", "tagged"] and len(parts) == 3:
        return [f"https://stackoverflow.com/feeds/tag/{parts[2]}"]
    return (
        [f"https://stackoverflow.com/feeds/question/{parts[1]}"]
        if len(parts) >= 2 and parts[0] == "questions" and parts[1].isdigit()
        else []
    )


def _bluesky(parts: list[str], _query: dict[str, str]) -> list[str]:
    return [f"https://bsky.app/profile/{parts[1]}/rss"] if len(parts) >= 2 and parts[0] == "profile" else []


def _lobsters(parts: list[str], _query: dict[str, str]) -> list[str]:
    if parts[:1] == ["t"] and len(parts) == 2:
        return [f"https://lobste.rs/t/{parts[1]}.rss"]
    return ["https://lobste.rs/rss"] if not parts else []


_SITES = (
    (("youtube.com", "music.youtube.com"), _youtube),
    (("github.com",), _github),
    (("gitlab.com",), _gitlab),
    (("reddit.com", "old.reddit.com", "new.reddit.com", "np.reddit.com"), _reddit),
    (("medium.com",), _medium),
    (("codeberg.org",), _codeberg),
    (("pypi.org",), _pypi),
    (("arxiv.org",), _arxiv),
    (("dev.to",), _dev),
    (("vimeo.com",), _vimeo),
    (("news.ycombinator.com",), _hacker_news),
    (("stackoverflow.com",), _stack),
    (("bsky.app",), _bluesky),
    (("lobste.rs",), _lobsters),
)
