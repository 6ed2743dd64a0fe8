"""Measures of how well confidence tells right answers from wrong ones. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CALIBRATION_BINS = 10


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
