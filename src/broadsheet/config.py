"""What can be set: a record for each table of ``broadsheet.toml``, with its defaults. ``configfile`` reads the file."""

from __future__ import annotations

from typing import Literal

import msgspec

from broadsheet import limits
from broadsheet.model import Filters, FullText, Mode, Scrape

Origin = Literal["default", "file", "environment", "flag"]


class SiteConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the newspaper is called and how it is printed."""

    title: str = "Broadsheet"
    """The nameplate."""
    subtitle: str = ""
    """A line below the nameplate on the front page."""
    url: str = "http://127.0.0.1:8000/"
    """Public address; feeds and the sitemap need it."""
    language: str = "en"
    """Language of the interface: ``en`` or ``zh``. Articles carry their own."""
    timezone: str = "UTC"
    """In which times are printed and days begin, such as ``Asia/Shanghai``."""
    theme: str = "default"
    """A bundled theme's name, or a folder of templates that override it."""
    base_path: str = ""
    """Path below the host, when the site is not at its root; taken from ``url`` when empty."""
    output: str = "public"
    """Folder that the site is written to."""
    contact: str = ""
    """Where readers and rights holders reach you."""
    offline: bool = False
    """Keep the front page and the articles that it leads to on readers' devices, to be read without a network; needs https."""
    copies: str = "noindex"
    """What search engines are told of article pages, which copy others' texts: not to list them (``noindex``), or that the
    original is the page to list (``canonical``)."""
    slugs: bool = False
    """Put words of the title, where it has Latin letters, before the id in new articles' addresses. An address never changes."""
    whole_in_feeds: str = "front"
    """Which feeds carry whole articles, the newest up to 32 kB of text: the newspaper's own (``front``), those of all
    sections and sources too (``all``), or ``none``. All others carry excerpts."""


class StoreConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where articles are kept."""

    url: str = "sqlite:///.broadsheet/broadsheet.db"
    """``sqlite:///PATH``, a relative path being below the newspaper's folder, or ``postgresql://USER@HOST/DATABASE``."""
    blobs: str = ""
    """Where raw answers lie: ``s3://BUCKET/PREFIX`` (``?endpoint_url=https://HOST`` for what is like S3), or ``file:///FOLDER``.
    Empty: the folder ``blobs`` beside the database file, or in ``.broadsheet``."""
    backup_hours: float = 24.0
    """Hours between two copies of the database that runs keep beside it, in ``backup``, for ``doctor --repair``; 0 keeps none."""


class PollConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How the web is asked."""

    concurrency: int = 32
    """Requests under way at once."""
    per_host: int = 1
    """Requests under way at once to one host."""
    delay: float = 1.0
    """Seconds between two requests to one host."""
    timeout: float = float(limits.value("[poll] timeout"))
    """Seconds for one answer, redirects included."""
    max_bytes: int = limits.value("[poll] max_bytes")
    """Bytes of one answer after decompression."""
    user_agent: str = ""
    """Empty: ``Broadsheet/<version>`` with the contact."""
    contact: str = ""
    """An address or page for the servers' owners; ``site.url`` when empty."""
    min_interval: float = 0.0
    """Minutes between two looks at a feed, at least. 0: a source's wishes and the feed's rhythm alone decide."""
    max_interval: float = 1440.0
    """Minutes that a feed is left alone at most; 0 asks at every run. Retry-After and failures wait longer."""
    backfill_pages: int = 100
    """Older pages that are followed back for a feed with ``backfill``, at most."""
    robots: bool = True
    """Heed robots.txt for article pages. Feeds that you chose are always asked."""
    allow_private: tuple[str, ...] = ()
    """``host:port`` targets on private or loopback addresses that may be fetched."""


class RsshubConfig(msgspec.Struct, frozen=True, kw_only=True):
    """RSSHub instances for ``rsshub://`` addresses, tried in order."""

    instances: tuple[str, ...] = ("https://rsshub.app",)
    """Addresses of instances. One that fails is tried last until it answers again."""


class MediaConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Local copies of pictures."""

    copy: bool = True
    """Keep local copies, decoded and written anew. Without them readers load pictures from their sources."""
    max_width: int = 1280
    """Pixels; wider pictures are made smaller."""
    max_bytes: int = limits.value("[media] max_bytes")
    """Bytes of one picture."""
    per_article: int = limits.value("[media] per_article")
    """Pictures kept of one article."""


class DeployConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where ``broadsheet deploy`` sends the site."""

    to: str = ""
    """A folder, a git repository (``git@github.com:me/paper.git``), ``rsync:host:/folder``, or ``s3://bucket/folder``."""
    branch: str = "gh-pages"
    """Of a git repository."""
    squash: bool = False
    """Keep the branch at one commit, so that it does not grow with every edition."""
    endpoint: str = ""
    """Address of an S3-compatible storage that is not Amazon's."""
    host: str = ""
    """Whose limits to warn of: ``github-pages``, ``cloudflare-pages``; empty for none."""


class EngineConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where parsing, extraction and rendering run."""

    kind: str = "processes"
    """``inline`` (in this process), ``threads``, ``processes``, ``dask`` (a cluster), or one that another package adds."""
    workers: int = 0
    """Processes or threads; 0 is one a core. A cluster has its own."""
    address: str = ""
    """Of the cluster's scheduler, such as ``tcp://host:8786``."""


class FeedConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[feeds]]`` table."""

    url: str
    """The feed's address, or ``rsshub://route``."""
    title: str = ""
    """Instead of the feed's own title."""
    section: str = ""
    """Path of section, source and channel: ``"金融/新浪财经/国內"``."""
    mode: Mode = "excerpt"
    """How much of each article is published: ``link``, ``excerpt`` or ``full``."""
    full_text: FullText = "auto"
    """Whether the article's page is fetched: ``auto`` when the feed is short, ``always``, ``never``."""
    limit: int = 0
    """Newest entries taken of one document; 0 is all."""
    backfill: bool = False
    """Follow the feed's older pages back (RFC 5005, JSON Feed, WordPress) when it is first asked."""
    sorted: bool = True
    """Whether ``limit`` takes the newest; ``false`` takes the first of the document, whatever their dates."""
    zone_offset: str = "auto"
    """Whole hours that its dates are ahead of the truth: ``"8"`` for Beijing time labelled GMT; ``auto`` learns them."""
    filters: Filters = Filters()
    """Regular expressions over title, text, authors and categories; see below."""
    filter_time: int = 0
    """Seconds: older entries are left out, counted from when the feed was fetched. Those without a date stay. 0 is off."""
    opencc: str = ""
    """Writes Chinese articles in the other orthography: ``t2s``, ``s2t``, ``tw2sp`` ... (OpenCC's names)."""
    brief: int = 0
    """Characters of plain text that stand in place of each article's content. 0 is off."""
    scrape: Scrape = Scrape()
    """Selectors that make a feed of a page, for a site that has none; see below."""
    min_interval: float | None = None
    """Instead of ``min_interval`` of ``[poll]``."""
    max_interval: float | None = None
    """Instead of ``max_interval`` of ``[poll]``."""


class TopicConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[topics]]`` table: a list of the articles that speak of something, whichever source they come from."""

    title: str
    """What it is called; its address is made of this."""
    words: tuple[str, ...]
    """Words and phrases of which one stands in an article's title, categories or beginning. A new topic begins with all
    that was published before; other words count from then on."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """A whole configuration; ``origin`` tells of each ``table.key`` where its value came from."""

    opml: str = ""
    site: SiteConfig = SiteConfig()
    store: StoreConfig = StoreConfig()
    poll: PollConfig = PollConfig()
    rsshub: RsshubConfig = RsshubConfig()
    media: MediaConfig = MediaConfig()
    engine: EngineConfig = EngineConfig()
    deploy: DeployConfig = DeployConfig()
    feeds: tuple[FeedConfig, ...] = ()
    topics: tuple[TopicConfig, ...] = ()
    origin: dict[str, Origin] = {}


TABLES: dict[str, type[msgspec.Struct]] = {
    "site": SiteConfig,
    "store": StoreConfig,
    "poll": PollConfig,
    "rsshub": RsshubConfig,
    "media": MediaConfig,
    "engine": EngineConfig,
    "deploy": DeployConfig,
}
TOP_LEVEL = (*TABLES, "feeds", "topics", "opml")

REQUIRED = {"feeds": ("url",), "topics": ("title", "words")}
ENGINE_GROUP = "broadsheet.engines"
"""Entry points of engines that other packages add."""
CONVERSIONS = (
    "s2t", "t2s", "s2tw", "tw2s", "s2hk", "hk2s", "s2twp", "tw2sp", "s2hkp", "hk2sp", "t2tw", "tw2t", "t2hk", "hk2t",
)  # fmt: skip
"""Of ``feeds.opencc``. Those to and from Japanese are left out: they are not for articles in Chinese."""
