"""Finding passages: dense, late-interaction and lexical scores, joined.

The closest vectors and the best matches of words are candidates; each is then scored
by its vector, by its tokens and by its words. Words do not match across languages,
so the lexical part counts only where question and passage share theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.chunking import Passage
from knowledge.confidence import ConfidenceModel, Evidence, shipped_model
from knowledge.embedding import Embedder, Encoding
from knowledge.errors import BadInput
from knowledge.index import PassageIndex, Scores

DENSE_CANDIDATES = 64
LEXICAL_CANDIDATES = 32

# Tuned on public question sets of several families; the optimum is flat.
DENSE_WEIGHT = 0.8
WINDOW_WEIGHT = 0.6
WEIGHTED_WINDOW_WEIGHT = 0.6
GRAMS_WEIGHT = 2.5
STEMS_WEIGHT = 2.5


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found, with its score: higher is closer."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for one question.

    Attributes:
        hits: Best first.
        confidence: Calibrated probability, 0 to 1, that the first hit is right.
        evidence: What the confidence was computed from.
    """

    hits: list[Hit]
    confidence: float
    evidence: Evidence | None


class Searcher:
    """Ranks the passages of an index for a question. Safe to share between threads."""

    def __init__(
        self,
        index: PassageIndex,
        embedder: Embedder,
        model: ConfidenceModel | None = None,
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._model = model or shipped_model()

    def search(
        self,
        question: str,
        *,
        language: str | None,
        top_k: int = 5,
        among: NDArray[np.bool_] | None = None,
    ) -> Found:
        """Find the passages that answer a question.

        Args:
            question: As the customer wrote it.
            language: The question's language; `None` when unknown.
            top_k: At least 1; fewer passages give fewer hits.
            among: Which passages may be found; all by default.

        Returns:
            Hits, ties broken by the order of the passages.

        Raises:
            BadInput: `top_k` below 1.
        """
        if top_k < 1:
            raise BadInput(f"top_k must be at least 1, got {top_k}")
        (encoding,) = self._embedder.encode([question], "query")
        grams, stems = self._index.lexical(question, language)
        candidates = self._candidates(encoding, grams, among)
        if not len(candidates):
            return Found([], 0.0, None)
        dense = self._index.dense(encoding.vector, candidates)
        match = self._index.tokens.match(encoding, language, candidates)
        scores = (
            DENSE_WEIGHT * _standard(dense)
            + WINDOW_WEIGHT * _standard(match.window)
            + WEIGHTED_WINDOW_WEIGHT * _standard(match.weighted)
            + GRAMS_WEIGHT * grams[candidates]
            + STEMS_WEIGHT * stems[candidates]
        )
        order = np.argsort(-scores, kind="stable")
        evidence = Evidence.of(
            order, scores, dense, match, grams[candidates], stems[candidates]
        )
        hits = [
            Hit(self._index.passages[candidates[i]], float(scores[i]))
            for i in order[:top_k]
        ]
        return Found(hits, self._model.confidence(evidence), evidence)

    def _candidates(
        self, encoding: Encoding, grams: Scores, among: NDArray[np.bool_] | None
    ) -> NDArray[np.intp]:
        """Positions worth a closer look, rising."""
        n_dense = DENSE_CANDIDATES
        if among is not None:
            n_dense = int(np.ceil(n_dense * len(among) / max(int(among.sum()), 1)))
            grams = np.where(among, grams, 0)
        dense = self._index.nearest(encoding.vector, n_dense)
        if among is not None:
            dense = dense[among[dense]][:DENSE_CANDIDATES]
        n = min(LEXICAL_CANDIDATES, len(grams))
        lexical = np.argpartition(-grams, n - 1)[:n]
        return np.union1d(dense, lexical[grams[lexical] > 0]).astype(np.intp)


def _standard(scores: Scores) -> Scores:
    """Scores as distances from their mean, in standard deviations."""
    standard: Scores = (scores - scores.mean()) / (scores.std() + np.float32(1e-6))
    return standard
