"""What each case is about, as a vector.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "case_embeddings",
        sa.Column("case_id", sa.Integer, autoincrement=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_embeddings"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name="fk_case_embeddings_case_id"
        ),
    )
