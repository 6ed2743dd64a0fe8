"""How sure an answer is: the probability that the first passage found is right.

A cosine says little: those of e5 lie between 0.7 and 0.9 whatever is asked. What
tells are how every word of the question finds its like, how far the first passage
stands out from the others, and whether vector, tokens and words agree on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import BadInput, NotReady
from knowledge.index import Closeness
from knowledge.interaction import TokenMatch

# Similarity from which a token of the question counts as found.
LIKE = 0.5
# Centred cosine from which two passages say the same: the FAQ, and the terms.
SAME = 0.65
# Difference of scores that makes a rival count about a third.
NEAR = 4.0

SHIPPED = Path(__file__).with_name("confidence.json")

Floats = NDArray[np.float32]
Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known about the first passage found, for the confidence in it.

    Attributes:
        dense: Its cosine.
        centred: The cosine without what all texts of the corpus share.
        weighted: Mean similarity of the question's tokens, in the best stretch, by
            rarity.
        missing: Share of the question's weight that finds nothing like it.
        opening: How the first words of the passage find their like in the question.
        grams: Share of runs of characters covered; 0 across languages.
        stems: Share of stems covered; 0 across languages.
        margin: Score over that of the next best that says something else; over the
            last where none does.
        rivals: How many others come close, those that say the same left out:
            logarithm, 0 when none does and falling.
        grams_margin: Share of runs of characters over the best of the others;
            negative when it loses.
        length: Logarithm of the number of tokens asked.
    """

    dense: float
    centred: float
    weighted: float
    missing: float
    opening: float
    grams: float
    stems: float
    margin: float
    rivals: float
    grams_margin: float
    length: float

    @classmethod
    def of(
        cls,
        order: NDArray[np.intp],
        scores: Floats,
        closeness: Closeness,
        match: TokenMatch,
        grams: Floats,
        stems: Floats,
        rivals: float,
    ) -> Evidence:
        """Gather the evidence for the first of `order`; arrays are by candidate.

        `rivals` is what the function of that name gives.
        """
        top = int(order[0])
        others = scores[_differing(closeness.directions, top)]
        return cls(
            dense=float(closeness.dense[top]),
            centred=float(closeness.centred[top]),
            weighted=float(match.weighted[top]),
            missing=float(match.weights[match.tokens[:, top] < LIKE].sum()),
            opening=float(match.opening[top]),
            grams=float(grams[top]),
            stems=float(stems[top]),
            margin=float(scores[top] - (others.max() if len(others) else scores.min())),
            rivals=rivals,
            grams_margin=_lead(grams, top),
            length=float(np.log1p(len(match.weights))),
        )

    def as_vector(self) -> NDArray[np.float64]:
        return np.array(astuple(self), dtype=np.float64)


FEATURES = tuple(field.name for field in fields(Evidence))
# What is far off by vector and words is wrong; from the usual closeness on, more of it
# tells little.
_CLOSENESS = [FEATURES.index(name) for name in ("dense", "weighted")]


def rivals(scores: Floats, directions: Floats, top: int) -> float:
    """How many other candidates come close to the first, as in `Evidence`.

    Args:
        scores: Of every candidate, by vector and words.
        directions: As in `Closeness`, of every candidate.
        top: Place of the first passage found.
    """
    differs = _differing(directions, top)
    return -float(np.log1p(np.exp((scores[differs] - scores[top]) / NEAR).sum()))


def _differing(directions: Floats, top: int) -> NDArray[np.bool_]:
    """Which candidates say something else than the first passage found."""
    differs: NDArray[np.bool_] = directions @ directions[top] < SAME
    differs[top] = False
    return differs


def _lead(scores: Floats, top: int) -> float:
    others = np.delete(scores, top)
    return float(scores[top] - others.max()) if len(others) else 0.0


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """A logistic regression over `Evidence` and how far its closeness falls short.

    Attributes:
        mean: Of each feature where the model was fitted.
        scale: Deviation of each feature there.
        weights: By feature, in deviations; then of the shortfall, which is how far
            `dense` and `weighted` together lie below their means, 0 above.
        intercept: Log odds of average evidence.
        fitted_on: Names of the sets of questions, for the record.
    """

    mean: Weights
    scale: Weights
    weights: Weights
    intercept: float
    fitted_on: tuple[str, ...] = ()

    def confidence(self, evidence: Evidence) -> float:
        """Probability, 0 to 1, that the first passage found is right."""
        return self.of_vector(evidence.as_vector())

    def of_vector(self, evidence: Weights) -> float:
        """As `confidence`, for evidence as a vector in the order of `FEATURES`."""
        design = _design(evidence, self.mean, self.scale)
        log_odds = float(self.weights @ design) + self.intercept
        return float(1 / (1 + np.exp(-log_odds)))

    def as_json(self) -> dict[str, Any]:
        return {
            "fitted_on": list(self.fitted_on),
            "intercept": round(self.intercept, 4),
            "features": {
                name: {
                    "mean": round(float(self.mean[i]), 5),
                    "scale": round(float(self.scale[i]), 5),
                    "weight": round(float(self.weights[i]), 4),
                }
                for i, name in enumerate(FEATURES)
            },
            "shortfall": round(float(self.weights[-1]), 4),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ConfidenceModel:
        """Raises `NotReady` when the features are not those of this release."""
        features = stored["features"]
        if set(features) != set(FEATURES) or "shortfall" not in stored:
            raise NotReady(
                "the confidence model was fitted for another release; run"
                " `guichet tune`"
            )

        def column(name: str) -> Weights:
            return np.array([features[feature][name] for feature in FEATURES])

        return cls(
            column("mean"),
            column("scale"),
            np.append(column("weight"), stored["shortfall"]),
            float(stored["intercept"]),
            tuple(stored["fitted_on"]),
        )


@cache
def shipped_model() -> ConfidenceModel:
    """The model that comes with Guichet, fitted by `guichet tune` on public sets."""
    return ConfidenceModel.from_json(json.loads(SHIPPED.read_text("utf-8")))


def unfitted_model() -> ConfidenceModel:
    """A model that is always half sure, for gathering evidence to fit one."""
    n = len(FEATURES)
    return ConfidenceModel(np.zeros(n), np.ones(n), np.zeros(n + 1), 0.0)


def _design(evidence: Weights, mean: Weights, scale: Weights) -> Weights:
    """What the weights apply to, shape (..., n_features + 1)."""
    standard = np.clip((evidence - mean) / scale, -4, 4)
    shortfall = np.minimum(standard[..., _CLOSENESS].sum(axis=-1, keepdims=True), 0)
    return np.concatenate([standard, shortfall], axis=-1)


def fit(
    samples: Mapping[str, tuple[NDArray[np.float64], NDArray[np.bool_]]],
) -> ConfidenceModel:
    """Fit a model to sets of questions, each set counting as much as any other.

    Args:
        samples: By the set's name, evidence of shape (n, n_features) and whether the
            first passage was right.

    Raises:
        BadInput: No set has both right and wrong answers.
    """
    from sklearn.linear_model import LogisticRegression

    used = {name: sample for name, sample in samples.items() if len(sample[1])}
    evidence = np.concatenate([rows for rows, _right in used.values()])
    right = np.concatenate([right for _rows, right in used.values()])
    if right.all() or not right.any():
        raise BadInput("fitting needs both right and wrong answers")
    shares = [np.full(len(right), 1 / len(right)) for _rows, right in used.values()]
    mean, scale = evidence.mean(axis=0), evidence.std(axis=0) + 1e-6
    regression = LogisticRegression(C=0.02, max_iter=2000)
    weights = np.concatenate(shares) * len(right) / len(used)
    regression.fit(_design(evidence, mean, scale), right, sample_weight=weights)
    return ConfidenceModel(
        mean, scale, regression.coef_[0], float(regression.intercept_[0]), tuple(used)
    )
