"""Find the conversations that want a person at once.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_WAITING = sa.text("wants_human_at IS NOT NULL")


def upgrade() -> None:
    """Create the index."""
    op.create_index(
        "ix_conversations_wants_human",
        "conversations",
        ["wants_human_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
