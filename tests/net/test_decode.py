"""Content codings: whole bodies only, however they are cut, and never more than the limit."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest
import zstandard

from broadsheet.errors import FetchError, TooLarge
from broadsheet.net.decode import Decoder

URL = "https://feed.example/"
MIB = 1024 * 1024
TEXT = ("<rss>新闻 and some words that repeat, and repeat, and repeat</rss>" * 200).encode()


def raw_deflate(data: bytes) -> bytes:
    made = zlib.compressobj(wbits=-15)
    return made.compress(data) + made.flush()


ENCODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.ZstdCompressor().compress),
    "none": ("", bytes),
    "identity": ("identity", bytes),
}


def decode(coding: str, pieces: list[bytes], limit: int = MIB) -> bytes:
    decoder = Decoder(coding, limit, URL)
    for piece in pieces:
        decoder.feed(piece)
    return decoder.body()


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 7, 300, 10**6])
@pytest.mark.parametrize("name", ENCODERS)
def test_a_body_comes_out_whole_however_it_is_cut(name: str, size: int) -> None:
    coding, encode = ENCODERS[name]
    assert decode(coding, cut(encode(TEXT), size)) == TEXT


@pytest.mark.parametrize("name", ENCODERS)
def test_an_empty_body_is_empty(name: str) -> None:
    coding, encode = ENCODERS[name]
    assert decode(coding, []) == b""
    assert decode(coding, [encode(b"")]) == b""


@pytest.mark.parametrize("name", [name for name in ENCODERS if ENCODERS[name][1] is not bytes])
def test_a_body_that_was_cut_off_is_no_body(name: str) -> None:
    """Nothing is taken for whole that is not, even where not a single byte has come out yet."""
    coding, encode = ENCODERS[name]
    encoded = encode(TEXT)
    trailer = {"gzip": 8, "x-gzip": 8, "zlib": 4}.get(name, 0)
    for length in (1, 2, 5, len(encoded) // 2, len(encoded) - trailer - 1, len(encoded) - 1):
        with pytest.raises(FetchError, match="ended too early"):
            decode(coding, [encoded[:length]])


@pytest.mark.parametrize("name", ["gzip", "zlib", "br", "zstd"])
def test_a_damaged_body_is_named(name: str) -> None:
    coding, encode = ENCODERS[name]
    with pytest.raises(FetchError, match=rf"{URL}: the {coding} body"):
        decode(coding, [b"<html>this is no " + encode(TEXT)])


def test_a_wrong_checksum_is_damage() -> None:
    encoded = bytearray(gzip.compress(TEXT))
    encoded[-6] ^= 1
    with pytest.raises(FetchError, match="damaged"):
        decode("gzip", [bytes(encoded)])


def zeros(coding: str, size: int) -> Iterator[bytes]:
    """Yield a bomb: so many zeros, compressed."""
    block = bytes(MIB)
    if coding == "gzip":
        made = zlib.compressobj(9, wbits=31)
        step, end = made.compress, made.flush
    elif coding == "deflate":
        made = zlib.compressobj(9)
        step, end = made.compress, made.flush
    elif coding == "br":
        press = brotli.Compressor(quality=5)
        step, end = press.process, press.finish
    else:
        chunks = zstandard.ZstdCompressor(level=3).compressobj()
        step, end = chunks.compress, chunks.flush
    for _ in range(size // MIB):
        if made_bytes := step(block):
            yield made_bytes
    yield end()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_ends_at_the_limit(coding: str) -> None:
    """300 MiB of zeros in one piece: the limit ends it, and memory stays near the limit."""
    bomb = b"".join(zeros(coding, 300 * MIB))
    assert len(bomb) < 2 * MIB
    decoder = Decoder(coding, 4 * MIB, URL)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="max_bytes"):
            decoder.feed(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 * MIB


def test_the_limit_counts_plain_bytes_as_well() -> None:
    assert decode("", [b"x" * 10], limit=10) == b"x" * 10
    with pytest.raises(TooLarge):
        decode("", [b"x" * 10, b"x"], limit=10)


def test_bytes_behind_the_end_are_left_alone() -> None:
    """Padding, or the second of many members: no reader of the web expects it, and bombs are made of it."""
    assert decode("gzip", [gzip.compress(TEXT) + b"\0" * 100]) == TEXT
    assert decode("gzip", [gzip.compress(TEXT) * 2]) == TEXT
    assert decode("zstd", [zstandard.ZstdCompressor().compress(TEXT) + b"junk"]) == TEXT


@pytest.mark.parametrize("coding", ["gzip, gzip", "br,gzip", "GZIP , deflate, br"])
def test_codings_one_over_the_other_are_not_taken(coding: str) -> None:
    with pytest.raises(FetchError, match="content codings one over the other"):
        Decoder(coding, MIB, URL)


@pytest.mark.parametrize("coding", ["compress", "exi", "aes128gcm", "utf-8"])
def test_a_coding_that_was_not_asked_for_is_named(coding: str) -> None:
    with pytest.raises(FetchError, match=coding):
        Decoder(coding, MIB, URL)


@pytest.mark.parametrize("coding", ["GZIP", " gzip ", "identity, gzip", "gzip,"])
def test_spelling_of_the_coding(coding: str) -> None:
    assert decode(coding, [gzip.compress(TEXT)]) == TEXT


def test_a_zstd_window_above_the_standard_is_refused() -> None:
    """RFC 9659: a window over 8 MiB would have to be held in memory whole."""
    parameters = zstandard.ZstdCompressionParameters(window_log=26, enable_ldm=True)
    with pytest.raises(FetchError, match="damaged"):
        decode("zstd", [zstandard.ZstdCompressor(compression_params=parameters).compressobj().compress(bytes(9 * MIB))])
