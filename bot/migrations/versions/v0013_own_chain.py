"""Each event follows its case's own event before it, beside the one before all.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the column, and have the locked end of the chain tell the case's own."""
    op.add_column("event_details", sa.Column("previous", sa.String(64)))
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute("DROP FUNCTION lock_chain()")
    op.execute(
        """
        CREATE FUNCTION lock_chain(of_case varchar)
        RETURNS TABLE (id integer, hash varchar, own_hash varchar)
        LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(7486262);
            RETURN QUERY SELECT e.id, e.hash,
                (SELECT o.hash FROM case_events o WHERE o.reference = of_case
                 ORDER BY o.id DESC LIMIT 1)
                FROM case_events e ORDER BY e.id DESC LIMIT 1;
        END $$
        """
    )
