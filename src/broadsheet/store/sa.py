"""SQLAlchemy, loaded by whoever first says something in it.

It takes an eighth of a second and 20 MB, which a run in which little happens does without: the hot paths speak plain SQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import *  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        import sqlalchemy

        found = globals()[name] = getattr(sqlalchemy, name)
        return found
