"""Say which letters without a case were read as cries for help.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Add the column; letters of before were not read so."""
    op.add_column(
        "letters",
        sa.Column(
            "is_cry_for_help",
            sa.Boolean(create_constraint=False),
            nullable=False,
            server_default=sa.false(),
        ),
    )
