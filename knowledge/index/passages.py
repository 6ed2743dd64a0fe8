"""Passages with all that is needed to score them against a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.chunking import Passage
from knowledge.embedding import Embeddings
from knowledge.interaction import TokenStore
from knowledge.lexical import LexicalIndex

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an index was made from.

    Attributes:
        format: Version of the layout of the folder.
        fingerprint: Of the embedding model.
        dim: Length of its vectors.
        metric: Always `cosine`.
        languages: Of the passages, sorted.
        n_passages: How many there are.
        pages: Version and content hash of each page, by `page/language`.
        quality: What the editors' questions measured, once they were asked.
    """

    format: int
    fingerprint: str
    dim: int
    metric: str
    languages: tuple[str, ...]
    n_passages: int
    pages: dict[str, dict[str, Any]]
    quality: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Closeness:
    """How close a question's vector is to some passages, by their closest segment.

    Attributes:
        dense: Shape (n_passages,). Cosine.
        centred: Shape (n_passages,). Cosine of what is left of both when the mean of
            questions and that of passages are taken off: all texts of a corpus share
            a large part, which tells nothing.
        directions: Shape (n_passages, dim), unit length: the passages so centred.
    """

    dense: Scores
    centred: Scores
    directions: Embeddings

    def at(self, places: NDArray[np.intp]) -> Closeness:
        """The same for some of the passages."""
        return Closeness(
            self.dense[places], self.centred[places], self.directions[places]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an index is made of, besides its passages.

    Attributes:
        vectors: FAISS index of segments; inner product of unit vectors is cosine.
        owners: Shape (n_segments,). Position of each segment's passage, rising.
        centres: Shape (2, dim). Means of vectors of questions, and of passages.
        tokens: For late interaction.
        grams, stems: BM25 of each language's passages.
    """

    manifest: Manifest
    vectors: Any
    owners: NDArray[np.int32]
    centres: Embeddings
    tokens: TokenStore
    grams: dict[str, LexicalIndex]
    stems: dict[str, LexicalIndex]


class PassageIndex:
    """Passages with all that is needed to score them against a question."""

    def __init__(self, passages: Sequence[Passage], parts: Parts) -> None:
        self.passages = tuple(passages)
        self.manifest = parts.manifest
        self.tokens = parts.tokens
        self.parts = parts
        self._first_segment = np.searchsorted(
            parts.owners, np.arange(len(passages) + 1)
        )
        self.languages = np.array([passage.language for passage in passages])
        self._rows = {
            language: np.flatnonzero(self.languages == language)
            for language in self.manifest.languages
        }

    def nearest(
        self, query: Embeddings, n: int, among: NDArray[np.bool_] | None = None
    ) -> NDArray[np.intp]:
        """Positions of about the `n` passages whose vectors are closest.

        Args:
            query: Shape (dim,), unit length.
            n: At least 1.
            among: Which passages may be found; all by default.
        """
        owners = self.parts.owners
        n_segments = 2 * n
        if among is not None:
            n_segments = -(-n_segments * len(among) // max(int(among.sum()), 1))
        n_segments = min(len(owners), n_segments)
        _similarity, segments = self.parts.vectors.search(query[None, :], n_segments)
        found = owners[segments[0][segments[0] >= 0]]
        if among is not None:
            found = found[among[found]]
        _unique, first = np.unique(found, return_index=True)
        closest: NDArray[np.intp] = found[np.sort(first)][:n].astype(np.intp)
        return closest

    def closeness(self, query: Embeddings, passages: NDArray[np.intp]) -> Closeness:
        """Compare a question with passages.

        Args:
            query: Shape (dim,), unit length.
            passages: Positions, at least one.
        """
        vectors, starts, lengths = self._segments_of(passages)
        asked_mean, passage_mean = self.parts.centres
        towards = _unit(query - asked_mean)
        # Of rows of unit length less the mean, without making them: they are many.
        off = np.vecdot(vectors, towards) - passage_mean @ towards
        along = np.vecdot(vectors, passage_mean)
        square = 1 + passage_mean @ passage_mean - 2 * along
        centred = off / np.sqrt(np.maximum(square, np.float32(1e-9)))
        best: Scores = np.maximum.reduceat(centred, starts)
        is_best = centred == np.repeat(best, lengths)
        owners = np.repeat(np.arange(len(passages)), lengths)[is_best]
        _unique, first = np.unique(owners, return_index=True)
        dense: Scores = np.maximum.reduceat(np.vecdot(vectors, query), starts)
        directions = _unit(vectors[is_best][first] - passage_mean)
        return Closeness(dense, best, directions)

    def dense(self, query: Embeddings) -> Scores:
        """Cosine of a query with every passage: that of its closest segment.

        Args:
            query: Shape (dim,), unit length.
        """
        vectors, starts, _lengths = self._segments_of(np.arange(len(self.passages)))
        best: Scores = np.maximum.reduceat(vectors @ query, starts)
        return best

    def likeness(self, passages: NDArray[np.intp]) -> Scores:
        """How close in meaning the first passage is to each, by their openings.

        Args:
            passages: Positions, at least one.

        Returns:
            Shape (n_passages,). Cosine without what all passages share.
        """
        vectors = self.parts.vectors.reconstruct_batch(self._first_segment[passages])
        directions = _unit(vectors - self.parts.centres[1])
        likeness: Scores = directions @ directions[0]
        return likeness

    def _segments_of(
        self, passages: NDArray[np.intp]
    ) -> tuple[Embeddings, NDArray[np.intp], NDArray[np.intp]]:
        """Vectors of the segments of passages; where each one's begin; how many."""
        first = self._first_segment[passages]
        lengths = self._first_segment[passages + 1] - first
        starts = np.cumsum(lengths) - lengths
        segments = np.arange(lengths.sum()) + np.repeat(first - starts, lengths)
        return self.parts.vectors.reconstruct_batch(segments), starts, lengths

    def sharing_words(
        self,
        question: str,
        language: str | None,
        n: int,
        among: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.intp]:
        """Positions of at most `n` passages with the question's runs of characters.

        None in another language than the question's.
        """
        if language not in self._rows:
            return np.empty(0, dtype=np.intp)
        rows = self._rows[language]
        allowed = None if among is None else among[rows]
        return rows[self.parts.grams[language].best(question, n, allowed)]

    def coverage(
        self, question: str, language: str | None, passages: NDArray[np.intp]
    ) -> tuple[Scores, Scores]:
        """How much of a question's words and runs of characters passages cover.

        Args:
            question: As asked.
            language: Of the question.
            passages: Positions, rising.

        Returns:
            Runs of characters and stems, 0 to 1, each of shape (n_passages,); 0 for
            passages in another language.
        """
        grams = np.zeros(len(passages), dtype=np.float32)
        stemmed = np.zeros(len(passages), dtype=np.float32)
        if language in self._rows:
            same = np.flatnonzero(self.languages[passages] == language)
            texts = np.searchsorted(self._rows[language], passages[same])
            grams[same] = self.parts.grams[language].coverage(question, texts)
            stemmed[same] = self.parts.stems[language].coverage(question, texts)
        return grams, stemmed


def _unit(rows: Embeddings) -> Embeddings:
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    unit: Embeddings = rows / np.maximum(norms, np.float32(1e-9))
    return unit
