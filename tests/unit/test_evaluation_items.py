"""Evaluations of verdicts, languages and routes, with answers worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from actions.cases.case import CATEGORIES, GROUNDS, Verdict
from bot.evaluation.complaints import evaluate_complaints
from bot.evaluation.languages import evaluate_languages
from bot.evaluation.routing import evaluate_routing
from bot.evaluation.running import measure_all, parse_now
from bot.languages import Language
from bot.running.visitor import Heard, Visitor
from bot.settings import Settings
from knowledge.errors import BadInput


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def message(number: int, **changes: Any) -> dict[str, Any]:
    row = {
        "id": f"m{number}",
        "lang": "sv",
        "text": "withdrawal",
        "is_complaint": True,
        "ground": "technical_fault",
        "category": "withdrawal",
    }
    return {**row, **changes}


def verdict(probability: float, ground: str, *categories: str) -> Verdict:
    ranked = [*categories, *(each for each in CATEGORIES if each not in categories)]
    is_complaint = probability >= 0.5
    return Verdict(
        is_complaint=is_complaint,
        probability=probability,
        ground=ground if is_complaint else None,  # type: ignore[arg-type]
        grounds=[{"ground": each, "probability": 0.3} for each in GROUNDS],
        category=ranked[0],  # type: ignore[arg-type]
        categories=[{"category": each, "probability": 0.1} for each in ranked],
    )


VERDICTS = {
    "right": verdict(0.9, "technical_fault", "withdrawal"),
    "third": verdict(0.9, "technical_fault", "deposit", "other", "withdrawal"),
    "ground": verdict(0.9, "service_not_delivered", "withdrawal"),
    "missed": verdict(0.1, "technical_fault", "deposit", "other", "technical"),
    "quiet": verdict(0.1, "technical_fault", "withdrawal"),
}


def classify(text: str, language: str | None) -> Verdict:
    return VERDICTS[text]


def test_verdicts_are_counted_by_what_was_expected(tmp_path: Path) -> None:
    file = write(
        tmp_path / "complaints.jsonl",
        [
            message(1, text="right"),
            message(2, text="third"),
            message(3, text="ground", lang="en"),
            message(4, text="missed", lang="en"),
            message(5, text="quiet", is_complaint=False, ground=None),
        ],
    )

    overall = evaluate_complaints(file, classify).overall

    assert overall["n"] == 5
    assert overall["accuracy"] == pytest.approx(4 / 5)
    assert overall["precision"] == 1
    assert overall["recall"] == pytest.approx(3 / 4)
    assert overall["f1"] == pytest.approx(6 / 7)
    assert overall["ground_accuracy"] == pytest.approx(2 / 4)
    assert overall["category_accuracy"] == pytest.approx(3 / 5)
    assert overall["category_top_3_accuracy"] == pytest.approx(4 / 5)


def test_verdicts_are_confused_by_language(tmp_path: Path) -> None:
    file = write(
        tmp_path / "complaints.jsonl",
        [message(1, text="right"), message(2, text="missed", lang="en")],
    )

    measured = evaluate_complaints(file, classify)

    assert measured.confusion["en"] == {"complaint": {"no complaint": 1}}
    assert measured.by_language["sv"]["f1"] == 1
    assert [row["id"] for row in measured.details["wrong"]] == ["m2"]


def test_without_complaints_their_shares_are_undefined(tmp_path: Path) -> None:
    row = message(1, text="quiet", is_complaint=False, ground=None)

    overall = evaluate_complaints(write(tmp_path / "f", [row]), classify).overall

    assert overall["recall"] is None
    assert overall["ground_accuracy"] is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no rows"),
        ("{}\n", ":1: "),
        ("nonsense\n", ":1: "),
        (json.dumps(message(1)) + "\n" + json.dumps(message(1)), "there twice"),
        (json.dumps(message(1, category="cakes")), ":1: "),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(
    tmp_path: Path, content: str, reason: str
) -> None:
    file = tmp_path / "complaints.jsonl"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(BadInput, match=reason):
        evaluate_complaints(file, classify)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        evaluate_complaints(tmp_path / "nothing.jsonl", classify)


class FakeIdentifier:
    """Every text is Swedish, unless it is French; in French it is English."""

    languages = ("sv", "fr")

    def identify(
        self, text: str, *, prior: str | None = None, accepted: Sequence[str] = ()
    ) -> Language:
        tag = "en" if prior == "fr" else "fr" if text == "bonjour" else "sv"
        return Language(tag, False, 1.0)


def test_languages_are_counted_alone_and_inside_conversations(tmp_path: Path) -> None:
    file = write(
        tmp_path / "languages.jsonl",
        [
            {"id": "1", "text": "hej", "lang": "sv"},
            {"id": "2", "text": "bonjour", "lang": "fr"},
            {"id": "3", "text": "merci beaucoup à vous", "lang": "fr"},
            {"id": "4", "text": "42", "lang": None},
        ],
    )

    measured = evaluate_languages(file, FakeIdentifier())

    assert measured.overall["n"] == 3
    assert measured.overall["accuracy"] == pytest.approx(2 / 3)
    assert measured.overall["accuracy_short"] == 1
    assert measured.overall["n_switches"] == 1
    assert measured.confusion["all"]["fr"] == {"fr": 1, "sv": 1}


class FakeVisitor(Visitor):
    """Is answered with a route that the words name."""

    async def open(self, language: str | None = None) -> Heard:
        return Heard(language=language or "en")

    async def say(self, text: str) -> Heard:
        return Heard(route=text if text != "-" else None)


async def test_routes_and_alarms_are_counted(tmp_path: Path) -> None:
    expected = [
        ("crisis", "crisis"),
        ("faq", "crisis"),
        ("crisis", "case"),
        ("faq", "faq"),
        ("-", "case"),
        ("case", "case"),
    ]
    file = write(
        tmp_path / "routing.jsonl",
        [
            {"id": str(i), "lang": "sv", "text": given, "expected": wanted}
            for i, (given, wanted) in enumerate(expected)
        ],
    )
    async with aiohttp.ClientSession() as session:
        measured = await evaluate_routing(file, lambda: FakeVisitor(session, ""))

    assert measured.overall == {
        "n": 6,
        "accuracy": pytest.approx(3 / 6),
        "crisis_recall": pytest.approx(1 / 2),
        "crisis_false_alarm_rate": pytest.approx(1 / 4),
    }
    assert measured.confusion["all"]["crisis"] == {"crisis": 1, "faq": 1}


def test_a_date_alone_is_noon_where_the_operator_is() -> None:
    noon = parse_now("2026-11-22", Settings())

    assert noon == datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("Europe/Stockholm"))


def test_a_time_with_its_zone_is_kept() -> None:
    assert parse_now("2026-11-22T08:00:00+00:00", Settings()).hour == 8


def test_no_date_is_refused() -> None:
    with pytest.raises(BadInput, match="2026-13"):
        parse_now("2026-13-01", Settings())


def test_every_evaluation_whose_files_are_there_is_run(tmp_path: Path) -> None:
    for name in ("b.corpus", "b.queries", "complaints", "dialogues"):
        (tmp_path / f"{name}.jsonl").write_text('{"relevant": []}', encoding="utf-8")

    names = [name for name, _ in measure_all(Settings(), tmp_path, NOON, None)]

    assert names == ["search", "complaints", "dialogues"]


def test_passages_without_questions_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.corpus.jsonl").touch()

    with pytest.raises(BadInput, match=r"expected a\.queries\.jsonl beside it"):
        list(measure_all(Settings(), tmp_path, NOON, None))


def test_a_folder_without_evaluations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no file"):
        list(measure_all(Settings(), tmp_path, NOON, None))


NOON = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("Europe/Stockholm"))
