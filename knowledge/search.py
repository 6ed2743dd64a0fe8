"""Finding passages: dense, late-interaction and lexical scores, joined.

The closest vectors and the best matches of words are candidates; the best of them are
scored by their vectors, by their tokens and by their words. Words do not match across
languages, so the lexical part counts only where question and passage share theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.chunking import Passage
from knowledge.confidence import ConfidenceModel, Evidence, rivals, shipped_model
from knowledge.embedding import Embedder, Encoding
from knowledge.errors import BadInput
from knowledge.index import PassageIndex

DENSE_CANDIDATES = 64
LEXICAL_CANDIDATES = 32
# Of the candidates, how many are compared token by token, which takes most time.
# Twelve found the same first passages on every public set.
LOOKED_AT = 16

# What chooses those: the vector and the words alone.
FIRST_DENSE_WEIGHT = 16.0
FIRST_CENTRED_WEIGHT = 4.0
FIRST_GRAMS_WEIGHT = 4.0
FIRST_STEMS_WEIGHT = 3.0

# Chosen on public question sets of several families; the optimum is flat.
DENSE_WEIGHT = 10.0
CENTRED_WEIGHT = 2.5
WINDOW_WEIGHT = 3.0
WEIGHTED_WINDOW_WEIGHT = 3.0
GRAMS_WEIGHT = 2.6
STEMS_WEIGHT = 1.8


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
        candidates = self._candidates(question, language, encoding, among)
        if not len(candidates):
            return Found([], 0.0, None)
        closeness = self._index.closeness(encoding.vector, candidates)
        grams, stems = self._index.coverage(question, language, candidates)
        first = (
            FIRST_DENSE_WEIGHT * closeness.dense
            + FIRST_CENTRED_WEIGHT * closeness.centred
            + FIRST_GRAMS_WEIGHT * grams
            + FIRST_STEMS_WEIGHT * stems
        )
        n = max(LOOKED_AT, top_k)
        kept = np.sort(np.argsort(-first, kind="stable")[:n])
        candidates, close = candidates[kept], closeness.at(kept)
        grams, stems = grams[kept], stems[kept]
        match = self._index.tokens.match(encoding, language, candidates)
        scores = (
            DENSE_WEIGHT * close.dense
            + CENTRED_WEIGHT * close.centred
            + WINDOW_WEIGHT * match.window
            + WEIGHTED_WINDOW_WEIGHT * match.weighted
            + GRAMS_WEIGHT * grams
            + STEMS_WEIGHT * stems
        )
        order = np.argsort(-scores, kind="stable")
        n_rivals = rivals(first, closeness.directions, int(kept[order[0]]))
        evidence = Evidence.of(order, scores, close, match, grams, stems, n_rivals)
        hits = [
            Hit(self._index.passages[candidates[i]], float(scores[i]))
            for i in order[:top_k]
        ]
        return Found(hits, self._model.confidence(evidence), evidence)

    def _candidates(
        self,
        question: str,
        language: str | None,
        encoding: Encoding,
        among: NDArray[np.bool_] | None,
    ) -> NDArray[np.intp]:
        """Positions worth a closer look, rising."""
        close = self._index.nearest(encoding.vector, DENSE_CANDIDATES, among)
        sharing = self._index.sharing_words(
            question, language, LEXICAL_CANDIDATES, among
        )
        return np.union1d(close, sharing).astype(np.intp)
