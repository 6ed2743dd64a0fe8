"""Second factors, the company's own sign-in, and failures that a restart keeps.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns and tables; sessions that are open stay open."""
    op.add_column("staff", sa.Column("totp_secret", sa.Text))
    op.add_column("staff", sa.Column("totp_step", sa.Integer))
    op.add_column(
        "staff_sessions",
        sa.Column("needs_code", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("staff_id", sa.Integer, nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "code_hash", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name="fk_recovery_codes_staff_id"
        ),
    )
    op.create_table(
        "staff_identities",
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("staff_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_staff_identities"),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name="fk_staff_identities_staff_id"
        ),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.Integer),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_failures"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_staff_identities_staff_id", "staff_identities", ["staff_id"])
    op.create_index("ix_sign_in_failures_email", "sign_in_failures", ["email"])
