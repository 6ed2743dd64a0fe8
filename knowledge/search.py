"""Finding passages: dense and lexical scores, joined with regard to language.

Words do not match across languages, so the lexical score counts only where question
and passage share theirs; across languages the dense score stands alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.chunking import Passage
from knowledge.embedding import Embedder
from knowledge.errors import BadInput
from knowledge.index import PassageIndex, Scores

DENSE_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found, with its score: higher is closer."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """Hits of one question, best first, and the confidence that the first is right."""

    hits: list[Hit]
    confidence: float


class Searcher:
    """Ranks the passages of an index for a question. Safe to share between threads."""

    def __init__(self, index: PassageIndex, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder

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

        Raises:
            BadInput: `top_k` below 1.
        """
        if top_k < 1:
            raise BadInput(f"top_k must be at least 1, got {top_k}")
        query = self._embedder.embed_queries([question])[0]
        dense = self._index.dense(query)
        scores = _fuse(dense, self._lexical(question, language))
        if among is not None:
            scores = np.where(among, scores, -np.inf)
        order = _best(scores, top_k)
        hits = [Hit(self._index.passages[i], float(scores[i])) for i in order]
        return Found(hits, _confidence(float(dense[order[0]])) if hits else 0.0)

    def _lexical(self, question: str, language: str | None) -> Scores:
        if language is None:
            return np.zeros(len(self._index.passages), dtype=np.float32)
        return self._index.lexical(question, language)


def _fuse(dense: Scores, lexical: Scores) -> Scores:
    scores = DENSE_SHARE * _spread(dense) + (1 - DENSE_SHARE) * _spread(lexical)
    return np.asarray(scores, dtype=np.float32)


def _spread(scores: Scores) -> Scores:
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)


def _best(scores: Scores, top_k: int) -> list[int]:
    """Positions of the highest scores; ties go to the earlier passage."""
    order = np.argsort(-scores, kind="stable")[:top_k]
    return [int(i) for i in order if np.isfinite(scores[i])]


def _confidence(dense: float) -> float:
    return float(1 / (1 + np.exp(-(dense - 0.85) * 40)))
