"""Pictures: those that cannot be had now are had later, QR codes are none, and lost copies are fetched again."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
import zxingcpp
from PIL import Image as Pictures

from broadsheet.articles.images import reencode
from broadsheet.errors import CodePicture
from broadsheet.newspaper import Newspaper
from broadsheet.store.queue import ATTEMPTS
from tests.conftest import NOW, Answer, Web

MEDIA = "[media]\ncopy = true"


def webp(picture: Pictures.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def photo(side: int = 300) -> Pictures.Image:
    row = np.linspace(0, 255, side, dtype=np.uint8)
    return Pictures.fromarray(np.stack([np.tile(row, (side, 1))] * 3, axis=2))


def code(side: int = 240) -> Pictures.Image:
    made = zxingcpp.create_barcode("https://weixin.example/follow", zxingcpp.BarcodeFormat.QRCode)
    return Pictures.fromarray(np.array(made.to_image(scale=8))).convert("RGB").resize((side, side))


def beside(size: tuple[int, int], pasted: Pictures.Image, at: tuple[int, int]) -> Pictures.Image:
    paper = Pictures.new("RGB", size, "#c8e0d0")
    paper.paste(pasted, at)
    return paper


def clear(picture: Pictures.Image) -> Pictures.Image:
    """Return a code whose paper is transparent."""
    found = picture.convert("RGBA")
    dark = np.array(picture.convert("L")) < 128
    return (
        Pictures.fromarray(np.dstack([np.zeros((*dark.shape, 3), np.uint8), dark.astype(np.uint8) * 255]))
        if found
        else found
    )


CODES = {
    "alone": code(),
    "large": code(2000),
    "with a line below": beside((260, 330), code(), (10, 10)),
    "on a banner": beside((600, 300), code(), (20, 30)),
    "turned": code().rotate(90),
    "transparent": clear(code()),
    "light on dark": Pictures.eval(code(), lambda value: 255 - value),
}


@pytest.mark.parametrize("name", CODES)
def test_a_code_is_no_picture(name: str) -> None:
    with pytest.raises(CodePicture, match=r"^https://weixin\.example/follow$"):
        reencode(webp(CODES[name]), max_width=1280)


@pytest.mark.parametrize(
    "picture", [photo(), beside((1200, 1600), code(), (900, 1300)), Pictures.new("RGB", (300, 300), "white")]
)
def test_a_poster_with_a_small_code_is_one(picture: Pictures.Image) -> None:
    assert reencode(webp(picture), max_width=1280)[2:] == picture.size


def feed(web: Web, *names: str, alt: str = "") -> Answer:
    pictures = "".join(f'<p><img src="{web.url}/{name}" alt="{alt}"></p>' for name in names)
    text = "The ferry to Gannet Rock runs again. " * 10
    web.pages["/a"] = Answer(b"<html><body><p>Moved.</p></body></html>", headers={"Content-Type": "text/html"})
    return Answer(
        f"<rss><channel><title>News</title><item><title>Ferry</title><link>{web.url}/a</link><description><![CDATA["
        f"<p>{text}</p>{pictures}]]></description></item></channel></rss>".encode()
    )


def article(made: Newspaper):
    (found,) = made.articles()
    return found


def test_a_code_goes_from_the_article_which_says_so(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = feed(web, "follow", "ferry", alt="扫码关注")
    web.pages["/follow"] = Answer(webp(code()), headers={"Content-Type": "image/png"})
    web.pages["/ferry"] = Answer(webp(photo()), headers={"Content-Type": "image/png"})
    made = paper(f"{web.url}/feed", extra=MEDIA)
    made.run()
    found = article(made)
    assert found.image is not None
    assert found.image.url == f"{web.url}/ferry"
    assert found.html.count("<img") == 1
    assert "扫码" not in found.html.replace('alt="扫码关注"', "")
    assert f"{web.url}/follow" not in found.html
    told = [item for item in found.removed if item.why == "QR code"]
    assert [(item.what, item.evidence) for item in told] == [
        (f"{web.url}/follow", "the picture says 'https://weixin.example/follow'")
    ]
    made.update(redo="extract")
    assert article(made) == found


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_picture_whose_server_was_busy_comes_later(web: Web, paper: Callable[..., Newspaper], status: int) -> None:
    clock = [NOW]
    web.pages["/feed"] = feed(web, "ferry")
    web.pages["/ferry"] = Answer(b"busy", status=status)
    made = paper(f"{web.url}/feed", extra=MEDIA, now=lambda: clock[0])
    made.run()
    assert article(made).image is None, "the article appears without it"
    web.pages["/ferry"] = Answer(webp(photo()), headers={"Content-Type": "image/png"})
    clock[0] += timedelta(minutes=1)
    made.run()
    assert article(made).image is None, "not asked again at once"
    clock[0] += timedelta(hours=1)
    report = made.run()
    assert article(made).image is not None
    assert "<img" in article(made).html
    assert report.pages_written > 0


@pytest.mark.parametrize("status", [404, 503])
def test_a_picture_that_never_comes_is_not_asked_for_ever(
    web: Web, paper: Callable[..., Newspaper], status: int
) -> None:
    clock = [NOW]
    web.pages["/feed"] = feed(web, "ferry")
    web.pages["/ferry"] = Answer(b"no", status=status)
    made = paper(f"{web.url}/feed", extra=MEDIA, now=lambda: clock[0])
    for _ in range(12):
        made.run()
        clock[0] += timedelta(days=1)
    asked = sum(hit.path == "/ferry" for hit in web.hits)
    assert asked == (1 if status == 404 else ATTEMPTS)
    assert article(made).text.startswith("The ferry")


def test_lost_copies_are_fetched_again(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = feed(web, "ferry", "gone")
    web.pages["/ferry"] = Answer(webp(photo()), headers={"Content-Type": "image/png"})
    made = paper(f"{web.url}/feed", extra=MEDIA)
    made.run()
    found = article(made)
    place = made.folder / ".broadsheet" / found.image.path
    whole = place.read_bytes()
    place.unlink()
    web.pages["/gone"] = Answer(webp(photo(200)), headers={"Content-Type": "image/png"})
    made.update(redo="media")
    assert place.read_bytes() == whole
    assert article(made).html.count("<img") == 2
    web.hits.clear()
    made.update(redo="media")
    assert web.hits == []
