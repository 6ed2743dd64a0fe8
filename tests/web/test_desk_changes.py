"""What agents do to a case, by the forms of its page."""

from __future__ import annotations

import asyncio
import re

from tests.web.desk_client import get_page, references, send


async def test_an_answer_reaches_the_customers_conversation(desk, file_case) -> None:
    visit = await desk.open(language="sv")
    case = await file_case(conversation=visit.id, language="sv")

    async with desk.parts.events.watch(visit.id) as watched:
        await send(
            desk,
            f"/desk/cases/{case.reference}/compose",
            version=case.version,
            purpose="reply",
            text="Pengarna är på väg.",
        )
        live = await asyncio.wait_for(anext(aiter(watched)), 5)

    last = (await visit.transcript())[-1]
    assert (last["sender"], last["text"]) == ("agent", "Pengarna är på väg.")
    assert (live["id"], live["text"]) == (last["id"], last["text"])


async def test_an_interim_update_leaves_the_case_open(desk, file_case) -> None:
    case = await file_case()
    path = f"/desk/cases/{case.reference}/compose"

    await send(
        desk, path, version=case.version, purpose="interim_update", text="Vi letar."
    )

    after = await desk.parts.archive.case(case.reference)
    assert after.status == "open"
    assert after.history[-1].kind == "interim_update_sent"


async def test_a_note_is_for_colleagues_only(desk, file_case) -> None:
    visit = await desk.open(language="sv")
    case = await file_case(conversation=visit.id)

    path = f"/desk/cases/{case.reference}"
    await send(desk, f"{path}/notes", version=case.version, text="Banken svarar inte.")

    assert "Banken svarar inte." in await get_page(desk, path)
    assert "Banken" not in str(await visit.transcript())


async def test_a_stale_save_is_refused_with_both_versions_shown(
    desk, file_case
) -> None:
    case = await file_case()
    path = f"/desk/cases/{case.reference}"
    await desk.parts.archive.add_note(case.reference, "Bo", "Redan ringt kunden.")

    page = await send(
        desk,
        f"{path}/compose",
        status=409,
        version=case.version,
        purpose="reply",
        text="Mitt svar",
    )

    assert "Somebody changed this case" in page
    assert "Redan ringt kunden." in page
    assert page.count("Mitt svar") == 2
    after = await desk.parts.archive.case(case.reference)
    assert [event.kind for event in after.history] == ["filed", "noted"]
    assert f'name="version" value="{after.version}"' in page


async def test_a_stale_correction_shows_both_classifications(desk, file_case) -> None:
    case = await file_case(category="withdrawal")
    await desk.parts.archive.correct_classification(
        case.reference, "Bo", is_complaint=True, ground=None, category="deposit"
    )

    page = await send(
        desk,
        f"/desk/cases/{case.reference}/classification",
        status=409,
        version=case.version,
        is_complaint="no",
        ground="",
        category="tournament",
    )

    rows = re.findall(r'<td class="words">([^<]*)</td>', page)
    assert rows == ["No", "Yes", "–", "–", "Tournament", "Deposit"]


async def test_correcting_to_no_complaint_drops_the_ground(desk, file_case) -> None:
    case = await file_case(ground="technical_fault")

    await send(
        desk,
        f"/desk/cases/{case.reference}/classification",
        version=case.version,
        is_complaint="no",
        ground="technical_fault",
        category="technical",
    )

    after = await desk.parts.archive.case(case.reference)
    assert (after.is_complaint, after.ground, after.category) == (
        False,
        None,
        "technical",
    )


async def test_an_outcome_that_needs_reasons_comes_back_without_them(
    desk, file_case
) -> None:
    case = await file_case()

    page = await send(
        desk,
        f"/desk/cases/{case.reference}/compose",
        status=400,
        version=case.version,
        purpose="decision_confirmed",
        text="  ",
    )

    assert '<option value="decision_confirmed" selected>' in page
    assert (await desk.parts.archive.case(case.reference)).status == "open"


async def test_a_case_is_closed_with_outcome_and_reasons(desk, file_case) -> None:
    case = await file_case()
    path = f"/desk/cases/{case.reference}"

    await send(
        desk,
        f"{path}/compose",
        version=case.version,
        purpose="decision_overturned",
        text="Villkor 5.2",
    )

    page = await get_page(desk, path)
    assert "Closed with decision overturned" in page
    assert "Villkor 5.2" in page
    assert "/compose" not in page


async def test_a_case_can_be_given_back_to_its_old_place(desk, file_case) -> None:
    first, _ = await file_case(), await file_case()
    await desk.parts.archive.take_next("agent@ruterdam.example")
    case = await desk.parts.archive.case(first.reference)

    await send(
        desk,
        f"/desk/cases/{case.reference}/assign",
        version=case.version,
        assignee="",
    )

    after = await desk.parts.archive.case(first.reference)
    assert (after.status, after.assigned_to, after.queue_position) == ("open", None, 1)


async def test_an_urgent_case_is_taken_first_and_may_lose_its_urgency(
    desk, file_case
) -> None:
    first, second = await file_case(), await file_case()
    path = f"/desk/cases/{second.reference}"

    await send(
        desk, f"{path}/urgency", version=1, is_urgent="yes", reason="Rädd för sitt liv"
    )
    urgent = await get_page(desk, "/desk")
    await send(desk, f"{path}/urgency", version=2, is_urgent="no", reason="Var skämt")
    page = await get_page(desk, "/desk")

    assert references(urgent) == [second.reference, first.reference]
    assert references(page) == [first.reference, second.reference]
    after = await desk.parts.archive.case(second.reference)
    kinds = [event.kind for event in after.history]
    assert kinds == ["filed", "marked_urgent", "marked_not_urgent"]
    assert await desk.parts.archive.find_faults() == []


async def test_the_history_tells_why_a_case_was_urgent_and_why_no_longer(
    desk, file_case
) -> None:
    case = await file_case(is_urgent=True)
    path = f"/desk/cases/{case.reference}"

    await send(desk, f"{path}/urgency", version=1, is_urgent="no", reason="Var skämt")
    page = await get_page(desk, path)

    assert "the customer’s words were read as a cry for help" in page
    assert "No longer urgent: Var skämt</span>" in page


async def test_urgency_without_a_reason_is_refused(desk, file_case) -> None:
    case = await file_case()
    path = f"/desk/cases/{case.reference}/urgency"

    page = await send(desk, path, status=400, is_urgent="yes", reason=" ")

    assert "The text is empty." in page
    assert not (await desk.parts.archive.case(case.reference)).is_urgent


async def test_a_reason_that_came_too_late_is_not_lost(desk, file_case) -> None:
    case = await file_case()
    path = f"/desk/cases/{case.reference}"
    await send(desk, f"{path}/notes", version=1, text="Ringde")

    page = await send(
        desk, f"{path}/urgency", status=409, version=1, is_urgent="yes", reason="I kris"
    )

    assert page.count("I kris") == 2
    assert ">Urgency</th>" in page


async def test_a_name_with_an_apostrophe_is_shown_as_it_is(desk, file_case) -> None:
    email = "siobhan@ruterdam.example"
    await desk.parts.accounts.add(email, name="Siobhan O'Brien", role="agent")
    case = await file_case()
    path = f"/desk/cases/{case.reference}"

    await send(desk, f"{path}/assign", version=1, assignee=email)
    page = await get_page(desk, path)

    assert "Handed over: Siobhan O&#39;Brien" in page
    assert "&amp;#39;" not in page
