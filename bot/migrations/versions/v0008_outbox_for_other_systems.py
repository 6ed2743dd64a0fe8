"""The outbox serves other systems too; letters are kept as they were sent.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Give rows a destination, a key and a claim; add what delivering needs."""
    _widen_outbox()
    op.create_table(
        "outbox_subscriptions",
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("destination", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("event", "destination", name="pk_outbox_subscriptions"),
    )
    op.create_table(
        "outbox_holds",
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("until", _MOMENT),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("destination", name="pk_outbox_holds"),
    )
    op.create_table(
        "tickets",
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("reference", "destination", name="pk_tickets"),
    )
    _create_letters()


def _widen_outbox() -> None:
    op.drop_index("ix_outbox_next_attempt_at", "outbox")
    with op.batch_alter_table(
        "outbox", table_kwargs={"sqlite_autoincrement": True}
    ) as table:
        table.add_column(sa.Column("key", sa.String(64)))
        table.add_column(sa.Column("destination", sa.String(64)))
        table.add_column(sa.Column("event_id", sa.Integer))
        table.add_column(sa.Column("claim", sa.String(32)))
        table.add_column(sa.Column("claimed_until", _MOMENT))
    op.execute(
        "UPDATE outbox SET destination = 'email', key = 'email-' || CAST(id AS TEXT)"
    )
    with op.batch_alter_table(
        "outbox", table_kwargs={"sqlite_autoincrement": True}
    ) as table:
        table.alter_column("key", existing_type=sa.String(64), nullable=False)
        table.alter_column("destination", existing_type=sa.String(64), nullable=False)
        table.alter_column("recipient", existing_type=sa.Text, nullable=True)
        table.alter_column("language", existing_type=sa.String(16), nullable=True)
        table.create_unique_constraint(
            "uq_outbox_destination_key", ["destination", "key"]
        )
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["next_attempt_at"],
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )


def _create_letters() -> None:
    op.create_table(
        "letters",
        sa.Column("id", sa.Integer),
        sa.Column("reference", sa.String(64)),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(64)),
        sa.Column("message_id", sa.String(255), nullable=False),
        sa.Column("in_reply_to", sa.Text),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("message", sa.String(64)),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_letters"),
        sa.UniqueConstraint(
            "direction", "message_id", name="uq_letters_direction_message_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_letters_reference_id", "letters", ["reference", "id"])
    op.create_index("ix_letters_state_id", "letters", ["state", "id"])
