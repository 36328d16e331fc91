"""The main job on every post of the ancestor, turned back into the feeds that they came from."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from xml.sax.saxutils import escape

import lxml.html
import pytest

from broadsheet.articles.tree import parse_fragment, text_of
from broadsheet.newspaper import Newspaper
from broadsheet.site.check import check_site
from tests.conftest import Answer, Web

pytestmark = pytest.mark.corpus
_PROXY = re.compile(r"https?://[^\"'\s]*?/(?:proxy|image)/(?=https?://)")


class Post:
    """A post and the feed item that it came from (the mapping of the corpus' README)."""

    def __init__(self, about: dict[str, str], root: Path) -> None:
        self.name = about["file"]
        self.section = tuple(Path(self.name).parts[:3])
        self.title = about["title"]
        self.date = about["date"]
        text = (root / self.name).read_text("utf-8").lstrip()
        body = text.removeprefix("---\n").partition("\n---\n")[2]
        inner = re.sub(r"^\s*<div>\s*\n|\n?\s*</div>\s*$", "", body)
        self.body = _PROXY.sub("", inner.replace("&#123;", "{").replace("&#125;", "}"))

    @property
    def instant(self) -> datetime | None:
        """The date that the feed gave: only what stands in the form of RFC 822 is the feed's own."""
        try:
            return parsedate_to_datetime(self.date).astimezone(UTC)
        except ValueError:
            return None

    def link(self, base: str) -> str:
        found = re.findall(r'href="(https?://[^"]+)"', self.body)
        if self.section[1] == "Hacker News" and found:
            return found[0]
        return f"{base}/item/{self.name.removesuffix('.md')}"

    def item(self, base: str) -> str:
        date = f"<pubDate>{escape(self.date)}</pubDate>" if self.instant else ""
        return (
            f"<item><title>{escape(self.title)}</title><description>{escape(self.body)}</description>{date}"
            f'<guid isPermaLink="false">{escape(self.name)}</guid><link>{escape(self.link(base))}</link></item>'
        )


def feeds_of(posts: list[Post], base: str) -> dict[tuple[str, ...], bytes]:
    channels: dict[tuple[str, ...], list[Post]] = defaultdict(list)
    for post in posts:
        channels[post.section].append(post)
    return {
        section: (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
            f"<title>{escape(section[2])}</title><link>{base}/</link><description>d</description>"
            f"{''.join(post.item(base) for post in found)}</channel></rss>"
        ).encode()
        for section, found in channels.items()
    }


def posts_of(corpus: Path) -> list[Post]:
    """Return every post."""
    root = corpus / "posts"
    return [Post(about, root) for about in json.loads((root / "index.json").read_text("utf-8"))["posts"]]


def prepare(folder: Path, posts: list[Post], web: Web) -> None:
    """Serve the posts as feeds and make a newspaper of them, not yet run."""
    tables = ""
    for number, (section, body) in enumerate(feeds_of(posts, web.url).items()):
        web.pages[f"/feed{number}.xml"] = Answer(body)
        path = json.dumps("/".join(section), ensure_ascii=False)
        tables += (
            f'[[feeds]]\nurl = "{web.url}/feed{number}.xml"\nsection = {path}\nmode = "full"\nfull_text = "never"\n'
        )
    (folder / "broadsheet.toml").write_text(
        '[site]\ntitle = "旧闻"\nlanguage = "zh"\ntimezone = "Asia/Shanghai"\n[poll]\ndelay = 0\nper_host = 4\n'
        f'allow_private = ["{web.address}"]\n[media]\ncopy = false\n{tables}',
        "utf-8",
    )


_MEASURED = r"""
import re, sys
from pathlib import Path
from broadsheet.newspaper import Newspaper
with Newspaper(sys.argv[1]) as paper:
    paper.run()
# Not ru_maxrss: Linux hands that of the process that started us on to us.
print(int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.fixture(scope="module")
def published(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Post], int]:
    """A newspaper of all posts, printed by the real main job in a process of its own, and that process's peak in MiB."""
    posts = posts_of(corpus)
    folder = tmp_path_factory.mktemp("posts")
    web = Web()
    try:
        prepare(folder, posts, web)
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, str(folder)], capture_output=True, text=True, check=True, timeout=250
        )
        return folder, posts, int(done.stdout)
    finally:
        web.close()


def test_every_post_is_one_article(published: tuple[Path, list[Post], int]) -> None:
    folder, posts, _ = published
    with Newspaper(folder) as paper:
        articles = list(paper.articles())
    assert len(articles) == len(posts) == 69
    with Newspaper(folder) as paper, paper.store.read() as connection:
        guids = connection.exec_driver_sql("SELECT key, count(*) FROM article_keys WHERE key LIKE 'g:%' GROUP BY key")
        found = {key.removeprefix("g:"): count for key, count in guids}
    assert found == {post.name: 1 for post in posts}


def test_sections_and_dates_are_kept(published: tuple[Path, list[Post], int]) -> None:
    folder, posts, _ = published
    with Newspaper(folder) as paper, paper.store.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT k.key, a.published, a.data, f.data FROM articles a JOIN feeds f ON f.id = a.feed_id "
            "JOIN article_keys k ON k.article_id = a.id WHERE k.key LIKE 'g:%'"
        ).all()
    by_name = {
        key.removeprefix("g:"): (published, json.loads(data), json.loads(feed)) for key, published, data, feed in rows
    }
    for post in posts:
        micros, data, feed = by_name[post.name]
        assert tuple(feed["section"]) == post.section
        if post.instant:
            assert micros == int(post.instant.timestamp() * 1_000_000), post.name
            assert data["published_source"] == "feed"
        else:
            assert data["published_source"] in ("first_seen", "page"), post.name


def test_no_page_leaks_source_code(published: tuple[Path, list[Post], int]) -> None:
    """What a reader sees of an article holds no markup, style rule or escaped brace that its feed did not mean as text."""
    folder, posts, _ = published
    pages = sorted((folder / "public").glob("2*/*/*/*.html"))
    pages = [page for page in pages if page.name != "index.html"]
    assert len(pages) == 69
    meant = {text_of(parse_fragment(re.sub(r"(?s)<style.*?</style>|<!--.*?-->", "", post.body))) for post in posts}
    for page in pages:
        tree = lxml.html.document_fromstring(page.read_bytes(), parser=lxml.html.HTMLParser(encoding="utf-8"))
        assert not tree.xpath("//main//style | //main//iframe | //main//*[@onclick]")
        visible = " ".join(tree.xpath("//main//text()"))
        assert "&#123;" not in visible
        assert "appendQr_wrap" not in visible
        for leak in re.findall(r"</?(?:div|p|span|img|style|script|br)\b[^>]*>", visible):
            assert any(leak in text for text in meant), (page, leak)


def test_the_site_is_whole(published: tuple[Path, list[Post], int]) -> None:
    folder, _, _ = published
    result = check_site(folder / "public", base="/", url="http://127.0.0.1:8000/")
    assert [fault for fault in result.faults if " loads " not in fault] == []


def test_memory_stays_small(published: tuple[Path, list[Post], int]) -> None:
    _, _, peak = published
    assert peak < 300
