"""What agents corrected, as the classifier read it.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "corrections",
        sa.Column("case_id", sa.Integer, autoincrement=False),
        sa.Column("fingerprint", sa.String(128)),
        sa.Column("observed", sa.LargeBinary),
        sa.PrimaryKeyConstraint("case_id", name="pk_corrections"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name="fk_corrections_case_id"
        ),
    )
