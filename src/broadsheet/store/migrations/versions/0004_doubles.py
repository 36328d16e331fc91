"""Articles that were published twice, each with the article whose page tells it.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from broadsheet.store.schema import Name

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "doubles",
        sa.Column("article_id", Name, nullable=False),
        sa.Column("page", Name, nullable=False),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_index("doubles_by_page", "doubles", ["page"])


def downgrade() -> None:
    raise NotImplementedError("a store is not taken back to an older schema; restore a backup")
