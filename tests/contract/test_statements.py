"""How many statements the archive needs: on a network each is a round trip.

Counted rather than timed, so that it says the same on every machine. PostgreSQL gets
all rows of an act at once; SQLite, in the same process, gets them one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.desk.queue import Filters, Queue
from tests.factories import FakeClock, make_draft


@contextmanager
def statements_of(engine: AsyncEngine) -> Iterator[list[str]]:
    """What is executed, but for the beginning and the end of the transaction."""
    executed: list[str] = []

    def tell(connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        if not sql.startswith("BEGIN"):
            executed.append(sql)

    event.listen(engine.sync_engine, "before_cursor_execute", tell)
    yield executed
    event.remove(engine.sync_engine, "before_cursor_execute", tell)


@pytest.fixture
def most(engine: AsyncEngine) -> dict[str, int]:
    """The most statements that each act may take."""
    if engine.dialect.name == "postgresql":
        return {"file": 5, "append": 6, "take": 5, "close": 10, "list": 3}
    return {"file": 13, "append": 11, "take": 8, "close": 16, "list": 3}


async def test_an_act_takes_no_more_statements_than_it_did(
    engine: AsyncEngine, archive: Archive, clock: FakeClock, most: dict[str, int]
):
    counted: dict[str, int] = {}
    queue = Queue(engine, clock)

    with statements_of(engine) as executed:
        case = await archive.file(make_draft())
        counted["file"] = len(executed)
    with statements_of(engine) as executed:
        await archive.append_to_case(case.reference, "Alors ?")
        counted["append"] = len(executed)
    with statements_of(engine) as executed:
        await archive.take_next("eva")
        counted["take"] = len(executed)
    with statements_of(engine) as executed:
        await archive.close(case.reference, "eva", "solution", "C'est payé.")
        counted["close"] = len(executed)
    with statements_of(engine) as executed:
        await queue.page(Filters())
        counted["list"] = len(executed)

    assert {name for name, n in counted.items() if n > most[name]} == set(), counted


async def test_a_statement_is_built_once(engine: AsyncEngine, archive: Archive):
    await archive.file(make_draft())
    with statements_of(engine) as first:
        await archive.file(make_draft())
    with statements_of(engine) as second:
        await archive.file(make_draft())

    assert first == second
