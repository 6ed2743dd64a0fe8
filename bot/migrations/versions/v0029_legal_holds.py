"""Find the cases under a legal hold without reading all.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Add an index of the few that are held."""
    is_held = sa.text("legal_hold IS NOT NULL")
    op.create_index(
        "ix_cases_held",
        "cases",
        ["reference"],
        sqlite_where=is_held,
        postgresql_where=is_held,
    )
