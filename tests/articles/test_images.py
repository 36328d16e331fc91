"""Pictures: the true address, what is none, the lead, our copies and how they are made."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image as Pictures

from broadsheet.articles.images import (
    body_images,
    is_same_picture,
    lead_image,
    localise,
    looks_like_junk,
    picture_at_top,
    reencode,
    settle_sources,
)
from broadsheet.articles.tree import parse_fragment, serialise
from broadsheet.errors import LimitExceeded, ParseError
from broadsheet.model import Image

BASE = "https://news.example/a/b"

SOURCES = {
    '<img src="c.png">': "https://news.example/a/c.png",
    '<img src="//cdn.example/c.png">': "https://cdn.example/c.png",
    '<img src="data:image/gif;base64,R0" data-src="/c.png">': "https://news.example/c.png",
    '<img src="spin.gif" data-original="/c.png">': "https://news.example/c.png",
    '<img src="spin.gif" data-lazy-src=" /c.png ">': "https://news.example/c.png",
    '<img data-actualsrc="/c.png">': "https://news.example/c.png",
    '<img src="spin.gif" data-url="/c.png?w=800">': "https://news.example/c.png?w=800",
    '<img src="/c.png" data-url="/photos/list?id=3">': "https://news.example/c.png",
    '<img srcset="/s.png 320w, /l.png 1280w, /m.png 640w">': "https://news.example/l.png",
    '<img srcset="/one.png 1x, /two.png 2x">': "https://news.example/two.png",
    '<img src="data:image/gif;base64,R0" data-srcset="/s.png 1x, /l.png 3x">': "https://news.example/l.png",
    '<img srcset="/a,b.png 1x, /c.png">': "https://news.example/a,b.png",
    '<img srcset="/s.png 320w,\n   /l.png 1280w,\t/m.png 640w">': "https://news.example/l.png",
    '<picture><source media="(max-width: 9em)" srcset="/s.webp 600w"><source srcset="/l.webp 1600w"><img></picture>': "https://news.example/l.webp",
    '<img srcset="/s.png 1x,/l.png 2x">': "https://news.example/l.png",
    '<img src="/img/placeholder.svg" data-srcset="/s.png 1x, /l.png 3x">': "https://news.example/l.png",
    '<img src="/blank.gif" srcset="/s.png 320w, /l.png 1280w">': "https://news.example/l.png",
    '<picture><source data-srcset="/w.webp 800w"><img src="/lazy.png"></picture>': "https://news.example/w.webp",
    '<img src="/loading-dock.jpg">': "https://news.example/loading-dock.jpg",
    '<img src="/c.png" data-src="/c_{width}x.png">': "https://news.example/c.png",
    '<img src="/c.png" data-src="data:image/gif;base64,R0">': "https://news.example/c.png",
    '<picture><source srcset="/w.webp 800w"><img src=""></picture>': "https://news.example/w.webp",
    '<picture><source srcset="/w.webp 800w"><img src="/j.jpg"></picture>': "https://news.example/j.jpg",
    '<picture><source srcset="/w.webp" /><SOURCE srcset="/v.webp"></source><img src="/j.jpg"></picture>': "https://news.example/j.jpg",
}


@pytest.mark.parametrize("markup", SOURCES)
def test_the_true_address(markup: str) -> None:
    root = parse_fragment(f"<p>{markup}</p>")
    assert settle_sources(root, BASE) == []
    assert [image.get("src") for image in root.iter("img")] == [SOURCES[markup]]
    assert not list(root.iter("source"))


def test_a_picture_without_any_address_is_not_the_page_itself() -> None:
    root = parse_fragment('<p>a<img src=""><img alt="x">b</p>')
    assert settle_sources(root, BASE) == []
    assert not list(root.iter("img"))


def test_only_what_describes_a_picture_stays() -> None:
    root = parse_fragment(
        '<img src="/c.png" alt="a" title="t" width="5" height="6" class="x" onload="y" srcset="/d 2x">'
    )
    settle_sources(root, BASE)
    (image,) = root.iter("img")
    assert dict(image.attrib) == {
        "src": "https://news.example/c.png",
        "alt": "a",
        "title": "t",
        "width": "5",
        "height": "6",
    }


@pytest.mark.parametrize(
    ("markup", "why"),
    [
        ('<img src="/p.gif" width="1" height="1">', "tracking pixel"),
        ('<img src="/p.gif" width="600" height="0">', "tracking pixel"),
        ('<img src="javascript:1">', "picture without a usable address"),
        ('<img src="data:image/png;base64,AAAA">', "picture without a usable address"),
        ('<img src="data:image/svg+xml,x" srcset="">', "picture without a usable address"),
        ('<img src="http://[">', "picture without a usable address"),
    ],
)
def test_what_is_no_picture_is_taken_out_with_its_reason(markup: str, why: str) -> None:
    root = parse_fragment(f"<p>a{markup}b</p>")
    (removed,) = settle_sources(root, BASE)
    assert removed.why == why
    assert not list(root.iter("img"))
    assert "".join(root.itertext()) == "ab"


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/qrcode.png", "https://x.example/img/logo.svg", "https://x.example/user/avatar_12.jpg",
        "https://x.example/ads/1.png", "https://x.example/a/weixin-2.jpg", "https://x.example/spacer.gif",
        "https://x.example/a?pixel", "https://x.example/banner1.jpg",
        "https://x.example/qr/3.png", "https://x.example/our-qr.png", "https://x.example/favicon.ico", "https://x.example/core/emoji/72x72/1f600.png",
        "https://x.example/smilies/1.gif", "https://x.example/qr12.png?v=2",
    ],
)  # fmt: skip
def test_junk(url: str) -> None:
    assert looks_like_junk(url) or url.endswith("?pixel")


@pytest.mark.parametrize(
    "url",
    [
        "https://logo.example/photo.jpg", "https://x.example/adelaide.jpg", "https://x.example/iconic-view.jpg",
        "https://x.example/shadow.png", "https://x.example/catalogue/1.jpg", "https://ads.example/", "https://x.example/qr1a.jpg",
        "https://x.example/c_QR_n/8E/harbour.jpg",
    ],
)  # fmt: skip
def test_no_junk(url: str) -> None:
    assert not looks_like_junk(url)


def test_the_lead_is_the_first_that_can_be_one() -> None:
    wrong = [
        Image(url="javascript:1"), Image(url="https://x.example/logo.png"), Image(url="https://x.example/a.png", width=40),
        Image(url="https://x.example/b.png", width=600, height=20),
    ]  # fmt: skip
    right = Image(url="https://x.example/c.png", width=600)
    assert lead_image([*wrong, right, Image(url="https://x.example/d.png")]) == right
    assert lead_image(wrong) is None
    assert lead_image([]) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("x.example/a/bridge-opening-day-320w.jpg", "cdn.example/b/bridge-opening-day_social.jpeg?w=1200", True),
        ("x.example/a/AS20250113003419.jpg", "x.example/ogp/AS20250113003419_comm.jpg", True),
        ("x.example/a/AS20250113003419.jpg", "x.example/a/AS20250113003420.jpg", False),
        ("x.example/a/harbour-works-day-1.jpg", "x.example/a/harbour-works-day-2.jpg", False),
        ("x.example/a/02.jpg", "cdn.example/a/02.jpg?w=320", True),
        ("x.example/a/02.jpg", "x.example/b/02.jpg", False),
        ("x.example/image-1.jpg", "x.example/image-1-300x200.jpg", False),
        ("x.example/_next/image?url=%2Fa%2Fbridge-opening-day.jpg&w=640", "x.example/a/bridge-opening-day.jpg", True),
        ("x.example/_next/image?url=%2Fa%2Fbridge.jpg&w=640", "x.example/_next/image?url=%2Fa%2Fharbour.jpg&w=640", False),
        ("x.example/photo?id=1", "x.example/photo?id=1", True), ("x.example/photo?id=1", "x.example/photo?id=2", False),
        ("[/a", "x/b", False),
    ],
)  # fmt: skip
def test_two_addresses_of_one_picture(one: str, other: str, same: bool) -> None:
    assert is_same_picture(f"https://{one}", f"https://{other}") == same


PICTURES = '<img src="/a.jpg"><img src="/bridge-opening-day.jpg" width="800"><img src="/arrow.png"><img alt="none">'


@pytest.mark.parametrize(
    ("markup", "placed", "told", "wanted"),
    [
        (PICTURES, True, "", "/a.jpg"), (PICTURES, False, "", ""),
        (PICTURES, True, "https://cdn.example/bridge-opening-day_og.jpg", "/bridge-opening-day.jpg"),
        (PICTURES, False, "https://cdn.example/bridge-opening-day_og.jpg", "/bridge-opening-day.jpg"),
        (PICTURES.replace("800", "300"), False, "https://cdn.example/bridge-opening-day_og.jpg", ""),
        ('<img src="/arrow.png"><img alt="none"><img src="/a.svg"><img src="/a.jpg" width="90">', True, "", ""),
    ],
)  # fmt: skip
def test_the_picture_at_the_top(markup: str, placed: bool, told: str, wanted: str) -> None:
    found = [(image, placed) for image in parse_fragment(markup).iter("img")]
    lead = picture_at_top(found, BASE, told)
    assert (lead.url if lead else "") == (f"https://news.example{wanted}" if wanted else "")


def test_pictures_of_a_body() -> None:
    root = parse_fragment(
        '<figure><img src="https://x.example/a" alt="A" width="640px"><figcaption>The <b>harbour</b></figcaption></figure>'
        '<img src="https://x.example/b" height="x">'
    )
    assert body_images(root) == [
        Image(url="https://x.example/a", alt="A", caption="The harbour", width=640), Image(url="https://x.example/b"),
    ]  # fmt: skip


# -------------------------------------------------------------------------------------------------- copies


COPY = Image(url="https://x.example/a.png", path="m/ab/cd.webp", width=640, height=480)


def test_copies_take_the_place_of_pictures() -> None:
    found = localise('<p>t<img src="https://x.example/a.png" alt="A"></p>', {COPY.url: COPY})
    assert 'src="/m/ab/cd.webp"' in found
    assert 'width="640"' in found
    assert "x.example" not in found


@pytest.mark.parametrize(
    ("markup", "wanted"),
    [
        ('<p>t<img src="https://x.example/b.png" alt="Ships"></p>', 'href="https://x.example/b.png"'),
        ('<p>t<img src="https://x.example/b.png"></p>', "<p>t</p>"),
        ('<p><a href="/a"><img src="https://x.example/b.png" alt="Ships"></a></p>', 'ugc">Ships</a></p>'),
        ('<p>t<a href="/a"><img src="https://x.example/b.png" alt=""></a></p>', "<p>t</p>"),
        ('<p>t<img src="https://x.example/logo.png" alt="Logo"></p>', "<p>t</p>"),
        ('<p>t<img src="/m/ab/cd.webp" alt="A"></p>', 'src="/m/ab/cd.webp"'),
    ],
)
def test_a_picture_without_a_copy(markup: str, wanted: str) -> None:
    """A link says what it shows; what is junk or says nothing goes; our own stay. Nothing foreign is loaded."""
    for copies in ({}, {"https://x.example/b.png": None, "https://x.example/logo.png": None}):
        found = localise(markup, copies)
        assert wanted in found
        assert 'src="https://' not in found


def test_foreign_pictures_may_stay() -> None:
    markup = '<img src="https://x.example/a.png"><img src="https://x.example/b.png" alt="B">'
    found = localise(markup, {"https://x.example/b.png": None}, keep_remote=True)
    assert 'src="https://x.example/a.png"' in found
    assert 'href="https://x.example/b.png"' in found


def test_text_without_pictures_is_left_as_it_is() -> None:
    assert localise("<p>a <b>b</b></p>", {}) == "<p>a <b>b</b></p>"


def picture(size: tuple[int, int] = (200, 100), kind: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    written = io.BytesIO()
    Pictures.new(mode, size, 100).save(written, kind, **options)
    return written.getvalue()


def opened(body: bytes) -> Pictures.Image:
    return Pictures.open(io.BytesIO(body))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("PNG", "I;16"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("GIF", "P"),
     ("WEBP", "RGB"), ("BMP", "RGB"), ("TIFF", "RGB")],
)  # fmt: skip
def test_every_format_is_written_anew(kind: str, mode: str) -> None:
    body, path, width, height = reencode(picture(kind=kind, mode=mode), max_width=1280)
    assert (width, height) == (200, 100)
    assert opened(body).format == "WEBP"
    assert path.startswith("m/")
    assert path.endswith(".webp")


def test_a_wide_picture_is_made_smaller() -> None:
    body, _, width, height = reencode(picture((1000, 10)), max_width=300)
    assert (width, height) == opened(body).size == (300, 3)
    assert reencode(picture((1000, 1)), max_width=300)[3] == 1


def test_the_same_picture_has_the_same_address() -> None:
    first, second = reencode(picture(), max_width=300), reencode(picture(), max_width=300)
    assert first == second
    assert reencode(picture((201, 100)), max_width=300)[1] != first[1]


def test_nothing_of_the_original_file_survives() -> None:
    exif = Pictures.Exif()
    exif[0x010E] = "secret place"
    body, *_ = reencode(picture(kind="JPEG", exif=exif) + b"<script>alert(1)</script>", max_width=300)
    assert b"secret" not in body
    assert b"script" not in body
    assert not opened(body).getexif()


def test_a_turned_picture_is_set_upright() -> None:
    exif = Pictures.Exif()
    exif[0x0112] = 6
    assert reencode(picture(kind="JPEG", exif=exif), max_width=300)[2:] == (100, 200)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", b"<html></html>", b"%PDF-1.4",
        picture()[:60], b"GIF89a<script>alert(1)</script>", picture(kind="JPEG")[:200], b"\x00" * 1000, picture(kind="ICO"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(ParseError):
        reencode(data, max_width=300)


def test_a_pixel_bomb_is_not_decoded() -> None:
    """A few bytes that announce 10 gigapixels."""
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 1, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    data = b"\x89PNG\r\n\x1a\n" + chunk + b"\x00\x00\x00\x00IEND\xaeB`\x82"
    with pytest.raises((LimitExceeded, ParseError)):
        reencode(data, max_width=300)


def test_copies_are_safe_html() -> None:
    """What localise gives has been through the sanitiser, whatever came in."""
    found = localise('<p onclick="x()"><img src="https://x.example/a.png" onerror="y()"></p>', {COPY.url: COPY})
    assert "onclick" not in found
    assert "onerror" not in found
    assert serialise(parse_fragment(found)).count("<img") == 1
