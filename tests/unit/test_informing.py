from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from actions.cases.calendar import Period
from actions.cases.case import Case, Customer
from actions.cases.clocks import CaseClocks
from actions.cases.complaint import Policy
from bot.scheduling.informing import InterimUpdates
from bot.settings import ROOT
from bot.texts import load_texts
from knowledge.operator import load_operator
from tests.factories import NOW, STOCKHOLM

OPERATOR = load_operator(ROOT / "data")
UPDATES = InterimUpdates(
    load_texts(ROOT / "data", OPERATOR.languages, OPERATOR.style),
    OPERATOR.default_language,
)
DUE = datetime(2026, 12, 22, 9, 30, tzinfo=UTC)
NEXT = datetime(2027, 1, 22, 9, 30, tzinfo=UTC)


def compose(policy: Policy, language: str) -> str:
    case = Case(
        reference="G-2026-000007",
        status="open",
        received_at=NOW,
        opened_at=NOW,
        language=language,
        customer=Customer(),
        description="",
        event_date=None,
        remedy_sought=None,
        is_complaint=True,
        complaint_probability=None,
        customer_says_complaint=False,
        ground=None,
        category="other",
        filed_late=False,
        answer_due_at=DUE,
        queue_position=1,
        duplicate_of=None,
        is_urgent=False,
        wants_human=False,
        fields_missing=(),
        assigned_to=None,
        conversation="c",
        version=1,
    )
    clocks = CaseClocks(
        case_id=1,
        reference=case.reference,
        policy=policy,
        zone=STOCKHOLM,
        pauses=(),
        received_at=NOW,
        closed_at=None,
        look_at=DUE,
        done=frozenset(),
    )
    return UPDATES.compose(case, clocks, DUE, NEXT)


@pytest.mark.parametrize("language", OPERATOR.languages)
def test_an_update_names_case_and_dates_in_each_language(policy: Policy, language: str):
    text = compose(policy, language)

    assert "G-2026-000007" in text
    assert "22" in text
    assert "2027" in text
    assert "{" not in text


def test_an_update_is_worded_as_a_person_would(policy: Policy):
    assert compose(policy, "en") == (
        "Your case G-2026-000007 was due an answer by 22 December 2026, and we have "
        "not finished yet. We are still working on it, and it keeps its place in the "
        "queue. You will hear from us again by 22 January 2027, unless you have had "
        "our final answer before then."
    )


@pytest.mark.parametrize(
    ("changes", "last"),
    [
        ({"mediator_after": Period(20, "days")}, "You can already turn to ARN."),
        (
            {"dispute_body_within": Period(12, "months")},
            "You can turn to ARN until 22 November 2027.",
        ),
        # Not before its day.
        ({"mediator_after": Period(8, "weeks")}, "our final answer before then."),
    ],
)
def test_an_update_names_who_else_can_help(
    policy: Policy, changes: dict[str, Period], last: str
):
    text = compose(replace(policy, dispute_body="ARN", **changes), "en")

    assert text.endswith(last)


def test_a_language_without_texts_is_written_to_in_the_default_one(policy: Policy):
    assert compose(policy, "ja").startswith("Ditt ärende")
