"""Count failed sign-ins by the address that they come from, too.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Add the column; earlier failures come from an unknown address."""
    op.add_column(
        "sign_in_failures",
        sa.Column("address", sa.String(64), nullable=False, server_default=""),
    )
