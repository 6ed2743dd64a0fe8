"""The queries of the desk find their rows by index, on both databases.

On a table with as many cases as show which way each database goes; what that means
for a million is measured by `guichet bench --archive`. `pytest -rP` prints the plans.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.complaint import Policy
from actions.cases.transcripts import Transcripts
from actions.desk.queue import Filters, Queue
from bot.benchmarks.archive_filling import fill
from knowledge.database import open_engine
from tests.factories import NOW, STOCKHOLM, FakeClock, make_draft, make_message

N_CASES = 3_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A migrated database with some thousand cases, filled once."""
    from bot.migrations import upgrade
    from tests.conftest import _address, _create_database, _drop_database

    async def migrate(url: str) -> None:
        engine = open_engine(url)
        await upgrade(engine)
        await engine.dispose()

    if request.param == "sqlite":
        folder: Path = tmp_path_factory.mktemp("plans")
        url, name, server = f"sqlite:///{folder / 'archive.sqlite3'}", "", ""
    else:
        server = request.getfixturevalue("postgres_url")
        name = _create_database(server)
        url = _address(server, name)
    asyncio.run(migrate(url))
    fill(url, N_CASES, NOW, lambda done, total: None)
    yield url
    if name:
        _drop_database(server, name)


@pytest.fixture
async def full(full_url: str) -> Any:
    engine = open_engine(full_url)
    yield engine
    await engine.dispose()


@contextmanager
def plans_of(engine: AsyncEngine) -> Iterator[list[str]]:
    """The plan of every SELECT, as the database tells it just before it runs one."""
    plans: list[str] = []
    explain = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}

    def tell(
        connection: Connection, cursor: Any, sql: str, parameters: Any, *_: Any
    ) -> None:
        if sql.startswith(("SELECT", "WITH RECURSIVE")) and "set_config" not in sql:
            own = connection.connection.cursor()
            own.execute(explain[engine.dialect.name] + sql, parameters)
            plans.append("\n".join(str(row[-1]) for row in own.fetchall()))
            own.close()

    event.listen(engine.sync_engine, "before_cursor_execute", tell)
    yield plans
    event.remove(engine.sync_engine, "before_cursor_execute", tell)
    print(*plans, sep="\n\n")


def names_index(plans: list[str], name: str) -> bool:
    return any(name in plan for plan in plans)


# Not the customers: with so few, reading all at once may be the quickest. Nor the
# events, whose last one SQLite calls a scan.
_LARGE = "(?:cases|case_texts|conversations|event_details|messages)"
_WITHOUT_INDEX = re.compile(
    # PostgreSQL, then SQLite: one that walks an index says which.
    rf"(?:->)?\s*Seq Scan on {_LARGE}\b|SCAN {_LARGE}$"
)


def reads_everything(plans: list[str]) -> bool:
    """Whether a plan goes through all cases, or all that hangs on them."""
    lines = [line.strip() for plan in plans for line in plan.splitlines()]
    return any(_WITHOUT_INDEX.match(line) for line in lines)


async def test_a_query_that_reads_every_case_would_be_noticed(full: AsyncEngine):
    with plans_of(full) as plans:
        async with full.connect() as connection:
            await connection.execute(text("SELECT 1 FROM cases WHERE ground = 'x'"))

    assert reads_everything(plans)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "ix_cases_active"),
        ({"category": "withdrawal", "language": "fi"}, "ix_cases_active_category"),
        ({"language": "fi"}, "ix_cases_active_language"),
        ({"due": "overdue"}, "ix_cases_"),
        ({"status": "closed"}, "ix_cases_status_received_at_id"),
        ({"status": "all"}, "ix_cases_received_at_id"),
    ],
)
async def test_a_page_of_the_list_comes_from_its_index(
    full: AsyncEngine, clock: FakeClock, query: dict[str, str], index: str
):
    queue = Queue(full, clock)

    with plans_of(full) as plans:
        await queue.page(Filters.from_query(query, agent="eva"))

    assert names_index(plans, index)
    assert not reads_everything(plans)


@pytest.mark.parametrize("state", ["open", "closed", "all"])
@pytest.mark.parametrize("q", ["w123457", "w1", "w17 w3"])
async def test_words_are_found_without_reading_every_case(
    full: AsyncEngine, clock: FakeClock, state: str, q: str
):
    queue = Queue(full, clock)

    with plans_of(full) as plans:
        await queue.page(Filters.from_query({"status": state, "q": q}, agent="eva"))

    assert not reads_everything(plans)


async def test_the_next_case_and_its_place_come_from_indexes(
    full: AsyncEngine, policy: Policy, clock: FakeClock
):
    archive = Archive(full, policy, STOCKHOLM, clock, prefix="P")
    await archive.file(make_draft())

    with plans_of(full) as plans:
        await archive.take_next("eva")

    assert names_index(plans, "ix_cases_waiting_for_an_agent")
    assert names_index(plans, "ix_cases_queue")
    assert not reads_everything(plans)


async def test_filing_looks_nothing_up_without_an_index(
    full: AsyncEngine, policy: Policy, clock: FakeClock
):
    archive = Archive(full, policy, STOCKHOLM, clock, prefix="P")

    with plans_of(full) as plans:
        await archive.file(make_draft())

    assert plans
    assert not reads_everything(plans)


async def test_what_is_said_finds_its_cases_by_index(
    full: AsyncEngine, policy: Policy, clock: FakeClock
):
    transcripts = Transcripts(full, clock)
    archive = Archive(full, policy, STOCKHOLM, clock, prefix="P")
    talk = uuid.uuid4().hex
    await transcripts.create(talk, "hash", "sv")
    await archive.file(make_draft(conversation=talk))

    with plans_of(full) as plans:
        await transcripts.append(talk, make_message())

    assert names_index(plans, "ix_cases_conversation_id")
    assert not reads_everything(plans)


async def test_holds_are_found_without_reading_every_case(
    full: AsyncEngine, policy: Policy, clock: FakeClock
):
    archive = Archive(full, policy, STOCKHOLM, clock)

    with plans_of(full) as plans:
        await archive.legal_holds()

    assert names_index(plans, "ix_cases_held")
    assert not reads_everything(plans)
