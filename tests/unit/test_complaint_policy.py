from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from actions.cases.case import GROUNDS, OUTCOME_KINDS
from actions.cases.complaint import (
    Policy,
    answer_due_at,
    is_late,
    needs_reasons,
    retention_ends_at,
)
from actions.cases.policies import load_policy, parse_policy
from bot.settings import ROOT
from knowledge.errors import NotReady

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DEFAULT = load_policy(ROOT / "data")

moments = st.datetimes(
    datetime(1990, 1, 1), datetime(2090, 12, 31), timezones=st.just(UTC)
)


def content() -> dict[str, Any]:
    path = ROOT / "data" / "policies" / "default.yml"
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def test_the_default_policy_holds_the_operators_rules():
    assert DEFAULT.filing_window_months == 3
    assert DEFAULT.answer_within_months == 1
    assert DEFAULT.retention_months == 60
    assert DEFAULT.grounds == GROUNDS
    assert DEFAULT.outcomes == OUTCOME_KINDS
    assert DEFAULT.free_of_charge
    assert DEFAULT.late_is_filed
    assert not DEFAULT.writing_again_moves


@pytest.mark.parametrize("language", ["sv", "fr", "en"])
@pytest.mark.parametrize("rule", sorted(DEFAULT.sources))
def test_each_rule_names_a_clause_that_exists(rule: str, language: str):
    source = DEFAULT.sources[rule]
    page = ROOT / "data" / "help" / language / f"{source.page}.md"
    text = page.read_text(encoding="utf-8")

    section = re.escape(source.section)

    assert re.search(rf"^{section} |^## .*\{{#{section}\}}$", text, re.MULTILINE)


def test_each_rule_that_is_set_has_a_source():
    unset = {"name", "sources"}
    for field in fields(Policy):
        if getattr(DEFAULT, field.name) is None:
            unset.add(field.name)

    assert set(DEFAULT.sources) == {field.name for field in fields(Policy)} - unset


def test_every_field_is_explained_in_the_policies_readme():
    text = (ROOT / "data" / "policies" / "README.md").read_text(encoding="utf-8")
    names = {field.name for field in fields(Policy)} - {"sources"}

    assert {name for name in names if f"`{name}`" not in text} == set()


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda c: c["rules"].pop("free_of_charge"), "free_of_charge is missing"),
        (lambda c: c["rules"].update(wishes=True), "unknown rules: wishes"),
        (
            lambda c: c["rules"]["retention_months"].pop("source"),
            "retention_months must have",
        ),
        (
            lambda c: c["rules"]["filing_window_months"].update(value="three"),
            "Expected `int`",
        ),
        (lambda c: c["rules"]["filing_window_months"].update(value=-3), "at least 1"),
        (lambda c: c["rules"]["outcomes"].update(value=["shrug"]), "Invalid enum"),
        (lambda c: c.pop("rules"), "`name` and `rules`"),
        (lambda c: c.pop("name"), "Expected `str`"),
    ],
)
def test_a_policy_file_with_a_fault_is_refused(damage: Any, complaint: str):
    damaged = content()
    damage(damaged)

    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_policy(damaged)


def test_a_missing_policy_file_stops_the_service(tmp_path: Path):
    with pytest.raises(NotReady, match="no policy file"):
        load_policy(tmp_path, "atlantis")


@pytest.mark.parametrize("text", ["rules: [", "- a\n- b\n", ""])
def test_a_file_that_is_no_policy_stops_the_service(tmp_path: Path, text: str):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "default.yml").write_text(text, encoding="utf-8")

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
