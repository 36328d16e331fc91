"""A page and an entry make an article: only its text, all of its text, and where each part came from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from broadsheet.articles.extract import date_article, extract_article, tidy
from broadsheet.articles.template import learn_fragments
from broadsheet.articles.tree import serialise, text_of
from broadsheet.articles.wholeness import is_whole
from broadsheet.errors import ExtractError, LimitExceeded
from broadsheet.model import Article, Enclosure, Entry, Image, Person, TextDetail

CASES = Path(__file__).resolve().parents[1] / "cases" / "articles"
NEWS = (CASES / "news.html").read_bytes()
URL = "https://gazette.example/harbour-works"
LONG = "".join(
    f"<p>Paragraph {number} of the feed's own words tells a part of the story at some length.</p>"
    for number in range(20)
)
SHORT = "<p>The council voted for the new harbour plan.</p>"


def article(*, page: bytes = NEWS, url: str = URL, template: Any = None, **entry: Any) -> Article:
    return extract_article(page, url=url, entry=Entry(**entry) if entry else None, template=template)


def of_feed(content: str, **fields: Any) -> Article:
    """Return the article that a feed's content makes without a page."""
    return article(page=b"", title=fields.pop("title", "A title"), content=content, link=URL, **fields)


# ---------------------------------------------------------------------------------------------- from a page


def test_a_page_gives_the_article() -> None:
    found = article()
    for part in (
        "The council voted on Monday evening", "Weaver and Sons", "What it costs", "twelve million", "Western quay",
        "quieter machines", "No lorries through the old town", "waited long enough",
    ):  # fmt: skip
        assert part in found.text, part


@pytest.mark.parametrize(
    "part",
    [
        "Politics section",
        "cookies",
        "Related stories",
        "Ferry timetable",
        "worst plan",
        "disagree",
        "Most read",
        "sofa",
        "Copyright",
        "color: red",
    ],
)
def test_a_page_gives_only_the_article(part: str) -> None:
    found = article()
    assert part not in found.text
    assert part not in found.html


def test_what_the_page_says_of_itself() -> None:
    found = article()
    assert (found.title, found.byline, found.language) == ("Harbour works start in spring", "Ann Lee", "en")
    assert found.published == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert found.modified == datetime(2026, 3, 2, 11, 30, tzinfo=UTC)
    assert found.published_source == "page"
    assert found.url == URL
    assert found.provenance == {"title": "open-graph", "byline": "json-ld", "text": "page"}


def test_the_title_is_not_repeated_in_the_body() -> None:
    found = article()
    assert "Harbour works start in spring" not in found.text
    assert found.excerpt.startswith("The council voted on Monday evening")


def test_pictures_and_links_are_whole_addresses() -> None:
    found = article()
    assert found.image is not None
    assert found.image.url == "https://gazette.example/pictures/harbour-640.jpg"
    assert [image.url for image in found.images] == ["https://gazette.example/pictures/harbour-640.jpg"]
    assert 'href="https://gazette.example/people/weaver?utm_medium=x"' in found.html


@pytest.mark.parametrize(
    ("base", "wanted"),
    [
        ("https://cdn.example/x/", "https://cdn.example/x/pictures/harbour-640.jpg"),
        ("/x/", "https://gazette.example/x/pictures/harbour-640.jpg"),
        ("javascript:1", "https://gazette.example/pictures/harbour-640.jpg"),
    ],
)
def test_a_page_may_say_what_its_addresses_start_from(base: str, wanted: str) -> None:
    html = NEWS.replace(b"<head>", f'<head><base target=_top href="{base}">'.encode())
    html = html.replace(b'"/pictures/', b'"pictures/')
    found = article(page=html)
    assert wanted in [image.url for image in found.images]
    assert found.image is not None
    assert found.image.url == wanted


def test_the_structure_is_kept() -> None:
    html = article().html
    for mark in ("<h2>", "<table>", "<td>", "<ul>", "<li>", "<blockquote>"):
        assert mark in html, mark


def test_a_short_chinese_page() -> None:
    """A short article in Han characters is found, without the links around it."""
    found = article(page=(CASES / "short-zh.html").read_bytes(), url="https://wanbao.example/a/1")
    assert "西码头工程将于四月动工" in found.text
    assert "货车不得穿过老城区" in found.text
    for part in ("首页", "关于我们", "版权所有", "ICP"):
        assert part not in found.text
    assert found.language == "zh"
    assert found.title == "海港工程春季开工"


# ------------------------------------------------------------------------------------------- feed and page


def test_a_feed_that_is_whole_wins_over_the_page() -> None:
    long = "".join(
        f"<p>Paragraph {n} of the feed's own words tells a part of the story at some length.</p>" for n in range(40)
    )
    found = article(title="The feed's title", content=long)
    assert found.provenance["text"] == "feed"
    assert "Paragraph 39" in found.text
    assert "council" not in found.text


def test_the_page_wins_over_a_short_feed() -> None:
    found = article(title="The feed's title", summary=SHORT)
    assert found.provenance["text"] == "page"
    assert "twelve million" in found.text


@pytest.mark.parametrize("end", ["…", "...", " [...]", " Read more", "阅读全文", "… Continue reading The ferry →"])
def test_a_feed_that_breaks_off_is_not_whole(end: str) -> None:
    assert is_whole(Entry(content=LONG))
    assert not is_whole(Entry(content=LONG.removesuffix("</p>") + end + "</p>"))


@pytest.mark.parametrize(
    ("content", "whole"),
    [("", False), ("<p>word</p>" * 119, False), ("<p>word</p>" * 120, True), ("<p>字</p>" * 239, False), ("<p>字</p>" * 240, True),
     ("<p class='a b c d'></p>" * 500, False)],
)  # fmt: skip
def test_how_much_is_whole(content: str, whole: bool) -> None:
    assert is_whole(Entry(content=content)) is whole
    assert is_whole(Entry(summary=content)) is whole


def test_the_feed_speaks_where_the_page_has_nothing() -> None:
    for page in (b"", b"<html></html>", b"<html><body><p></p></body></html>"):
        found = article(page=page, title="T", summary=SHORT)
        assert found.provenance["text"] == "feed"
        assert found.text == "The council voted for the new harbour plan."


def test_what_the_feed_says_of_an_article_is_believed() -> None:
    found = article(
        title="The <b>feed's</b> title", authors=(Person(name="Bo"), Person(email="c@x.example")), content=SHORT,
        published=datetime(2026, 1, 1, tzinfo=UTC), updated=datetime(2026, 1, 2, tzinfo=UTC), rights="© &amp; co",
        categories=("News", "<b>News</b>", "A &amp; B", ""), comments_url="https://x.example/c",
        link="https://gazette.example/b?utm_source=feed",
    )  # fmt: skip
    assert (found.title, found.byline) == ("The feed's title", "Bo, c@x.example")
    assert (found.published, found.published_source) == (datetime(2026, 1, 1, tzinfo=UTC), "feed")
    assert found.modified == datetime(2026, 1, 2, tzinfo=UTC)
    assert found.categories == ("News", "A & B")
    assert found.rights == "© & co"
    assert found.comments_url == "https://x.example/c"
    assert found.provenance["title"] == found.provenance["byline"] == "feed"


def test_a_byline_is_text_and_names_each_author_once() -> None:
    authors = (
        Person(name='<a href="/ann">Ann</a>'), Person(name="Bo &amp; Cy", email="bo@x.example"), Person(name="Bo & Cy"),
        Person(name="  "), Person(name="Di < Ed"),
    )  # fmt: skip
    assert article(authors=authors, content=SHORT).byline == "Ann, Bo & Cy, Di < Ed"


@pytest.mark.parametrize(
    ("canonical", "wanted"),
    [
        ("https://gazette.example/right?gclid=1", "https://gazette.example/right"),
        ("https://www.gazette.example/right", "https://www.gazette.example/right"),
        ("https://evil.example/hijack", "https://gazette.example/own"),
        ("javascript:1", "https://gazette.example/own"),
    ],
)
def test_a_canonical_link_counts_on_its_own_site_only(canonical: str, wanted: str) -> None:
    page = f'<html><head><link rel="canonical" href="{canonical}"></head><body>{LONG}</body></html>'.encode()
    assert article(page=page, title="T", link="https://gazette.example/own?utm_source=x").url == wanted


def test_no_text_at_all() -> None:
    """A title is enough for an article; nothing is not, and that is said with the address."""
    found = article(page=b"<html></html>", title="Only a title", link=URL)
    assert (found.title, found.text, found.html, found.excerpt) == ("Only a title", "", "", "")
    for entry in (None, Entry(), Entry(link=URL)):
        with pytest.raises(ExtractError, match=URL):
            extract_article(b"<html><body></body></html>", url=URL, entry=entry)


def test_an_entry_without_title_is_called_by_its_text() -> None:
    found = article(
        page=b"",
        content="<p>A note without any title, which goes on for a while. And then it goes on, longer than a title should be.</p>",
    )
    assert found.title == "A note without any title, which goes on for a while."


def test_equal_words_are_equal_revisions() -> None:
    one, same = (
        of_feed("<p>a <b>b</b></p>"),
        of_feed("<div><p>a b</p></div>", published=datetime(2026, 1, 1, tzinfo=UTC)),
    )
    assert one.digest == same.digest != of_feed("<p>a c</p>").digest
    assert one.digest != of_feed("<p>a <b>b</b></p>", title="Another").digest


# ------------------------------------------------------------------------------------------------ the limits

BOMBS = {
    "page_attributes": b"<html><body><p " + b" ".join(b"a%d=1" % number for number in range(40_000)) + b">x</p>",
    "page_bytes": b"<html><body>" + b"<p>x</p>" * 1_100_000,
}


@pytest.mark.parametrize("limit", BOMBS)
def test_a_page_that_is_too_much_is_left_for_the_feed(limit: str) -> None:
    found = article(page=BOMBS[limit], title="T", content=SHORT)
    assert found.provenance["text"] == "feed"
    assert found.removed[0].evidence == f"limit {limit}"
    with pytest.raises(LimitExceeded) as caught:
        article(page=BOMBS[limit], title="T")
    assert caught.value.limit == limit


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32-be", "cp037"])
def test_an_encoding_hides_nothing(encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    with pytest.raises(LimitExceeded) as caught:
        article(page=(declared + BOMBS["page_attributes"].decode()).encode(encoding), title="T")
    assert caught.value.limit == "page_attributes"


@pytest.mark.parametrize(
    ("markup", "limit"),
    [
        ("<div>" * 300 + "The text", "html_depth"), ("<b></i>" * 400 + "The text", "html_depth"),
        ("<p " + " ".join(f"a{n}" for n in range(500)) + ">The text</p>", "html_attributes"),
        ("<p>The text</p>" * 80_000, "html_bytes"),
    ],
)  # fmt: skip
def test_markup_that_is_too_much_leaves_its_text(markup: str, limit: str) -> None:
    found = of_feed(markup)
    assert "The text" in found.text
    assert found.removed[0].evidence == f"limit {limit}"
    assert found.html.count("<p") == 1


# -------------------------------------------------------------------------------------------------- tidying


def tidied(markup: str, **options: Any) -> tuple[str, list[str]]:
    root, removed = tidy(markup, base_url=URL, **options)
    return serialise(root), [item.why for item in removed]


EDGES = {
    "<p>责任编辑：张三</p>": "editor's line",
    "<p>（责任编辑：张三）</p>": "editor's line",
    "<p>原标题：另一个标题</p>": "original title",
    "<p>The post Harbour works appeared first on The Gazette.</p>": "feed footer",
    "<p>扫描二维码关注我们</p>": "QR code line",
    "<p>- THE END -</p>": "end mark",
    "<p>Read more »</p>": "read-more line",
    "<p>阅读全文</p>": "read-more line",
}


@pytest.mark.parametrize("line", EDGES)
def test_lines_of_the_making_are_cut_with_their_reason(line: str) -> None:
    html, why = tidied(f"<p>First.</p><p>Second.</p><p>Third.</p>{line}")
    assert text_of(tidy(html, base_url=URL)[0]) == "First.Second.Third."
    assert why == [EDGES[line]]


@pytest.mark.parametrize(
    "line",
    [
        "Read more about the harbour works and their cost",
        "The end of the story",
        "责任重大",
        "The post office appeared first",
        "广告法修订",
    ],
)
def test_honest_lines_are_kept(line: str) -> None:
    html, why = tidied(f"<p>First.</p><p>{line}</p>")
    assert line in html
    assert why == []


def test_such_a_line_in_the_middle_is_the_articles_own() -> None:
    body = "".join(f"<p>Paragraph {number}.</p>" for number in range(6))
    html, why = tidied(f"{body}<p>- THE END -</p>{body}")
    assert "THE END" in html
    assert why == []


@pytest.mark.parametrize(
    ("markup", "gone"),
    [
        ("<h1>A title!</h1><p>Text.</p>", True), ("<p>By Ann</p><p><b>A Title</b></p><p>Text.</p>", True),
        ("<p>A title</p>", False), ("<p>A title and more</p><p>Text.</p>", False),
        ("<p>1</p><p>2</p><p>3</p><p>A title</p><p>4</p>", False),
    ],
)  # fmt: skip
def test_the_title_line(markup: str, gone: bool) -> None:
    html, why = tidied(markup, title="A title")
    assert ("title repeated in the body" in why) is gone
    assert ("itle" not in html) is gone


FRAMES = {
    '<iframe src="https://player.example/v/1" title="The film"></iframe>': ("https://player.example/v/1", "The film"),
    '<iframe src="//player.example/v/1"></iframe>': ("https://player.example/v/1", "player.example"),
    '<video src="/v.mp4"></video>': ("https://gazette.example/v.mp4", "gazette.example"),
    '<video poster="p"><source src="/v.mp4"><track src="t"></video>': (
        "https://gazette.example/v.mp4",
        "gazette.example",
    ),
    '<audio><source src="https://a.example/1.mp3"></audio>': ("https://a.example/1.mp3", "a.example"),
    '<object data="/o.swf"></object>': ("https://gazette.example/o.swf", "gazette.example"),
}


@pytest.mark.parametrize("frame", FRAMES)
def test_a_frame_becomes_a_link(frame: str) -> None:
    address, label = FRAMES[frame]
    html = of_feed(f"<p>Before.</p>{frame}<p>After.</p>").html
    assert f'<a href="{address}" rel="noopener nofollow ugc">{label}</a>' in html
    assert "Before." in html
    assert "After." in html
    assert not [mark for mark in ("<iframe", "<video", "<audio", "<object", "<source") if mark in html]


@pytest.mark.parametrize(
    "frame", ['<iframe src="javascript:1"></iframe>', "<iframe></iframe>", '<embed src="data:x">', "<video></video>"]
)
def test_a_frame_that_leads_nowhere_goes(frame: str) -> None:
    assert of_feed(f"<p>Before.</p>{frame}<p>After.</p>").html == "<p>Before.</p><p>After.</p>"


def test_lazy_pictures_are_resolved() -> None:
    found = of_feed('<p>Text.</p><p><img src="data:image/gif;base64,R0" data-original="/p/1.jpg" alt="P"></p>')
    assert 'src="https://gazette.example/p/1.jpg"' in found.html
    assert [image.url for image in found.images] == ["https://gazette.example/p/1.jpg"]


def test_tables_code_ruby_and_lists_are_kept() -> None:
    markup = (
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>"
        "<pre><code>def f():\n    return  1\n</code></pre><p><ruby>漢<rt>かん</rt></ruby></p>"
        "<ol><li>x</li><li>y<ul><li>z</li></ul></li></ol><dl><dt>t</dt><dd>d</dd></dl>"
    )
    html = of_feed(markup).html
    assert "def f():\n    return  1\n" in html
    for part in (
        "<th>a</th>",
        "<td>b</td>",
        "<ruby>漢<rt>かん</rt></ruby>",
        "<ul><li>z</li></ul>",
        "<dt>t</dt><dd>d</dd>",
    ):
        assert part in html


def test_scripts_and_styles_leave_no_text() -> None:
    found = of_feed(
        "<style>.appendQr_wrap{}</style><script>var x</script><p>Text.</p><noscript>n</noscript><form><button>b</button></form>"
    )
    assert found.text == "Text."
    assert [item.what for item in found.removed] == ["<style> block", "<script> block"]


def test_a_feed_of_plain_text_becomes_paragraphs() -> None:
    found = article(
        page=b"",
        title="T",
        content="One & two.\n\nThree.",
        details={"content": TextDetail(type="text/plain")},
        link=URL,
    )
    assert found.html == "<p>One &amp; two.</p><p>Three.</p>"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One &amp; two.\n\nThree.", "<p>One &amp; two.</p><p>Three.</p>"),
        ("Eggs\nFlour\r\nMilk", "<p>Eggs<br>Flour<br>Milk</p>"),
        (
            "A line that is as long as the width of a letter says\nit may be, and goes on.",
            "<p>A line that is as long as the width of a letter says\nit may be, and goes on.</p>",
        ),
        ("1 < 2\n\n3", "<p>1 &lt; 2</p><p>3</p>"),
    ],
)
def test_lines_are_the_structure_of_a_text_without_any_other(text: str, html: str) -> None:
    assert of_feed(text).html == html


def test_links_lead_where_a_redirector_leads() -> None:
    html = of_feed('<p>T <a href="https://www.google.com/url?q=https%3A%2F%2Fo.example%2Fx&sa=D">that</a></p>').html
    assert '<a href="https://o.example/x"' in html
    archived = "https://web.archive.org/web/2020/https://o.example/"
    assert f'<a href="{archived}"' in of_feed(f'<p>T <a href="{archived}">that</a></p>').html


def test_the_template_of_the_site_is_applied() -> None:
    foot = "<p>Follow the Gazette on all channels.</p>"
    template = learn_fragments([f"<p>Story number {number}, told at length.</p>{foot}" for number in range(6)])
    found = article(page=b"", title="T", content=f"<p>Another story of its own.</p>{foot}", link=URL, template=template)
    assert found.text == "Another story of its own."
    assert [(item.why, item.evidence) for item in found.removed] == [("repeated block", "in 6 of 6 samples")]


def test_the_lead_picture() -> None:
    """The feed's own first, then what is attached, then the page's; junk and what recurs on the site never."""
    ours = Image(url="https://x.example/own.jpg")
    attached = Enclosure(url="https://x.example/attached.jpg", type="image/jpeg")
    assert article(title="T", image=ours, enclosures=(attached,)).image == ours
    assert article(title="T", enclosures=(attached,)).image == Image(url=attached.url)
    assert article(title="T", enclosures=(Enclosure(url="https://x.example/a.mp3", type="audio/mpeg"),)).image == Image(
        url="https://gazette.example/pictures/harbour-640.jpg", alt="The old pier",
        caption="The old pier seen from the east.", width=640, height=400,
    )  # fmt: skip
    assert of_feed('<p>x</p><img src="/logo.png"><img src="/photo.jpg">').image == Image(
        url="https://gazette.example/photo.jpg"
    )
    assert of_feed('<p>x</p><img src="/qrcode.png">').image is None


@pytest.mark.parametrize(
    ("title", "text", "sponsored"),
    [("【广告】好物推荐", "x", True), ("Sponsored: a sofa", "x", True), ("T", "广告：买一送一", True),
     ("[Sponsor] A tool", "x", True), ("【PR】新商品", "x", True), ("PR: numbers", "x", False), ("Sponsors leave", "x", False),
     ("广告法修订草案", "x", False),
     ("Advertisement spending falls", "x", False), ("Ad: buy", "x", True)],
)  # fmt: skip
def test_adverts_are_marked(title: str, text: str, sponsored: bool) -> None:
    assert of_feed(f"<p>{text}</p>", title=title).sponsored is sponsored


@pytest.mark.parametrize(
    "markup",
    [
        "<p>{{ 7*7 }} {% raw %} ${x} {{&lt; y &gt;}}</p>",
        "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp;</p>",
        "<p>价格 &lt; 5 元</p>",
    ],
)
def test_the_words_of_the_feed_are_not_touched(markup: str) -> None:
    assert of_feed(markup).html == markup


def test_cleaning_an_article_again_changes_nothing() -> None:
    for first in (article(), of_feed(LONG), article(page=(CASES / "short-zh.html").read_bytes())):
        again = of_feed(first.html, title=first.title)
        assert again.html == first.html
        assert again.text == first.text


# -------------------------------------------------------------------------------------------------- dates

SEEN = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
DAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("published", "wanted", "source"),
    [
        (None, DAY, "first_seen"), (SEEN - timedelta(days=3), SEEN - timedelta(days=3), "feed"), (SEEN, SEEN, "feed"),
        (SEEN + timedelta(minutes=10), SEEN + timedelta(minutes=10), "feed"), (SEEN + timedelta(minutes=11), DAY, "clamped"),
        (datetime(2099, 12, 31, tzinfo=UTC), DAY, "clamped"), (datetime(1970, 1, 1, tzinfo=UTC), DAY, "first_seen"),
        (datetime(1994, 12, 31, tzinfo=UTC), DAY, "first_seen"),
        (datetime(1995, 1, 1, tzinfo=UTC), datetime(1995, 1, 1, tzinfo=UTC), "feed"),
    ],
)  # fmt: skip
def test_a_date_that_can_be_printed(published: datetime | None, wanted: datetime, source: str) -> None:
    dated = date_article(Article(published=published, published_source="feed" if published else ""), SEEN)
    assert (dated.published, dated.published_source) == (wanted, source)


def test_dates_are_kept_in_one_zone() -> None:
    page = (
        b"<meta property='article:published_time' content='2026-01-01T01:00:00+09:00'><h1>Harbour</h1><p>"
        + b"word. " * 60
    )
    found = extract_article(page, url="https://news.example/a")
    assert found.published == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert str(found.published) == "2026-01-01 01:00:00+09:00"
    kept = date_article(msgspec.structs.replace(found, modified=found.published), SEEN)
    assert str(kept.published) == str(kept.modified) == "2025-12-31 16:00:00+00:00"


@pytest.mark.parametrize("sign", ["\f", "&#12;", "&#x1F;", "&#65535;", "&#xfffe", "\ufffe", "\x0b", "&#00008;"])
def test_signs_that_no_tree_takes_cost_no_article(sign: str) -> None:
    """The HTML parser lets them in, and a text with one of them cannot be moved to another place."""
    first = "The harbour council met on Monday evening and spoke for three hours about the new quay, as it had to"
    last = "Nobody was against the plan in the end, and the first stones are to be laid in April, says the mayor."
    markup = f"{first}{sign}.<br><br>Some residents asked{sign} for a year of thought.<p>{last}</p>"
    for found in (article(page=f"<html><body><article>{markup}</article></body></html>".encode()), of_feed(markup)):
        assert [line.replace(" ", "") for line in found.text.splitlines()] == [
            f"{first}.".replace(" ", ""), "Someresidentsaskedforayearofthought.", last.replace(" ", ""),
        ]  # fmt: skip


def test_signs_that_are_characters_stay() -> None:
    found = of_feed("<p>A&#9;tab, a &#1234; and a &#x1F600; and &#120; and &#xfffd; stay.</p>")
    assert found.text == "A tab, a Ӓ and a 😀 and x and \ufffd stay."


@pytest.mark.parametrize(
    ("markup", "wanted"),
    [
        ("<p>a b</p><!-- word_pub,x, --><!-- 总声明-->\n<!-- 总声明-->", ["word_pub,x,", "总声明"]),
        ("<p>a b</p><!-- --><!-- open <p>c</p>", []),
        ("<!---->a<!--[if mso]><p>b</p><![endif]-->", ["[if mso]><p>b</p><![endif]"]),
        ("<p>a</p>" + "".join(f"<!-- {number} -->" for number in range(100)), [str(number) for number in range(20)]),
        ("<p>a</p>" + "<!-- " * 50_000, []),
        ("<p>a</p><!--" + "long " * 1000 + "-->", [("long " * 60).strip()]),
    ],
)
def test_comments_of_a_feed_are_named(markup: str, wanted: list[str]) -> None:
    _, removed = tidy(markup, base_url="https://news.example/")
    named = [cut for cut in removed if cut.evidence == "comment"]
    assert [cut.what.strip() for cut in named] == wanted
    assert {cut.why for cut in named} <= {"no text of the article"}
