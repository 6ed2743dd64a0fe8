from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from actions.cases.case import Case, Customer
from tests.factories import make_draft, make_message
from tests.web.conftest import Counter


@pytest.fixture
async def lead(counter: Counter) -> Counter:
    await counter.sign_in("lead")
    return counter


async def file(counter: Counter, **changes: Any) -> Case:
    return await counter.parts.archive.file(make_draft(**changes))


async def figures(counter: Counter, query: str = "") -> dict[str, Any]:
    # Sessions end while the clock of a test runs on; tokens do not.
    token = await counter.parts.accounts.add_api_token("lead@ruterdam.example", "x")
    response = await counter.client.get(
        f"/api/v1/desk/report{query}", headers={"Authorization": f"Bearer {token}"}
    )
    assert response.status == 200
    return await response.json()


async def test_cases_are_counted_by_day_category_and_language(lead: Counter):
    await file(lead, category="deposit", language="sv")
    lead.clock.advance(days=1)
    await file(lead, category="withdrawal", language="fr")

    found = await figures(lead)

    assert found["n_cases"] == 2
    assert sorted(found["by_category"].items()) == [("deposit", 1), ("withdrawal", 1)]
    assert sorted(found["by_language"].items()) == [("fr", 1), ("sv", 1)]
    assert [sum(day.values()) for day in found["by_day"].values()][-2:] == [1, 1]


async def test_satisfaction_is_told_by_language(lead: Counter):
    for language, stars in (("sv", 5), ("sv", 2), ("fr", 4)):
        visit = await lead.open(language=language)
        await lead.client.post(
            f"{visit.address}/feedback",
            json={"scope": "conversation", "satisfaction": stars},
            headers=visit.headers,
        )

    found = await figures(lead)
    page = await (await lead.client.get("/desk/report")).text()

    assert found["satisfaction_by_language"] == {
        "fr": {"mean": 4, "n": 1},
        "sv": {"mean": 3.5, "n": 2},
    }
    assert '3.5 <span class="muted small">(2)</span>' in page


async def test_an_answer_that_leaves_no_case_counts_as_answered(lead: Counter):
    for is_filed in (False, True):
        visit = await lead.open()
        cited = make_message(sender="bot", citations=[{"page": "withdrawals"}])
        await lead.parts.transcripts.append(visit.id, cited)
        if is_filed:
            await file(lead, conversation=visit.id)
    await lead.open()

    found = await figures(lead)

    assert (found["n_conversations"], found["n_answered"]) == (3, 1)


async def test_times_run_from_receipt_to_first_answer_and_close(lead: Counter):
    case = await file(lead)
    lead.clock.advance(hours=5)
    await lead.parts.archive.add_reply(case.reference, "eva", "Hej")
    lead.clock.advance(hours=19)
    await lead.parts.archive.close(case.reference, "eva", "solution", None)

    found = await figures(lead)

    assert found["first_answer"]["median_seconds"] == 5 * 3600
    assert found["closing"]["median_seconds"] == 24 * 3600


async def test_the_figures_are_those_worked_out_by_hand(lead: Counter):
    archive, begun = lead.parts.archive, lead.clock()
    filed = [
        await file(lead, received_at=begun - timedelta(days=days))
        for days in (40, 20, 3, 0)
    ]
    for case, hours in zip(filed, (1, 2, 3, 10), strict=True):
        lead.clock.now = case.received_at + timedelta(hours=hours)
        await archive.add_reply(case.reference, "eva", "Hej")
    first, _second, third, _fourth = filed
    lead.clock.now = begun
    await archive.close(first.reference, "eva", "solution", None)
    await archive.close(third.reference, "eva", "clarification", None)
    lead.clock.now = begun + timedelta(days=20)
    query = f"?from={begun - timedelta(days=60):%Y-%m-%d}"

    found = await figures(lead, query)

    # 1, 2, 3 and 10 hours: the middle is 2.5, and 7 tenths of the way from 3 to 10
    # stand nine tenths of them.
    assert found["first_answer"]["median_seconds"] == 2.5 * 3600
    assert found["first_answer"]["p90_seconds"] == pytest.approx(7.9 * 3600)
    assert found["closing"]["median_seconds"] == 21.5 * 86400
    assert found["by_outcome"] == {"solution": 1, "clarification": 1}
    # A month after the first came in its answer was ten days late.
    assert (found["n_closed_late"], found["n_overdue"]) == (1, 1)
    assert found["backlog"] == {"week": 0, "month": 1, "older": 1}


async def test_times_and_months_run_from_the_first_message_not_from_the_filing(
    lead: Counter,
):
    received = lead.clock() - timedelta(days=40)
    case = await file(lead, received_at=received)
    await lead.parts.archive.close(case.reference, "eva", "solution", None)
    path = f"/desk/report/complaints.csv?month={received:%Y-%m}"

    response = await lead.client.get(path)

    [row] = csv.DictReader(io.StringIO((await response.text()).lstrip("\ufeff")))
    assert (row["received_at"], row["days"]) == (received.isoformat(), "40")


async def test_days_begin_at_midnight_where_the_operator_is(lead: Counter):
    await file(lead)
    today = lead.clock().astimezone(lead.parts.operator.zone).date()

    assert (await figures(lead, f"?from={today}&to={today}"))["n_cases"] == 1


@pytest.mark.parametrize(
    "query", ["?from=yesterday", "?from=2026-11-02&to=2026-11-01", "?from=2020-01-01"]
)
async def test_a_period_that_makes_no_sense_is_refused(lead: Counter, query: str):
    assert (await lead.client.get(f"/api/v1/desk/report{query}")).status == 400


async def test_the_page_has_charts_and_their_figures(lead: Counter):
    await file(lead, category="deposit")

    page = await (await lead.client.get("/desk/report?lang=sv")).text()

    assert page.count("data:image/svg+xml;base64,") == 4
    assert "Ärenden per dag och kategori" in page


async def test_the_monthly_report_tells_player_subject_and_conclusion(lead: Counter):
    case = await file(lead, category="deposit")
    await lead.parts.archive.close(case.reference, "eva", "solution", None)
    month = lead.clock().astimezone(lead.parts.operator.zone).strftime("%Y-%m")

    response = await lead.client.get(f"/desk/report/complaints.csv?month={month}")

    [row] = csv.DictReader(io.StringIO((await response.text()).lstrip("\ufeff")))
    assert row["player_id"] == case.customer.username
    assert (row["subject"], row["conclusion"]) == ("deposit", "solution")
    assert row["days"] == "1"


async def test_a_username_is_never_a_formula(lead: Counter):
    customer = Customer(name="X", email="x@x.example", username="=HYPERLINK(1)")
    await file(lead, customer=customer)
    month = lead.clock().astimezone(lead.parts.operator.zone).strftime("%Y-%m")

    response = await lead.client.get(f"/desk/report/complaints.csv?month={month}")

    assert "'=HYPERLINK(1)" in await response.text()


async def test_agents_do_not_see_the_report(counter: Counter):
    await counter.sign_in("agent")

    assert (await counter.client.get("/desk/report")).status == 403
