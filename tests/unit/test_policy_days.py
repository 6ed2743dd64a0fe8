"""Periods of the policy, said as days."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions.cases.calendar import Period
from actions.talk import ExplainComplaining, ExplainWhyNeeded
from tests.unit.talking import POLICY, WORDING, filled, make_services, tell


async def test_how_to_complain_says_the_days_that_the_policy_makes() -> None:
    policy = replace(
        POLICY, filing_window_months=6, answer_within=Period(15, "business_days")
    )

    heard = await tell(
        "how do I complain?",
        services=make_services(policy=policy),
        action=ExplainComplaining,
        form=False,
    )

    assert "22 May 2026" in heard.text
    assert "11 December 2026" in heard.text


@pytest.mark.parametrize("language", WORDING.languages)
async def test_why_a_date_is_asked_for_names_the_first_day_in_time(
    language: str,
) -> None:
    heard = await tell(
        "?",
        action=ExplainWhyNeeded,
        language=language,
        **filled(requested_slot="event_date"),
    )

    assert "22" in heard.text and "2026" in heard.text


@pytest.mark.parametrize("language", WORDING.languages)
async def test_a_late_complaint_is_told_from_when_on_it_would_be_in_time(
    language: str,
) -> None:
    heard = await tell(
        "2026-02-03", language=language, **filled(requested_slot="event_date")
    )

    noted, late, *_ = heard.said
    assert "3" in noted
    assert "22" in late and "2026" in late
