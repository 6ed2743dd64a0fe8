from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.measures import (
    highest_risk,
    risk_coverage,
    threshold_for_error_budget,
)

answers = st.lists(
    st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60
).map(
    lambda rows: (
        np.array([confidence for confidence, _right in rows]),
        np.array([right for _confidence, right in rows]),
    )
)


def all_right(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.linspace(0.9, 0.1, n), np.ones(n, dtype=bool)


@given(answers)
def test_the_curve_ends_with_every_question_answered(
    measured: tuple[np.ndarray, np.ndarray],
) -> None:
    confidence, right = measured

    last = risk_coverage(confidence, right)[-1]

    assert last.coverage == 1
    assert last.threshold == confidence.min()
    assert last.n_wrong == np.count_nonzero(~right)


@given(answers)
def test_each_point_says_what_answering_from_it_upwards_gives(
    measured: tuple[np.ndarray, np.ndarray],
) -> None:
    confidence, right = measured

    for point in risk_coverage(confidence, right):
        answered = confidence >= point.threshold
        assert point.n_answered == answered.sum()
        assert point.n_wrong == np.count_nonzero(~right[answered])
        assert point.risk <= point.highest_risk <= 1


@given(answers, st.floats(0.01, 0.99))
def test_a_threshold_keeps_its_budget_on_what_was_measured(
    measured: tuple[np.ndarray, np.ndarray], budget: float
) -> None:
    confidence, right = measured

    point = threshold_for_error_budget(confidence, right, budget)

    if point is not None:
        wrong = ~right[confidence >= point.threshold]
        assert wrong.mean() <= budget


def test_few_questions_promise_nothing_however_right_they_were() -> None:
    assert threshold_for_error_budget(*all_right(31), 0.05) is None
    assert threshold_for_error_budget(*all_right(32), 0.05) is not None


def test_a_larger_budget_answers_no_less() -> None:
    random = np.random.default_rng(7)
    confidence = random.random(300)
    right = random.random(300) < confidence

    coverage = [
        point.coverage if point else 0.0
        for budget in (0.02, 0.05, 0.1, 0.2, 0.4)
        for point in [threshold_for_error_budget(confidence, right, budget)]
    ]

    assert coverage == sorted(coverage)
    assert coverage[-1] > 0


def test_the_bound_is_the_one_of_the_tables() -> None:
    # "Rule of three": no error in n measured, certainty 0.95, is about 3 / n.
    bound = highest_risk(np.array([0, 100]), np.array([100, 100]), 0.95)

    assert bound[0] == pytest.approx(1 - 0.05 ** (1 / 100))
    assert bound[1] == 1
