"""The demo's pictures: drawn from a name when somebody asks for them, and kept.

``media(name)`` answers what the server has below ``/media/``: the illustrations, a sign that looks like a QR code (and
says nothing), an advert, a tracking pixel and a logo.
"""

from __future__ import annotations

import io
import random
from functools import lru_cache

from PIL import Image, ImageDraw

from broadsheet.demo.canvas import Canvas, Palette
from broadsheet.demo.scenes import Scene, land, room, sea, town

QUALITY = 82
PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
_PAINTS = ("#b4472f", "#d99a3d", "#2f6f73", "#7c8f5a", "#8a4a5f", "#33587a", "#e0c9a0")
_CLOTHS = ("#8c2f2b", "#c47f35", "#2f5d62", "#3e4a6b", "#6d7f4f", "#a85f4a", "#d9c7a0", "#54344a", "#27475c")
_FRUITS = ("#d9482f", "#f0a52f", "#8fae3c", "#6f3a63", "#e6c34a", "#c9643f")

CATALOGUE: dict[str, tuple[Scene, Palette]] = {
    "harbour-dawn": (sea.harbour, ("#5b7ea3", "#f7c9a0", "#ffb26b", "#4b6584", "#5d86a0", "#22344a")),
    "harbour-dusk": (sea.harbour, ("#2b2350", "#e2725b", "#ffc15e", "#4a3466", "#6a4a7c", "#1a1433")),
    "ferry-crossing": (sea.ferry, ("#2d5d7b", "#a9d0c9", "#f4c95d", "#1f6f78", "#8f2d2a", "#f5efe2")),
    "ferry-storm": (sea.ferry_storm, ("#141f33", "#5b7083", "#ffd27a", "#24475a", "#7c2b2b", "#dfe3df")),
    "lighthouse": (sea.lighthouse, ("#152642", "#d98c6a", "#ffe2a0", "#3a3f4f", "#24506a", "#b83b33")),
    "hills-autumn": (land.hills, ("#8fb3bf", "#f6dfb5", "#ffd07a", "#8a6f78", "#b5793f", "#7d4a2a", "#c8562e")),
    "hills-green": (land.hills, ("#6fb1c9", "#e4f0d4", "#fff0a8", "#6f9aa0", "#6ea35c", "#3d7a4c", "#2c5f45")),
    "tea-hills": (land.tea_hills, ("#a7c9c0", "#f3ead0", "#f2b66a", "#5a8a83", "#6f9f4f", "#24523a", "#c4493a")),
    "skyline-dusk": (town.skyline, ("#2a2a5a", "#ee8f6c", "#ffd08a", "#5d4a78", "#2b2647", "#332c54")),
    "skyline-morning": (town.skyline, ("#6fa8c4", "#fbe6c8", "#fff0c0", "#7da0b4", "#3f6580", "#4e7f98")),
    "train-coast": (land.train, ("#5fa3c7", "#f2ead2", "#ffd57a", "#6d8ca6", "#5f8a4f", "#c8b08a", "#234f8a")),
    "train-hills": (land.train, ("#3f3b6b", "#f0a58a", "#ffdf9a", "#6a5a86", "#4f4a5f", "#b58a7a", "#a33b36")),
    "bridge-mist": (town.bridge, ("#8fa9b5", "#f1e3d2", "#f7b98a", "#6f8792", "#6d8d98", "#9c3f33")),
    "chart-rising": (room.chart, ("#f2e8d5", "#2a2f3a", "#7fa6a0", "#c4412f", "#f3b65a", "up")),
    "chart-falling": (room.chart, ("#e6e9ea", "#232b3a", "#8ca0b8", "#1f6f5c", "#e2a08a", "down")),
    "chart-abstract": (room.abstract_chart, ("#1f2d44", "#4f7d8c", "#e8a13d", "#d9583b", "#f2e3c2")),
    "circuit-board": (room.circuit, ("#14483f", "#4fa58a", "#e3c27a", "#1c2226", "#ffb454")),
    "containers": (town.containers, ("#4f8fb3", "#f6dcb8", "#b93f2c", "#4a4f57", *_PAINTS)),
    "tea-cup": (room.tea_cup, ("#c9a27a", "#7fb3c4", "#2f6f86", "#7a4a2f", "#f5efe2", "#a8561f")),
    "books": (room.books, ("#5a4033", "#8a5d3b", *_CLOTHS)),
    "market": (town.market, ("#8cc3cf", "#d9b48a", "#c8402f", "#2f7a6f", "#9a6a3f", *_FRUITS)),
    "lantern-street": (town.lantern_street, ("#171a3c", "#5a3a6b", "#f0552f", "#3b2a4a", "#241a33", "#4a3548")),
    "moon-sea": (sea.moon_sea, ("#0f1b3a", "#3f5f8a", "#f6ecc9", "#23466b", "#16233a")),
    "storm-front": (sea.storm_front, ("#232c3f", "#9fb0b0", "#f3d9a0", "#5a6578", "#2f5a66", "#6b665f")),
    "wind-turbines": (land.turbines, ("#5a9ab8", "#fbe0b0", "#ffb35a", "#6f93a0", "#5f8f55", "#fbf7ee")),
    "terns": (sea.terns, ("#4f86a8", "#fbd9b5", "#ff9d6b", "#2f6680", "#4d4a52", "#f4f1ea")),
    "theatre": (room.theatre, ("#a3262b", "#ffe6a8", "#8a5a35", "#17131c")),
    "shipwreck": (town.shipwreck, ("#ffdf9e", "#b98550", "#8a5f45", "#6b4127", "#4f86a8")),
    "observatory": (land.observatory, ("#0e1736", "#44568f", "#fff3cf", "#1d2a3f", "#d8dde2")),
    "radio-mast": (land.radio_mast, ("#e88b5a", "#fbe3b8", "#fff4d6", "#3f7a6b", "#2b3345", "#b5452f")),
}
"""Every illustration: its scene and the colours it is drawn in."""


@lru_cache(maxsize=128)
def media(name: str) -> tuple[bytes, str] | None:
    """Return the bytes and the media type of a picture by its file name, or nothing where there is none."""
    stem, _, ending = name.rpartition(".")
    if ending == "jpg" and stem in CATALOGUE:
        return illustration(stem), "image/jpeg"
    if name == "pixel.gif":
        return PIXEL, "image/gif"
    drawn = {"qr.png": _sign, "logo.png": _logo, "advert.png": _advert}.get(name)
    return (_png(drawn()), "image/png") if drawn else None


def illustration(name: str) -> bytes:
    """Return one picture as JPEG, 1200 by 675. Raises ``KeyError`` for a name that is not in the catalogue."""
    scene, palette = CATALOGUE[name]
    page = Canvas(name)
    scene(page, palette)
    out = io.BytesIO()
    page.finished().save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return out.getvalue()


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _sign() -> Image.Image:
    """Return what looks like a QR code: three finder squares and noise between them."""
    cells, size = 29, 8
    dots = random.Random("sign")  # noqa: S311  # drawn, not guessed
    image = Image.new("L", ((cells + 4) * size, (cells + 4) * size), 255)
    pen = ImageDraw.Draw(image)

    def cell(x: int, y: int, width: int, tone: int) -> None:
        left, top = (x + 2) * size, (y + 2) * size
        pen.rectangle((left, top, left + width * size - 1, top + width * size - 1), fill=tone)

    for x in range(cells):
        for y in range(cells):
            if dots.random() < 0.48:
                cell(x, y, 1, 0)
    for x, y in ((0, 0), (cells - 7, 0), (0, cells - 7)):
        cell(max(0, x - 1), max(0, y - 1), 8, 255)
        cell(x, y, 7, 0)
        cell(x + 1, y + 1, 5, 255)
        cell(x + 2, y + 2, 3, 0)
    return image


def _logo() -> Image.Image:
    """Return a round badge with a boat."""
    image = Image.new("RGBA", (256, 256), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.ellipse((4, 4, 251, 251), fill="#f5efe2")
    pen.ellipse((16, 16, 239, 239), fill="#1f4e6b")
    pen.polygon([(128, 52), (128, 150), (62, 150)], fill="#f5efe2")
    pen.polygon([(138, 74), (138, 150), (190, 150)], fill="#f0b35a")
    pen.polygon([(52, 162), (204, 162), (178, 196), (78, 196)], fill="#c8452f")
    return image.resize((96, 96), Image.Resampling.LANCZOS)


def _advert() -> Image.Image:
    """Return a banner of 728 by 90 in loud stripes."""
    image = Image.new("RGB", (728, 90), "#f3c318")
    pen = ImageDraw.Draw(image)
    for x in range(-90, 728, 60):
        pen.polygon([(x, 90), (x + 30, 90), (x + 120, 0), (x + 90, 0)], fill="#f7d75a")
    pen.rounded_rectangle((24, 20, 300, 70), 25, fill="#c8102e")
    pen.rounded_rectangle((560, 26, 704, 64), 8, fill="#1b1b1b")
    for x in (330, 400, 470):
        pen.ellipse((x, 22, x + 46, 68), fill="#ffffff")
    return image
