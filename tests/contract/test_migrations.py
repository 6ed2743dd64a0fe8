from __future__ import annotations

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

import actions.cases.clock_tables
import actions.cases.post_tables
import actions.cases.tables
import actions.desk.tables  # noqa: F401
import bot.tables  # noqa: F401
import knowledge.tables  # noqa: F401
from actions.cases.archive import Archive
from bot.migrations import upgrade
from knowledge.database import metadata, open_engine, writing
from tests.factories import make_draft


def is_ours(name: str | None, kind: str, _: object) -> bool:
    """Leave out what only one database has: its full-text search."""
    if kind == "table":
        return not (name or "").startswith("case_words")
    return name not in ("ix_case_texts_words", "lexemes")


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "include_name": is_ours}
    )
    return list(compare_metadata(context, metadata))


async def test_the_migrated_schema_is_that_of_the_tables_in_code(engine: AsyncEngine):
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)

    assert found == []


async def test_upgrading_again_keeps_everything(engine: AsyncEngine, archive: Archive):
    case = await archive.file(make_draft())

    await upgrade(engine)

    assert await archive.case(case.reference) == case


async def test_replicas_that_start_together_upgrade_once(empty_database_url: str):
    engines = [open_engine(empty_database_url) for _ in range(3)]

    await asyncio.gather(*[upgrade(engine) for engine in engines])

    async with engines[0].connect() as connection:
        assert await connection.run_sync(differences) == []
    for engine in engines:
        await engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_events SET actor = 'somebody else'",
        "DELETE FROM case_events",
        "UPDATE event_details SET details = '{}'",
    ],
)
async def test_the_database_refuses_to_change_history(
    engine: AsyncEngine, archive: Archive, statement: str
):
    await archive.file(make_draft())

    with pytest.raises(DBAPIError, match="refuses"):
        async with writing(engine) as connection:
            await connection.execute(text(statement))
