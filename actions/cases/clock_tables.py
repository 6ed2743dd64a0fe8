"""The tables of the clocks: what stands still, what is next, what was done."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, text

from actions.cases.columns import Key
from knowledge.database import UtcDateTime, metadata

# One row a case; it goes with its case.
case_clocks = Table(
    "case_clocks",
    metadata,
    Column("case_id", ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
    # Name of the policy that the case was filed under.
    Column("policy", Key(64), nullable=False),
    # `{"reason", "started_at", "ended_at"}` each, oldest first.
    Column("pauses", JSON, nullable=False),
    # When the scheduler looks at the case next; NULL for never.
    Column("look_at", UtcDateTime),
    Index(
        "ix_case_clocks_look_at",
        "look_at",
        "case_id",
        sqlite_where=text("look_at IS NOT NULL"),
        postgresql_where=text("look_at IS NOT NULL"),
    ),
)

# What the scheduler did, each once: the key is written with the effect.
case_notices = Table(
    "case_notices",
    metadata,
    Column("case_id", ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
)
