"""Tell by which answer a question came on the editors' list.

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Add the column; of what stands there already, nobody knows."""
    op.add_column("gaps", sa.Column("answer", sa.String(64)))
    op.create_index("ix_gaps_answer", "gaps", ["answer"])
