"""Which conversations want a person, so that the desk finds them.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "conversations", sa.Column("wants_human_at", sa.DateTime(timezone=True))
    )
