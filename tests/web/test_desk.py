"""The queue and the page of a case, as agents see them."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from actions.cases.case import Customer
from actions.cases.similar import SimilarCase
from knowledge.workplace import load_staff_texts
from knowledge.yaml_files import parse_yaml
from tests.factories import make_message
from tests.web.conftest import DATA, Counter
from tests.web.desk_client import get_page, references, send


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


async def test_a_repetition_says_of_what_and_the_first_one_by_what(
    desk, file_case
) -> None:
    first = await file_case()
    again = await file_case(description=first.description)
    path = "/desk/cases"

    page = await get_page(desk, f"{path}/{again.reference}")
    of_first = await get_page(desk, f"{path}/{first.reference}")

    assert again.duplicate_of == first.reference
    assert f'Probably the same matter as <a href="{path}/{first.reference}"' in page
    assert "Same matter</span>" in of_first


async def test_what_was_written_in_the_form_stands_there_once(desk) -> None:
    text = "Mitt uttag har inte kommit."
    customer = {"name": "Kim Berg", "email": "kim@example.se"}
    form = {"description": text, "language": "sv", **customer}
    await desk.client.post("/contact", data=form)
    [case] = (await desk.parts.archive.cases()).cases

    page = await get_page(desk, f"/desk/cases/{case.reference}")

    assert "there was no conversation" in page
    in_title_and_description = 2
    assert page.count(text) == in_title_and_description


def test_every_event_of_a_history_has_a_name_at_the_desk() -> None:
    texts = load_staff_texts(DATA)
    named = parse_yaml((DATA / "texts" / "en.yml").read_text("utf-8"))

    unnamed = [
        kind
        for kind in named["dossier"]["events"]
        if not texts.has("en", f"desk.events.{kind}")
    ]

    assert unnamed == []


async def test_a_search_shows_what_is_about_the_same_in_other_words(
    desk, file_case, monkeypatch
):
    case = await file_case(description="Mein Geld ist nicht da")
    alike = SimilarCase(case=case, similarity=0.9)

    async def similar(**_: object) -> list[SimilarCase]:
        return [alike]

    monkeypatch.setattr(desk.parts.archive, "similar_cases", similar)
    page = await get_page(desk, "/desk?q=saknade+pengar")
    by_words = await get_page(desk, "/desk?q=Geld+nicht")

    assert "About something similar" in page
    assert case.reference in page
    # It is in the list already.
    assert "About something similar" not in by_words


async def test_the_queue_is_searched_by_days(desk, file_case):
    case = await file_case()
    day = case.received_at.date()

    found = await get_page(desk, f"/desk?from={day}&until={day}")
    missed = await get_page(desk, f"/desk?from={day + timedelta(days=2)}")

    assert (references(found), references(missed)) == ([case.reference], [])
    assert f'name="from" value="{day}"' in found
