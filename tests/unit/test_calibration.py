from __future__ import annotations

import numpy as np
import pytest

from knowledge.calibration import (
    NEVER,
    Correction,
    choose_thresholds,
    fit_correction,
    held_out,
)
from knowledge.errors import NotReady


def make_questions(n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Confidence that says too much, evidence that tells, and who was right."""
    noise = np.random.default_rng(7)
    evidence = noise.normal(size=(n, 3))
    right = noise.random(n) < 1 / (1 + np.exp(-2 * evidence[:, 0]))
    return np.full(n, 0.9), evidence, right


def test_without_questions_the_confidence_stands() -> None:
    confidence, evidence, right = (each[:20] for each in make_questions())

    assert fit_correction(confidence, evidence, right) == Correction()
    assert Correction().apply(confidence, evidence) == pytest.approx(confidence)


def test_a_correction_brings_confidence_to_what_is_seen() -> None:
    confidence, evidence, right = make_questions()

    corrected = fit_correction(confidence, evidence, right).apply(confidence, evidence)

    assert corrected.mean() == pytest.approx(right.mean(), abs=0.02)
    assert corrected[right].mean() > corrected[~right].mean() + 0.2


def test_a_correction_survives_being_stored() -> None:
    confidence, evidence, right = make_questions()
    correction = fit_correction(confidence, evidence, right)

    stored = Correction.from_json(correction.as_json())

    expected = correction.apply(confidence, evidence)
    assert stored.apply(confidence, evidence) == pytest.approx(expected, abs=1e-4)


def test_evidence_of_another_release_is_refused() -> None:
    confidence, evidence, right = make_questions()
    correction = fit_correction(confidence, evidence, right)

    with pytest.raises(NotReady, match="guichet knowledge publish"):
        correction.apply(confidence, evidence[:, :2])


def test_a_held_out_confidence_does_not_depend_on_its_own_answer() -> None:
    confidence, evidence, right = make_questions(60)
    groups = [str(n) for n in range(60)]
    told = right.copy()
    told[0] = ~told[0]

    first = held_out(confidence, evidence, right, groups)
    second = held_out(confidence, evidence, told, groups)

    assert first[0] == second[0]


def test_enough_questions_of_a_language_give_it_a_threshold_of_its_own() -> None:
    confidence = np.linspace(0, 1, 200)
    right = confidence > 0.5

    chosen = choose_thresholds(
        confidence, right, ["sv"] * 200, budget=0.1, certainty=0.8
    )

    assert chosen["sv"].basis == "own"
    said = confidence >= chosen["sv"].value
    assert (~right[said]).mean() <= 0.1


def test_a_language_with_few_questions_borrows_the_threshold_of_all() -> None:
    confidence = np.linspace(0, 1, 200)
    languages = ["sv"] * 190 + ["fi"] * 10

    chosen = choose_thresholds(
        confidence, confidence > 0.5, languages, budget=0.1, certainty=0.8
    )

    assert chosen["fi"] == chosen[None]
    assert chosen["fi"].basis == "pooled"


def test_a_borrowed_threshold_is_raised_where_the_language_speaks_against_it() -> None:
    confidence = np.concatenate([np.linspace(0, 1, 200), np.linspace(0.8, 0.9, 10)])
    right = np.concatenate([np.linspace(0, 1, 200) > 0.5, np.zeros(10, dtype=bool)])
    languages = ["sv"] * 200 + ["fi"] * 10

    chosen = choose_thresholds(confidence, right, languages, budget=0.2, certainty=0.8)

    assert chosen["fi"].value == NEVER
    assert chosen[None].value < 0.8


def test_a_budget_that_nothing_keeps_takes_the_confidence_at_its_word() -> None:
    chosen = choose_thresholds(
        np.linspace(0, 0.5, 40),
        np.zeros(40, bool),
        ["sv"] * 40,
        budget=0.05,
        certainty=0.8,
    )

    assert chosen[None].basis == "cautious"
    assert chosen[None].value >= 0.95
