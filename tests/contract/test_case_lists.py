from __future__ import annotations

import pytest

from actions.cases.archive import Archive
from actions.cases.case import Customer
from knowledge.errors import BadInput
from tests.factories import FakeClock, make_draft


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
