"""What was said, decided and written of a case is what its history sealed."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments
from actions.cases.case import Case
from actions.cases.complaint import Policy
from actions.cases.retention import Retention
from actions.cases.sealing import SAID
from actions.cases.transcripts import Transcripts, lock_conversation
from actions.cases.turns import Turns
from knowledge.database import reading, writing
from tests.factories import NOW, PNG, STOCKHOLM, FakeClock, make_draft, make_message


@pytest.fixture
async def case(transcripts: Transcripts, archive: Archive, engine: AsyncEngine) -> Case:
    """A decided case of a conversation that went on after the filing."""
    await transcripts.create("talk", "hash", "sv")
    await transcripts.append("talk", make_message(text="Mitt uttag har inte kommit"))
    filed = await archive.file(
        make_draft(conversation="talk", event_date=date(2026, 11, 3))
    )
    turns = Turns(engine)
    thanks = await turns.hear("talk", make_message(id="said-1", text="Tack\0 själv"))
    reply = make_message(
        id="said-2", sender="bot", text="Varsågod!", citations=[{"page": "terms"}]
    )
    await turns.answer("talk", [thanks], [reply, make_message(id="said-3")])
    await archive.append_to_case(filed.reference, "Ännu inget")
    return await archive.close(
        filed.reference, "eva", "decision_confirmed", "Så är det"
    )


async def test_each_message_after_the_filing_is_an_event(case: Case):
    said = [
        (event.details["message"], event.actor)
        for event in case.history
        if event.kind == SAID
    ]

    assert said == [
        ("said-1", "customer"),
        ("said-2", "system"),
        ("said-3", "customer"),
    ]


async def test_a_case_that_is_as_it_was_sealed_has_no_faults(
    archive: Archive, case: Case
):
    assert await archive.find_faults() == []
    assert await archive.find_faults(case.reference) == []


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        ("UPDATE messages SET text = 'x' WHERE id = 'said-1'", "was altered"),
        ("UPDATE messages SET sender = 'agent' WHERE id = 'said-1'", "was altered"),
        ("UPDATE messages SET citations = '[]' WHERE id = 'said-2'", "was altered"),
        ("DELETE FROM messages WHERE id = 'said-2'", "is missing"),
        ("UPDATE messages SET number = 900 WHERE id = 'said-2'", "another place"),
        ("UPDATE messages SET id = 'other' WHERE id = 'said-3'", "never sealed"),
        ("UPDATE messages SET text = 'x' WHERE number = 1", "before the filing"),
        ("DELETE FROM messages WHERE number = 1", "before the filing"),
        ("UPDATE cases SET description = 'x'", "taken down at the filing"),
        ("UPDATE cases SET event_date = '2026-11-04'", "taken down at the filing"),
        ("UPDATE customers SET name = 'x'", "taken down at the filing"),
        ("UPDATE cases SET category = 'other'", "category"),
        ("UPDATE cases SET answer_due_at = '2027-01-01 00:00:00'", "answer_due_at"),
        ("UPDATE cases SET outcome = NULL", "outcome"),
        ("UPDATE cases SET is_urgent = true", "is_urgent"),
        ("UPDATE cases SET legal_hold = 'x'", "legal_hold"),
    ],
)
async def test_what_is_changed_behind_our_back_is_named(
    archive: Archive, case: Case, engine: AsyncEngine, act: str, fault: str
):
    async with writing(engine) as connection:
        await connection.execute(text(act))

    found = await archive.find_faults()

    assert any(fault in each for each in found)
    assert all(case.reference in each for each in found)
    assert await archive.find_faults(case.reference) == found


async def test_a_case_that_was_taken_away_is_missed(
    archive: Archive, engine: AsyncEngine
):
    case = await archive.file(make_draft())
    async with writing(engine) as connection:
        for table in ("case_clocks", "case_texts", "case_notices", "cases"):
            await connection.execute(text(f"DELETE FROM {table}"))

    assert await archive.find_faults() == [
        f"{case.reference}: the case is missing, and was never erased"
    ]


async def test_words_seal_every_case_of_a_conversation(
    archive: Archive, transcripts: Transcripts, case: Case, engine: AsyncEngine
):
    other = await archive.file(make_draft(conversation="talk"))
    await archive.append_to_case(other.reference, "Och en sak till")
    await transcripts.append("talk", make_message(id="late"))
    assert await archive.find_faults() == []

    async with writing(engine) as connection:
        await connection.execute(text("UPDATE messages SET text='x' WHERE id='late'"))

    found = await archive.find_faults()
    assert {each.split(": ")[0] for each in found} == {case.reference, other.reference}


async def test_an_erased_case_with_sealed_words_still_verifies(
    archive: Archive, engine: AsyncEngine, policy: Policy, case: Case
):
    await Retention(engine, policy, STOCKHOLM).erase(NOW, reference=case.reference)

    assert await archive.find_faults() == []
    async with reading(engine) as connection:
        for table in ("messages", "event_details"):
            query = text(f"SELECT count(*) FROM {table}")
            kept = await connection.scalar(query)
            assert kept == (1 if table == "event_details" else 0)


async def test_what_comes_while_a_case_is_filed_is_sealed(
    archive: Archive,
    transcripts: Transcripts,
    engine: AsyncEngine,
    tmp_path: Path,
    clock: FakeClock,
):
    store = Attachments(engine, tmp_path / "files", clock)
    await transcripts.create("talk", "hash", "sv")

    # Both wait for the conversation, in whichever order, until it is let go.
    async with asyncio.TaskGroup() as tasks:
        async with writing(engine) as connection:
            await lock_conversation(connection, "talk")
            work = [
                tasks.create_task(store.store("talk", "a.png", PNG)),
                tasks.create_task(transcripts.append("talk", make_message())),
                tasks.create_task(archive.file(make_draft(conversation="talk"))),
            ]
            await asyncio.wait(work, timeout=0.3)

    assert await archive.find_faults() == []
    assert await store.find_faults() == []
