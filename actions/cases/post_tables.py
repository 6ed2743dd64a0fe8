"""The tables of what leaves the house and what comes in: outbox, tickets, letters."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

from actions.cases.columns import Key, SafeText
from knowledge.database import UtcDateTime, metadata

# Letters (destination `email`) and events for other systems.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Key(64), nullable=False),
    Column("reference", Key(64), nullable=False),
    Column("destination", Key(64), nullable=False),
    Column("kind", String(32), nullable=False),
    # No foreign key: the number outlives what may be erased.
    Column("event_id", Integer),
    Column("recipient", SafeText),
    Column("language", Key(16)),
    Column("content", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_attempt_at", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("last_error", SafeText),
    Column("claim", String(32)),
    Column("claimed_until", UtcDateTime),
    UniqueConstraint("destination", "key"),
    Index(None, "reference", "id"),
    Index(
        "ix_outbox_unsent",
        "next_attempt_at",
        sqlite_where=text("sent_at IS NULL"),
        postgresql_where=text("sent_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

# Which system is told of which kind of event; kept in step with the settings.
outbox_subscriptions = Table(
    "outbox_subscriptions",
    metadata,
    Column("event", String(32), primary_key=True),
    Column("destination", Key(64), primary_key=True),
)

# Destinations that nothing is delivered to for now; without a time, until replayed.
outbox_holds = Table(
    "outbox_holds",
    metadata,
    Column("destination", Key(64), primary_key=True),
    Column("until", UtcDateTime),
    Column("reason", SafeText, nullable=False),
)

# Under which number another system knows a case.
tickets = Table(
    "tickets",
    metadata,
    Column("reference", Key(64), primary_key=True),
    Column("destination", Key(64), primary_key=True),
    Column("number", String(64), nullable=False),
)

# Every e-mail, sent or received. A received one without a reference waits for staff.
letters = Table(
    "letters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reference", Key(64)),
    Column("direction", String(8), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    # Why it is in this state, where that needs a word.
    Column("reason", String(64)),
    Column("message_id", Key(255), nullable=False),
    Column("in_reply_to", SafeText),
    Column("sender", SafeText, nullable=False),
    Column("recipient", SafeText, nullable=False),
    Column("subject", SafeText, nullable=False),
    Column("text", SafeText, nullable=False),
    # As sent, byte for byte; of a received one its headers.
    Column("source", SafeText, nullable=False),
    Column("language", Key(16), nullable=False),
    # Its words in the transcript of the case.
    Column("message", Key(64)),
    # Where its files are kept while it belongs to no case; no foreign key.
    Column("conversation", Key(64)),
    # Read as that when it came, of one that belonged to no case.
    Column(
        "is_cry_for_help",
        Boolean(create_constraint=False),
        nullable=False,
        server_default=false(),
    ),
    # Who put it away, and when.
    Column("dismissed_by", SafeText),
    Column("dismissed_at", UtcDateTime),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("direction", "message_id"),
    Index(None, "reference", "id"),
    Index(None, "state", "id"),
    sqlite_autoincrement=True,
)
