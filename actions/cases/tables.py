"""The tables of conversations and cases.

`case_events` is append-only and hash-chained: triggers of the migration refuse any
change. What an event says stands in `event_details`, tied to the event by a salted
digest, so that it can be erased on request while the chain still verifies.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Time,
    UniqueConstraint,
    text,
)

from actions.cases.columns import Key, SafeText
from knowledge.database import UtcDateTime, metadata

conversations = Table(
    "conversations",
    metadata,
    Column("id", Key(64), primary_key=True),
    # Empty for the contact form: no token ever opens such a conversation.
    Column("token_hash", String(128), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("language", Key(16), nullable=False),
    Column("accept_languages", JSON, nullable=False),
    Column("stage", Key(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # Who of the staff speaks with the customer now; the assistant is silent meanwhile.
    Column("agent", SafeText),
    Column("agent_since", UtcDateTime),
    # When the customer last asked for a person whom they have not met yet.
    Column("wants_human_at", UtcDateTime),
    # Of other devices that may go on with it: `{"hash", "expires_at"}` each.
    Column("devices", JSON(none_as_null=True)),
    # What the customer thought of it in the end, 1 to 5.
    Column("satisfaction", Integer),
    Column("satisfaction_comment", SafeText),
    Column("rated_at", UtcDateTime),
    Index(None, "created_at"),
    Index(
        "ix_conversations_wants_human",
        "wants_human_at",
        sqlite_where=text("wants_human_at IS NOT NULL"),
        postgresql_where=text("wants_human_at IS NOT NULL"),
    ),
)

messages = Table(
    "messages",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Key(64), nullable=False, unique=True),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("sender", String(16), nullable=False),
    Column("text", SafeText, nullable=False),
    Column("language", Key(16), nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("choices", JSON, nullable=False),
    Column("citations", JSON, nullable=False),
    Column("case", JSON(none_as_null=True)),
    # The customer's own id of an utterance: the same one is stored once.
    Column("client_message_id", Key(128)),
    # The turn that read an utterance or that said a reply; empty while it waits for
    # one, NULL for what needs none.
    Column("turn_id", Key(64)),
    # What the assistant must know of an utterance beside its text.
    Column("heard", JSON(none_as_null=True)),
    Index(None, "conversation_id", "number"),
    Index(
        "uq_messages_client_message_id",
        "conversation_id",
        "client_message_id",
        unique=True,
        sqlite_where=text("sender = 'customer'"),
        postgresql_where=text("sender = 'customer'"),
    ),
    sqlite_autoincrement=True,
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", ForeignKey("messages.id"), nullable=False, unique=True),
    Column("helpful", Boolean(create_constraint=False), nullable=False),
    Column("comment", SafeText),
    Column("given_at", UtcDateTime, nullable=False),
)

# The bytes lie in files named by their hash: see `actions.cases.attachments`.
attachments = Table(
    "attachments",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Key(64), nullable=False, unique=True),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    # The message that it came with, once that is known.
    Column("message_id", ForeignKey("messages.id")),
    Column("sha256", String(64), nullable=False),
    Column("name", SafeText, nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("uploaded_at", UtcDateTime, nullable=False),
    Index(None, "conversation_id", "number"),
    Index(None, "message_id"),
    Index(None, "sha256"),
    sqlite_autoincrement=True,
)

customers = Table(
    "customers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", SafeText),
    Column("email", SafeText),
    Column("email_key", SafeText),
    Column("username", SafeText),
    Index(None, "email_key"),
    sqlite_autoincrement=True,
)

cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reference", Key(64), nullable=False, unique=True),
    Column("filing_key", SafeText, nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("answer_due_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("language", Key(16), nullable=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("description", SafeText, nullable=False),
    Column("event_date", Date),
    Column("event_time", Time),
    Column("remedy_sought", SafeText),
    Column("is_complaint", Boolean(create_constraint=False), nullable=False),
    Column("complaint_probability", Float),
    Column("customer_says_complaint", Boolean(create_constraint=False), nullable=False),
    Column("ground", String(32)),
    Column("category", String(32), nullable=False),
    Column("filed_late", Boolean(create_constraint=False), nullable=False),
    Column("duplicate_of", Key(64)),
    Column("is_urgent", Boolean(create_constraint=False), nullable=False),
    Column("wants_human", Boolean(create_constraint=False), nullable=False),
    Column("fields_missing", JSON, nullable=False),
    Column("suggested_pages", JSON, nullable=False),
    Column("assigned_to", SafeText),
    Column("outcome", JSON(none_as_null=True)),
    # Why the case is kept whatever its age; NULL when it need not be.
    Column("legal_hold", SafeText),
    # Of `received_at`, as `hour_of` writes it: see `queue_hours`.
    Column("received_hour", String(13), nullable=False),
    Index(None, "received_at", "id"),
    Index(None, "status", "received_at", "id"),
    Index(
        "ix_cases_queue",
        "received_hour",
        "received_at",
        "id",
        sqlite_where=text("status <> 'closed'"),
        postgresql_where=text("status <> 'closed'"),
    ),
    Index(
        "ix_cases_held",
        "reference",
        sqlite_where=text("legal_hold IS NOT NULL"),
        postgresql_where=text("legal_hold IS NOT NULL"),
    ),
    Index(
        "ix_cases_waiting_for_an_agent",
        "is_urgent",
        "received_at",
        "id",
        sqlite_where=text("status = 'open' AND assigned_to IS NULL"),
        postgresql_where=text("status = 'open' AND assigned_to IS NULL"),
    ),
    *(
        Index(
            name,
            *columns,
            "id",
            sqlite_where=text("status <> 'closed'"),
            postgresql_where=text("status <> 'closed'"),
        )
        for name, *columns in (
            ("ix_cases_active", "is_urgent", "received_at"),
            ("ix_cases_due", "answer_due_at"),
            ("ix_cases_assigned", "assigned_to", "received_at"),
            ("ix_cases_active_category", "category", "language", "received_at"),
            ("ix_cases_active_language", "language", "received_at"),
        )
    ),
    Index(None, "category", "received_at", "id"),
    Index(None, "language", "received_at", "id"),
    Index(None, "customer_id"),
    Index(None, "conversation_id"),
    Index(None, "closed_at"),
    sqlite_autoincrement=True,
)

# How many cases of each hour are not closed; triggers of the migration count. A place
# in the queue is then found without counting the whole queue.
queue_hours = Table(
    "queue_hours",
    metadata,
    Column("hour", String(13), primary_key=True),
    Column("n", Integer, nullable=False),
    info={"is_derived": True},
)

# The words of each case, for search: see `actions.cases.words`. On SQLite triggers
# keep the full-text table `case_words` current, on PostgreSQL `lexemes` is a generated
# column with an index.
case_texts = Table(
    "case_texts",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("words", SafeText, nullable=False),
)

# What each case is about, as a vector: see `actions.cases.matters`.
case_embeddings = Table(
    "case_embeddings",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("model", String(128), nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

# Verdicts that agents put right: the text as the classifier read it, to be learnt from.
corrections = Table(
    "corrections",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("fingerprint", String(128)),
    Column("observed", LargeBinary),
)

# The last number given out in each year; numbers of erased cases are not used again.
reference_numbers = Table(
    "reference_numbers",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

case_events = Table(
    "case_events",
    metadata,
    # Without gaps, in the order of the chain.
    Column("id", Integer, primary_key=True, autoincrement=False),
    # No foreign key: the events of an erased case stay.
    Column("reference", Key(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", SafeText, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("details_digest", String(64), nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("prev_hash"),
    Index(None, "reference", "id"),
)

event_details = Table(
    "event_details",
    metadata,
    Column("event_id", ForeignKey("case_events.id"), primary_key=True),
    Column("salt", String(64), nullable=False),
    Column("details", JSON, nullable=False),
    # Hash of the case's own event before it: see `actions.cases.sealing`.
    Column("previous", String(64)),
)

# What was removed, without saying whose: kept as proof that it was done.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("cause", String(16), nullable=False),
    Column("counts", JSON, nullable=False),
    sqlite_autoincrement=True,
)
