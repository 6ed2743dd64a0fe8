"""Confidence fitted to a corpus, and the thresholds that keep its error budget. Pure.

The confidence that is shipped was fitted on other corpora. Questions whose answers
the editors know correct it: a logistic regression whose starting point is the shipped
confidence, and which few questions move little. What the correction promises is
measured on questions that it was not fitted to.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import NotReady
from knowledge.measures import threshold_for_error_budget

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

# Below this many questions, or without both right and wrong answers, nothing is fitted.
FEWEST_QUESTIONS = 50
N_FOLDS = 10
# How hard weights are drawn to zero, and the slope to that of the shipped confidence.
_DRAW = 10.0
_FURTHEST = 4.0
_EDGE = 1e-4
# Above every confidence: nothing is answered.
NEVER = 1.01


@dataclass(frozen=True, slots=True)
class Correction:
    """What the questions of a corpus change in the confidence.

    Attributes:
        intercept: Added to the log odds.
        slope: Times the log odds.
        mean, scale: Of each part of the evidence, where it was fitted.
        weights: Of each part, in deviations.
    """

    intercept: float = 0.0
    slope: float = 1.0
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()

    def apply(self, confidence: Floats, evidence: Floats) -> Floats:
        """Correct confidences, shape (n,), with evidence of shape (n, n_features).

        Raises:
            NotReady: The evidence is not of the release that fitted this.
        """
        odds = self.intercept + self.slope * _log_odds(confidence)
        if self.weights:
            if evidence.shape[-1] != len(self.weights):
                raise NotReady(
                    "the index was measured by another release; run"
                    " `guichet knowledge publish`"
                )
            odds = odds + _standard(evidence, self.mean, self.scale) @ self.weights
        corrected: Floats = 1 / (1 + np.exp(-odds))
        return corrected

    def as_json(self) -> dict[str, Any]:
        return {
            "intercept": round(self.intercept, 6),
            "slope": round(self.slope, 6),
            "mean": [round(value, 6) for value in self.mean],
            "scale": [round(value, 6) for value in self.scale],
            "weights": [round(value, 6) for value in self.weights],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Correction:
        return cls(
            stored["intercept"],
            stored["slope"],
            tuple(stored["mean"]),
            tuple(stored["scale"]),
            tuple(stored["weights"]),
        )


def fit_correction(confidence: Floats, evidence: Floats, right: Truths) -> Correction:
    """Fit a correction; none where the questions are too few to tell."""
    if len(right) < FEWEST_QUESTIONS or right.all() or not right.any():
        return Correction()
    from scipy.optimize import minimize

    mean, scale = evidence.mean(axis=0), evidence.std(axis=0) + 1e-6
    odds, standard = _log_odds(confidence), _standard(evidence, mean, scale)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        intercept, stretch, weights = parameters[0], parameters[1], parameters[2:]
        z = intercept + (1 + stretch) * odds + standard @ weights
        wrongness = np.logaddexp(0, np.where(right, -z, z)).sum()
        drawn = stretch**2 + (weights**2).sum()
        slope = 1 / (1 + np.exp(-z)) - right
        gradient = np.concatenate(
            [
                [slope.sum(), slope @ odds + _DRAW * stretch],
                standard.T @ slope + _DRAW * weights,
            ]
        )
        return float(wrongness + _DRAW / 2 * drawn), gradient

    start = np.zeros(2 + evidence.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return Correction(
        float(found[0]),
        float(1 + found[1]),
        tuple(mean.tolist()),
        tuple(scale.tolist()),
        tuple(found[2:].tolist()),
    )


def held_out(
    confidence: Floats, evidence: Floats, right: Truths, groups: Iterable[str]
) -> Floats:
    """Corrected confidences, each by a correction that its question had no part in.

    Args:
        confidence: As shipped.
        evidence: Shape (n, n_features).
        right: Whether the first passage answers.
        groups: Questions of one group are left out together, so that a translation
            tells nothing of its original. A group's fold depends on its name alone.
    """
    folds = np.array([zlib.crc32(group.encode()) % N_FOLDS for group in groups])
    corrected = np.empty(len(confidence))
    for fold in np.unique(folds):
        out = folds == fold
        model = fit_correction(confidence[~out], evidence[~out], right[~out])
        corrected[out] = model.apply(confidence[out], evidence[out])
    return corrected


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """From which confidence on something is said, and what that rests on.

    Attributes:
        value: 0 to 1; `NEVER` when nothing keeps the budget.
        basis: `own` questions of the language promise the budget; `pooled`, those of
            all languages do, and its own do not speak against it; `cautious`, neither
            do, and the confidence is taken at its word.
    """

    value: float
    basis: str

    def as_json(self) -> dict[str, Any]:
        return {"value": round(self.value, 6), "basis": self.basis}


def choose_thresholds(
    confidence: Floats,
    right: Truths,
    languages: Sequence[str],
    *,
    budget: float,
    certainty: float,
) -> dict[str | None, Threshold]:
    """A threshold for each language; `None` names that of languages without questions.

    Args:
        confidence: Held out, for each question.
        right: Whether what would be said is right.
        languages: Of the questions.
        budget: Largest share of wrong ones among what is said.
        certainty: With which the budget is to be kept.
    """
    pooled = threshold_for_error_budget(confidence, right, budget, certainty=certainty)
    fallback = (
        Threshold(value=pooled.threshold, basis="pooled")
        if pooled
        # A calibrated confidence from here on is wrong at most that often.
        else Threshold(
            value=max(1 - budget, _raised(0, confidence, right, budget)),
            basis="cautious",
        )
    )
    chosen: dict[str | None, Threshold] = {None: fallback}
    spoken = np.array(languages)
    for language in dict.fromkeys(languages):
        own = spoken == language
        point = threshold_for_error_budget(
            confidence[own], right[own], budget, certainty=certainty
        )
        if point is not None and own.sum() >= FEWEST_QUESTIONS:
            chosen[language] = Threshold(value=point.threshold, basis="own")
            continue
        value = _raised(fallback.value, confidence[own], right[own], budget)
        chosen[language] = Threshold(value=value, basis=fallback.basis)
    return chosen


def _raised(start: float, confidence: Floats, right: Truths, budget: float) -> float:
    """The lowest threshold from `start` on that was seen to keep the budget."""
    for value in (start, *np.unique(confidence[confidence > start])):
        said = confidence >= value
        if not said.any() or (~right[said]).mean() <= budget:
            return float(value)
    return NEVER


def _log_odds(confidence: Floats) -> Floats:
    inside = np.clip(confidence, _EDGE, 1 - _EDGE)
    odds: Floats = np.log(inside / (1 - inside))
    return odds


def _standard(evidence: Floats, mean: Any, scale: Any) -> Floats:
    standard: Floats = np.clip(
        (evidence - np.asarray(mean)) / np.asarray(scale), -_FURTHEST, _FURTHEST
    )
    return standard
