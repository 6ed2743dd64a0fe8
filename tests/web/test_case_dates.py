"""Customer and staff are shown the same dates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from actions.cases.calendar import Period
from actions.cases.case import Case
from actions.cases.clocks import ClockRules
from bot import keys
from tests.factories import make_draft
from tests.web.conftest import Counter


@pytest.fixture
async def counter(make_counter: Callable[..., Awaitable[Counter]]) -> Counter:
    """A counter whose policy has every date and lets the answer wait."""
    opened = await make_counter()
    clocks = opened.parts.archive.clocks
    policy = replace(
        clocks.rules.policy,
        final_letter_within=Period(8, "weeks"),
        mediator_after=Period(20, "days"),
        dispute_body="ARN",
        dispute_body_within=Period(12, "months"),
        pause_clocks=("answer",),
        pause_reasons=("waiting_for_customer",),
        pause_at_most_days=30,
    )
    clocks.rules = ClockRules(policy=policy, zone=clocks.rules.zone)
    return opened


async def status_page(counter: Counter, case: Case, language: str = "sv") -> str:
    response = await counter.client.post(
        "/status",
        data={
            "reference": f" {case.reference.lower()} ",
            "email": case.customer.email,
            "language": language,
        },
        headers={"Origin": str(counter.client.make_url("/").origin())},
    )
    assert response.status == 200
    return await response.text()


async def test_the_status_page_shows_every_date_of_the_policy(counter: Counter):
    case = await counter.parts.archive.file(make_draft())

    page = await status_page(counter, case)

    for label, day in (
        ("Slutligt svar senast", "17 januari 2027"),
        ("Du kan vända dig till ARN från och med", "12 december 2026"),
        ("Du kan vända dig till ARN till och med", "22 november 2027"),
    ):
        assert f"<dt>{label}</dt><dd>{day}</dd>" in page


async def test_a_pause_is_shown_with_the_latest_date(counter: Counter):
    case = await counter.parts.archive.file(make_draft())
    clocks = counter.parts.archive.clocks
    await clocks.pause(case.reference, "eva", "waiting_for_customer", "Kontoutdrag")

    page = await status_page(counter, case, "fr")

    assert "<dt>Délai suspendu depuis le</dt><dd>22 novembre 2026</dd>" in page
    assert "<dd>21 janvier 2027</dd>" in page
    assert "la plus tardive possible" in page
    assert "Kontoutdrag" not in page


async def test_an_overdue_case_shows_when_the_next_word_comes(counter: Counter):
    case = await counter.parts.archive.file(make_draft())
    counter.clock.advance(days=31)

    page = await status_page(counter, case, "en")

    assert "<dt>Next update by</dt><dd>22 January 2027</dd>" in page


async def test_the_api_gives_the_same_dates_as_the_desk(counter: Counter):
    case = await counter.parts.archive.file(make_draft())
    await counter.sign_in()

    response = await counter.client.post(
        "/api/v1/cases/status",
        json={"reference": case.reference, "email": case.customer.email},
    )
    told = await response.json()
    desk = await counter.client.get(f"/api/v1/desk/cases/{case.reference}")

    assert told["dates"] == (await desk.json())["dates"]
    assert told["dates"]["mediator_from"] == "2026-12-12T09:30:00.000Z"
    assert told["dates"]["answer_due_at"] == told["answer_due_at"]


async def test_an_agent_sets_a_case_aside_and_takes_it_up_again(counter: Counter):
    case = await counter.parts.archive.file(make_draft())
    await counter.sign_in()
    here = f"/api/v1/desk/cases/{case.reference}"
    origin = {"Origin": str(counter.client.make_url("/").origin())}

    paused = await counter.client.post(
        f"{here}/pause",
        json={"reason": "waiting_for_customer", "note": "Kontoutdrag"},
        headers=origin,
    )
    resumed = await counter.client.post(f"{here}/resume", json={}, headers=origin)

    assert (paused.status, resumed.status) == (200, 200)
    assert (await paused.json())["dates"]["paused_since"]
    assert (await resumed.json())["dates"]["paused_since"] is None


async def test_the_desk_shows_the_dates_and_offers_the_pause(counter: Counter):
    case = await counter.parts.archive.file(make_draft())
    await counter.sign_in()

    page = await (await counter.client.get(f"/desk/cases/{case.reference}")).text()

    assert "ARN" in page
    assert 'name="reason"' in page
    assert f'action="/desk/cases/{case.reference}/pause"' in page


async def test_the_desk_tells_agents_what_is_due_soon(counter: Counter):
    case = await counter.parts.archive.file(make_draft())
    counter.clock.advance(days=28)
    await counter.sign_in()

    page = await (await counter.client.get("/desk")).text()

    assert f'href="/desk/cases/{case.reference}"' in page
    assert 'role="status"' in page


async def test_the_counter_itself_writes_to_whom_an_answer_is_overdue(
    counter: Counter,
):
    case = await counter.parts.archive.file(make_draft(language="fr"))
    scheduler = counter.client.app[keys.SCHEDULER]
    counter.clock.advance(days=31)

    ran = await scheduler.run_due()

    said = (await counter.parts.archive.case(case.reference)).transcript[-1]
    figures = await (await counter.client.get("/metrics")).text()
    assert "clocks" in ran
    assert said.text.startswith(f"Votre dossier {case.reference}")
    assert 'guichet_job_last_run_timestamp_seconds{job="clocks"}' in figures
