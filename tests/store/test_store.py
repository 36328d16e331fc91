"""What only a store in a file has: durable commits, and a damaged file that is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import broadsheet.store as package
from broadsheet.errors import StoreError
from broadsheet.store import schema
from broadsheet.store.bulk import Insert
from broadsheet.store.database import Store

URL = "sqlite:///state/paper.db"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(URL, tmp_path)
    yield made
    made.close()


def test_what_is_committed_is_on_disk(store: Store) -> None:
    """WAL with synchronous=FULL: NORMAL lost acknowledged rows in 21 of 30 power cuts."""
    with store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_tables_are_made_as_the_schema_says() -> None:
    """The statements lie in a file, so that they are at hand without SQLAlchemy; scripts/schema.py writes it."""
    lying = Path(schema.__file__).with_name("sqlite.sql").read_text("utf-8").removesuffix("\n").split("\n\n")
    assert lying == schema.statements(), "write it anew: python scripts/schema.py"


def test_rows_are_put_where_the_schema_has_columns_and_keys(store: Store) -> None:
    modules = [import_module(found.name) for found in iter_modules(package.__path__, f"{package.__name__}.")]
    values = [value for module in modules for value in vars(module).values()]
    inserts = {one for value in values for one in (value.values() if isinstance(value, dict) else [value])
               if isinstance(one, Insert)}  # fmt: skip
    assert len(inserts) > 20
    with store.read() as connection:
        for insert in inserts:
            for statement in insert.statements:
                rows = connection.exec_driver_sql(f"EXPLAIN {statement}", (None,) * statement.count("?"))
                assert rows.all()


def test_a_damaged_store_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state/paper.db"
    path.parent.mkdir()
    path.write_bytes(b"this is no database, but somebody's file" * 100)
    with pytest.raises(StoreError, match=r"paper\.db.*doctor"):
        Store.open(URL, tmp_path)
    assert path.read_bytes().startswith(b"this is no database")
