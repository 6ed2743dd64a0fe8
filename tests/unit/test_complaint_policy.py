from __future__ import annotations

import copy
import re
from dataclasses import MISSING, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from actions.cases.calendar import Period
from actions.cases.case import GROUNDS, OUTCOME_KINDS
from actions.cases.complaint import (
    Policy,
    Source,
    answer_due_at,
    is_late,
    needs_reasons,
    retention_ends_at,
)
from actions.cases.policies import load_policies, load_policy, parse_policy
from bot.settings import ROOT
from knowledge.errors import NotReady

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DEFAULT = load_policy(ROOT / "data")
POLICIES = load_policies(ROOT / "data")

moments = st.datetimes(
    datetime(1990, 1, 1), datetime(2090, 12, 31), timezones=st.just(UTC)
)


def content() -> dict[str, Any]:
    path = ROOT / "data" / "policies" / "default.yml"
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def test_the_default_policy_holds_the_operators_rules():
    assert DEFAULT.filing_window_months == 3
    assert DEFAULT.answer_within == Period(1, "months")
    assert DEFAULT.retention_months == 60
    assert DEFAULT.grounds == GROUNDS
    assert DEFAULT.outcomes == OUTCOME_KINDS
    assert DEFAULT.free_of_charge
    assert DEFAULT.late_is_filed
    assert not DEFAULT.writing_again_moves


def clauses() -> set[tuple[str, str]]:
    """Page and section of every source that is a clause, in any policy."""
    sources = [each for policy in POLICIES.values() for each in policy.sources.values()]
    return {(each.page, each.section) for each in sources if each.page and each.section}


@pytest.mark.parametrize("language", ["sv", "fr", "en"])
@pytest.mark.parametrize(("page", "section"), sorted(clauses()))
def test_each_clause_that_a_rule_names_exists(page: str, section: str, language: str):
    path = ROOT / "data" / "help" / language / f"{page}.md"
    text = path.read_text(encoding="utf-8")

    clause = re.escape(section)

    assert re.search(rf"^{clause} |^## .*\{{#{clause}\}}$", text, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_each_rule_that_is_stated_has_a_source_and_counsel_is_named(name: str):
    policy = POLICIES[name]
    headings = {"name", "jurisdiction", "review", "left_out", "sources"}
    stated = {
        field.name
        for field in fields(Policy)
        if field.name not in headings
        and (field.default is MISSING or getattr(policy, field.name) != field.default)
    }

    assert stated <= set(policy.sources)
    assert "Counsel must review" in policy.review


@pytest.mark.parametrize("name", ["fr", "gb", "mt", "se"])
def test_the_law_of_a_jurisdiction_is_cited_with_its_address_and_day(name: str):
    published = [each for each in POLICIES[name].sources.values() if each.title]

    assert POLICIES[name].jurisdiction == name.upper()
    assert published
    assert all(each.url and each.url.startswith("https://") for each in published)
    assert POLICIES[name].left_out


def test_every_field_is_explained_in_the_policies_readme():
    text = (ROOT / "data" / "policies" / "README.md").read_text(encoding="utf-8")
    names = {field.name for field in fields(Policy)} - {"sources"}
    names |= {field.name for field in fields(Source)}

    assert {name for name in names if f"`{name}" not in text} == set()


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda c: c["rules"].pop("free_of_charge"), "rules.free_of_charge: missing"),
        (lambda c: c["rules"].update(wishes=True), "rules.wishes: no such rule"),
        (
            lambda c: c["rules"].update(
                answer_within=c["rules"]["answer_within_months"]
            ),
            "rules.answer_within: no such rule; say with its unit",
        ),
        (
            lambda c: c["rules"].update(
                answer_within_weeks=c["rules"]["answer_within_months"]
            ),
            "answer_within is stated twice",
        ),
        (
            lambda c: c["rules"].pop("answer_within_months"),
            "rules.answer_within_<unit>: missing",
        ),
        (
            lambda c: c["rules"]["retention_months"].pop("source"),
            "rules.retention_months: expected `value` and `source`",
        ),
        (
            lambda c: c["rules"]["retention_months"].update(source={"page": "terms"}),
            "rules.retention_months.source: expected a source: page and section",
        ),
        (
            lambda c: c["rules"]["retention_months"]["source"].update(book="blue"),
            "rules.retention_months.source: unknown: book",
        ),
        (
            lambda c: c["rules"]["filing_window_months"].update(value="three"),
            "rules.filing_window_months.value: expected a whole number, got 'three'",
        ),
        (
            lambda c: c["rules"]["answer_within_months"].update(value=0),
            "answer_within_months.value: expected a whole number from 1 to 1000",
        ),
        (
            lambda c: c["rules"]["filing_window_months"].update(value=-3),
            "filing_window_months: expected a whole number from 1 to 1000, got -3",
        ),
        (
            lambda c: c["rules"]["late_is_filed"].update(value=False),
            "late_is_filed: expected yes, got no",
        ),
        (
            lambda c: c["rules"].pop("interim_update_every_months"),
            "interim_update_every: expected exactly when",
        ),
        (
            lambda c: c["rules"].update(
                pause_clocks={
                    "value": ["answer"],
                    "source": {"page": "a", "section": "1"},
                }
            ),
            "expected all three or none",
        ),
        (
            lambda c: c["rules"].update(
                holidays={"value": ["Yule"], "source": {"page": "a", "section": "1"}}
            ),
            "holidays: expected 2026-12-28, 12-25 or easter+1, got 'Yule'",
        ),
        (
            lambda c: c["rules"]["outcomes"].update(value=["shrug"]),
            "known are decision_confirmed",
        ),
        (
            lambda c: c["rules"].update(
                holidays={"value": ["31-12"], "source": {"page": "a", "section": "1"}}
            ),
            "holidays: expected 2026-12-28, 12-25 or easter+1, got '31-12'",
        ),
        (
            lambda c: c["rules"]["answer_within_months"].update(value=10**9),
            "rules.answer_within_months.value: expected a whole number from 1 to 1000",
        ),
        (
            lambda c: c["rules"]["retention_months"].update(
                source={"title": "Law", "url": "page 3", "read_on": date(2026, 1, 1)}
            ),
            "rules.retention_months.source: expected a url",
        ),
        (lambda c: c["rules"]["outcomes"].update(value=[]), "outcomes: expected at"),
        (
            lambda c: c["rules"]["grounds"].update(value=[*GROUNDS, *GROUNDS]),
            "grounds: expected each once",
        ),
        (
            lambda c: c["rules"]["outcomes"].update(value=["clarification"]),
            "reasons_required_for: expected some of outcomes, got decision_confirmed",
        ),
        (
            lambda c: c["rules"]["reasons_required_for"].update(
                value=["decision_confirmed"]
            ),
            "reasons_required_for: expected decision_overturned as well",
        ),
        (lambda c: c.pop("rules"), "`review` and `rules`"),
        (lambda c: c.pop("name"), "name: expected a text, got None"),
        (lambda c: c.pop("review"), "review: expected a text, got None"),
        (lambda c: c.update(mood="good"), "unknown: mood"),
    ],
)
def test_a_policy_file_with_a_fault_is_refused(damage: Any, complaint: str):
    damaged = copy.deepcopy(content())
    damage(damaged)

    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_policy(damaged)


def test_business_hours_are_written_as_people_write_them():
    stated = content()
    own = {"decided_by": "operator", "note": "opening hours"}
    stated["rules"]["business_hours"] = {"value": ["08:30", "16:00"], "source": own}

    assert parse_policy(stated).business_hours == (time(8, 30), time(16))


def test_a_policy_is_named_like_its_file(tmp_path: Path):
    (tmp_path / "policies").mkdir()
    text = (ROOT / "data" / "policies" / "default.yml").read_text(encoding="utf-8")
    (tmp_path / "policies" / "other.yml").write_text(text, encoding="utf-8")

    with pytest.raises(NotReady, match="name: expected other, got default"):
        load_policy(tmp_path, "other")


def test_a_missing_policy_file_stops_the_service(tmp_path: Path):
    with pytest.raises(NotReady, match="no policy file"):
        load_policy(tmp_path, "atlantis")


@pytest.mark.parametrize(
    "text", ["rules: [", "- a\n- b\n", "", "name: a\nname: b\n", "é"]
)
def test_a_file_that_is_no_policy_stops_the_service(tmp_path: Path, text: str):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "default.yml").write_text(text, encoding="latin-1")

    with pytest.raises(NotReady, match=r"default\.yml"):
        load_policy(tmp_path)


@pytest.mark.parametrize(
    ("event", "received", "late"),
    [
        ("2026-08-22", "2026-11-22T12:00+01:00", False),
        ("2026-08-21", "2026-11-22T12:00+01:00", True),
        # Already the 23rd in Stockholm.
        ("2026-08-22", "2026-11-22T23:30+00:00", True),
        # Three months before 31 May is the last day of February.
        ("2026-02-28", "2026-05-31T12:00+02:00", False),
        ("2026-02-27", "2026-05-31T12:00+02:00", True),
        # A date in the future is for the intake to refuse; it is not late.
        ("2027-01-01", "2026-11-22T12:00+01:00", False),
    ],
)
def test_the_filing_window_is_three_civil_months(event: str, received: str, late: bool):
    decided = is_late(
        date.fromisoformat(event),
        datetime.fromisoformat(received),
        DEFAULT,
        STOCKHOLM,
    )

    assert decided is late


def test_an_unknown_date_is_not_late():
    assert not is_late(None, datetime(2026, 11, 22, tzinfo=UTC), DEFAULT, STOCKHOLM)


def test_a_policy_that_flags_nothing_has_no_late_complaints():
    lenient = replace(DEFAULT, late_is_flagged=False)

    now = datetime(2026, 11, 22, tzinfo=UTC)

    assert not is_late(date(1999, 1, 1), now, lenient, STOCKHOLM)


@given(moments, st.integers(0, 400), st.integers(1, 24))
def test_lateness_agrees_with_dateutil(
    received: datetime, days_before: int, window: int
):
    policy = replace(DEFAULT, filing_window_months=window)
    received_on = received.astimezone(STOCKHOLM).date()
    event = received_on - timedelta(days=days_before)

    decided = is_late(event, received, policy, STOCKHOLM)

    assert decided == (event < received_on - relativedelta(months=window))


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-22T10:00+01:00", "2026-12-22T10:00+01:00"),
        ("2026-01-31T10:00+01:00", "2026-02-28T10:00+01:00"),
        ("2028-01-31T10:00+01:00", "2028-02-29T10:00+01:00"),
        ("2026-10-10T10:00+02:00", "2026-11-10T10:00+01:00"),
    ],
)
def test_an_answer_is_due_one_civil_month_after_receipt(received: str, due: str):
    decided = answer_due_at(datetime.fromisoformat(received), DEFAULT, STOCKHOLM)

    assert decided == datetime.fromisoformat(due)


def test_a_closed_case_is_kept_for_five_years():
    closed = datetime(2028, 2, 29, 12, 0, tzinfo=UTC)

    ends = retention_ends_at(closed, DEFAULT, STOCKHOLM)

    assert ends == datetime(2033, 2, 28, 12, 0, tzinfo=UTC)


def test_decisions_need_reasons_and_other_outcomes_none():
    assert [kind for kind in OUTCOME_KINDS if needs_reasons(kind, DEFAULT)] == [
        "decision_confirmed",
        "decision_overturned",
    ]
