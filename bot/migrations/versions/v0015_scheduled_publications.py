"""Publications that wait for their time.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from knowledge.database import UtcDateTime

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "scheduled_publications",
        sa.Column("id", sa.Integer),
        sa.Column("publish_at", UtcDateTime, nullable=False),
        sa.Column("drafts", sa.JSON, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("settled_at", UtcDateTime),
        sa.Column("outcome", sa.String(20)),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_scheduled_publications"),
        sa.CheckConstraint(
            "outcome IN ('published', 'refused', 'cancelled')",
            name="ck_scheduled_publications_outcome_known",
        ),
        sqlite_autoincrement=True,
    )
