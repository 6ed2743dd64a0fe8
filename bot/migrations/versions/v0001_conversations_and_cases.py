"""Conversations, cases, their history and the outbox.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables and make the history append-only."""
    _create_conversations()
    _create_cases()
    _create_history()
    _create_outbox()
    _forbid("case_events", "update")
    _forbid("case_events", "delete")
    # Details may be erased, on request or after the retention period; never altered.
    _forbid("event_details", "update")


def _create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(64)),
        sa.Column("token_hash", sa.String(128), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("accept_languages", sa.JSON, nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_created_at", "conversations", ["created_at"])
    op.create_table(
        "messages",
        sa.Column("number", sa.Integer),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("sender", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=False),
        sa.Column("choices", sa.JSON, nullable=False),
        sa.Column("citations", sa.JSON, nullable=False),
        sa.Column("case", sa.JSON),
        sa.Column("client_message_id", sa.String(128)),
        sa.PrimaryKeyConstraint("number", name="pk_messages"),
        sa.UniqueConstraint("id", name="uq_messages_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_messages_conversation_id",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_messages_conversation_id_number", "messages", ["conversation_id", "number"]
    )
    op.create_index(
        "uq_messages_client_message_id",
        "messages",
        ["conversation_id", "client_message_id"],
        unique=True,
        sqlite_where=sa.text("sender = 'customer'"),
        postgresql_where=sa.text("sender = 'customer'"),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("helpful", sa.Boolean, nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("message_id", name="uq_feedback_message_id"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_feedback_message_id"
        ),
    )


def _create_cases() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer),
        sa.Column("name", sa.Text),
        sa.Column("email", sa.Text),
        sa.Column("email_key", sa.Text),
        sa.Column("username", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customers_email_key", "customers", ["email_key"])
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("filing_key", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("answer_due_at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("customer_id", sa.Integer, nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("event_date", sa.Date),
        sa.Column("remedy_sought", sa.Text),
        sa.Column("is_complaint", sa.Boolean, nullable=False),
        sa.Column("complaint_probability", sa.Float),
        sa.Column("customer_says_complaint", sa.Boolean, nullable=False),
        sa.Column("ground", sa.String(32)),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("filed_late", sa.Boolean, nullable=False),
        sa.Column("duplicate_of", sa.String(64)),
        sa.Column("is_urgent", sa.Boolean, nullable=False),
        sa.Column("wants_human", sa.Boolean, nullable=False),
        sa.Column("fields_missing", sa.JSON, nullable=False),
        sa.Column("suggested_pages", sa.JSON, nullable=False),
        sa.Column("assigned_to", sa.Text),
        sa.Column("outcome", sa.JSON),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("reference", name="uq_cases_reference"),
        sa.UniqueConstraint("filing_key", name="uq_cases_filing_key"),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_cases_customer_id"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_cases_conversation_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cases_received_at_id", "cases", ["received_at", "id"])
    op.create_index(
        "ix_cases_status_received_at_id", "cases", ["status", "received_at", "id"]
    )
    for name, columns, condition in (
        ("ix_cases_queue", ["received_at", "id"], "status <> 'closed'"),
        (
            "ix_cases_waiting_for_an_agent",
            ["is_urgent", "received_at", "id"],
            "status = 'open' AND assigned_to IS NULL",
        ),
    ):
        op.create_index(
            name,
            "cases",
            columns,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
    for column in ("customer_id", "conversation_id", "closed_at"):
        op.create_index(f"ix_cases_{column}", "cases", [column])
    op.create_table(
        "reference_numbers",
        sa.Column("year", sa.Integer, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_reference_numbers"),
    )


def _create_history() -> None:
    op.create_table(
        "case_events",
        sa.Column("id", sa.Integer, autoincrement=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("details_digest", sa.String(64), nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_events"),
        sa.UniqueConstraint("prev_hash", name="uq_case_events_prev_hash"),
    )
    op.create_index("ix_case_events_reference_id", "case_events", ["reference", "id"])
    op.create_table(
        "event_details",
        sa.Column("event_id", sa.Integer, autoincrement=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_event_details"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["case_events.id"], name="fk_event_details_event_id"
        ),
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("next_attempt_at", _MOMENT),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("last_error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_reference_id", "outbox", ["reference", "id"])
    op.create_index("ix_outbox_next_attempt_at", "outbox", ["next_attempt_at"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.Integer),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
        sqlite_autoincrement=True,
    )


def _forbid(table: str, verb: str) -> None:
    """Make the database itself refuse `verb` on `table`."""
    name, sentence = f"{table}_no_{verb}", f"{table} refuses {verb}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{sentence}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
