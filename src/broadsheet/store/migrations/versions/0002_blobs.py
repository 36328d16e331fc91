"""Where the bodies lie in their packs.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from broadsheet.store.schema import Name, Number

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blobs",
        sa.Column("digest", Name, nullable=False),
        sa.Column("pack", Name, nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("size", Number, nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("blobs_by_pack", "blobs", ["pack"])


def downgrade() -> None:
    raise NotImplementedError("a store is not taken back to an older schema; restore a backup")
