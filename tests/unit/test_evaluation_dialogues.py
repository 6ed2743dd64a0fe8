"""Dialogues played against a counter that asks, sums up and files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.evaluation.dialogues import (
    Dialogue,
    FinalCase,
    Turn,
    compare,
    evaluate_dialogues,
    play,
)
from bot.running.visitor import Heard, Visitor
from bot.settings import ROOT

CHOICES = [{"title": "Ja", "payload": "/affirm"}, {"title": "Nej", "payload": "/deny"}]
CUSTOMER = {"name": "Åsa Berg", "email": "asa@example.se", "username": None}
NOTHING_MORE = {"sv": "nej, inget mer", "en": "no, nothing more"}


def make_case(**changes: Any) -> dict[str, Any]:
    case = {
        "reference": "G-1",
        "customer": CUSTOMER,
        "description": "Uttaget på 300 kr kom inte.",
        "event_date": "2026-11-03",
        "is_complaint": True,
        "ground": "service_not_delivered",
        "category": "withdrawal",
        "filed_late": False,
        "transcript": [{"text": "Uttaget på 300 kr kom inte."}],
        "history": [],
    }
    return {**case, **changes}


def make_expected(**changes: Any) -> FinalCase:
    values: dict[str, Any] = {
        "name": "Åsa Berg",
        "email": "asa@example.se",
        "is_complaint": True,
        "ground": "service_not_delivered",
        "category": "withdrawal",
        "event_date": "2026-11-03",
        "description_contains": ["300 KR"],
        "not_contains": ["5000 0000 0549"],
    }
    return FinalCase(**{**values, **changes})


class FakeCounter(Visitor):
    """Sums up after `n_questions` turns; files when pressed, or told "skicka"."""

    files_unasked = False

    def __init__(self, n_questions: int = 1) -> None:
        self.filed: list[dict[str, Any]] = []
        self.said: list[str] = []
        self._n_questions = n_questions
        self._stage = "intake"

    async def open(self, language: str | None = None) -> Heard:
        return Heard(language="sv", stage="answering")

    async def say(self, text: str) -> Heard:
        self.said.append(text)
        if self.files_unasked:
            return self._file()
        if self._stage == "review" and text == "skicka":
            return self._file()
        self._stage = "review" if len(self.said) >= self._n_questions else "intake"
        return self._heard()

    async def choose(self, payload: str) -> Heard:
        self.said.append(f"[{payload}]")
        return self._file()

    async def references(self) -> list[str]:
        return [case["reference"] for case in self.filed]

    async def case(self, reference: str) -> dict[str, Any]:
        return next(case for case in self.filed if case["reference"] == reference)

    def _file(self) -> Heard:
        self._stage = "filed"
        self.filed.append(make_case())
        return self._heard()

    def _heard(self) -> Heard:
        choices = CHOICES if self._stage == "review" else []
        said = {"text": self._stage, "choices": choices, "citations": []}
        return Heard(messages=[said], language="sv", stage=self._stage)


def make_dialogue(*texts: str, expected: FinalCase | None) -> Dialogue:
    return Dialogue("d1", "sv", [Turn(text) for text in texts], expected)


def test_the_expected_case_has_no_differences() -> None:
    assert compare(make_expected(), [make_case()]) == []


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"ground": "technical_fault"}, "ground: 'technical_fault'"),
        ({"event_date": None}, "event_date: None"),
        ({"filed_late": True}, "filed_late: True"),
        ({"description": "Inget."}, "description lacks '300 KR'"),
        (
            {"customer": {"name": "Åsa", "email": "asa@example.se", "username": None}},
            "name",
        ),
        ({"remedy_sought": "till 5000 0000 0549"}, "the case holds"),
        ({"transcript": [{"text": "konto 5000 0000 0549"}]}, "the case holds"),
    ],
)
def test_each_difference_is_named(changes: dict[str, Any], difference: str) -> None:
    differences = compare(make_expected(), [make_case(**changes)])

    assert len(differences) == 1
    assert differences[0].startswith(difference)


def test_words_that_a_restart_wiped_may_stand_in_the_transcript() -> None:
    expected = make_expected(not_contains=["Birgitta"])
    case = make_case(transcript=[{"text": "Birgitta heter jag"}])

    assert compare(expected, [case]) == []


@pytest.mark.parametrize("n_cases", [0, 2])
def test_one_case_must_be_filed(n_cases: int) -> None:
    assert compare(make_expected(), [make_case()] * n_cases) == [
        f"{n_cases} cases filed, expected one"
    ]


def test_where_none_is_expected_a_case_is_a_difference() -> None:
    assert compare(None, []) == []
    assert compare(None, [make_case()]) == ["1 cases filed, expected none"]


async def test_a_script_that_confirms_is_said_as_it_stands() -> None:
    counter = FakeCounter()
    dialogue = make_dialogue("hjälp", "skicka", expected=make_expected())

    played = await play(dialogue, counter, counter, NOTHING_MORE)

    assert counter.said == ["hjälp", "skicka"]
    assert played.differences == []


async def test_one_question_more_is_answered_and_the_confirmation_repeated() -> None:
    counter = FakeCounter(n_questions=3)
    dialogue = make_dialogue("hjälp", "skicka", expected=make_expected())

    played = await play(dialogue, counter, counter, NOTHING_MORE)

    assert counter.said == ["hjälp", "skicka", "nej, inget mer", "skicka"]
    assert played.differences == []


async def test_a_script_without_confirmation_ends_with_the_offered_choice() -> None:
    counter = FakeCounter()
    dialogue = make_dialogue("hjälp", expected=make_expected())

    played = await play(dialogue, counter, counter, NOTHING_MORE)

    assert counter.said == ["hjälp", "hjälp", "[/affirm]"]
    assert len(played.cases) == 1


async def test_a_case_filed_without_a_summary_is_a_difference() -> None:
    counter = FakeCounter(n_questions=9)
    counter.files_unasked = True
    dialogue = make_dialogue("skicka", expected=make_expected())

    played = await play(dialogue, counter, counter, NOTHING_MORE)

    assert played.differences == ["filed without a summary at 'skicka'"]


async def test_a_cancelled_script_is_not_confirmed() -> None:
    counter = FakeCounter()
    dialogue = make_dialogue("hjälp", "avbryt", expected=None)

    played = await play(dialogue, counter, counter, NOTHING_MORE)

    assert counter.said == ["hjälp", "avbryt"]
    assert played.differences == []


async def test_transcripts_are_written_for_people(tmp_path: Path) -> None:
    counter = FakeCounter()
    turns = [{"user": "", "expect": ["asks again"]}, {"user": "skicka", "expect": []}]
    row = {"id": "d1", "lang": "sv", "turns": turns, "final_case": None}
    file = tmp_path / "dialogues.jsonl"
    file.write_text(json.dumps(row), encoding="utf-8")

    measured = await evaluate_dialogues(
        file,
        lambda: counter,
        counter,
        data_dir=ROOT / "data",
        transcripts=tmp_path / "out",
    )

    text = (tmp_path / "out" / "d1.txt").read_text(encoding="utf-8")
    assert "CUSTOMER  (nothing)" in text
    assert "expected: asks again" in text
    assert "1 cases filed, expected none" in text
    assert measured.overall["n_right"] == 0
    assert measured.as_json()["differences"]["d1"] == ["1 cases filed, expected none"]
