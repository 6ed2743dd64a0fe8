"""Who put a letter away that belongs nowhere.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from knowledge.database import UtcDateTime

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Add the columns; of letters put away before, nobody knows."""
    op.add_column("letters", sa.Column("dismissed_by", sa.Text))
    op.add_column("letters", sa.Column("dismissed_at", UtcDateTime))
