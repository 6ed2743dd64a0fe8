"""Tables of the help pages: every version ever written, and what was published.

Versions and publications are append-only. A publication is the whole set of page
versions that customers were answered from at one time, so that rolling back is
publishing an earlier set again, and an old citation still finds its text.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from knowledge.database import UtcDateTime, metadata

pages = Table(
    "pages",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("language", String(35), primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
)

page_versions = Table(
    "page_versions",
    metadata,
    Column("page_id", String(100), primary_key=True),
    Column("language", String(35), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("url", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    # Version of the source page that this one was translated from.
    Column("translates", Integer),
    Column("body", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["page_id", "language"], ["pages.id", "pages.language"]),
    CheckConstraint("version >= 1", name="version_from_one"),
)

publications = Table(
    "publications",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("author", Text, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
    # Number of the earlier publication that this one brought back.
    Column("restores", Integer, ForeignKey("publications.number")),
)

publication_pages = Table(
    "publication_pages",
    metadata,
    Column("publication", Integer, ForeignKey("publications.number"), primary_key=True),
    Column("page_id", String(100), primary_key=True),
    Column("language", String(35), primary_key=True),
    Column("version", Integer, nullable=False),
    ForeignKeyConstraint(
        ["page_id", "language", "version"],
        ["page_versions.page_id", "page_versions.language", "page_versions.version"],
    ),
)

# Pages that were taken down. Whoever saves a newer version than `newest` begins anew.
page_withdrawals = Table(
    "page_withdrawals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("page_id", String(100), nullable=False),
    Column("language", String(35), nullable=False),
    # The version that customers saw, and the newest that there was.
    Column("version", Integer, nullable=False),
    Column("newest", Integer, nullable=False),
    # The page that its address leads to now.
    Column("moved_to", String(100)),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("withdrawn_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["page_id", "language"], ["pages.id", "pages.language"]),
    Index(None, "page_id", "language"),
    sqlite_autoincrement=True,
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", Integer, primary_key=True),
    # Masked before it comes here: see `bot.privacy`.
    Column("question", Text, nullable=False),
    # The question without case, punctuation and spacing: the same key, the same gap.
    Column("question_key", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("confidence", Float),
    # The message that did not help; none where nothing was answered.
    Column("answer", String(64)),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    CheckConstraint("reason IN ('unanswered', 'unhelpful')", name="reason_known"),
    Index("ix_gaps_language_question_key", "language", "question_key"),
    Index(None, "answer"),
)

# Publications that wait for their time.
scheduled_publications = Table(
    "scheduled_publications",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("publish_at", UtcDateTime, nullable=False),
    # The drafts that were approved: `[[page, language, version], …]`.
    Column("drafts", JSON, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("outcome", String(20)),
    # Why it was refused.
    Column("reason", Text),
    CheckConstraint(
        "outcome IN ('published', 'refused', 'cancelled')", name="outcome_known"
    ),
    sqlite_autoincrement=True,
)

# What editors began and look at: worth nothing after a day, not part of a backup.
console_work = Table(
    "console_work",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("author", Text, nullable=False),
    Column("about", JSON),
    Column("state", String(16), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    # As JSON text: only who asks for it reads it.
    Column("result", Text),
    Column("error", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    # When the process that does it last said so.
    Column("heard_at", UtcDateTime, nullable=False),
    Index(None, "started_at"),
    info={"is_derived": True},
)
