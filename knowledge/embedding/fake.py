"""A stand-in for a model, for tests of everything around it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from knowledge.embedding.contract import Embeddings, Encoding, Progress, Side
from knowledge.embedding.recent import CachedSides


class FakeEmbedder(CachedSides):
    """A stand-in without a model: words that look alike have like vectors.

    Deterministic on every machine; enough for tests of everything around the model.
    """

    def __init__(self, dim: int = 64) -> None:
        super().__init__()
        self.dim = dim
        self.fingerprint = f"fake-{dim}"

    def _run(
        self, texts: Sequence[str], side: Side, progress: Progress | None
    ) -> list[Encoding]:
        encodings = [self._encode_one(text) for text in texts]
        if progress:
            progress(len(texts), len(texts))
        return encodings

    def count_tokens(self, text: str) -> int:
        return len(re.findall(r"\w+", text))

    def _encode_one(self, text: str) -> Encoding:
        words = re.findall(r"\w+", text.casefold())
        ids = [int.from_bytes(_digest(word)[:2], "big") for word in words]
        tokens = np.array(
            [_word_vector(word, self.dim) for word in words], dtype=np.float32
        )
        tokens = tokens.reshape(len(words), self.dim)
        # A constant part keeps a text without words from being the zero vector.
        total = tokens.sum(axis=0) + np.float32(0.01)
        vector = (total / np.linalg.norm(total)).astype(np.float32)
        return Encoding(vector, np.array(ids, dtype=np.int32), tokens)


@lru_cache(maxsize=10_000)
def _word_vector(word: str, dim: int) -> Embeddings:
    padded = f" {word} "
    grams = [padded[i : i + 3] for i in range(len(padded) - 2)]
    vector = np.zeros(dim, dtype=np.float32)
    for gram in [word, word, *grams]:
        digest = _digest(gram)
        place = int.from_bytes(digest[:4], "big") % dim
        vector[place] += 1.0 if digest[4] % 2 else -1.0
    return vector


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
