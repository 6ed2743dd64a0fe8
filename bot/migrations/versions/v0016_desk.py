"""Who read a case, and who has it open now.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "case_reads",
        sa.Column("id", sa.Integer),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("reader", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_reads"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_case_reads_reference_id", "case_reads", ["reference", "id"])
    op.create_table(
        "case_presence",
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("agent", sa.String(320), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("reference", "agent", name="pk_case_presence"),
    )
    op.create_index("ix_case_presence_seen_at", "case_presence", ["seen_at"])
