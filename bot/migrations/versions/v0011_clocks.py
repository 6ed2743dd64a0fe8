"""The clocks of each case: its policy, its pauses, and what was done when.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables; cases filed before follow the policy in use."""
    op.create_table(
        "case_clocks",
        sa.Column("case_id", sa.Integer, autoincrement=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("pauses", sa.JSON, nullable=False),
        sa.Column("look_at", _MOMENT),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_clocks"),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_case_clocks_case_id",
            ondelete="CASCADE",
        ),
    )
    is_set = sa.text("look_at IS NOT NULL")
    op.create_index(
        "ix_case_clocks_look_at",
        "case_clocks",
        ["look_at", "case_id"],
        sqlite_where=is_set,
        postgresql_where=is_set,
    )
    op.create_table(
        "case_notices",
        sa.Column("case_id", sa.Integer, autoincrement=False),
        sa.Column("kind", sa.String(32)),
        sa.Column("number", sa.Integer, autoincrement=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "kind", "number", name="pk_case_notices"),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_case_notices_case_id",
            ondelete="CASCADE",
        ),
    )
    # The scheduler looks at each open case at once, and finds out what is next.
    op.execute(
        "INSERT INTO case_clocks (case_id, policy, pauses, look_at) "
        "SELECT id, '', '[]', "
        "CASE WHEN status = 'closed' THEN NULL ELSE received_at END FROM cases"
    )
