"""Front matter: a record as YAML between two lines of hyphens, read back equal whatever its texts hold.

Every text is written double-quoted on one line, so none can end the block, begin a tag, a date, a number or another
key; only what we name ourselves becomes a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import yaml

_SURROGATES = re.compile("[\ud800-\udfff]")


class _Key(str):
    """One of our own keys: written plain."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's signature
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    # UTF-8 has no form for half of a pair.
    return dumper.represent_scalar("tag:yaml.org,2002:str", _SURROGATES.sub("\ufffd", value), style='"')


def _key(dumper: yaml.SafeDumper, value: _Key) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value))


def _instant(dumper: yaml.SafeDumper, value: datetime) -> yaml.ScalarNode:
    separator = "T" if value.tzinfo else " "
    return dumper.represent_scalar("tag:yaml.org,2002:timestamp", value.isoformat(separator, "seconds"))


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Key, _key)
_Dumper.add_representer(datetime, _instant)


def dump(fields: Mapping[str, Any]) -> str:
    """Return the fields as YAML, in their order; those that are None are left out.

    An aware instant is written with its offset, a naive one as the wall time that it is.
    """
    kept = {_Key(name): _keyed(value) for name, value in fields.items() if value is not None}
    # Without a limit of width nothing is folded: a folded line could begin with anything.
    return yaml.dump(kept, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=float("inf"))


def _keyed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_Key(name): _keyed(item) for name, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def page(fields: Mapping[str, Any], body: str) -> bytes:
    """Return a file with front matter and a body."""
    text = f"---\n{dump(fields)}---\n{body}"
    return text.encode("utf-8", "replace")


def read(text: str) -> tuple[dict[str, Any], str]:
    """Return (fields, body) of a page."""
    if not text.startswith("---\n"):
        return {}, text
    head, _, body = text.removeprefix("---\n").partition("\n---\n")
    return yaml.safe_load(head), body
