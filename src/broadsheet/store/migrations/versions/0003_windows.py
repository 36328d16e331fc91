"""What candidates are found by lies by windows of days; it is made anew from the texts by the next update.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("shingles", "title_keys", "signatures"):
        op.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours


def downgrade() -> None:
    raise NotImplementedError("a store is not taken back to an older schema; restore a backup")
