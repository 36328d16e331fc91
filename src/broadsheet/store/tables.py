"""The tables of ``schema``, loaded, with SQLAlchemy, by the first statement that is put together of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from broadsheet.store.schema import *  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        from broadsheet.store import schema

        found = globals()[name] = getattr(schema, name)
        return found
