"""What every engine of ours must do, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from knowledge.database import open_engine, reading

_END_THE_OTHERS = """
    SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def number(engine: AsyncEngine) -> int:
    async with reading(engine) as connection:
        return int(await connection.scalar(text("SELECT 7")) or 0)


async def test_connections_that_the_server_closed_are_replaced(
    make_postgres: Callable[[], str],
):
    url = make_postgres()
    engine = open_engine(url)
    async with reading(engine), reading(engine):
        pass  # Two connections that are idle afterwards.
    with psycopg.connect(url, autocommit=True) as server:
        closed = server.execute(_END_THE_OTHERS).fetchone()

    found = [await number(engine) for _ in range(2)]
    await engine.dispose()

    assert (closed, found) == ((2,), [7, 7])


async def test_what_is_asked_often_stays_prepared(make_postgres: Callable[[], str]):
    engine = open_engine(make_postgres())

    for _ in range(10):
        await number(engine)
    async with reading(engine) as connection:
        prepared = await connection.scalar(
            text("SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql")
        )
    await engine.dispose()

    assert prepared == 1
