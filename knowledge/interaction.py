"""Late interaction: each word of a question looks for its like in a passage.

One vector for a text blurs what exactly is said. The same forward pass of the model
also gives a vector for each token; the closest token of a passage for every token of
the question, weighted by how rare it is, tells near misses from answers. Tokens of a
side share a large common part, which is taken off by centring, and most of what
remains lies in fewer dimensions, which keeps the store small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Embeddings, Encoding

Floats = NDArray[np.float32]

RANK = 256
BLOCK = 32
# A passage says first what it is about: its heading, or its opening words.
OPENING = 32
MAX_QUERY_TOKENS = 48
_SCALE = 127.0
_SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class TokenMatch:
    """How the tokens of a question find their like in each of some passages.

    Attributes:
        window: Shape (n_passages,). Mean similarity within the best stretch of about
            64 tokens.
        weighted: The same, each token weighted by its rarity.
        tokens: Shape (n_tokens, n_passages). Best similarity of each token anywhere
            in the passage.
        weights: Shape (n_tokens,). Rarity, adding up to 1.
        opening: Shape (n_passages,). The other way round: how the first tokens of the
            passage find their like in the question, on average.
    """

    window: Floats
    weighted: Floats
    tokens: Floats
    weights: Floats
    opening: Floats


@dataclass(frozen=True, slots=True)
class TokenSpace:
    """Where tokens of the two sides are compared: centred, and fewer dimensions.

    Attributes:
        query_mean: Shape (dim,). Taken off a question's tokens.
        passage_mean: Shape (dim,). Taken off a passage's tokens.
        basis: Shape (dim, rank). The directions of most variance.
    """

    query_mean: Floats
    passage_mean: Floats
    basis: Floats

    @classmethod
    def fit(
        cls, questions: Sequence[Encoding], passages: Sequence[Encoding]
    ) -> TokenSpace:
        """Learn the common part of each side from a sample of texts."""
        asked = _some_tokens(questions)
        rows = _some_tokens(passages)
        passage_mean = rows.mean(axis=0)
        centred = _unit(rows - passage_mean).astype(np.float64)
        _values, vectors = np.linalg.eigh(centred.T @ centred)
        basis = vectors[:, ::-1][:, : min(RANK, rows.shape[1])]
        return cls(
            asked.mean(axis=0).astype(np.float32),
            passage_mean.astype(np.float32),
            np.ascontiguousarray(basis, dtype=np.float32),
        )

    def query(self, tokens: Embeddings) -> Floats:
        return _unit((tokens - self.query_mean) @ self.basis)

    def packed_passage(self, tokens: Embeddings) -> NDArray[np.int8]:
        rows = _unit((tokens - self.passage_mean) @ self.basis)
        return np.round(rows * _SCALE).astype(np.int8)


class TokenStore:
    """The tokens of every passage of an index, eight bits a number.

    Args:
        space: What the tokens were packed with.
        tokens: Shape (n_tokens, rank), all passages after each other.
        starts: Shape (n_passages + 1,). Where each passage's tokens begin.
        rarity: By language, sorted token ids and their idf; the last entry is that of
            a token found in no passage.
    """

    def __init__(
        self,
        space: TokenSpace,
        tokens: NDArray[np.int8],
        starts: NDArray[np.int64],
        rarity: dict[str, tuple[NDArray[np.int32], Floats]],
    ) -> None:
        self._space = space
        self._tokens = tokens
        self._starts = starts
        self._rarity = rarity

    def match(
        self, question: Encoding, language: str | None, passages: NDArray[np.intp]
    ) -> TokenMatch:
        """Compare a question with passages, given by their positions.

        Args:
            question: Query side.
            language: Of the question; rarity is known in languages of the index only.
            passages: At least one.
        """
        weights = self._weights(question, language)
        kept = np.sort(np.argsort(-weights, kind="stable")[:MAX_QUERY_TOKENS])
        weights = weights[kept] / max(float(weights[kept].sum()), 1e-9)
        n = len(passages)
        match = TokenMatch(
            window=np.zeros(n, dtype=np.float32),
            weighted=np.zeros(n, dtype=np.float32),
            tokens=np.zeros((len(kept), n), dtype=np.float32),
            weights=weights,
            opening=np.zeros(n, dtype=np.float32),
        )
        lengths = self._starts[passages + 1] - self._starts[passages]
        filled = np.flatnonzero(lengths)
        if len(kept) and len(filled):
            query = self._space.query(question.tokens[kept]) / np.float32(_SCALE)
            # One passage at a time: what is unpacked stays small and near. The few
            # tokens of the question on the right: the other way takes twice as long.
            asked = np.ascontiguousarray(query.T)
            similarity = np.concatenate(
                [self._of(passage) @ asked for passage in passages[filled]]
            )
            by_token = np.ascontiguousarray(similarity.T)
            _reduce(by_token, lengths[filled], filled, match)
        return match

    def match_stretches(
        self,
        question: Encoding,
        language: str | None,
        passage: int,
        lengths: Sequence[int],
    ) -> Floats:
        """How well stretches of one passage match a question, weighted by rarity.

        Args:
            question: Query side.
            language: Of the question.
            passage: Its position.
            lengths: Tokens of each stretch, in order; what is over is left out.
        """
        rows = self._of(passage)
        weights = self._weights(question, language)
        weights = weights / max(float(weights.sum()), 1e-9)
        query = self._space.query(question.tokens) / np.float32(_SCALE)
        similarity = query @ rows.T
        ends = np.cumsum(lengths)
        return np.array(
            [
                weights @ similarity[:, end - length : end].max(axis=1, initial=0)
                for end, length in zip(ends, lengths, strict=True)
            ],
            dtype=np.float32,
        )

    def _of(self, passage: int) -> Floats:
        """Tokens of one passage, shape (n_tokens, rank)."""
        start, end = self._starts[passage], self._starts[passage + 1]
        return np.asarray(self._tokens[start:end], dtype=np.float32)

    def _weights(self, question: Encoding, language: str | None) -> Floats:
        if language is None or language not in self._rarity:
            return np.ones(len(question.token_ids), dtype=np.float32)
        ids, idf = self._rarity[language]
        place = np.searchsorted(ids, question.token_ids)
        is_known = ids[place] == question.token_ids
        return np.where(is_known, idf[place], idf[-1]).astype(np.float32)

    def take(self, passages: NDArray[np.intp]) -> TokenStore:
        """The tokens of passages in another order, one of them many times if asked."""
        starts, ends = self._starts[passages], self._starts[passages + 1]
        tokens = [
            self._tokens[start:end] for start, end in zip(starts, ends, strict=True)
        ]
        return TokenStore(
            self._space,
            np.concatenate(tokens),
            np.concatenate([[0], np.cumsum(ends - starts)]),
            self._rarity,
        )

    def rearranged(
        self, passages: Sequence[int | None], fresh: Sequence[Sequence[Encoding]]
    ) -> TokenStore:
        """The tokens of some passages, others among them that are not here yet.

        Args:
            passages: Positions here; None for one that is new.
            fresh: Of each new one, the encodings of its segments, passage side.
        """
        tokens = [
            np.concatenate([self._space.packed_passage(each.tokens) for each in texts])
            if place is None
            else self._tokens[self._starts[place] : self._starts[place + 1]]
            for place, texts in zip(passages, fresh, strict=True)
        ]
        lengths = [len(rows) for rows in tokens]
        return TokenStore(
            self._space,
            np.concatenate(tokens),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            self._rarity,
        )

    def save(self, file: Path) -> None:
        """Write to `file`, and the tokens beside it."""
        arrays: dict[str, Any] = {
            "query_mean": self._space.query_mean,
            "passage_mean": self._space.passage_mean,
            "basis": self._space.basis,
            "starts": self._starts,
        }
        for language, (ids, idf) in self._rarity.items():
            arrays[f"ids:{language}"] = ids
            arrays[f"idf:{language}"] = idf
        np.savez(file, **arrays)
        np.save(file.with_suffix(".npy"), self._tokens)

    @classmethod
    def load(cls, file: Path) -> TokenStore:
        """Open what `save` wrote.

        The tokens, by far the largest part, stay on disk: the system keeps in memory
        those of the passages that are asked about.
        """
        tokens = np.load(file.with_suffix(".npy"), mmap_mode="r")
        with np.load(file) as stored:
            starts = stored["starts"]
            if starts[-1] != len(tokens):
                raise ValueError("tokens are missing")
            languages = [n.split(":")[1] for n in stored.files if n.startswith("ids:")]
            return cls(
                TokenSpace(
                    stored["query_mean"], stored["passage_mean"], stored["basis"]
                ),
                tokens,
                starts,
                {
                    language: (stored[f"ids:{language}"], stored[f"idf:{language}"])
                    for language in languages
                },
            )


class TokenStoreBuilder:
    """Collects the tokens of passages, one passage after another.

    Args:
        space: What tokens are packed with.
        repeated: Encodings that stand in several passages, packed once.
    """

    def __init__(self, space: TokenSpace, repeated: Sequence[Encoding] = ()) -> None:
        self._space = space
        # Kept, so that no other encoding gets an id of theirs.
        self._repeated = repeated
        self._packed = {id(e): space.packed_passage(e.tokens) for e in repeated}
        self._parts: list[NDArray[np.int8]] = []
        self._lengths: list[int] = []
        self._ids: dict[str, list[NDArray[np.int32]]] = {}

    def add(self, segments: Sequence[Encoding], language: str) -> None:
        """Add the next passage: the encodings of its segments, passage side."""
        packed = [self._pack(segment) for segment in segments]
        self._parts.extend(packed)
        self._lengths.append(sum(len(part) for part in packed))
        ids = np.unique(np.concatenate([segment.token_ids for segment in segments]))
        self._ids.setdefault(language, []).append(ids)

    def _pack(self, segment: Encoding) -> NDArray[np.int8]:
        known = self._packed.get(id(segment))
        return self._space.packed_passage(segment.tokens) if known is None else known

    def finish(self) -> TokenStore:
        starts = np.concatenate([[0], np.cumsum(self._lengths)]).astype(np.int64)
        rarity = {language: _idf(found) for language, found in self._ids.items()}
        return TokenStore(self._space, np.concatenate(self._parts), starts, rarity)


def _reduce(
    similarity: Floats,
    lengths: NDArray[np.int64],
    places: NDArray[np.intp],
    match: TokenMatch,
) -> None:
    """Fill in `match` at some places from the similarity of every pair of tokens.

    A stretch is two blocks of tokens after each other, or the only one.
    """
    n_blocks = -(-lengths // BLOCK)
    first_block = np.concatenate([[0], np.cumsum(n_blocks)[:-1]])
    first_token = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    within = np.arange(n_blocks.sum()) - np.repeat(first_block, n_blocks)
    block_starts = np.repeat(first_token, n_blocks) + within * BLOCK
    blocks = np.maximum.reduceat(similarity, block_starts, axis=1)
    stretches = blocks.copy()
    followed = np.flatnonzero(within < np.repeat(n_blocks, n_blocks) - 1)
    stretches[:, followed] = np.maximum(blocks[:, followed], blocks[:, followed + 1])
    match.window[places] = np.maximum.reduceat(stretches.mean(axis=0), first_block)
    match.weighted[places] = np.maximum.reduceat(match.weights @ stretches, first_block)
    match.tokens[:, places] = np.maximum.reduceat(blocks, first_block, axis=1)
    n_opening = np.minimum(lengths, OPENING)
    first_opening = np.cumsum(n_opening) - n_opening
    opening = np.arange(n_opening.sum()) + np.repeat(
        first_token - first_opening, n_opening
    )
    found = similarity[:, opening].max(axis=0)
    match.opening[places] = np.add.reduceat(found, first_opening) / n_opening


def _some_tokens(encodings: Sequence[Encoding]) -> Embeddings:
    """Tokens spread evenly over the texts, at least one row."""
    rows: Embeddings = np.concatenate([encoding.tokens for encoding in encodings])
    if not len(rows):
        return np.zeros((1, rows.shape[1]), dtype=np.float32)
    sample: Embeddings = rows[:: max(1, len(rows) // _SAMPLE)]
    return sample


def _unit(rows: NDArray[Any]) -> Floats:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = (rows / np.maximum(norms, 1e-9)).astype(np.float32)
    return unit


def _idf(found: Sequence[NDArray[np.int32]]) -> tuple[NDArray[np.int32], Floats]:
    ids, counts = np.unique(np.concatenate(found), return_counts=True)
    ids = np.append(ids, np.iinfo(np.int32).max).astype(np.int32)
    idf = np.log1p((len(found) + 0.5) / (np.append(counts, 0) + 0.5))
    return ids, idf.astype(np.float32)
