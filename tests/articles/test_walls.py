"""Pages that are no article, and articles that are cut off: told apart from articles that speak of such things."""

from __future__ import annotations

import pytest

from broadsheet.articles.extract import extract_article
from broadsheet.errors import ExtractError
from broadsheet.model import Entry

URL = "https://news.example/2026/ferry"
TEXT = "The night ferry to Gannet Rock will run again from Friday, the harbour office said on Monday. "
ENTRY = Entry(link=URL, title="Night ferry to run again", summary=f"<p>{TEXT}</p>")


def page(title: str, body: str, head: str = "") -> bytes:
    return f"<html><head><title>{title}</title>{head}</head><body><main>{body}</main></body></html>".encode()


def paragraphs(count: int) -> str:
    return "".join(
        f"<p>{TEXT} It is the {number}th time that the ferry stopped and began again.</p>" for number in range(count)
    )


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Just a moment...", "bot check"), ("Attention Required! | Cloudflare", "bot check"), ("Access Denied", "bot check"),
        ("百度安全验证", "bot check"), ("News Example - Security check", "bot check"),
        ("Before you continue to News", "consent page"), ("隐私设置", "consent page"),
        ("Page not found - News", "error page"), ("404", "error page"), ("News | 404 Not Found", "error page"),
        ("Site under maintenance", "error page"), ("页面不存在", "error page"), ("Seite nicht gefunden", "error page"),
        ("Log in to News Example", "login page"), ("News Example | Sign in", "login page"), ("用户登录", "login page"),
    ],
)  # fmt: skip
def test_what_stands_in_an_articles_place_is_none(title: str, kind: str) -> None:
    html = page(
        title, "<h1>One more step</h1><p>Please complete the check below, then we will take you to the page.</p>"
    )
    article = extract_article(html, url=URL, entry=ENTRY)
    assert article.text == TEXT.strip()
    assert article.title == ENTRY.title
    assert [(item.what, item.why) for item in article.removed] == [("page", kind)]
    assert not article.closed
    with pytest.raises(ExtractError):
        extract_article(html, url=URL)


@pytest.mark.parametrize(
    "title",
    [
        "Access denied: how the harbour lost its gate", "Your privacy settings, explained", "Just a moment in the rain",
        "404 Media wins a prize", "Page not found: a history of errors", "Under maintenance for a year: the old bridge",
        "Security check lines grow at Vesper airport", "安全验证码泄露事件调查", "Why we sign in to everything",
    ],
)  # fmt: skip
def test_an_article_about_such_things_is_one(title: str) -> None:
    entry = Entry(link=URL, title=title, summary="<p>Short.</p>")
    short = extract_article(page(f"{title} | News", f"<h1>{title}</h1>{paragraphs(3)}"), url=URL, entry=entry)
    assert "the 2th time" in short.text
    long = extract_article(page(f"{title} | News", f"<h1>{title}</h1>{paragraphs(30)}"), url=URL)
    assert "the 29th time" in long.text
    assert not [item for item in (*short.removed, *long.removed) if item.what == "page"]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Please enable JavaScript to view this page. This site needs it to work as it should.", "script page"),
        ("We’ve detected that JavaScript is disabled in this browser. Switch to a supported browser to go on.", "script page"),
        ("Enable JavaScript and cookies to continue. The site needs to review the security of your connection.", "script page"),
        ("Your browser is no longer supported. We support the current versions of all larger browsers.", "script page"),
        ("Sorry, the page you are looking for could not be found. It may have been moved, or taken down.", "error page"),
        ("This domain may be for sale. Write to the owner to learn what it costs, and what comes with it.", "error page"),
        ("抱歉，您访问的页面不存在或已删除，三秒后自动返回首页，请检查您输入的网址是否正确，或联系管理员。", "error page"),
        ("此内容因违规无法查看，由用户投诉并经平台审核，涉嫌过度营销、骚扰用户，如有疑问请联系平台客服。", "error page"),
        ("We and our 834 partners store and access information on a device, such as cookies.", "consent page"),
    ],
)  # fmt: skip
def test_a_page_that_only_excuses_itself_is_none(said: str, kind: str) -> None:
    html = page("News Example", f"<div><p>{said}</p></div>")
    article = extract_article(html, url=URL, entry=ENTRY)
    assert article.text == TEXT.strip()
    assert [(item.what, item.why) for item in article.removed] == [("page", kind)]


@pytest.mark.parametrize(
    "said",
    ["The page you are looking for could not be found, said the note.", "Please enable JavaScript, said the note."],
)
def test_an_article_that_quotes_an_excuse_is_one(said: str) -> None:
    article = extract_article(page(ENTRY.title, f"<p>{said}</p>{paragraphs(4)}"), url=URL, entry=ENTRY)
    assert said in article.text


def test_scripts_that_hold_the_article_need_not_run() -> None:
    told = "".join(f"<p>{TEXT * 2}</p>" for _ in range(3))
    html = page(
        "News",
        f'<div><p>Please enable JavaScript to go on with this page.</p></div><script>x = {{t: "{told}"}}</script>',
    )
    article = extract_article(html, url=URL, entry=ENTRY)
    assert article.provenance["text"] == "page"
    assert article.text.startswith(TEXT.strip())


def test_a_page_that_led_home_is_no_article() -> None:
    html = page("News Example", f"<h2>Another story</h2>{paragraphs(4)}")
    article = extract_article(html, url="https://www.news.example/", entry=ENTRY)
    assert article.text == TEXT.strip()
    assert [(item.why, item.evidence) for item in article.removed] == [
        ("front page", "led to https://www.news.example/")
    ]
    assert "the 3th time" in extract_article(html, url="https://ferry.example/", entry=ENTRY).text
    assert "the 3th time" in extract_article(html, url=URL + "-2", entry=ENTRY).text


def test_a_bot_check_is_short_whatever_its_scripts_say() -> None:
    script = "var words = " + "one + two + three + " * 300 + "0;"
    html = page("Just a moment...", f"<p>Checking the connection of your computer.</p><script>{script}</script>")
    assert extract_article(html, url=URL, entry=ENTRY).removed[0].why == "bot check"


def test_a_page_of_another_host_that_asks_for_consent() -> None:
    html = page("News Example", paragraphs(30))
    article = extract_article(html, url="https://consent.news.example/v2?to=x", entry=ENTRY)
    assert article.text == TEXT.strip()
    assert article.removed[0].why == "consent page"
    own = Entry(link="https://consent.news.example/post", title="On asking", summary="Short")
    assert "the 29th time" in extract_article(html, url=own.link, entry=own).text


LOCKED = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "x", "isAccessibleForFree": false}</script>'


@pytest.mark.parametrize(
    ("head", "offer", "evidence"),
    [
        (LOCKED, "", "isAccessibleForFree is false"),
        ('<meta property="article:content_tier" content="locked">', "", "article:content_tier is locked"),
        ("", "Subscribe to continue reading this article.", "says 'Subscribe to continue"),
        ("", "Already a subscriber? Log in", "says 'Already"),
        ("", "登录后阅读全文", "says '登录后阅读全文'"),
        ("", "剩余 72% 未读", "says '剩余"),
    ],
)
def test_an_article_that_goes_on_behind_a_paywall_says_so(head: str, offer: str, evidence: str) -> None:
    body = f"<article><h1>Night ferry to run again</h1>{paragraphs(3)}{f'<p>{offer}</p>' if offer else ''}</article>"
    article = extract_article(page("Night ferry to run again", body, head), url=URL, entry=ENTRY)
    assert article.closed
    assert "the 2th time" in article.text, "what is shown is more than the feed has"
    assert not offer or offer not in article.text
    (told,) = [item for item in article.removed if item.what == "page"]
    assert told.why == "paywall"
    assert told.evidence.startswith(evidence)


def test_where_the_feed_has_more_than_the_page_its_words_are_kept() -> None:
    entry = Entry(link=URL, title="Night ferry to run again", content=paragraphs(20))
    body = f"<article><h1>Night ferry to run again</h1>{paragraphs(2)}<p>Subscribe to continue reading.</p></article>"
    article = extract_article(page("Night ferry to run again", body, LOCKED), url=URL, entry=entry)
    assert "the 19th time" in article.text
    assert not article.closed


def test_a_whole_article_is_not_closed_whatever_its_page_offers() -> None:
    body = f"<article><h1>Night ferry</h1>{paragraphs(30)}</article><footer><p>Subscribe to continue reading us daily</p></footer>"
    article = extract_article(page("Night ferry", body, LOCKED), url=URL)
    assert not article.closed
    assert not [item for item in article.removed if item.what == "page"]
