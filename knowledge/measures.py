"""Measures of how well confidence tells right answers from wrong ones. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CALIBRATION_BINS = 10
CERTAINTY = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskPoint:
    """What answering from one confidence upwards means.

    Attributes:
        threshold: Questions with at least this confidence are answered.
        coverage: Share of all questions answered.
        risk: Share of the answers given that were wrong.
        highest_risk: What the risk is below with the certainty asked for, seen that
            so many questions were measured; never below `risk`.
        n_answered: How many questions were answered.
        n_wrong: How many of those wrongly.
    """

    threshold: float
    coverage: float
    risk: float
    highest_risk: float
    n_answered: int
    n_wrong: int


def auroc(confidence: NDArray[Any], right: NDArray[np.bool_]) -> float | None:
    """Chance that a right answer has more confidence than a wrong one.

    Ties count half; `None` when all are right or all wrong.
    """
    n_right = int(right.sum())
    n_wrong = len(right) - n_right
    if not n_right or not n_wrong:
        return None
    _values, place, counts = np.unique(
        confidence, return_inverse=True, return_counts=True
    )
    # Equal confidences share the mean of their ranks.
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    above = ranks[right].sum() - n_right * (n_right + 1) / 2
    return float(above / (n_right * n_wrong))


def coverage_at_precision(
    confidence: NDArray[Any], right: NDArray[np.bool_], precision: float
) -> float:
    """The largest share of queries answered with at least this precision."""
    answered, precisions, _thresholds = sweep(confidence, right)
    return float(np.max(answered, where=precisions >= precision, initial=0.0))


def calibration_error(confidence: NDArray[Any], right: NDArray[np.bool_]) -> float:
    """Expected calibration error over ten bins of equal width."""
    bins = np.clip((confidence * CALIBRATION_BINS).astype(int), 0, CALIBRATION_BINS - 1)
    error = 0.0
    for i in range(CALIBRATION_BINS):
        inside = bins == i
        if inside.any():
            gap = abs(float(confidence[inside].mean()) - float(right[inside].mean()))
            error += float(inside.mean()) * gap
    return error


def sweep(
    confidence: NDArray[Any], right: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Coverage, precision and threshold at every distinct confidence, falling."""
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    is_last = np.append(np.diff(sorted_confidence) != 0, True)
    n_answered = np.arange(1, len(order) + 1)
    precisions = np.cumsum(right[order]) / n_answered
    coverage = n_answered / len(order)
    return coverage[is_last], precisions[is_last], sorted_confidence[is_last]


def risk_coverage(
    confidence: NDArray[Any],
    right: NDArray[np.bool_],
    *,
    certainty: float = CERTAINTY,
) -> list[RiskPoint]:
    """The risk-coverage curve: one point for every distinct confidence, falling.

    Args:
        confidence: Of the first answer to each question.
        right: Whether it was right; false where nothing answers the question.
        certainty: Of the upper bound of the risk, between 0 and 1.
    """
    coverage, precisions, thresholds = sweep(confidence, right)
    n_answered = np.rint(coverage * len(right)).astype(int)
    n_wrong = np.rint((1 - precisions) * n_answered).astype(int)
    highest = highest_risk(n_wrong, n_answered, certainty)
    return [
        RiskPoint(
            threshold=float(thresholds[i]),
            coverage=float(coverage[i]),
            risk=float(n_wrong[i] / n_answered[i]),
            highest_risk=float(highest[i]),
            n_answered=int(n_answered[i]),
            n_wrong=int(n_wrong[i]),
        )
        for i in range(len(thresholds))
    ]


def threshold_for_error_budget(
    confidence: NDArray[Any],
    right: NDArray[np.bool_],
    budget: float,
    *,
    certainty: float = CERTAINTY,
) -> RiskPoint | None:
    """The lowest threshold at which at most `budget` of the answers are wrong.

    Measured on few questions, "none of eight was wrong" promises little: what must
    stay within the budget is therefore not the share seen but the upper bound of
    Clopper and Pearson, which the true share is below with `certainty`. At 0.8 and a
    budget of 0.05, that takes 32 answers without an error, or 59 with one. Since one
    threshold is picked from many, the promise is a little weaker than stated; a
    higher `certainty` buys it back with fewer questions answered.

    Args:
        confidence: Of the first answer to each question.
        right: Whether it was right; false where nothing answers the question.
        budget: Largest share of wrong answers among those given, 0 to 1.
        certainty: Between 0 and 1.

    Returns:
        The point of the curve; `None` when no threshold can promise the budget,
        because too many answers are wrong or too few questions were measured.
    """
    kept = [
        point
        for point in risk_coverage(confidence, right, certainty=certainty)
        if point.highest_risk <= budget
    ]
    return kept[-1] if kept else None


def highest_risk(
    n_wrong: NDArray[np.int_], n_answered: NDArray[np.int_], certainty: float
) -> NDArray[np.float64]:
    """Upper end of the one-sided Clopper-Pearson interval of a share."""
    from scipy.special import betaincinv

    n_right = n_answered - n_wrong
    bound = betaincinv(n_wrong + 1, np.maximum(n_right, 1), certainty)
    return np.where(n_right == 0, 1.0, bound)
