"""Making scores into probabilities, on examples that a network had not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_expit, log_softmax

from actions.classification.examples import Labels
from actions.classification.network import Calibration, Logits

SCALES = (0.05, 5.0)


def fit_calibration(unseen: Sequence[Logits], labels: Labels) -> Calibration:
    """Fit scale and shift (complaint) and scales (ground, category) by likelihood.

    Args:
        unseen: Scores of every example by a network that was trained without it.
        labels: Of the same examples, in the same order.
    """
    complaint = np.array([each.complaint for each in unseen])
    has_ground = labels.ground >= 0
    return Calibration(
        complaint=_fit_logistic(complaint, labels.complaint),
        ground=_fit_scale(
            np.stack([each.ground for each in unseen])[has_ground],
            labels.ground[has_ground],
        ),
        category=_fit_scale(
            np.stack([each.category for each in unseen]), labels.category
        ),
    )


def _fit_logistic(
    logits: NDArray[np.float64], is_true: NDArray[np.int64]
) -> tuple[float, float]:
    signs = np.where(is_true > 0, 1.0, -1.0)

    def cost(parameters: NDArray[np.float64]) -> float:
        scale, shift = parameters
        return float(-log_expit(signs * (scale * logits + shift)).mean())

    best = minimize(cost, x0=np.array([1.0, 0.0]), bounds=[SCALES, (-3.0, 3.0)])
    return float(best.x[0]), float(best.x[1])


def _fit_scale(logits: NDArray[np.float32], classes: NDArray[np.int64]) -> float:
    rows = np.arange(len(classes))

    def cost(scale: float) -> float:
        return float(-log_softmax(logits * scale, axis=1)[rows, classes].mean())

    return float(minimize_scalar(cost, bounds=SCALES, method="bounded").x)
