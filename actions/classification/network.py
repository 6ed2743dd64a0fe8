"""The trained model in plain arrays: from tokens and telling words to probabilities.

Each question (complaint, ground, category) looks at the tokens through an attention
of its own, beside their mean and the telling words. Several such networks, each
trained without one part of the examples, are averaged; one scale and shift for each
question, fitted on the examples that a network had not seen, make the average a
probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actions.cases.case import CATEGORIES, GROUNDS

Array = NDArray[np.float32]
QUESTIONS = ("complaint", "ground", "category")
SIZES = {"complaint": 1, "ground": len(GROUNDS), "category": len(CATEGORIES)}
MEAN_SCALE = 2.0
# Chosen by cross-validation: words tell most about what a text is about.
CUE_SCALES = {"complaint": 0.5, "ground": 0.5, "category": 1.0}
CUE_RANGE = 3.0
_GELU = float(np.sqrt(2 / np.pi))


@dataclass(frozen=True)
class Logits:
    """Scores before calibration; ground and category have one for each class."""

    complaint: float
    ground: Array
    category: Array


class Network:
    """Averaged networks; thread-safe.

    Args:
        arrays: As `train` makes them. `token_mean`, `token_scale` (dim,);
            `cue_mean`, `cue_scale` (n_features,); with one row for each network:
            `token_weight` (m, dim, width), `mean_weight`, their biases,
            `attention_weight` (m, width, 3), and for each question its output layer.
    """

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.arrays = dict(arrays)

    def logits(self, tokens: Array, cues: Array) -> Logits:
        """Score one text.

        Args:
            tokens: Shape (n_tokens, dim), as the embedder gives them.
            cues: Shape (n_features,).
        """
        scaled = self.scale_tokens(tokens)
        return self.scaled_logits(scaled, self.token_features(scaled), cues)

    def scale_tokens(self, tokens: Array) -> Array:
        """Standardise tokens; no tokens are one at the origin."""
        a = self.arrays
        if not len(tokens):
            return np.zeros((1, len(a["token_mean"])), dtype=np.float32)
        scaled: Array = (tokens - a["token_mean"]) / a["token_scale"]
        return scaled

    def token_features(self, scaled: Array) -> Array:
        """What each network sees in each token: (m, n_tokens, width)."""
        a = self.arrays
        return _gelu(scaled @ a["token_weight"] + a["token_bias"][:, None])

    def scaled_logits(self, scaled: Array, seen: Array, cues: Array) -> Logits:
        """Score standardised tokens, given their features (or some of both)."""
        a = self.arrays
        mean = scaled.mean(axis=0) * MEAN_SCALE
        whole = _gelu(mean @ a["mean_weight"] + a["mean_bias"])
        telling = np.clip(
            (cues - a["cue_mean"]) / a["cue_scale"], -CUE_RANGE, CUE_RANGE
        )
        telling = np.broadcast_to(telling, (len(whole), len(telling)))
        attention = _softmax(seen @ a["attention_weight"], axis=1)
        scores = {}
        for i, question in enumerate(QUESTIONS):
            looked = np.einsum("mn,mnw->mw", attention[:, :, i], seen)
            features = np.concatenate(
                [looked, whole, telling * CUE_SCALES[question]], axis=1
            )
            output = np.einsum("mf,mfc->mc", features, a[f"{question}_weight"])
            scores[question] = (output + a[f"{question}_bias"]).mean(axis=0)
        return Logits(
            float(scores["complaint"][0]), scores["ground"], scores["category"]
        )


@dataclass(frozen=True)
class Calibration:
    """How scores become probabilities.

    Attributes:
        complaint: Scale and shift before the logistic function.
        ground, category: Scale before the softmax.
    """

    complaint: tuple[float, float]
    ground: float
    category: float

    def complaint_probability(self, logit: float) -> float:
        scale, shift = self.complaint
        return float(1 / (1 + np.exp(-np.clip(scale * logit + shift, -30, 30))))

    def ground_probabilities(self, logits: Array) -> Array:
        """Of each ground, given that it is a complaint."""
        return _softmax(logits * self.ground, axis=-1)

    def grounds_of_complaint(self, logits: Logits) -> Array:
        """Of a complaint on each ground."""
        shares = self.ground_probabilities(logits.ground)
        return shares * self.complaint_probability(logits.complaint)

    def category_probabilities(self, logits: Array) -> Array:
        return _softmax(logits * self.category, axis=-1)


def _gelu(x: Array) -> Array:
    result: Array = 0.5 * x * (1 + np.tanh(_GELU * (x + 0.044715 * x**3)))
    return result


def _softmax(x: Array, axis: int) -> Array:
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    result: Array = powers / powers.sum(axis=axis, keepdims=True)
    return result
