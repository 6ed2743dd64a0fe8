from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.cases.case import (
    CATEGORIES,
    GROUNDS,
    OUTCOME_KINDS,
    Case,
    Customer,
)
from actions.desk.presenting import LONGEST_LINE, missing_fields, one_line, urgency
from actions.desk.queue import SOON, STATUSES
from bot.settings import ROOT
from knowledge.workplace import StaffTexts, load_staff_texts
from tests.factories import NOW


def make_case(**changes: object) -> Case:
    values: dict[str, object] = {
        "reference": "G-2026-000001",
        "status": "open",
        "received_at": NOW,
        "opened_at": NOW,
        "language": "sv",
        "customer": Customer(name="Karl", email="karl@example.se", username="karl_1"),
        "description": "Mitt uttag har inte kommit.",
        "event_date": NOW.date(),
        "remedy_sought": None,
        "is_complaint": True,
        "complaint_probability": 0.9,
        "customer_says_complaint": False,
        "ground": None,
        "category": "withdrawal",
        "filed_late": False,
        "answer_due_at": NOW + timedelta(days=30),
        "queue_position": 1,
        "duplicate_of": None,
        "is_urgent": False,
        "wants_human": False,
        "fields_missing": (),
        "assigned_to": None,
        "conversation": "c1",
        "version": 1,
    }
    return Case(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def texts() -> StaffTexts:
    return load_staff_texts(ROOT / "data")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Mitt uttag har inte kommit.", "Mitt uttag har inte kommit."),
        ("Bonjour. Mon retrait n'est pas là.", "Mon retrait n'est pas là."),
        ("Hej!", "Hej!"),
        ("It is gone. The money I won yesterday. Help.",
         "It is gone. The money I won yesterday."),
        ("Die Auszahlung vom 3. November fehlt. Bitte prüfen Sie das.",
         "Die Auszahlung vom 3. November fehlt."),
        ("  two\n\nlines  ", "two lines"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_matter_is_said_in_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_a_long_matter_is_cut_at_a_word() -> None:
    line = one_line("word " * 100)

    assert line.endswith("word…")
    assert len(line) <= LONGEST_LINE


@given(st.text(max_size=400))
def test_no_matter_is_longer_than_its_line_or_breaks_it(text: str) -> None:
    line = one_line(text)

    assert len(line) <= LONGEST_LINE
    assert "\n" not in line


def test_what_identifies_the_matter_and_is_not_there_is_named() -> None:
    case = make_case(customer=Customer(email="a@b.example"), event_date=None)

    assert missing_fields(case) == ("name", "username", "event_date")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"answer_due_at": NOW - timedelta(seconds=1)}, "over"),
        ({"answer_due_at": NOW + timedelta(days=2)}, "soon"),
        ({"answer_due_at": NOW + timedelta(days=4)}, "fine"),
        ({"answer_due_at": NOW - timedelta(days=4), "status": "closed"}, "closed"),
    ],
)
def test_a_case_is_as_urgent_as_its_answer_is_due(
    changes: dict[str, object], expected: str
) -> None:
    assert urgency(make_case(**changes), NOW, NOW + SOON) == expected


def test_every_code_has_a_name_in_every_staff_language(texts: StaffTexts) -> None:
    codes = {
        "ground": GROUNDS,
        "category": CATEGORIES,
        "outcome": OUTCOME_KINDS,
        "status": STATUSES,
    }

    for language in texts.languages:
        for kind, names in codes.items():
            for name in names:
                assert texts.has(language, f"codes.{kind}.{name}")


def test_staff_are_served_in_swedish_french_and_english(texts: StaffTexts) -> None:
    assert set(texts.languages) == {"sv", "fr", "en"}
