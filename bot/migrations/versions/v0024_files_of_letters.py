"""Where the files of a letter are kept while it belongs to no case.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Add the column; letters of before have no files."""
    op.add_column("letters", sa.Column("conversation", sa.String(64)))
