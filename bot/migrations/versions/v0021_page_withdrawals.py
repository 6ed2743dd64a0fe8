"""Pages that were taken down.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from knowledge.database import UtcDateTime

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "page_withdrawals",
        sa.Column("id", sa.Integer),
        sa.Column("page_id", sa.String(100), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("newest", sa.Integer, nullable=False),
        sa.Column("moved_to", sa.String(100)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("withdrawn_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_page_withdrawals"),
        sa.ForeignKeyConstraint(
            ["page_id", "language"],
            ["pages.id", "pages.language"],
            name="fk_page_withdrawals_page_id",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_page_withdrawals_page_id_language",
        "page_withdrawals",
        ["page_id", "language"],
    )
