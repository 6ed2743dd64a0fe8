"""Legal holds on the desk: seen, placed and ended by leads."""

from __future__ import annotations

import pytest

from tests.web.desk_client import CASES, call, get_page, references, send

HOLDS = "/desk/holds"


@pytest.fixture
async def lead(counter):
    await counter.sign_in("lead")
    return counter


async def test_a_hold_is_placed_and_listed_with_its_reason(lead, file_case):
    case = await file_case()

    await send(
        lead,
        f"{HOLDS}/place",
        reference=f" {case.reference.lower()} ",
        reason="Tvist <12>",
    )

    page = await get_page(lead, HOLDS)
    assert references(page) == [case.reference]
    assert "Tvist &lt;12&gt;" in page
    (event,) = [
        event
        for event in (await lead.parts.archive.case(case.reference)).history
        if event.kind == "legal_hold_placed"
    ]
    assert event.actor in page


async def test_a_hold_is_ended_with_a_reason(lead, file_case):
    case = await file_case()
    held = await lead.parts.archive.hold(case.reference, "eva", "Tvist")

    await send(
        lead,
        f"{HOLDS}/release",
        reference=case.reference,
        version=held.version,
        reason="Dom föll",
    )

    assert references(await get_page(lead, HOLDS)) == []


@pytest.mark.parametrize(
    ("reference", "reason", "status", "told"),
    [
        ("G-1999-000001", "Tvist", 404, "There is no case G-1999-000001."),
        (None, "  ", 400, "The text is empty."),
    ],
)
async def test_a_hold_that_cannot_be_placed_comes_back_as_it_was_written(
    lead, file_case, reference, reason, status, told
):
    case = await file_case()
    named = reference or case.reference

    page = await send(
        lead, f"{HOLDS}/place", status=status, reference=named, reason=reason
    )

    assert told in page
    assert f'value="{named}"' in page


async def test_a_second_hold_does_not_take_the_place_of_the_first(lead, file_case):
    case = await file_case()
    await lead.parts.archive.hold(case.reference, "eva", "Tvist")

    fields = {"reference": case.reference, "reason": "Revision"}
    page = await send(lead, f"{HOLDS}/place", status=409, **fields)

    assert "under a legal hold already" in page
    assert (await lead.parts.archive.case(case.reference)).legal_hold == "Tvist"


@pytest.mark.parametrize("days", [10, 5000])
async def test_it_says_when_a_closed_case_would_go(counter, file_case, days):
    case = await file_case()
    await counter.parts.archive.close(case.reference, "eva", "solution")
    await counter.parts.archive.hold(case.reference, "eva", "Tvist")
    counter.clock.advance(days=days)
    await counter.sign_in("lead")

    page = await get_page(counter, HOLDS, **{"Accept-Language": "sv"})

    assert ("22 nov. 2031" in page) == (days == 10)
    assert ("Nästa natt" in page) == (days == 5000)


async def test_an_agent_can_neither_place_nor_end_a_hold(desk, file_case):
    case = await file_case()

    page = await send(
        desk, f"/desk/cases/{case.reference}/hold", status=403, reason="Tvist"
    )
    refused = await call(desk, f"{CASES}/{case.reference}/release", reason="Slut")

    assert case.reference not in page
    assert refused.status == 403
    assert (await desk.parts.archive.case(case.reference)).legal_hold is None
