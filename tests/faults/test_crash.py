"""A process killed at any point of its work loses nothing that it acknowledged."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.post_tables import outbox
from actions.cases.tables import (
    case_events,
    cases,
    conversations,
    event_details,
    messages,
)
from bot.settings import ROOT
from knowledge.database import reading
from tests.factories import make_draft
from tests.faults.work_until_killed import N_RANDOM


@dataclass(frozen=True)
class Aftermath:
    """What the killed processes had acknowledged, and what the archive holds."""

    filed: dict[str, str]
    closed: set[str]
    rows: dict[str, list[Any]]


@pytest.fixture
async def aftermath(database_url: str, engine: AsyncEngine) -> Aftermath:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.work_until_killed", database_url],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=120 + 2 * N_RANDOM,
    )
    acknowledged = [line.split() for line in done.stdout.splitlines()]
    tables = (cases, conversations, messages, case_events, event_details, outbox)
    async with reading(engine) as connection:
        rows = {
            table.name: list(await connection.execute(select(table)))
            for table in tables
        }
    return Aftermath(
        filed={key: ref for what, key, ref in acknowledged if what == "filed"},
        closed={ref for what, _, ref in acknowledged if what == "closed"},
        rows=rows,
    )


async def test_killed_at_any_point_nothing_is_lost_doubled_or_halved(
    aftermath: Aftermath, archive: Archive
):
    stored = {row.filing_key: row.reference for row in aftermath.rows["cases"]}
    states = {row.reference: row.status for row in aftermath.rows["cases"]}

    # Enough to mean something: every statement of filing, appending and closing.
    assert len(aftermath.filed) >= 10
    assert aftermath.closed
    # Nothing acknowledged is lost.
    assert aftermath.filed.items() <= stored.items()
    assert {states[reference] for reference in aftermath.closed} == {"closed"}
    # Nothing is half there: each change came with its events, words and e-mails.
    kinds = Counter((row.reference, row.kind) for row in aftermath.rows["case_events"])
    mailed = Counter((row.reference, row.kind) for row in aftermath.rows["outbox"])
    said = Counter(row.conversation_id for row in aftermath.rows["messages"])
    for row in aftermath.rows["cases"]:
        appended = kinds[row.reference, "customer_wrote"]
        is_closed = row.status == "closed"
        assert kinds[row.reference, "filed"] == 1
        assert mailed[row.reference, "receipt"] == 1
        assert said[row.conversation_id] == 1 + appended
        assert row.version == 1 + appended + is_closed
        assert kinds[row.reference, "closed"] == is_closed
        assert mailed[row.reference, "outcome"] == is_closed
    assert len(aftermath.rows["conversations"]) == len(stored)
    assert len(aftermath.rows["event_details"]) == len(aftermath.rows["case_events"])
    assert {reference for reference, _ in kinds} == set(stored.values())
    assert await archive.find_faults() == []
    # Nothing is doubled when the customer tries again.
    for key, reference in stored.items():
        again = await archive.file(make_draft(filing_key=key))
        assert again.reference == reference
    assert (await archive.cases()).total == len(stored)
