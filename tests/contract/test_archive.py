from __future__ import annotations

import asyncio
from datetime import date, time, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.case import Case, case_as_json
from actions.cases.complaint import Policy
from actions.cases.post_tables import outbox
from actions.cases.tables import cases, conversations
from knowledge.database import open_engine, reading
from knowledge.errors import ArchiveUnavailable, BadInput, Conflict, NotFound
from tests.factories import STOCKHOLM, FakeClock, make_draft


def kinds(case: Case) -> list[str]:
    return [event.kind for event in case.history]


async def emails(engine: AsyncEngine) -> list[tuple[str, str, dict[str, object]]]:
    query = select(outbox.c.kind, outbox.c.recipient, outbox.c.content)
    async with reading(engine) as connection:
        rows = await connection.execute(query.order_by(outbox.c.id))
        return [(row.kind, row.recipient, row.content) for row in rows]


async def count(engine: AsyncEngine, table: object) -> int:
    async with reading(engine) as connection:
        query = select(func.count()).select_from(table)  # type: ignore[arg-type]
        return int((await connection.scalar(query)) or 0)


class TestQueue:
    async def test_the_place_counts_unclosed_cases_received_before(
        self, archive: Archive, clock: FakeClock
    ):
        first = await archive.file(make_draft())
        clock.advance(minutes=1)
        second = await archive.file(make_draft())
        earlier = await archive.file(
            make_draft(received_at=clock() - timedelta(hours=1))
        )

        places = [
            (await archive.case(case.reference)).queue_position
            for case in (earlier, first, second)
        ]

        assert places == [1, 2, 3]

    async def test_a_closed_case_has_no_place_and_makes_room(self, archive: Archive):
        first, second = [await archive.file(make_draft()) for _ in range(2)]

        closed = await archive.close(first.reference, "eva", "solution")

        assert closed.queue_position is None
        assert (await archive.case(second.reference)).queue_position == 1

    async def test_writing_again_does_not_move_a_case(
        self, archive: Archive, clock: FakeClock
    ):
        first, second = [await archive.file(make_draft()) for _ in range(2)]
        clock.advance(days=2)

        appended = await archive.append_to_case(first.reference, "Hallå?")

        assert appended.queue_position == 1
        assert (await archive.case(second.reference)).queue_position == 2
        assert appended.answer_due_at == first.answer_due_at

    async def test_the_oldest_case_is_taken_first(
        self, archive: Archive, clock: FakeClock
    ):
        first = await archive.file(make_draft())
        clock.advance(minutes=1)
        await archive.file(make_draft())

        taken = await archive.take_next("eva")

        assert taken is not None
        assert taken.reference == first.reference
        assert (taken.status, taken.assigned_to) == ("in_progress", "eva")
        assert taken.history[-1].kind == "taken"

    async def test_an_urgent_case_is_taken_first_and_says_why(
        self, archive: Archive, clock: FakeClock
    ):
        await archive.file(make_draft())
        clock.advance(minutes=1)
        urgent = await archive.file(make_draft(is_urgent=True))

        taken = await archive.take_next("eva")

        assert taken is not None
        assert taken.reference == urgent.reference
        assert kinds(taken) == ["filed", "marked_urgent", "taken"]
        assert taken.history[-1].details == {"queue_position": 2}

    async def test_an_empty_queue_gives_nothing(self, archive: Archive):
        assert await archive.take_next("eva") is None

    async def test_agents_at_once_take_different_cases(self, archive: Archive):
        for _ in range(5):
            await archive.file(make_draft())

        taken = await asyncio.gather(*[archive.take_next(f"a{n}") for n in range(8)])

        references = [case.reference for case in taken if case is not None]
        assert len(references) == len(set(references)) == 5

    async def test_a_case_given_back_has_its_old_place(self, archive: Archive):
        first, second = [await archive.file(make_draft()) for _ in range(2)]
        await archive.take_next("eva")

        back = await archive.assign(first.reference, "eva", None)

        assert (back.status, back.queue_position) == ("open", 1)
        again = await archive.take_next("bo")
        assert again is not None
        assert again.reference == first.reference != second.reference


class TestDesk:
    async def test_a_reply_joins_the_transcript_and_is_mailed(
        self, archive: Archive, engine: AsyncEngine
    ):
        case = await archive.file(make_draft())

        replied = await archive.add_reply(case.reference, "eva", "Nous regardons.")

        message = replied.transcript[-1]
        assert (message.sender, message.text) == ("agent", "Nous regardons.")
        assert (replied.status, replied.assigned_to) == ("in_progress", "eva")
        kind, _, content = (await emails(engine))[-1]
        assert (kind, content["text"]) == ("reply", "Nous regardons.")

    async def test_a_note_is_seen_by_the_staff_only(
        self, archive: Archive, engine: AsyncEngine
    ):
        case = await archive.file(make_draft())

        noted = await archive.add_note(case.reference, "eva", "Ring banken")

        assert noted.history[-1].details == {"text": "Ring banken"}
        assert len(noted.transcript) == 1
        assert len(await emails(engine)) == 1

    async def test_a_correction_keeps_what_the_machine_said(self, archive: Archive):
        case = await archive.file(make_draft())

        corrected = await archive.correct_classification(
            case.reference, "eva", is_complaint=False, ground=None, category="deposit"
        )

        assert (corrected.is_complaint, corrected.category) == (False, "deposit")
        assert corrected.history[-1].details["before"] == {
            "is_complaint": True,
            "ground": "service_not_delivered",
            "category": "withdrawal",
        }

    async def test_an_interim_update_leaves_the_case_open(
        self, archive: Archive, engine: AsyncEngine
    ):
        case = await archive.file(make_draft())

        told = await archive.send_interim_update(case.reference, "eva", "Pas encore.")

        assert told.status == "open"
        assert told.transcript[-1].text == "Pas encore."
        assert (await emails(engine))[-1][0] == "interim_update"

    @pytest.mark.parametrize("kind", ["decision_confirmed", "decision_overturned"])
    @pytest.mark.parametrize("reasons", [None, "", " \n"])
    async def test_a_decision_without_reasons_is_refused(
        self, archive: Archive, kind: str, reasons: str | None
    ):
        case = await archive.file(make_draft())

        with pytest.raises(BadInput, match="needs written reasons"):
            await archive.close(case.reference, "eva", kind, reasons)  # type: ignore[arg-type]

        assert (await archive.case(case.reference)) == case

    async def test_closing_tells_the_customer_the_outcome_and_its_reasons(
        self, archive: Archive, engine: AsyncEngine
    ):
        case = await archive.file(make_draft())

        closed = await archive.close(
            case.reference, "eva", "decision_confirmed", "Selon la clause 4.2."
        )

        assert closed.status == "closed"
        assert closed.outcome == {
            "kind": "decision_confirmed",
            "reasons": "Selon la clause 4.2.",
            "decided_by": "eva",
            "decided_at": "2026-11-22T09:30:00.000Z",
        }
        assert closed.transcript[-1].text == "Selon la clause 4.2."
        kind, _, content = (await emails(engine))[-1]
        assert (kind, content["outcome"]) == ("outcome", "decision_confirmed")

    async def test_a_closed_case_cannot_be_closed_again(self, archive: Archive):
        case = await archive.file(make_draft())
        await archive.close(case.reference, "eva", "solution")

        with pytest.raises(Conflict):
            await archive.close(case.reference, "bo", "clarification")

    async def test_a_customer_who_writes_reopens_a_closed_case_at_its_place(
        self, archive: Archive
    ):
        first, _ = [await archive.file(make_draft()) for _ in range(2)]
        await archive.close(first.reference, "eva", "solution")

        again = await archive.append_to_case(first.reference, "Ça ne va pas.")

        assert (again.status, again.queue_position, again.outcome) == ("open", 1, None)
        assert kinds(again)[-2:] == ["customer_wrote", "reopened"]

    async def test_a_change_of_what_has_moved_on_is_refused(self, archive: Archive):
        case = await archive.file(make_draft())
        await archive.add_note(case.reference, "eva", "Sett", version=case.version)

        with pytest.raises(Conflict):
            await archive.add_reply(
                case.reference, "bo", "Bonjour", version=case.version
            )

        assert len((await archive.case(case.reference)).transcript) == 1

    async def test_of_two_changes_at_once_one_is_refused(self, archive: Archive):
        case = await archive.file(make_draft())

        outcomes = await asyncio.gather(
            *[
                archive.close(case.reference, agent, "solution", version=case.version)
                for agent in ("eva", "bo")
            ],
            return_exceptions=True,
        )

        assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, Case) for outcome in outcomes) == 1

    async def test_an_empty_reply_is_refused(self, archive: Archive):
        case = await archive.file(make_draft())

        with pytest.raises(BadInput):
            await archive.add_reply(case.reference, "eva", " \n")

    async def test_an_unknown_reference_is_not_found(self, archive: Archive):
        with pytest.raises(NotFound):
            await archive.case("G-2026-000404")
        with pytest.raises(NotFound):
            await archive.add_note("G-2026-000404", "eva", "Hm")


async def test_the_case_as_json_has_every_key_of_the_contract(archive: Archive):
    case = await archive.file(
        make_draft(event_date=date(2026, 11, 3), event_time=time(14, 30))
    )

    content = case_as_json(case)

    assert (content["event_date"], content["event_time"]) == ("2026-11-03", "14:30")
    assert content["customer"] == {
        "name": "Élise Morel",
        "email": "elise.morel@example.fr",
        "username": "elise_m",
    }
    assert set(content["history"][0]) == {"at", "actor", "kind", "details", "hash"}
    assert set(content) >= set(
        "reference status opened_at language customer description event_date "
        "event_time remedy_sought is_complaint complaint_probability "
        "customer_says_complaint ground category filed_late answer_due_at "
        "queue_position duplicate_of transcript suggested_pages outcome history".split()
    )


async def test_a_database_that_is_away_is_said_to_be(policy: Policy, clock: FakeClock):
    engine = open_engine("postgresql://nobody@127.0.0.1:1/nothing")
    archive = Archive(engine, policy, STOCKHOLM, clock)

    with pytest.raises(ArchiveUnavailable):
        await archive.file(make_draft())

    await engine.dispose()


async def test_a_failure_halfway_leaves_nothing_behind(
    archive: Archive, engine: AsyncEngine
):
    with pytest.raises(Exception, match="not JSON serializable"):
        await archive.file(make_draft(suggested_pages=[{"page": object()}]))

    assert await count(engine, cases) == 0
    assert await count(engine, conversations) == 0
    assert await emails(engine) == []
    assert (await archive.file(make_draft())).queue_position == 1
