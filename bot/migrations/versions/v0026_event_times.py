"""The time of day at which a case's event happened.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Add the column; of cases filed before, the transcript alone tells the time."""
    op.add_column("cases", sa.Column("event_time", sa.Time))
