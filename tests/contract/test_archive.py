from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.case import Case, Customer, case_as_json
from actions.cases.complaint import Policy
from actions.cases.tables import cases, conversations, outbox
from actions.cases.transcripts import Transcripts
from knowledge.database import open_engine, reading
from knowledge.errors import ArchiveUnavailable, BadInput, Conflict, NotFound
from tests.factories import STOCKHOLM, FakeClock, make_draft, make_message


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


class TestFiling:
    async def test_a_case_comes_back_as_it_was_filed(self, archive: Archive):
        draft = make_draft(
            event_date=date(2026, 11, 3),
            remedy_sought="Le versement de 300 €",
            complaint_probability=0.93,
            customer_says_complaint=True,
            wants_human=True,
            fields_missing=("username",),
            suggested_pages=[{"page": "withdrawals", "section": "2.1"}],
        )

        case = await archive.file(draft)

        assert case.status == "open"
        assert case.version == 1
        for name in (
            "language",
            "customer",
            "description",
            "event_date",
            "remedy_sought",
            "is_complaint",
            "complaint_probability",
            "customer_says_complaint",
            "ground",
            "category",
            "wants_human",
            "fields_missing",
            "suggested_pages",
        ):
            assert getattr(case, name) == getattr(draft, name), name

    async def test_the_answer_is_due_one_civil_month_after_receipt(
        self, archive: Archive, clock: FakeClock
    ):
        clock.now = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)

        case = await archive.file(make_draft())

        assert case.answer_due_at == datetime(2026, 2, 28, 10, 0, tzinfo=UTC)

    async def test_clocks_run_from_the_first_message_of_the_matter(
        self, archive: Archive, clock: FakeClock
    ):
        received = clock() - timedelta(minutes=20)

        case = await archive.file(make_draft(received_at=received))

        assert (case.received_at, case.opened_at) == (received, clock())
        assert case.answer_due_at == datetime(2026, 12, 22, 9, 10, tzinfo=UTC)

    async def test_an_event_on_the_edge_of_the_window_is_in_time(
        self, archive: Archive
    ):
        in_time = await archive.file(make_draft(event_date=date(2026, 8, 22)))
        late = await archive.file(make_draft(event_date=date(2026, 8, 21)))

        assert (in_time.filed_late, late.filed_late) == (False, True)

    async def test_a_reference_holds_prefix_local_year_and_number(
        self, engine: AsyncEngine, policy: Policy, clock: FakeClock
    ):
        clock.now = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
        archive = Archive(engine, policy, STOCKHOLM, clock, prefix="rut")

        case = await archive.file(make_draft())

        assert case.reference == "RUT-2027-000001"

    async def test_filing_again_gives_the_same_case(self, archive: Archive):
        draft = make_draft()

        first, again = await archive.file(draft), await archive.file(draft)

        assert again == first

    async def test_filing_at_the_same_time_gives_one_case(
        self, archive: Archive, engine: AsyncEngine
    ):
        draft = make_draft()

        filed = await asyncio.gather(*[archive.file(draft) for _ in range(6)])

        assert {case.reference for case in filed} == {"G-2026-000001"}
        assert await count(engine, cases) == 1
        assert [kind for kind, *_ in await emails(engine)] == ["receipt"]

    async def test_many_filed_at_once_have_references_and_places_of_their_own(
        self, archive: Archive
    ):
        await asyncio.gather(*[archive.file(make_draft()) for _ in range(12)])

        listed = (await archive.cases()).cases

        assert len({case.reference for case in listed}) == 12
        assert [case.queue_position for case in listed] == list(range(1, 13))
        assert await archive.find_faults() == []

    async def test_a_case_from_a_conversation_has_its_transcript(
        self, archive: Archive, transcripts: Transcripts
    ):
        await transcripts.create("c1", "hash", "fr")
        message = make_message(text="Mon retrait n'est pas arrivé.")
        await transcripts.append("c1", message)

        case = await archive.file(make_draft(conversation="c1"))

        assert case.conversation == "c1"
        assert case.transcript == [message]

    async def test_a_case_from_the_form_begins_its_transcript_with_the_description(
        self, archive: Archive, transcripts: Transcripts
    ):
        case = await archive.file(make_draft(description="Rien n'est arrivé."))

        assert [message.text for message in case.transcript] == ["Rien n'est arrivé."]
        conversation = await transcripts.conversation(case.conversation)
        assert conversation is not None
        assert conversation.token_hash == ""

    async def test_an_unknown_conversation_files_nothing(
        self, archive: Archive, engine: AsyncEngine
    ):
        with pytest.raises(NotFound):
            await archive.file(make_draft(conversation="nowhere"))

        assert await count(engine, cases) == 0
        assert await emails(engine) == []

    async def test_the_receipt_is_mailed_with_the_case(
        self, archive: Archive, engine: AsyncEngine
    ):
        await archive.file(make_draft())

        ((kind, recipient, content),) = await emails(engine)

        assert (kind, recipient) == ("receipt", "elise.morel@example.fr")
        assert content["answer_due_at"] == "2026-12-22T09:30:00.000Z"

    async def test_without_an_address_nothing_is_mailed(
        self, archive: Archive, engine: AsyncEngine
    ):
        case = await archive.file(make_draft(customer=Customer(name="Élise")))

        assert await emails(engine) == []
        assert case.customer == Customer(name="Élise")

    async def test_the_same_words_of_the_same_person_are_marked_as_a_duplicate(
        self, archive: Archive
    ):
        text = "Mitt uttag på 300 kr har inte kommit fram"
        first = await archive.file(make_draft(description=text))

        again = await archive.file(make_draft(description=f"{text}!!"))

        assert again.duplicate_of == first.reference
        assert kinds(again) == ["filed", "marked_duplicate"]

    async def test_the_same_words_of_another_person_are_no_duplicate(
        self, archive: Archive
    ):
        await archive.file(make_draft(description="Inget uttag"))

        other = await archive.file(
            make_draft(
                description="Inget uttag", customer=Customer(email="b@example.se")
            )
        )

        assert other.duplicate_of is None

    async def test_any_text_can_be_filed(self, archive: Archive):
        case = await archive.file(
            make_draft(
                description="\0\ud800🃏" + "å" * 20_000,
                customer=Customer(name="<b>Åsa</b>", email="å@example.se\0"),
            )
        )

        assert len(case.description) == 20_003


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


class TestLists:
    async def test_pages_are_oldest_first_with_the_total(
        self, archive: Archive, clock: FakeClock
    ):
        filed = []
        for _ in range(5):
            filed.append((await archive.file(make_draft())).reference)
            clock.advance(seconds=1)

        page = await archive.cases(page=2, page_size=2)

        assert [case.reference for case in page.cases] == filed[2:4]
        assert (page.total, page.page) == (5, 2)

    async def test_a_page_after_the_last_is_empty(self, archive: Archive):
        await archive.file(make_draft())

        page = await archive.cases(page=9)

        assert (page.cases, page.total) == ([], 1)

    async def test_states_narrow_the_list(self, archive: Archive):
        first, second, third = [await archive.file(make_draft()) for _ in range(3)]
        await archive.close(first.reference, "eva", "solution")
        await archive.assign(second.reference, "eva", "eva")

        closed = await archive.cases("closed")
        unclosed = await archive.cases(("open", "in_progress"))

        assert [case.reference for case in closed.cases] == [first.reference]
        assert [case.reference for case in unclosed.cases] == [
            second.reference,
            third.reference,
        ]

    @pytest.mark.parametrize(
        "q",
        [
            "g-2026-000001",
            "ÉLISE",
            "morel@EXAMPLE",
            "elise_m",
            "Öresund élise",
            "100%",
        ],
    )
    async def test_words_are_found_whatever_their_capitals(
        self, archive: Archive, q: str
    ):
        wanted = await archive.file(make_draft(description="ÖRESUND tog 100% av allt"))
        await archive.file(
            make_draft(
                description="Öland tog 1000",
                customer=Customer(name="Bo", email="bo@example.se", username="bosse"),
            )
        )

        page = await archive.cases(q=q)

        assert [case.reference for case in page.cases] == [wanted.reference]

    @pytest.mark.parametrize("wrong", [{"page": 0}, {"status": "lost"}])
    async def test_a_list_that_cannot_be_is_refused(
        self, archive: Archive, wrong: dict[str, object]
    ):
        with pytest.raises(BadInput):
            await archive.cases(**wrong)  # type: ignore[arg-type]

    async def test_unclosed_cases_of_a_person_or_conversation_are_found(
        self, archive: Archive, transcripts: Transcripts
    ):
        await transcripts.create("c1", "hash", "fr")
        talked = await archive.file(
            make_draft(conversation="c1", customer=Customer(name="X"))
        )
        mailed = await archive.file(make_draft(customer=Customer(email="X@example.se")))
        closed = await archive.file(make_draft(customer=Customer(email="x@example.se")))
        await archive.close(closed.reference, "eva", "solution")

        async def found(**owner: str) -> list[str]:
            return [case.reference for case in await archive.open_cases_of(**owner)]

        assert await found(conversation="c1") == [talked.reference]
        assert await found(email="x@EXAMPLE.se") == [mailed.reference]
        assert await found(email="x@example.se", conversation="c1") == [
            talked.reference,
            mailed.reference,
        ]
        assert await found() == []


class TestStatus:
    async def test_the_right_pair_tells_where_the_case_stands(self, archive: Archive):
        case = await archive.file(make_draft())

        status = await archive.status_for(
            f" {case.reference.lower()} ", "Elise.Morel@example.fr "
        )

        assert status.as_json() == {
            "is_known": True,
            "status": "open",
            "opened_at": "2026-11-22T09:30:00.000Z",
            "answer_due_at": "2026-12-22T09:30:00.000Z",
            "queue_position": 1,
            "outcome": None,
        }

    @pytest.mark.parametrize(
        ("reference", "email"),
        [
            ("G-2026-000001", "bo@example.se"),
            ("G-2026-000404", "elise.morel@example.fr"),
            ("G-2026-000404", "bo@example.se"),
            ("", ""),
            ("\0\ud800", "\0\ud800"),
        ],
    )
    async def test_every_wrong_pair_gets_the_same_answer(
        self, archive: Archive, reference: str, email: str
    ):
        right = await archive.file(make_draft())
        known = await archive.status_for(right.reference, "elise.morel@example.fr")

        unknown = await archive.status_for(reference, email)

        assert unknown.as_json() == {
            **dict.fromkeys(known.as_json()),
            "is_known": False,
        }

    async def test_a_case_without_an_address_is_shown_to_nobody(self, archive: Archive):
        case = await archive.file(make_draft(customer=Customer(name="Élise")))

        assert not (await archive.status_for(case.reference, "")).is_known


async def test_the_case_as_json_has_every_key_of_the_contract(archive: Archive):
    case = await archive.file(make_draft(event_date=date(2026, 11, 3)))

    content = case_as_json(case)

    assert content["event_date"] == "2026-11-03"
    assert content["customer"] == {
        "name": "Élise Morel",
        "email": "elise.morel@example.fr",
        "username": "elise_m",
    }
    assert set(content["history"][0]) == {"at", "actor", "kind", "details", "hash"}
    assert set(content) >= set(
        "reference status opened_at language customer description event_date "
        "remedy_sought is_complaint complaint_probability customer_says_complaint "
        "ground category filed_late answer_due_at queue_position duplicate_of "
        "transcript suggested_pages outcome history".split()
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
