from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.case import Customer
from actions.cases.complaint import Policy
from actions.cases.tables import cases
from actions.cases.transcripts import Transcripts
from knowledge.errors import NotFound
from tests.contract.test_archive import count, emails, kinds
from tests.factories import STOCKHOLM, FakeClock, make_draft, make_message


class TestFiling:
    async def test_a_case_comes_back_as_it_was_filed(self, archive: Archive):
        draft = make_draft(
            event_date=date(2026, 11, 3),
            event_time=time(14, 30),
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
            "event_time",
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
