"""Parquet: ``articles.parquet``, ``entries.parquet``, ``stories.parquet`` and ``feeds.parquet``, for DuckDB and others.

The columns are the fields of ``rows``. Instants are microseconds in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, get_type_hints

from broadsheet.errors import UsageError
from broadsheet.export import rows
from broadsheet.export.base import ExportArticle, Manifest, Target
from broadsheet.export.folder import Folder

_BATCH = 2000
"""Rows of a row group; texts of 4 kB make it about 20 MB of memory."""


def write(articles: Iterable[ExportArticle], target: Target) -> Manifest:
    """Bring a folder of Parquet files to what the articles are. Needs pyarrow: ``pip install broadsheet[export]``."""
    try:
        import pyarrow as pa
        from pyarrow import parquet as pq
    except ImportError:
        raise UsageError("the parquet export needs pyarrow: pip install 'broadsheet[export]'") from None
    with Folder(target, "parquet") as folder:
        for name, lines in rows.tables(articles, target.archive).items():
            columns = schema(name)
            with (
                folder.stream(f"{name}.parquet") as (handle, _),
                pq.ParquetWriter(handle, columns, compression="zstd") as writer,
            ):
                while group := list(islice(lines, _BATCH)):
                    values = [{field: getattr(row, field) for field in row.__struct_fields__} for row in group]
                    writer.write_table(pa.Table.from_pylist(values, schema=columns))
        return folder.finish()


def schema(table: str) -> Any:
    """Return the Arrow schema of a table."""
    import pyarrow as pa

    kinds = {
        str: (pa.string(), False),
        bool: (pa.bool_(), False),
        int: (pa.int32(), False),
        list[str]: (pa.list_(pa.string()), False),
        datetime: (pa.timestamp("us", tz="UTC"), False),
        datetime | None: (pa.timestamp("us", tz="UTC"), True),
    }
    found = get_type_hints(rows.TABLES[table])
    return pa.schema([pa.field(name, kinds[kind][0], nullable=kinds[kind][1]) for name, kind in found.items()])
