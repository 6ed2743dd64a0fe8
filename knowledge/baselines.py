"""The usual simple systems, to stand beside search when it is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Embedder, Encoding
from knowledge.errors import BadInput
from knowledge.index import PassageIndex, Scores
from knowledge.lexical import LexicalIndex, stemmer

RETRIEVERS = ("bm25", "dense", "rrf")
INTERACTION = "interaction"
BASELINES = (*RETRIEVERS, INTERACTION)
RERANKED = 64
_RRF_K = 60


def check_baselines(names: Sequence[str]) -> None:
    """Raises `BadInput` for a name that is none of `BASELINES`."""
    unknown = sorted(set(names) - set(BASELINES))
    if unknown:
        raise BadInput(
            f"unknown baseline {', '.join(unknown)}; known: {', '.join(BASELINES)}"
        )


class Baselines:
    """Scores of every passage of an index, by the name of the system.

    `bm25` is stemmed, `dense` the cosine alone, `rrf` their reciprocal rank fusion,
    and `interaction` the closest passages ranked anew by the weighted sum of each
    token's best match, nothing of which was fitted.
    """

    def __init__(self, index: PassageIndex, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder
        self._stemmed = {}
        for language in index.manifest.languages:
            rows = np.flatnonzero(index.languages == language)
            texts = [
                f"{index.passages[i].heading} {index.passages[i].text}" for i in rows
            ]
            self._stemmed[language] = (
                rows,
                LexicalIndex.build(texts, stemmer(language)),
            )

    def scores(
        self, question: str, language: str, names: Sequence[str]
    ) -> dict[str, NDArray[Any]]:
        """Scores of all passages, each of shape (n_passages,); higher is closer."""
        (encoding,) = self._embedder.encode([question], "query")
        dense = self._index.dense(encoding.vector)
        bm25 = self._bm25(question)
        scores: dict[str, NDArray[Any]] = {
            "bm25": bm25,
            "dense": dense,
            "rrf": 1 / (_RRF_K + _positions(bm25)) + 1 / (_RRF_K + _positions(dense)),
        }
        if INTERACTION in names:
            scores[INTERACTION] = self._interaction(encoding, language, dense)
        return {name: scores[name] for name in names}

    def _bm25(self, question: str) -> Scores:
        scores = np.zeros(len(self._index.passages), dtype=np.float32)
        for rows, lexical in self._stemmed.values():
            scores[rows] = lexical.scores(question)
        return scores

    def _interaction(
        self, encoding: Encoding, language: str, dense: Scores
    ) -> NDArray[Any]:
        close = np.sort(np.argsort(-dense, kind="stable")[:RERANKED])
        match = self._index.tokens.match(encoding, language, close)
        # A token's similarity is -1 or more: what is not looked at comes last.
        scores = np.full(len(dense), -2.0)
        scores[close] = match.weights @ match.tokens
        return scores


def _positions(scores: Scores) -> NDArray[np.float64]:
    """Rank of each score, from 1; equal scores in their order."""
    positions = np.empty(len(scores))
    positions[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return positions
