"""JSON Lines: ``articles.jsonl``, ``entries.jsonl``, ``stories.jsonl`` and ``feeds.jsonl``, each with its JSON Schema.

A line is a row of ``rows``; ``<table>.schema.json`` (JSON Schema 2020-12) describes one line.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from broadsheet.export import rows
from broadsheet.export.base import ExportArticle, Manifest, Target
from broadsheet.export.folder import Folder

SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def write(articles: Iterable[ExportArticle], target: Target) -> Manifest:
    """Bring a folder of JSON Lines files to what the articles are."""
    encoder = msgspec.json.Encoder()
    with Folder(target, "json") as folder:
        for name, lines in rows.tables(articles, target.archive).items():
            with folder.stream(f"{name}.jsonl") as (handle, _):
                for line in lines:
                    handle.write(encoder.encode(line) + b"\n")
            folder.put(f"{name}.schema.json", schema(name))
        return folder.finish()


def schema(table: str) -> bytes:
    """Return the JSON Schema of a line of a table."""
    kind = rows.TABLES[table]
    (reference,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    body = {"$schema": SCHEMA, **reference, "$defs": components}
    return msgspec.json.format(msgspec.json.encode(body, order="sorted"), indent=2) + b"\n"
