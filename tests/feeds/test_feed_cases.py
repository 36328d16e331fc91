"""Every file of tests/cases/feeds: a document, and beside it what must be found in it.

``name.json`` holds ``url``, ``content_type``, ``expect`` (a path into the parsed feed -> value), or ``error`` (the class and
words of its message). A new case needs no code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from broadsheet import errors
from broadsheet.feeds.parse import parse_feed

CASES = Path(__file__).resolve().parents[1] / "cases" / "feeds"


def at(value: Any, path: str) -> Any:
    for step in path.split("/"):
        value = value.get(step) if isinstance(value, dict) else len(value) if step == "#" else value[int(step)]
    return value


@pytest.mark.parametrize("file", sorted(CASES.glob("*.json")), ids=lambda file: file.stem)
def test_case(file: Path) -> None:
    case = json.loads(file.read_text(encoding="utf-8"))
    data = next(path for path in CASES.glob(f"{file.stem}.*") if path.suffix != ".json").read_bytes()
    if "error" in case:
        name, words = case["error"]
        with pytest.raises(getattr(errors, name), match=words):
            parse_feed(data, url=case.get("url", ""))
        return
    parsed = parse_feed(data, url=case.get("url", ""), content_type=case.get("content_type"))
    found = json.loads(msgspec.json.encode(parsed))
    # Fields at their default are left out of the plain form.
    wanted = case["expect"]
    assert {path: at(found, path) for path in wanted} == wanted


def test_there_are_cases() -> None:
    assert len(list(CASES.glob("*.json"))) >= 20
