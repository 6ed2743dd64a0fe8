"""The leases of the scheduler's jobs.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "jobs",
        sa.Column("name", sa.String(64)),
        sa.Column("holder", sa.String(64)),
        sa.Column("held_until", _MOMENT),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("succeeded_at", _MOMENT),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_jobs"),
    )
