"""Content codings, taken apart piece by piece under a limit, so that a small answer cannot become a large one."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from broadsheet import limits
from broadsheet.errors import FetchError, TooLarge

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
_PIECE = 64 * 1024


class Decoder:
    """Collects a body. ``feed`` raises ``TooLarge`` as soon as more than ``limit`` bytes have come out."""

    def __init__(self, coding: str, limit: int, url: str, name: str = "[poll] max_bytes") -> None:
        """``name`` is that of the limit."""
        self._limit = limit
        self._name_of_limit = name
        self._url = url
        self._parts: list[bytes] = []
        self._size = 0
        self._begun = False
        names = [name.strip() for name in coding.lower().split(",") if name.strip() not in ("", "identity")]
        if len(names) > 1:
            codings = f"{url}: {len(names)} content codings one over the other ({coding}) are not taken"
            raise FetchError(limits.named(codings, "codings"))
        self._name = names[0] if names else ""
        self._step, self._done = self._opened()

    def feed(self, data: bytes) -> None:
        """Take bytes as they came over the wire."""
        self._begun = self._begun or bool(data)
        try:
            self._step(data)
        except (zlib.error, OSError, ValueError, EOFError) as error:
            raise FetchError(f"{self._url}: the {self._name} body is damaged ({error})") from None

    def body(self) -> bytes:
        """Return the whole body; raise ``FetchError`` when it was cut off."""
        if self._name and self._begun and not self._done():
            raise FetchError(f"{self._url}: the {self._name} body ended too early")
        return b"".join(self._parts)

    def _take(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            more = f"{self._url}: more than {self._limit:,} bytes after decompression"
            raise TooLarge(limits.named(more, self._name_of_limit))
        self._parts.append(data)

    def _opened(self) -> tuple[Callable[[bytes], None], Callable[[], bool]]:
        match self._name:
            case "":
                return self._take, lambda: True
            case "gzip" | "x-gzip":
                return self._zlib(zlib.decompressobj(31))
            case "deflate":
                return self._zlib(zlib.decompressobj(15))
            case "br":
                return self._brotli()
            case "zstd":
                return self._zstd()
        raise FetchError(f"{self._url}: content coding {self._name!r} was not asked for and is not understood")

    def _zlib(self, inflater: Any) -> tuple[Callable[[bytes], None], Callable[[], bool]]:
        state = {"inflater": inflater, "first": True}

        def step(data: bytes) -> None:
            if state["first"] and data:
                state["first"] = False
                if self._name == "deflate" and (data[0] & 0x0F) != 8:
                    state["inflater"] = zlib.decompressobj(-15)  # raw deflate, as some servers send it
            while data and not state["inflater"].eof:
                self._take(state["inflater"].decompress(data, _PIECE))
                data = state["inflater"].unconsumed_tail
            # Bytes behind the first member are padding or a bomb of many members: left alone.

        return step, lambda: bool(state["inflater"].eof)

    def _brotli(self) -> tuple[Callable[[bytes], None], Callable[[], bool]]:
        import brotli

        inflater = brotli.Decompressor()

        def step(data: bytes) -> None:
            try:
                self._take(inflater.process(data, output_buffer_limit=_PIECE))
                while not inflater.can_accept_more_data() and not inflater.is_finished():
                    self._take(inflater.process(b"", output_buffer_limit=_PIECE))
            except brotli.error as error:
                raise ValueError(str(error)) from None

        return step, lambda: bool(inflater.is_finished())

    def _zstd(self) -> tuple[Callable[[bytes], None], Callable[[], bool]]:
        import zstandard

        # 8 MiB is the window that RFC 9659 allows for this coding.
        inflater = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024).decompressobj()

        def step(data: bytes) -> None:
            try:
                # A block of 128 kB can lie in 4 bytes; thin slices bound what one call may give.
                for start in range(0, len(data), 256):
                    if inflater.eof:
                        return
                    self._take(inflater.decompress(data[start : start + 256]))
            except zstandard.ZstdError as error:
                raise ValueError(str(error)) from None

        return step, lambda: bool(inflater.eof)
