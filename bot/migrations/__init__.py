"""The database schema and its history: `upgrade` brings any database up to date.

A new table or column is one more file in `versions/`. A test compares the migrated
schema with the tables in code, on both databases.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from knowledge.database import writing

# Any number, the same in every replica: two of them never migrate at once.
_LOCK = 7_486_261


async def upgrade(engine: AsyncEngine) -> None:
    """Bring the schema to the newest revision, in one transaction.

    Raises:
        ArchiveUnavailable: The database does not answer.
    """
    async with writing(engine) as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent).replace("%", "%%")
    )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
