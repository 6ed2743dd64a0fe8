"""The case page: evidence, corrections in one click, who reads and who is there."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from actions.desk.parts import DESK
from tests.factories import PNG, make_draft
from tests.web.conftest import Counter
from tests.web.desk_client import CASES, call, get_page, send


async def test_the_sentence_that_speaks_for_a_ground_is_marked(desk, file_case):
    case = await file_case(description="Mon retrait <b>n'est</b> pas arrivé.")

    page = await get_page(desk, f"/desk/cases/{case.reference}")

    assert "<mark>Mon retrait &lt;b&gt;n&#39;est&lt;/b&gt; pas arrivé.<sup>" in page
    assert "80%" in page


async def test_grounds_are_those_of_the_policy_that_the_case_was_filed_under(
    desk, file_case
):
    archive = desk.parts.archive
    case = await file_case(ground="technical_fault")
    clocks, narrow = archive.clocks, ("decision_not_compliant",)
    in_use = ("service_not_delivered",)
    rules, archive.policy = clocks.rules, replace(archive.policy, grounds=in_use)
    clocks.rules = replace(rules, policy=replace(rules.policy, grounds=narrow))

    page = await get_page(desk, f"/desk/cases/{case.reference}")

    offered = re.findall(r'name="ground" value="(\w+)"', page)
    assert sorted(offered) == ["decision_not_compliant", "technical_fault"]
    # The classifier found a ground that this policy does not know.
    assert "<mark>" not in page


async def test_a_case_is_shown_when_the_classifier_fails(desk, file_case, monkeypatch):
    case = await file_case()

    def fail(text: str, language: str) -> None:
        raise RuntimeError

    monkeypatch.setattr(desk.parts.classifier, "classify", fail)
    page = await get_page(desk, f"/desk/cases/{case.reference}")

    assert case.description in page.replace("&#39;", "'")
    assert "<mark>" not in page


@pytest.mark.parametrize(
    ("click", "expected"),
    [
        ({"category": "deposit"}, (True, "service_not_delivered", "deposit")),
        ({"ground": "technical_fault"}, (True, "technical_fault", "withdrawal")),
        ({"ground": ""}, (True, None, "withdrawal")),
        ({"is_complaint": "no"}, (False, None, "withdrawal")),
    ],
)
async def test_one_click_corrects_one_thing(desk, file_case, click, expected):
    case = await file_case()

    path = f"/desk/cases/{case.reference}/classification"
    await send(desk, path, version=case.version, **click)

    after = await desk.parts.archive.case(case.reference)
    assert (after.is_complaint, after.ground, after.category) == expected


async def test_a_ground_makes_a_complaint(desk, file_case):
    case = await file_case(is_complaint=False, ground=None)

    path = f"/desk/cases/{case.reference}/classification"
    await send(desk, path, version=case.version, ground="technical_fault")

    assert (await desk.parts.archive.case(case.reference)).is_complaint


async def test_a_stale_click_shows_only_what_was_clicked(desk, file_case):
    case = await file_case()
    await desk.parts.archive.add_note(case.reference, "Bo", "Ringt.")

    path = f"/desk/cases/{case.reference}/classification"
    page = await send(desk, path, status=409, version=case.version, category="deposit")

    rows = re.findall(r'<td class="words">([^<]*)</td>', page)
    assert rows == ["Deposit", "Withdrawal"]


async def test_every_read_of_a_case_is_logged(counter: Counter):
    conversation = await counter.open(language="sv")
    await counter.sign_in("lead")
    case = await counter.parts.archive.file(make_draft(conversation=conversation.id))
    file = await counter.parts.attachments.store(conversation.id, "1.png", PNG)
    here = f"{CASES}/{case.reference}"

    for path in (
        f"/desk/cases/{case.reference}",
        here,
        f"{here}/dossier.json",
        f"{here}/attachments/{file.id}",
        f"/desk/cases/{case.reference}/attachments/{file.id}",
        f"{here}/letters",
        CASES,
    ):
        assert (await counter.client.get(path)).status == 200

    logged = (await (await counter.client.get(f"{here}/reads")).json())["reads"]
    assert [each["what"] for each in reversed(logged)] == [
        "page", "api", "dossier", "attachment", "attachment", "letters", "list"
    ]  # fmt: skip
    assert {each["reader"] for each in logged} == {"lead@ruterdam.example"}


async def test_only_leads_see_who_read(desk, file_case):
    case = await file_case()

    page = await get_page(desk, f"/desk/cases/{case.reference}")
    response = await desk.client.get(f"{CASES}/{case.reference}/reads")

    assert "Who read it" not in page
    assert response.status == 403


async def test_what_is_not_there_is_not_logged_as_read(desk):
    response = await desk.client.get("/desk/cases/G-2026-999999")

    assert response.status == 404
    assert await desk.client.app[DESK].reads.of_case("G-2026-999999") == []


async def test_two_agents_on_a_case_see_each_other(desk, file_case):
    case = await file_case()
    path = f"/desk/cases/{case.reference}/presence"

    alone = await (await call(desk, path)).json()
    await desk.sign_in("lead")
    together = await (await call(desk, path)).json()

    assert alone == {"others": [], "version": 1, "messages": 1}
    assert together["others"] == ["Kim"]


async def test_who_left_or_went_silent_is_not_seen(desk, file_case):
    case = await file_case()
    path = f"/desk/cases/{case.reference}/presence"
    await call(desk, path)
    await desk.sign_in("lead")
    desk.clock.advance(seconds=31)

    after_silence = await (await call(desk, path)).json()

    assert after_silence["others"] == []


async def test_a_picture_is_shown_and_another_file_is_saved(desk, file_case):
    visit = await desk.open(language="sv")
    case = await file_case(conversation=visit.id)
    picture = await desk.parts.attachments.store(visit.id, "1.png", PNG)
    paper = await desk.parts.attachments.store(visit.id, "1.pdf", b"%PDF-1.4\n%%EOF")
    here = f"/desk/cases/{case.reference}"

    page = await get_page(desk, here)
    shown = await desk.client.get(f"{here}/attachments/{picture.id}")
    saved = await desk.client.get(f"{here}/attachments/{paper.id}")

    assert f'<img src="{here}/attachments/{picture.id}"' in page
    assert "Content-Disposition" not in shown.headers
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert saved.headers["Content-Disposition"].startswith("attachment")


async def test_a_file_of_another_case_is_not_shown(desk, file_case):
    visit = await desk.open(language="sv")
    file = await desk.parts.attachments.store(visit.id, "1.png", PNG)
    case = await file_case()

    response = await desk.client.get(
        f"/desk/cases/{case.reference}/attachments/{file.id}"
    )

    assert response.status == 404


async def test_dates_are_shown_with_the_time_left(desk, file_case):
    case = await file_case()
    desk.clock.now = case.answer_due_at - timedelta(days=2)
    await desk.sign_in("lead")

    page = await get_page(desk, f"/desk/cases/{case.reference}")

    assert "2 days left" in page
