"""Which turn read an utterance; who speaks in a conversation, where, and how it went.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns. What was said before needs no turn."""
    for column in (
        sa.Column("agent", sa.Text),
        sa.Column("agent_since", _MOMENT),
        sa.Column("devices", sa.JSON),
        sa.Column("satisfaction", sa.Integer),
        sa.Column("satisfaction_comment", sa.Text),
        sa.Column("rated_at", _MOMENT),
    ):
        op.add_column("conversations", column)
    op.add_column("messages", sa.Column("turn_id", sa.String(64)))
    op.add_column("messages", sa.Column("heard", sa.JSON))
