from __future__ import annotations

import asyncio
import re
from datetime import date, time, timedelta
from typing import Any

import pytest

from actions.cases.case import Customer
from tests.factories import make_message
from tests.web.conftest import Counter

CASES = "/api/v1/desk/cases"


async def get_page(counter: Counter, path: str, **headers: str) -> str:
    response = await counter.client.get(path, headers=headers)
    assert response.status == 200, await response.text()
    return await response.text()


async def send(counter: Counter, path: str, *, status: int = 303, **fields: Any) -> str:
    response = await counter.client.post(
        path,
        data=fields,
        headers={"Origin": str(counter.client.make_url("/").origin())},
        allow_redirects=False,
    )
    text = await response.text()
    assert response.status == status, text
    return text


async def call(counter: Counter, path: str, **body: Any) -> Any:
    return await counter.client.post(
        path,
        json=body,
        headers={"Origin": str(counter.client.make_url("/").origin())},
    )


def references(page: str) -> list[str]:
    return re.findall(r'href="/desk/cases/([^"/]+)"', page)


async def test_a_visitor_is_sent_to_sign_in(counter: Counter) -> None:
    response = await counter.client.get("/desk", allow_redirects=False)

    assert response.status == 302
    assert response.headers["Location"].startswith("/sign-in")


async def test_the_queue_stands_oldest_first(desk, file_case) -> None:
    cases = [await file_case() for _ in range(3)]

    page = await get_page(desk, "/desk")

    assert references(page) == [case.reference for case in cases]


async def test_an_urgent_case_stands_before_older_ones(desk, file_case) -> None:
    older = await file_case()
    urgent = await file_case(is_urgent=True)

    page = await get_page(desk, "/desk")

    assert references(page) == [urgent.reference, older.reference]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("category=deposit", ["deposit"]),
        ("language=sv", ["swedish"]),
        ("status=closed", ["closed"]),
        ("status=open&language=fr", ["deposit", "withdrawal"]),
        ("q=NILS+holm", ["swedish"]),
        ("due=overdue", []),
        ("mine=1", []),
    ],
)
async def test_the_queue_can_be_narrowed(desk, file_case, query, expected) -> None:
    archive = desk.parts.archive
    cases = {
        "deposit": await file_case(category="deposit"),
        "withdrawal": await file_case(),
        "swedish": await file_case(language="sv", customer=Customer(name="Nils Holm")),
        "closed": await file_case(),
    }
    await archive.close(cases["closed"].reference, "someone", "solution")

    page = await get_page(desk, f"/desk?{query}")

    assert references(page) == [cases[name].reference for name in expected]


async def test_an_overdue_case_is_found_as_such(counter, file_case) -> None:
    case = await file_case()
    counter.clock.now = case.answer_due_at + timedelta(hours=30)
    await counter.sign_in("agent")

    page = await get_page(counter, "/desk?due=overdue")

    assert references(page) == [case.reference]
    assert "overdue" in page


@pytest.mark.parametrize("query", ["status=lost", "category=x", "page=0", "due=y"])
async def test_an_unknown_filter_is_a_bad_request(desk, query) -> None:
    response = await desk.client.get(f"/desk?{query}")

    assert response.status == 400


async def test_taking_the_next_case_opens_the_oldest(desk, file_case) -> None:
    oldest, _ = await file_case(), await file_case()

    await send(desk, "/desk/take-next")

    case = await desk.parts.archive.case(oldest.reference)
    assert (case.status, case.assigned_to) == ("in_progress", "agent@ruterdam.example")


async def test_taking_from_an_empty_queue_says_so(desk) -> None:
    response = await desk.client.post(
        "/desk/take-next", headers={"Origin": str(desk.client.make_url("/").origin())}
    )

    assert "The queue is empty" in await response.text()


async def test_a_case_says_what_is_missing(desk, file_case) -> None:
    case = await file_case(customer=Customer(email="nils@example.se"))

    page = await get_page(desk, f"/desk/cases/{case.reference}")

    assert "nils@example.se" in page
    assert "Name, Username, Date of the event" in page


async def test_a_case_says_when_it_happened(desk, file_case) -> None:
    case = await file_case(event_date=date(2026, 11, 3), event_time=time(14, 30))

    assert "3 Nov 2026 14:30" in await get_page(desk, f"/desk/cases/{case.reference}")


async def test_what_people_typed_is_never_taken_for_markup(desk, file_case) -> None:
    attack = "<script>alert(1)</script>"
    case = await file_case(
        description=attack,
        remedy_sought=attack,
        customer=Customer(name=attack, email=attack, username=attack),
    )
    await desk.parts.archive.add_reply(case.reference, attack, attack)
    await desk.parts.archive.add_note(case.reference, attack, attack)

    pages = [
        await get_page(desk, f"/desk/cases/{case.reference}"),
        await get_page(desk, "/desk"),
        await get_page(desk, "/desk?q=%3Cscript%3Ealert"),
    ]

    for page in pages:
        assert attack not in page
        assert "&lt;script&gt;" in page


async def test_citations_stand_in_the_transcript_as_shown(desk, file_case) -> None:
    visit = await desk.open(language="sv")
    citation = {
        "page": "complaints",
        "version": 3,
        "section": "4.1",
        "title": "Klagomål: Tid",
        "url": "/help/sv/complaints#time",
        "language": "sv",
        "quote": "Tre månader.",
    }
    message = make_message(sender="bot", text="Tre månader.", citations=[citation])
    await desk.parts.transcripts.append(visit.id, message)
    case = await file_case(conversation=visit.id)

    page = await get_page(desk, f"/desk/cases/{case.reference}")

    assert 'href="/help/sv/complaints?version=3#time"' in page
    assert "4.1 · version 3" in page


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


@pytest.mark.parametrize(
    ("header", "words"),
    [("sv-SE,sv;q=0.9", "Ta nästa ärende"), ("fr", "dossier suivant"),
     ("fi", "Take the next case")],
)  # fmt: skip
async def test_the_desk_speaks_the_agents_language(desk, header, words) -> None:
    page = await get_page(desk, "/desk", **{"Accept-Language": header})

    assert words in page


async def test_a_chosen_language_stays_chosen(desk) -> None:
    await get_page(desk, "/desk?lang=sv")

    assert "Ta nästa ärende" in await get_page(desk, "/desk")


async def test_a_case_that_is_not_there_is_not_found(desk) -> None:
    response = await desk.client.get("/desk/cases/G-2026-999999")

    assert response.status == 404


async def test_the_api_lists_and_shows_cases(desk, file_case) -> None:
    case = await file_case()

    listed = await (await desk.client.get(CASES)).json()
    shown = await (await desk.client.get(f"{CASES}/{case.reference}")).json()

    assert (listed["total"], listed["page"]) == (1, 1)
    assert [each["reference"] for each in listed["cases"]] == [case.reference]
    assert shown["reference"] == case.reference
    assert [each["kind"] for each in shown["history"]] == ["filed"]


async def test_the_api_gives_the_next_case_until_none_waits(desk, file_case) -> None:
    case = await file_case()

    first = await call(desk, f"{CASES}/take-next")
    second = await call(desk, f"{CASES}/take-next")

    assert (await first.json())["reference"] == case.reference
    assert second.status == 204


async def test_of_many_agents_exactly_one_gets_a_case(desk, file_case) -> None:
    await file_case()

    answers = await asyncio.gather(
        *(call(desk, f"{CASES}/take-next") for _ in range(6))
    )

    assert sorted(answer.status for answer in answers) == [200] + [204] * 5


@pytest.mark.parametrize(
    ("change", "body", "field", "expected"),
    [
        ("replies", {"text": "Hej"}, "status", "in_progress"),
        ("notes", {"text": "Hej"}, "version", 2),
        ("interim-update", {"text": "Hej"}, "status", "open"),
        ("assign", {"assignee": "bo@x.example"}, "assigned_to", "bo@x.example"),
        ("outcome", {"kind": "clarification"}, "status", "closed"),
        (
            "classification",
            {"is_complaint": False, "ground": None, "category": "other"},
            "category",
            "other",
        ),
    ],
)
async def test_the_api_gives_back_the_changed_case(
    desk, file_case, change, body, field, expected
) -> None:
    case = await file_case()

    response = await call(desk, f"{CASES}/{case.reference}/{change}", **body)

    assert response.status == 200
    assert (await response.json())[field] == expected


async def test_a_stale_change_by_the_api_is_a_conflict(desk, file_case) -> None:
    case = await file_case()
    path = f"{CASES}/{case.reference}/notes"
    await call(desk, path, text="first", version=case.version)

    response = await call(desk, path, text="second", version=case.version)

    assert response.status == 409
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ("replies", {"text": "  "}),
        ("replies", {"text": ["Hej"]}),
        ("replies", {"text": "x" * 20_001}),
        ("notes", {"text": "Hej", "version": "newest"}),
        ("classification", {"is_complaint": "maybe", "category": "other"}),
        ("classification", {"is_complaint": True, "category": ["other"]}),
        ("outcome", {"kind": "shrug"}),
        ("assign", {"assignee": 7}),
    ],
)
async def test_a_malformed_change_is_refused_and_nothing_is_stored(
    desk, file_case, change, body
) -> None:
    case = await file_case()

    response = await call(desk, f"{CASES}/{case.reference}/{change}", **body)

    assert response.status == 400
    assert await desk.parts.archive.case(case.reference) == case


async def test_an_unknown_change_is_not_found(desk, file_case) -> None:
    case = await file_case()

    response = await call(desk, f"{CASES}/{case.reference}/explode")

    assert response.status == 404


async def test_a_body_that_is_not_json_is_refused(desk, file_case) -> None:
    case = await file_case()

    response = await desk.client.post(
        f"{CASES}/{case.reference}/notes",
        data=b"text=1",
        headers={"Origin": str(desk.client.make_url("/").origin())},
    )

    assert response.status == 400


async def test_the_dossier_is_the_case_as_a_file(desk, file_case) -> None:
    case = await file_case()

    response = await desk.client.get(f"{CASES}/{case.reference}/dossier.json")

    assert (
        f'filename="{case.reference}.json"' in response.headers["Content-Disposition"]
    )
    assert (await response.json())["case"]["description"] == case.description


async def test_reasons_in_another_language_are_sent_only_when_that_is_said(
    desk, file_case
) -> None:
    case = await file_case(language="fr")
    path = f"{CASES}/{case.reference}/outcome"
    body = {
        "kind": "decision_confirmed",
        "reasons": "Pengarna är på väg till dig nu.",
    }

    refused = await call(desk, path, **body)
    sent = await call(desk, path, **body, any_language=True)

    assert refused.status == 400
    assert (await sent.json())["status"] == "closed"
