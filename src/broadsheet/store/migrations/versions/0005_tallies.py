"""How many articles of each feed are in each state.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from broadsheet.store.schema import TALLY, Name, Number

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("feed_id", Name, nullable=False),
        sa.Column("state", Name, nullable=False),
        sa.Column("count", Number, nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "state"),
    )
    op.execute(
        "INSERT INTO tallies (feed_id, state, count) SELECT feed_id, state, count(*) FROM articles GROUP BY feed_id, state"
    )
    for statement in TALLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("a store is not taken back to an older schema; restore a backup")
