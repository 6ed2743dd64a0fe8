"""The desk's own tables: who read a case, who has it open now, changed templates."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, Text

from actions.cases.columns import Key, SafeText
from knowledge.database import UtcDateTime, metadata

# Kept when a case is erased: it says who of the staff read what, and nothing of it.
case_reads = Table(
    "case_reads",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reference", Key(64), nullable=False),
    Column("reader", SafeText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("what", String(16), nullable=False),
    Index(None, "reference", "id"),
    sqlite_autoincrement=True,
)

# Worth nothing after half a minute: not part of a backup.
case_presence = Table(
    "case_presence",
    metadata,
    Column("reference", Key(64), primary_key=True),
    Column("agent", Key(320), primary_key=True),
    Column("name", SafeText, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Index(None, "seen_at"),
    info={"is_derived": True},
)

# Templates of answers as editors changed them; those shipped are in data/templates.
answer_templates = Table(
    "answer_templates",
    metadata,
    Column("template_id", Key(100), primary_key=True),
    Column("language", String(35), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("purpose", String(32), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("deed", String(16), nullable=False),
    Column("author", Text, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    CheckConstraint("deed IN ('edited', 'restored', 'withdrawn')", name="deed_known"),
)
