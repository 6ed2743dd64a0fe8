"""Embeddings without what tells languages apart, so that tellings can be compared.

A multilingual model puts texts of one language near one another, whatever they are
about. The directions in which the languages' means lie are measured on texts of all
of them, and taken out. Stored embeddings stay as the model gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class LanguageFree:
    """Takes the language out of embeddings of one model.

    Attributes:
        mean: Shape (dim,), of all languages.
        axes: Shape (n_axes, dim), orthonormal: where the languages lie apart.
    """

    mean: Array
    axes: Array

    @classmethod
    def fit(cls, vectors: Array, languages: Sequence[str]) -> LanguageFree:
        """Measure languages on texts of each: rows of `vectors`."""
        tags = np.array(languages)
        means = np.stack(
            [vectors[tags == tag].mean(axis=0) for tag in sorted(set(tags))]
        )
        mean = means.mean(axis=0)
        axes = np.linalg.svd(means - mean, full_matrices=False)[2][: len(means) - 1]
        return cls(mean.astype(np.float32), axes.astype(np.float32))

    @classmethod
    def read(cls, path: Path) -> LanguageFree:
        """What `write` has written."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(stored["mean"], stored["axes"])

    def write(self, path: Path) -> None:
        np.savez(path, mean=self.mean, axes=self.axes)

    def similarity(self, one: Array, other: Array) -> float:
        """Cosine of what is left of two embeddings, -1 to 1."""
        ours, theirs = self._apart(one), self._apart(other)
        lengths = float(np.linalg.norm(ours) * np.linalg.norm(theirs))
        return float(ours @ theirs) / max(lengths, 1e-9)

    def _apart(self, vector: Array) -> Array:
        centred = vector - self.mean
        apart: Array = centred - self.axes.T @ (self.axes @ centred)
        return apart
