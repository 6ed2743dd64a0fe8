"""The desk for other systems."""

from __future__ import annotations

import asyncio

import pytest

from tests.web.desk_client import CASES, call


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


async def test_cases_are_found_by_what_they_are_about(desk, file_case) -> None:
    words = "Mon retrait n'est pas arrivé"
    case = await file_case(description=words)

    answer = await desk.client.get(f"{CASES}/similar", params={"q": words})
    refused = await desk.client.get(f"{CASES}/similar", params={"q": " "})

    (found,) = (await answer.json())["cases"]
    assert found["case"]["reference"] == case.reference
    assert found["similarity"] == pytest.approx(1, abs=0.01)
    assert refused.status == 400


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
        ("urgency", {"is_urgent": True, "reason": "x"}, "is_urgent", True),
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
