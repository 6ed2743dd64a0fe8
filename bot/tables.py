"""Tables of the people who work at the counter."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text, false

from knowledge.database import UtcDateTime, metadata

staff = Table(
    "staff",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(320), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("is_active", Boolean(create_constraint=False), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # The second factor, once it is on; and the last of its codes that was used.
    Column("totp_secret", Text),
    Column("totp_step", Integer),
    sqlite_autoincrement=True,
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("staff_id", ForeignKey("staff.id"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
)

# Who is who at the company's own sign-in.
staff_identities = Table(
    "staff_identities",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, index=True),
)

# In the database, so that another replica or a restart gives no new attempts.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(320), nullable=False, index=True),
    # Empty where it is not known.
    Column("address", String(64), nullable=False, server_default=""),
    Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

# Only hashes are stored: a copy of the database opens nothing.
staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    # The password was right, the second factor is still to come.
    Column("needs_code", Boolean(create_constraint=False), nullable=False),
    # Opened by the company's own sign-in.
    Column(
        "is_proved",
        Boolean(create_constraint=False),
        nullable=False,
        server_default=false(),
    ),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# What the scheduler's jobs have done, and who runs one now.
jobs = Table(
    "jobs",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64)),
    Column("held_until", UtcDateTime),
    Column("started_at", UtcDateTime, nullable=False),
    Column("succeeded_at", UtcDateTime),
    Column("failures", Integer, nullable=False),
)
