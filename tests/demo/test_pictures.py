"""The drawn pictures: all of them decode, differ, and come out the same."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from broadsheet.demo import DemoServer
from broadsheet.demo.pictures import CATALOGUE, illustration, media
from tests.demo.conftest import ask


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_illustration_is_a_picture_of_its_own(name: str) -> None:
    picture = Image.open(io.BytesIO(illustration(name)))
    picture.load()
    assert (picture.format, picture.size, picture.mode) == ("JPEG", (1200, 675), "RGB")
    tones = picture.resize((64, 36)).getcolors(64 * 36)
    assert tones is not None
    assert len(tones) > 300


def test_there_are_many_and_all_differ() -> None:
    assert len(CATALOGUE) >= 24
    assert len({media(f"{name}.jpg") for name in CATALOGUE}) == len(CATALOGUE)


def test_the_same_name_gives_the_same_bytes() -> None:
    assert illustration("ferry-storm") == illustration("ferry-storm")


@pytest.mark.parametrize(
    ("name", "kind", "size"),
    [
        ("qr.png", "PNG", (264, 264)),
        ("logo.png", "PNG", (96, 96)),
        ("advert.png", "PNG", (728, 90)),
        ("pixel.gif", "GIF", (1, 1)),
    ],
)
def test_furniture_decodes(name: str, kind: str, size: tuple[int, int]) -> None:
    found = media(name)
    assert found is not None
    picture = Image.open(io.BytesIO(found[0]))
    picture.load()
    assert (picture.format, picture.size) == (kind, size)


def test_pictures_are_served(server: DemoServer) -> None:
    reply = ask(server, "/harbour-post/media/lighthouse.jpg")
    assert (reply.status, reply.headers["content-type"]) == (200, "image/jpeg")
    assert reply.body == illustration("lighthouse")
    assert media("../secret.jpg") is None
