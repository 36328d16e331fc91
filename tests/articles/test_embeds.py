"""Films, sound and posts of others are links, also where a script would have shown them."""

from __future__ import annotations

import pytest

from broadsheet.articles.extract import extract_article
from broadsheet.model import Entry
from tests.articles.test_structure import URL, of_feed, of_page


@pytest.mark.parametrize(
    ("frame", "address", "label"),
    [
        ('<iframe data-src="https://player.example/v/1"></iframe>', "https://player.example/v/1", "player.example"),
        (
            '<iframe src="about:blank" data-lazy-src="https://player.example/v/1"></iframe>',
            "https://player.example/v/1",
            "player.example",
        ),
        (
            '<object><embed src="https://player.example/v.swf"></object>',
            "https://player.example/v.swf",
            "player.example",
        ),
        (
            '<iframe src="//player.bilibili.com/player.html?aid=1&bvid=BV1xx411c7mD&page=1"></iframe>',
            "https://www.bilibili.com/video/BV1xx411c7mD/",
            "player.bilibili.com",
        ),
        (
            '<iframe title="A film" src="https://player.vimeo.com/video/123?dnt=1"></iframe>',
            "https://vimeo.com/123",
            "A film",
        ),
        (
            '<iframe title="A film" src="https://player.vimeo.com/video/123?h=ab"></iframe>',
            "https://player.vimeo.com/video/123?h=ab",
            "A film",
        ),
    ],
)
def test_a_frame_leads_where_it_can_be_seen(frame: str, address: str, label: str) -> None:
    wanted = f'<p><a href="{address}" rel="noopener nofollow ugc">{label}</a></p>'
    assert of_feed(f"<p>Text.</p>{frame}") == f"<p>Text.</p>{wanted}"


def test_a_film_has_its_still() -> None:
    content = (
        '<p>Text.</p><iframe src="https://www.youtube-nocookie.com/embed/abcdEFGH123?rel=0" title="A film"></iframe>'
    )
    found = extract_article(b"", url=URL, entry=Entry(title="A title", link=URL, content=content))
    link = '<a href="https://www.youtube.com/watch?v=abcdEFGH123" rel="noopener nofollow ugc">'
    still = "https://i.ytimg.com/vi/abcdEFGH123/hqdefault.jpg"
    assert f'<p>{link}<img alt="" src="{still}" loading="lazy"></a></p><p>{link}A film</a></p>' in found.html
    assert found.image is not None
    assert found.image.url == still


def test_a_playlist_is_no_film() -> None:
    address = "https://www.youtube.com/embed/videoseries?list=PL1"
    assert f'<a href="{address}"' in of_feed(f'<p>Text.</p><iframe src="{address}"></iframe>')


def test_the_poster_of_a_film_is_its_still() -> None:
    html = of_feed('<p>Text.</p><video poster="/p.jpg" src="/v.mp4"></video>')
    assert 'src="https://gazette.example/p.jpg"' in html
    assert html.count('<a href="https://gazette.example/v.mp4"') == 2


POST = (
    '<figure class="is-provider-twitter"><blockquote class="twitter-tweet"><p lang="en">The ferry is here!</p>'
    '&mdash; Ann (@ann) <a href="https://twitter.com/ann/status/1">3 November</a></blockquote></figure>'
)


def test_a_post_in_a_page_is_a_link() -> None:
    link = '<a href="https://twitter.com/ann/status/1" rel="noopener nofollow ugc">Ann (@ann) 3 November</a>'
    assert link in of_page(POST)


def test_a_post_in_a_feed_is_quoted() -> None:
    assert '<blockquote><p lang="en">The ferry is here!</p>' in of_feed(POST)
