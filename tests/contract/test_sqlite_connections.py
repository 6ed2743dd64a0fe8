"""Quick connections to SQLite behave as the slow ones do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from knowledge.database import open_engine
from knowledge.sqlite_connections import ROWS_AT_ONCE, connect

NUMBERS = (
    "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {})"
    " SELECT n FROM up"
)


@pytest.fixture(params=["quick", "slow"])
async def connection(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[aiosqlite.Connection]:
    path = str(tmp_path / "x.sqlite3")
    make = connect if request.param == "quick" else aiosqlite.connect
    async with make(path) as opened:
        yield opened


@pytest.mark.parametrize("n", [0, 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE])
async def test_all_rows_come_once_and_in_order(
    connection: aiosqlite.Connection, n: int
) -> None:
    expected = [(i,) for i in range(1, n + 1)]
    sql = NUMBERS.format(n) + (" WHERE n > 0" if n else " WHERE n > 1")

    async with connection.cursor() as cursor:
        await cursor.execute(sql)
        assert list(await cursor.fetchall()) == expected
        await cursor.execute(sql)
        pieces = [await cursor.fetchone(), *await cursor.fetchmany(7)]
        pieces += await cursor.fetchall()
        assert [each for each in pieces if each is not None] == expected
        await cursor.execute(sql)
        assert [row async for row in cursor] == expected
        assert await cursor.fetchone() is None


async def test_what_a_statement_did_is_told(connection: aiosqlite.Connection) -> None:
    async with connection.cursor() as cursor:
        await cursor.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
        assert cursor.description is None
        await cursor.executemany("INSERT INTO t VALUES (?)", [(1,), (2,), (3,)])
        assert cursor.rowcount == 3
        await cursor.execute("INSERT INTO t VALUES (?) RETURNING n AS it", (9,))
        assert cursor.description[0][0] == "it"
        assert list(await cursor.fetchall()) == [(9,)]
        assert cursor.lastrowid == 9
        await cursor.execute("DELETE FROM t WHERE n < 3")
        assert cursor.rowcount == 2


async def test_a_refused_statement_leaves_the_connection_of_use(
    connection: aiosqlite.Connection,
) -> None:
    async with connection.cursor() as cursor:
        await cursor.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
        await cursor.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(aiosqlite.IntegrityError):
            await cursor.execute("INSERT INTO t VALUES (1)")
        await connection.rollback()
        await cursor.execute("SELECT count(*) FROM t")

        assert await cursor.fetchone() == (0,)


async def test_rolling_back_nothing_is_fine(connection: aiosqlite.Connection) -> None:
    await connection.rollback()
    await connection.rollback()


async def test_an_engine_streams_what_is_larger_than_one_fetch(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    n_rows = 4 * ROWS_AT_ONCE

    async with engine.connect() as opened:
        rows = await opened.stream(text(NUMBERS.format(n_rows)))
        seen = [row.n async for row in rows]

    await engine.dispose()
    assert seen == [*range(1, n_rows + 1)]


async def test_a_failed_transaction_leaves_nothing_behind(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    async with engine.begin() as opened:
        await opened.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))

    with pytest.raises(IntegrityError):
        async with engine.begin() as opened:
            await opened.execute(text("INSERT INTO t VALUES (1)"))
            await opened.execute(text("INSERT INTO t VALUES (1)"))

    async with engine.connect() as opened:
        assert (await opened.execute(text("SELECT count(*) FROM t"))).scalar_one() == 0
    await engine.dispose()
