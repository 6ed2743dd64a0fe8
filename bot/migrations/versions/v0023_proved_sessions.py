"""Say which sessions the company's own sign-in opened.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Add the column; whoever is signed in now is asked again."""
    op.add_column(
        "staff_sessions",
        sa.Column(
            "is_proved",
            sa.Boolean(create_constraint=False),
            nullable=False,
            server_default=sa.false(),
        ),
    )
