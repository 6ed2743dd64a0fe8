"""Answers: templates, checks, the letter as it will be sent, and what they do."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from actions.cases.case import Customer
from actions.desk.answer_templates import load_templates
from tests.web.conftest import Counter
from tests.web.desk_client import CASES, call, get_page, send


async def answer(
    desk: Counter, case: Any, text: str, *, status: int = 303, **fields: Any
) -> str:
    """Send the composer's form of the case page."""
    fields = {"purpose": "reply", "version": case.version, **fields, "text": text}
    return await send(
        desk, f"/desk/cases/{case.reference}/compose", status=status, **fields
    )


async def kinds(desk: Counter, case: Any) -> list[str]:
    after = await desk.parts.archive.case(case.reference)
    return [event.kind for event in after.history]


async def test_templates_stand_in_the_customers_language(desk, file_case):
    case = await file_case(language="fr")

    page = await get_page(desk, f"/desk/cases/{case.reference}")

    assert "Nous avons réexaminé {ce qui a été examiné}" in page.replace("&#39;", "'")
    assert ">The decision stands</option>" in page


async def test_a_template_can_be_inserted_without_scripts(desk, file_case):
    case = await file_case(language="sv")

    path = f"/desk/cases/{case.reference}?template=still_examining"
    page = await get_page(desk, path)

    assert "ditt ärende från den 22 november 2026. Hittills har vi {vad" in page
    assert '<option value="interim_update" selected>' in page


async def test_an_answer_with_a_blank_is_not_sent(desk, file_case):
    case = await file_case(language="sv")

    page = await answer(desk, case, "Klart den {datum}.", status=400)

    assert "Fill in {datum} first." in page
    assert await kinds(desk, case) == ["filed"]


async def test_neither_is_one_by_the_api(desk, file_case):
    case = await file_case()

    path = f"{CASES}/{case.reference}/replies"
    response = await call(desk, path, text="Le {date}.")

    assert response.status == 400


@pytest.mark.parametrize(
    ("purpose", "words"),
    [("reply", "Write an answer first."), ("decision_confirmed", "written reasons")],
)
async def test_an_answer_without_words_is_not_sent(desk, file_case, purpose, words):
    case = await file_case()

    page = await answer(desk, case, "  ", status=400, purpose=purpose)

    assert words in page


async def test_an_outcome_that_needs_no_reasons_needs_no_words(desk, file_case):
    case = await file_case()

    await answer(desk, case, "", purpose="solution")

    assert (await desk.parts.archive.case(case.reference)).status == "closed"


async def test_an_answer_in_another_language_is_warned_of_and_can_be_sent(
    desk, file_case
):
    case = await file_case(language="fr")
    text = "Pengarna är på väg till dig nu."

    warned = await answer(desk, case, text, status=200)
    before = await kinds(desk, case)
    await answer(desk, case, text, all_the_same="1")

    assert "The text is in Swedish, but the customer writes in French." in warned
    assert text in warned
    assert before == ["filed"]
    assert await kinds(desk, case) == ["filed", "replied"]


async def test_the_letter_is_shown_as_it_will_be_sent(desk, file_case):
    case = await file_case(
        language="sv", customer=Customer(name="Nils", email="n@x.se")
    )

    page = await answer(desk, case, "Tack & hej", status=200, step="preview")
    await answer(desk, case, "Tack & hej")

    shown = re.search(r'<div class="words mail"[^>]*>(Hej Nils!.*?)</div>', page, re.S)
    framed = re.search(r'<iframe [^>]*sandbox="" srcdoc="([^"]*)"', page)
    assert shown is not None
    assert framed is not None
    assert "Tack &amp; hej" in shown[1]
    assert "<p style=" in unescape(framed[1])
    assert "Tack &amp; hej</p>" in unescape(framed[1])
    assert f"Svar i ditt ärende {case.reference}" in page
    assert await kinds(desk, case) == ["filed", "replied"]


async def test_asking_for_information_waits_for_the_customer(desk, file_case):
    case = await file_case()

    await answer(desk, case, "Quelle banque ?", purpose="information_request")

    after = await desk.parts.archive.case(case.reference)
    assert (after.status, after.assigned_to) == ("waiting", "agent@ruterdam.example")
    assert after.transcript[-1].text == "Quelle banque ?"
    assert (await kinds(desk, case))[1] == "waiting_for_customer"


async def test_the_period_stands_still_while_the_customer_is_asked(desk, file_case):
    archive = desk.parts.archive
    case = await file_case()
    allowed = "waiting_for_customer" in archive.policy.pause_reasons

    path = f"{CASES}/{case.reference}/information-request"
    response = await call(desk, path, text="Quelle banque ?")

    clocks = await archive.clocks.clocks(case.reference)
    assert (await response.json())["status"] == "waiting"
    assert clocks.is_paused == allowed


async def test_a_closed_case_is_opened_again_at_its_place(desk, file_case):
    case = await file_case()
    closed = await desk.parts.archive.close(case.reference, "Bo", "solution")

    path = f"/desk/cases/{case.reference}/reopen"
    await send(desk, path, version=closed.version, text="On reprend.")

    after = await desk.parts.archive.case(case.reference)
    assert (after.status, after.outcome, after.queue_position) == (
        "in_progress",
        None,
        1,
    )
    assert after.transcript[-1].text == "On reprend."


async def test_an_open_case_cannot_be_opened_again(desk, file_case):
    case = await file_case()

    response = await call(desk, f"{CASES}/{case.reference}/reopen")

    assert response.status == 409


async def test_every_language_has_every_template_and_no_foreign_words(counter):
    shipped = load_templates(counter.parts.settings.data_dir)

    languages = {
        (tag, counter.parts.languages.identify(" ".join(t.text for t in each)).tag)
        for tag, each in shipped.items()
    }

    assert len(languages) == 12
    assert all(tag == said for tag, said in languages)


async def test_the_persons_other_cases_are_shown(desk, file_case):
    customer = Customer(email="elise@example.fr")
    first = await file_case(customer=customer)
    other = await file_case(customer=Customer(email="bo@example.se"))
    case = await file_case(customer=customer)

    page = await get_page(desk, f"/desk/cases/{case.reference}")

    assert first.reference in page
    assert other.reference not in page


async def test_similar_closed_cases_are_shown_with_their_outcomes(desk, file_case):
    told = "Mon retrait de 300 euros n'est pas arrivé sur mon compte."
    earlier = await file_case(
        description=told, customer=Customer(email="bo@example.se"), language="fr"
    )
    await desk.parts.archive.close(earlier.reference, "Bo", "solution", "Versé le 3.")
    case = await file_case(description=told + " Merci.")

    page = await get_page(desk, f"/desk/cases/{case.reference}")

    assert "Similar closed cases" in page
    assert earlier.reference in page
    assert "Versé le 3." in page


async def test_a_case_is_offered_the_outcomes_of_the_policy_it_was_filed_under(
    desk, file_case
):
    case = await file_case()
    archive = desk.parts.archive
    archive.policy = replace(
        archive.policy, outcomes=("clarification",), reasons_required_for=()
    )

    page = await get_page(desk, f"/desk/cases/{case.reference}")
    refused = await answer(desk, case, "", purpose="decision_confirmed", status=400)

    assert '<option value="decision_confirmed"' in page
    assert "written reasons" in refused
