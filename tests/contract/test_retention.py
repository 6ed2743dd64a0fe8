from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments
from actions.cases.case import Customer
from actions.cases.complaint import Policy
from actions.cases.post_tables import outbox
from actions.cases.retention import Retention
from actions.cases.tables import (
    case_events,
    cases,
    conversations,
    customers,
    event_details,
    messages,
)
from actions.cases.transcripts import Transcripts
from bot.dialogue.trackers import Trackers
from knowledge.database import reading, writing
from knowledge.errors import BadInput, Conflict, NotFound
from knowledge.store import PageStore
from tests.factories import NOW, PNG, STOCKHOLM, FakeClock, make_draft, make_message

FIVE_YEARS_ON = datetime(2031, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture
def retention(engine: AsyncEngine, policy: Policy) -> Retention:
    return Retention(engine, policy, STOCKHOLM)


async def disarm(connection: AsyncConnection) -> None:
    """Do what an intruder with all rights would: take the triggers away."""
    name = "case_events_no_update"
    on_table = " ON case_events" if connection.dialect.name == "postgresql" else ""
    await connection.execute(text(f"DROP TRIGGER {name}{on_table}"))


async def rows(engine: AsyncEngine, *tables: Table) -> list[int]:
    async with reading(engine) as connection:
        return [
            (
                await connection.execute(select(func.count()).select_from(table))
            ).scalar_one()
            for table in tables
        ]


async def test_a_closed_case_is_removed_when_its_period_ends(
    archive: Archive, retention: Retention
):
    case = await archive.file(make_draft())
    await archive.close(case.reference, "eva", "solution")

    early = await retention.purge(FIVE_YEARS_ON - timedelta(seconds=1))
    receipt = await retention.purge(FIVE_YEARS_ON)

    assert early.counts == {}
    assert receipt.counts["cases"] == 1
    with pytest.raises(NotFound):
        await archive.case(case.reference)


async def test_a_case_is_kept_as_long_as_the_policy_it_was_filed_under_says(
    archive: Archive, engine: AsyncEngine, policy: Policy
):
    case = await archive.file(make_draft())
    await archive.close(case.reference, "eva", "solution")
    shorter = replace(policy, name="shorter", retention_months=1)
    both = {"default": policy, "shorter": shorter}

    await Retention(engine, shorter, STOCKHOLM, policies=both).purge(
        FIVE_YEARS_ON - timedelta(seconds=1)
    )

    assert (await archive.case(case.reference)).status == "closed"


async def test_an_open_case_is_kept_however_old(archive: Archive, retention: Retention):
    case = await archive.file(make_draft())

    await retention.purge(FIVE_YEARS_ON + timedelta(days=3650))

    assert await archive.case(case.reference) == case


async def test_old_conversations_without_a_case_are_removed(
    archive: Archive, transcripts: Transcripts, retention: Retention, clock: FakeClock
):
    for name in ("idle", "filed"):
        await transcripts.create(name, "hash", "sv")
        await transcripts.append(name, make_message())
    await archive.file(make_draft(conversation="filed"))

    receipt = await retention.purge(FIVE_YEARS_ON + timedelta(days=1))

    assert receipt.counts == {"messages": 1, "conversations": 1}
    assert await transcripts.conversation("idle") is None
    assert await transcripts.conversation("filed") is not None


async def test_erasing_a_person_clears_every_store(
    archive: Archive,
    transcripts: Transcripts,
    retention: Retention,
    engine: AsyncEngine,
):
    await transcripts.create("c1", "hash", "fr")
    said = make_message(sender="bot")
    await transcripts.append("c1", said)
    await transcripts.append("c1", make_message())
    await transcripts.add_feedback("c1", said.id, True)
    await archive.file(make_draft(conversation="c1"))
    second = await archive.file(make_draft())
    await archive.add_note(second.reference, "eva", "Élise a téléphoné")

    receipt = await retention.erase(FIVE_YEARS_ON, email="Elise.Morel@example.fr")

    assert receipt.counts == {
        "cases": 2,
        "case_clocks": 2,
        "case_texts": 2,
        "customers": 1,
        "feedback": 1,
        "messages": 3,
        "conversations": 2,
        "outbox": 2,
        "event_details": 3,
    }
    stores = (cases, customers, messages, conversations, outbox)
    assert await rows(engine, *stores) == [0, 0, 0, 0, 0]


async def test_erasing_one_persons_cases_leaves_everybody_elses(
    archive: Archive, retention: Retention
):
    await archive.file(make_draft())
    other = await archive.file(make_draft(customer=Customer(email="bo@example.se")))
    nameless = await archive.file(make_draft(customer=Customer()))

    await retention.erase(FIVE_YEARS_ON, email="elise.morel@example.fr")

    assert (await archive.case(other.reference)).queue_position == 1
    assert (await archive.case(nameless.reference)).queue_position == 2


async def test_erasing_one_case_keeps_what_another_needs(
    archive: Archive, transcripts: Transcripts, retention: Retention
):
    await transcripts.create("c1", "hash", "fr")
    await transcripts.append("c1", make_message())
    first = await archive.file(make_draft(conversation="c1"))
    second = await archive.file(make_draft(conversation="c1"))

    receipt = await retention.erase(FIVE_YEARS_ON, reference=first.reference)

    assert receipt.counts == {
        "cases": 1,
        "case_clocks": 1,
        "case_texts": 1,
        "outbox": 1,
        "event_details": 1,
    }
    kept = await archive.case(second.reference)
    assert (kept.customer, kept.transcript) == (second.customer, second.transcript)


async def test_the_chain_still_verifies_after_an_erasure(
    archive: Archive, retention: Retention, engine: AsyncEngine
):
    first = await archive.file(make_draft())
    await archive.file(make_draft(customer=Customer(email="bo@example.se")))

    await retention.erase(FIVE_YEARS_ON, reference=first.reference)

    assert await archive.find_faults() == []
    # Two cases filed and one erased; what the erased one said is gone.
    assert await rows(engine, case_events, event_details) == [3, 2]


async def test_a_reference_is_not_used_again(archive: Archive, retention: Retention):
    first = await archive.file(make_draft())
    await retention.erase(FIVE_YEARS_ON, reference=first.reference)

    second = await archive.file(make_draft())

    assert (first.reference, second.reference) == ("G-2026-000001", "G-2026-000002")


async def test_nothing_to_erase_is_a_receipt_without_counts(retention: Retention):
    receipt = await retention.erase(FIVE_YEARS_ON, email="nobody@example.se")

    assert receipt.counts == {}


@pytest.mark.parametrize(
    "owner", [{}, {"email": " "}, {"email": "a@example.se", "reference": "G-1"}]
)
async def test_whose_data_to_erase_must_be_said(
    archive: Archive, retention: Retention, owner: dict[str, str]
):
    case = await archive.file(make_draft(customer=Customer()))

    with pytest.raises(BadInput):
        await retention.erase(FIVE_YEARS_ON, **owner)

    assert await archive.case(case.reference) == case


async def test_details_lost_without_an_erasure_are_found(
    archive: Archive, engine: AsyncEngine
):
    case = await archive.file(make_draft())
    async with writing(engine) as connection:
        await connection.execute(event_details.delete())

    assert await archive.find_faults() == [
        f"event 1 of {case.reference} has lost its details"
    ]


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"actor": "somebody else"}, ["event 2 of G-2026-000002 was altered"]),
        (
            {"id": 7},
            [
                "event 7 of G-2026-000002 follows event 1: some are missing",
                "event 7 of G-2026-000002 was altered",
            ],
        ),
    ],
)
async def test_an_event_changed_behind_our_back_is_found(
    archive: Archive,
    engine: AsyncEngine,
    changes: dict[str, object],
    faults: list[str],
):
    for _ in range(2):
        await archive.file(make_draft())
    async with writing(engine) as connection:
        await disarm(connection)
        await connection.execute(event_details.delete())
        await connection.execute(
            update(case_events).where(case_events.c.id == 2).values(**changes)
        )

    found = await archive.find_faults()

    assert [fault for fault in found if "lost its details" not in fault] == faults


class TestEverythingElse:
    """Files, the assistant's memory, unanswered questions, legal holds."""

    @pytest.fixture
    def store(
        self, engine: AsyncEngine, tmp_path: Path, clock: FakeClock
    ) -> Attachments:
        return Attachments(engine, tmp_path / "attachments", clock)

    @pytest.fixture
    def trackers(self, tmp_path: Path) -> Path:
        file = tmp_path / "trackers.sqlite3"
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE events (sender_id TEXT, data TEXT)")
            rows = [("talk", "my secret"), ("talk", "again"), ("other", "kept")]
            connection.executemany("INSERT INTO events VALUES (?, ?)", rows)
            connection.commit()
        return file

    @pytest.fixture
    def retention(
        self, engine: AsyncEngine, policy: Policy, store: Attachments, trackers: Path
    ) -> Retention:
        return Retention(
            engine,
            policy,
            STOCKHOLM,
            attachments=store,
            memory=Trackers(trackers),
        )

    async def test_an_erasure_clears_files_trackers_and_unanswered_questions(
        self,
        archive: Archive,
        transcripts: Transcripts,
        engine: AsyncEngine,
        retention: Retention,
        store: Attachments,
        trackers: Path,
        clock: FakeClock,
    ):
        await transcripts.create("talk", "hash", "sv")
        said = make_message(text="Var är mina pengar?", sent_at=clock.now)
        await transcripts.append("talk", said)
        await store.store("talk", "a.png", PNG, message=said.id)
        pages = PageStore(engine, clock)
        await pages.record_gap("var är mina pengar", language="sv", reason="unanswered")
        case = await archive.file(make_draft(conversation="talk"))

        receipt = await retention.erase(clock.now, reference=case.reference)

        expected = {
            "attachments": 1,
            "attachment_files": 1,
            "gaps": 1,
            "tracker_events": 2,
        }
        assert expected.items() <= receipt.counts.items()
        assert not [each for each in store.folder.rglob("*") if each.is_file()]
        assert await pages.gaps() == []
        assert b"my secret" not in trackers.read_bytes()
        assert b"kept" in trackers.read_bytes()
        assert await archive.find_faults() == []

    async def test_a_case_under_a_legal_hold_outlives_period_and_request(
        self, archive: Archive, retention: Retention
    ):
        case = await archive.file(make_draft())
        await archive.close(case.reference, "eva", "solution")
        await archive.hold(case.reference, "eva", "Court case 12/26")

        purged = await retention.purge(FIVE_YEARS_ON)
        asked = await retention.erase(FIVE_YEARS_ON, email=case.customer.email)
        with pytest.raises(Conflict, match="legal hold"):
            await retention.erase(FIVE_YEARS_ON, reference=case.reference)

        assert purged.counts == {}
        assert asked.counts == {"kept_under_legal_hold": 1}
        assert (await archive.case(case.reference)).legal_hold == "Court case 12/26"

    async def test_a_released_case_goes_with_the_next_purge(
        self, archive: Archive, retention: Retention
    ):
        case = await archive.file(make_draft())
        await archive.close(case.reference, "eva", "solution")
        await archive.hold(case.reference, "eva", "Court case")
        released = await archive.release(case.reference, "eva", "Judgment")

        receipt = await retention.purge(FIVE_YEARS_ON)

        kinds = [event.kind for event in released.history]
        assert kinds[-2:] == ["legal_hold_placed", "legal_hold_released"]
        assert receipt.counts["cases"] == 1

    async def test_a_hold_needs_a_reason_and_a_release_needs_a_hold(
        self, archive: Archive
    ):
        case = await archive.file(make_draft())

        with pytest.raises(BadInput):
            await archive.hold(case.reference, "eva", " ")
        with pytest.raises(Conflict):
            await archive.release(case.reference, "eva", "none")

    async def test_a_purge_removes_files_that_a_crash_left(
        self, retention: Retention, store: Attachments
    ):
        left = store.folder / "ab" / ("c" * 62)
        left.parent.mkdir(parents=True)
        left.write_bytes(PNG)

        await retention.purge(NOW)

        assert not left.exists()
