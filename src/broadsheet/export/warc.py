"""WARC 1.1 (ISO 28500:2017): every answer of the web that was kept, a file a day, ``YYYY-MM-DD.warc.gz``.

Each record is a gzip member of its own, so that tools can begin anywhere. Bodies are as they were kept: decoded of
transfer and content coding, so ``Content-Length`` is theirs and no coding is named. Identifiers are made of the
record's content: the same answers make the same bytes.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha1
from http import HTTPStatus
from itertools import groupby
from uuid import NAMESPACE_URL, uuid5

from broadsheet.export.base import ExportArticle, ExportResponse, Manifest, Target
from broadsheet.export.folder import Folder

_CRLF = b"\r\n"


def write(articles: Iterable[ExportArticle], target: Target) -> Manifest:
    """Bring a folder of WARC files to the answers that the articles come from."""
    for _ in articles:
        break  # what is exported hangs on the answers alone
    with Folder(target, "warc") as folder:
        # Answers come in the order of their times.
        for day, answers in groupby(target.archive.responses(), key=lambda answer: f"{answer.fetched:%Y-%m-%d}"):
            with folder.stream(f"{day}.warc.gz") as (handle, ids):
                for record in _records(day, answers, ids):
                    handle.write(gzip.compress(record, 9, mtime=0))
        return folder.finish()


def _records(day: str, answers: Iterable[ExportResponse], ids: list[str]) -> Iterator[bytes]:
    fields = b"software: Broadsheet\r\nformat: WARC File Format 1.1\r\n"
    name = f"{day}.warc.gz"
    info = _identifier(name)
    yield _record(
        [
            ("WARC-Type", "warcinfo"),
            ("WARC-Record-ID", info),
            ("WARC-Date", f"{day}T00:00:00Z"),
            ("WARC-Filename", name),
            ("Content-Type", "application/warc-fields"),
        ],
        fields,
    )
    for answer in answers:
        if answer.kind == "page":
            ids.append(answer.key)
        yield response_record(answer, info)


def response_record(answer: ExportResponse, info: str) -> bytes:
    """Return an answer as a record of type ``response``; ``info`` is the id of the file's first record."""
    block = _http(answer)
    return _record(
        [
            ("WARC-Type", "response"),
            ("WARC-Record-ID", _identifier(f"{answer.number} {answer.final_url} {answer.fetched.isoformat()}")),
            ("WARC-Warcinfo-ID", info),
            ("WARC-Date", _instant(answer.fetched)),
            ("WARC-Target-URI", _header(answer.final_url or answer.url)),
            ("WARC-Payload-Digest", _sha1(answer.body)),
            ("WARC-Block-Digest", _sha1(block)),
            ("Content-Type", "application/http; msgtype=response"),
        ],
        block,
    )


def _http(answer: ExportResponse) -> bytes:
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = ""
    headers = {name: value for name, value in sorted(answer.headers.items()) if name != "content-length"}
    headers |= {"content-length": str(len(answer.body))}
    lines = [
        f"HTTP/1.1 {answer.status} {phrase}".rstrip(),
        *(f"{key}: {_header(text)}" for key, text in headers.items()),
    ]
    return "\r\n".join(lines).encode("utf-8", "replace") + _CRLF + _CRLF + answer.body


def _record(headers: list[tuple[str, str]], block: bytes) -> bytes:
    lines = ["WARC/1.1", *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(block)}"]
    return "\r\n".join(lines).encode("utf-8", "replace") + _CRLF + _CRLF + block + _CRLF + _CRLF


def _header(value: str) -> str:
    """Return a header's value on one line: nothing in it can begin another header."""
    return "".join(character for character in value if character >= " " and character != "\x7f")


def _identifier(text: str) -> str:
    return f"<urn:uuid:{uuid5(NAMESPACE_URL, text)}>"


def _instant(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _sha1(data: bytes) -> str:
    return f"sha1:{base64.b32encode(sha1(data, usedforsecurity=False).digest()).decode()}"
