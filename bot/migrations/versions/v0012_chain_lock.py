"""The end of the chain, locked and read in one round trip.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the function on PostgreSQL; on SQLite every writer is alone."""
    if op.get_bind().dialect.name == "sqlite":
        return
    # A volatile function looks anew after it has waited for the lock. Any number
    # serves, the same in every replica.
    op.execute(
        """
        CREATE FUNCTION lock_chain() RETURNS TABLE (id integer, hash varchar)
        LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(7486262);
            RETURN QUERY SELECT e.id, e.hash FROM case_events e
                ORDER BY e.id DESC LIMIT 1;
        END $$
        """
    )
