"""The records that flow between the stages: frozen, compared by value, without behaviour of their own.

Every instant is an aware ``datetime`` in UTC. Text that came from a feed or a page is kept raw in
``Entry`` and is safe only in ``Article.html``. Records travel to worker processes and into the store as
JSON, so they hold plain values only. This module imports nothing of ours.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The base of all records: immutable, compared by value, JSON without default values.

    The garbage collector does not look into them: a record cannot hold itself.
    """


# --------------------------------------------------------------------------------------- what feeds say


class Person(Record, frozen=True, kw_only=True):
    """An author or contributor as the feed names them."""

    name: str = ""
    email: str = ""
    url: str = ""

    def __str__(self) -> str:
        return self.name or self.email


class Link(Record, frozen=True, kw_only=True):
    """One link element; ``href`` is absolute where a base was known."""

    href: str
    rel: str = "alternate"
    type: str = ""
    title: str = ""
    hreflang: str = ""
    length: str = ""


class Category(Record, frozen=True, kw_only=True):
    """One category with the vocabulary it belongs to."""

    term: str
    scheme: str = ""
    label: str = ""

    def __str__(self) -> str:
        return self.label or self.term


class Enclosure(Record, frozen=True, kw_only=True):
    """An attached file. ``length`` is in bytes, ``duration`` in seconds."""

    url: str
    type: str = ""
    length: int | None = None
    medium: str = ""
    duration: float | None = None
    title: str = ""


class Image(Record, frozen=True, kw_only=True):
    """A picture. ``width`` and ``height`` are in pixels; ``path`` is our copy below the site's root."""

    url: str
    width: int | None = None
    height: int | None = None
    alt: str = ""
    caption: str = ""
    credit: str = ""
    path: str = ""

    def __str__(self) -> str:
        return self.url


class TextDetail(Record, frozen=True, kw_only=True):
    """How a text construct was marked: media type, language and base address (RFC 4287, section 3.1)."""

    type: str = "text/plain"
    language: str = ""
    base: str = ""


class Content(Record, frozen=True, kw_only=True):
    """One body of an entry, unsanitised, with relative links resolved."""

    value: str
    type: str = "text/html"
    language: str = ""
    base: str = ""
    src: str = ""


class Generator(Record, frozen=True, kw_only=True):
    """The program that wrote the feed."""

    name: str = ""
    url: str = ""
    version: str = ""


class FeedInfo(Record, frozen=True, kw_only=True):
    """What a document says of the feed itself, and of the feed that an entry was reprinted from."""

    title: str = ""
    link: str = ""
    id: str = ""
    subtitle: str = ""
    language: str = ""
    authors: tuple[Person, ...] = ()
    contributors: tuple[Person, ...] = ()
    publisher: Person | None = None
    links: tuple[Link, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[Category, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    rights: str = ""
    license: str = ""
    generator: Generator | None = None
    image: Image | None = None
    icon: str = ""
    ttl: int | None = None
    """Minutes between looks that the feed asks for."""
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    update_period: str = ""
    update_frequency: int | None = None
    hubs: tuple[str, ...] = ()
    next_url: str = ""
    """RFC 5005: the next page, or the previous archive document."""
    details: dict[str, TextDetail] = {}
    raw: dict[str, str] = {}
    """Date strings as they stood."""
    extensions: dict[str, Any] = {}
    """Module elements that have no field of their own, by ``prefix:name``."""


class Entry(Record, frozen=True, kw_only=True):
    """One item of a feed as the document has it; nothing in it is safe to print."""

    guid: str = ""
    guid_is_permalink: bool = False
    link: str = ""
    title: str = ""
    authors: tuple[Person, ...] = ()
    contributors: tuple[Person, ...] = ()
    publisher: Person | None = None
    published: datetime | None = None
    updated: datetime | None = None
    created: datetime | None = None
    expired: datetime | None = None
    summary: str = ""
    content: str = ""
    contents: tuple[Content, ...] = ()
    language: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[Category, ...] = ()
    links: tuple[Link, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: Image | None = None
    comments_url: str = ""
    source: FeedInfo | None = None
    rights: str = ""
    license: str = ""
    details: dict[str, TextDetail] = {}
    raw: dict[str, str] = {}
    extensions: dict[str, Any] = {}


class ParsedFeed(Record, frozen=True, kw_only=True):
    """A whole document. ``problems`` names what was repaired; an empty tuple is a clean document."""

    format: str
    """``rss20``, ``rss092``, ``rss10``, ``rss090``, ``atom10``, ``atom03``, ``json11``, ``cdf`` ..."""
    encoding: str = "utf-8"
    feed: FeedInfo = FeedInfo()
    entries: tuple[Entry, ...] = ()
    problems: tuple[str, ...] = ()


# ------------------------------------------------------------------------------- what the reader chose

Mode = Literal["link", "excerpt", "full"]
FullText = Literal["auto", "always", "never"]


class Filters(Record, frozen=True, kw_only=True):
    """What of a feed is taken, by regular expressions. One match of a list is enough; any match of an ``exclude`` is too much."""

    include: tuple[str, ...] = ()
    """Over title, text, authors and categories together."""
    include_title: tuple[str, ...] = ()
    """Over the title; what stands in several ``include`` lists must be met in each."""
    include_description: tuple[str, ...] = ()
    """Over the text, to 20,000 characters."""
    include_author: tuple[str, ...] = ()
    """Over each author."""
    include_category: tuple[str, ...] = ()
    """Over each category."""
    exclude: tuple[str, ...] = ()
    """Over title, text, authors and categories together."""
    exclude_title: tuple[str, ...] = ()
    """Over the title."""
    exclude_description: tuple[str, ...] = ()
    """Over the text, to 20,000 characters."""
    exclude_author: tuple[str, ...] = ()
    """Over each author."""
    exclude_category: tuple[str, ...] = ()
    """Over each category."""


class Scrape(Record, frozen=True, kw_only=True):
    """Selectors that make a feed of a page: CSS (``time@datetime`` finds an attribute), or XPath that starts with ``.//``."""

    list: str = ""
    """The elements that are entries. One that finds nothing is a failure of the feed and empties nothing."""
    title: str = ""
    """Inside an entry; the text of its link where there is no such selector."""
    link: str = ""
    """Inside an entry; its first link where there is no such selector."""
    date: str = ""
    """Inside an entry; an attribute ``datetime`` counts before the text. "3 hours ago" counts from the fetch."""
    content: str = ""
    """Inside an entry; all elements that it finds. Without it the article's page gives the text."""


class Feed(Record, frozen=True, kw_only=True):
    """A subscription: what the reader of the news chose. Machine state is kept apart, in ``FeedState``."""

    id: str
    url: str
    title: str = ""
    section: tuple[str, ...] = ()
    mode: Mode = "excerpt"
    full_text: FullText = "auto"
    limit: int = 0
    sorted: bool = True
    """Whether ``limit`` takes the newest, or the first of the document."""
    filters: Filters = Filters()
    filter_time: int = 0
    """Seconds before the fetch beyond which entries are left out; 0 takes all."""
    opencc: str = ""
    """OpenCC's name of a conversion of Chinese, such as ``t2s``."""
    brief: int = 0
    """Characters of plain text in place of the content; 0 keeps it."""
    scrape: Scrape = Scrape()
    """With a ``list``, the address is that of a page, not of a feed."""
    min_interval: float | None = None
    """Minutes; None is what ``[poll]`` says. ``max_interval`` the same."""
    max_interval: float | None = None
    backfill: bool = False
    zone_offset: int | None = None
    """Hours that its dates are ahead of the truth; None is what was learnt."""


class Wish(Record, frozen=True, kw_only=True):
    """For how long a source wants to be left alone after an answer, and what says so."""

    seconds: float = 0.0
    by: str = ""
    """``Cache-Control``, ``Expires``, ``ttl`` or ``sy:updatePeriod``."""


class Backfill(Record, frozen=True, kw_only=True):
    """How far the way back through a feed's older pages has come."""

    next: str = ""
    """Address of the page that is asked for next; empty at the end."""
    pages: int = 0
    barren: int = 0
    """Pages in a row that held nothing new."""
    failures: int = 0


class FeedState(Record, frozen=True, kw_only=True):
    """What the machine remembers of a feed."""

    feed_id: str
    title: str = ""
    link: str = ""
    language: str = ""
    etag: str = ""
    last_modified: str = ""
    body: str = ""
    """Digest of the last body that parsed as a feed."""
    checked: datetime | None = None
    succeeded: datetime | None = None
    next_check: datetime | None = None
    """After a failure: not before this. Otherwise ``feeds.schedule.due`` decides anew each time."""
    left_alone_until: datetime | None = None
    """Retry-After of the last failure."""
    failures: int = 0
    failing_since: datetime | None = None
    error: str = ""
    moved_to: str = ""
    moved_seen: int = 0
    gone: bool = False
    gone_seen: int = 0
    served_by: str = ""
    """The address that answered last: after a move, or the RSSHub instance."""
    backfill: Backfill | None = None
    """None: not begun."""
    zone_offset: int = 0
    """Hours that its dates are ahead of the truth, as was learnt (``feeds.zone``)."""
    zone_by: Literal["", "future", "twins"] = ""
    """What it was learnt from."""
    zone_used: int = 0
    """The offset by which its articles are dated."""
    refreshed: datetime | None = None
    """When a whole document last came."""
    news: datetime | None = None
    """When something new or changed was last seen."""
    header_wish: Wish = Wish()
    document_wish: Wish = Wish()
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    window: float = 0.0
    """Seconds from the oldest to the newest entry of the last document."""
    answers: int = 0
    unchanged: int = 0
    """Of the answers, those that were 304."""
    document_bytes: int = 0
    """Of the last whole document, as it came over the wire; what each 304 saves."""
    saved_bytes: int = 0
    whole: tuple[int, int] = (0, 0)
    """Entries that had as much as their pages, and entries that had less (``articles.wholeness``)."""


# -------------------------------------------------------------------------------- what the web answered


class Request(Record, frozen=True, kw_only=True):
    """Something to ask of the web. ``key`` names the item that it is asked for."""

    key: str
    urls: tuple[str, ...]
    """Addresses of the same thing, tried in order until one answers (RSSHub instances)."""
    kind: Literal["feed", "page", "media"] = "feed"
    etag: str = ""
    last_modified: str = ""


class Response(Record, frozen=True, kw_only=True):
    """An answer. ``body`` is decoded of its transfer and content codings."""

    key: str
    url: str
    """The address asked for."""
    final_url: str
    status: int
    headers: dict[str, str] = {}
    """Names in lower case."""
    body: bytes = b""
    fetched: datetime
    elapsed: float = 0.0
    """Seconds."""
    redirects: tuple[tuple[int, str], ...] = ()
    """(status, target) of each step."""
    wire_bytes: int = 0
    tried: tuple[str, ...] = ()
    """Addresses of the request that failed before this one answered."""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


class Page(Record, frozen=True, kw_only=True):
    """What the web said for an entry's link; the body lies in the blob store under ``body``."""

    url: str
    final_url: str = ""
    status: int = 200
    content_type: str = ""
    body: str = ""
    """Digest."""
    fetched: datetime | None = None


# ------------------------------------------------------------------------------------------ what we keep


class Removed(Record, frozen=True, kw_only=True):
    """Something that was cut from an article: what it was, why, and on what evidence."""

    what: str
    why: str
    evidence: str = ""


class Article(Record, frozen=True, kw_only=True):
    """An article as we keep it. ``html`` is sanitised; all other text is plain and must be escaped."""

    id: str = ""
    feed_id: str = ""
    title: str = ""
    byline: str = ""
    published: datetime | None = None
    published_source: Literal["feed", "page", "first_seen", "clamped", ""] = ""
    """Where the date comes from. ``first_seen`` and ``clamped`` are exact to the day only."""
    modified: datetime | None = None
    language: str = ""
    html: str = ""
    text: str = ""
    excerpt: str = ""
    image: Image | None = None
    images: tuple[Image, ...] = ()
    url: str = ""
    """Canonical address of the original."""
    comments_url: str = ""
    categories: tuple[str, ...] = ()
    rights: str = ""
    sponsored: bool = False
    closed: bool = False
    """The source shows the rest of it to its subscribers only."""
    revision: int = 1
    digest: str = ""
    """Of the visible title and text: equal digests are equal revisions."""
    removed: tuple[Removed, ...] = ()
    provenance: dict[str, str] = {}
    """Field -> where its value comes from; also ``page_words`` (of the page's article, where the feed has words to be compared
    with it), ``next`` (address of a further page that is not here yet) and ``extract`` (stage version)."""


class Match(Record, frozen=True, kw_only=True):
    """Why two articles report one event."""

    a: str
    b: str
    kind: Literal["address", "text", "title", "event"]
    score: float
    because: str
    twice: Literal["", "nearly", "wholly"] = ""
    """How much alike they are, where they are one article that was published twice (``stories.doubles``)."""


class Story(Record, frozen=True, kw_only=True):
    """Articles that report one event. ``articles`` starts with the lead."""

    id: str
    articles: tuple[str, ...]
    publishers: int = 1
    first_seen: datetime | None = None
    last_seen: datetime | None = None


class StoredArticle(Record, frozen=True, kw_only=True):
    """An article with what the store knows of it beside its text; ``article`` has no ``html`` and ``text`` here."""

    article: Article
    permalink: str
    """Path below the site's root; given once, never computed again."""
    first_seen: datetime
    state: Literal["new", "live", "gone"]
    seq: int | None = None
    """Place in the order of publication."""
    story_id: str = ""
    double_of: str = ""
    """The article whose page tells this one too, where it was published twice and that one stands."""
    told_at: str = ""
    """Path of that page."""

    @property
    def address(self) -> str:
        """Path of the page that tells the article: its own, or that of the one that was published first."""
        return self.told_at or self.permalink


def article_path(seen: datetime, name: str) -> str:
    """Return where an article's page lies below the site's root, given when the article was first seen, in UTC."""
    day = seen.isoformat()[:10].replace("-", "/")  # in a tenth of the time that strftime takes
    return f"{day}/{name}.html"


def story_path(story_id: str) -> str:
    """Return where a story's page lies below the site's root."""
    return f"story/{story_id}.html"


# ------------------------------------------------------------------------------------ what is published


class ListSpec(Record, frozen=True, kw_only=True):
    """A list that articles belong to. ``path`` is its folder below the site's root, with a slash at the end."""

    kind: str
    """``latest``, ``section``, ``source``, ``channel`` or ``day``."""
    key: str
    path: str
    title: str


class Place(Record, frozen=True, kw_only=True):
    """Where an article stands in a list of ``size`` items; positions count from 1."""

    spec: ListSpec
    position: int
    size: int


class SitePage(Record, frozen=True, kw_only=True):
    """A page that exists: its path below the site's root, its kind and the key of what it shows."""

    path: str
    kind: str
    key: str = ""
    page: int = 0
    """Number of a fixed list page; 0 is the newest."""


class Output(Record, frozen=True, kw_only=True):
    """Bytes for one path."""

    path: str
    body: bytes


# ----------------------------------------------------------------------------- what became of each item

T = TypeVar("T")


class Done(msgspec.Struct, Generic[T], frozen=True):
    """The item's result."""

    key: str
    value: T


class Skipped(msgspec.Struct, frozen=True):
    """Nothing was to be done, for a reason."""

    key: str
    reason: str


class Failed(msgspec.Struct, frozen=True):
    """The item failed; the run goes on. ``error`` is a name from ``errors``, ``message`` says it in words."""

    key: str
    error: str
    message: str
    status: int = 0
    """HTTP status, where a server answered."""
    retry_after: float | None = None
    """Seconds that the server asks to be left alone."""
    host: str = ""
    """``host:port`` that asks it of all its addresses (429)."""
    tried: tuple[str, ...] = ()
    """Addresses that were asked in vain."""


Outcome = Done[T] | Skipped | Failed
