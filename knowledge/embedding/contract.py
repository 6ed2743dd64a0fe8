"""What an embedding model gives, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.float32]
Side = Literal["query", "passage"]
Progress = Callable[[int, int], None]
"""Called with how many of how many are done."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """What one forward pass of the model gives for one text.

    Attributes:
        vector: Shape (dim,), unit length.
        token_ids: Shape (n_tokens,); the prompt and special tokens are left out.
        tokens: Shape (n_tokens, dim), as the model gives them (not unit length).
    """

    vector: Embeddings
    token_ids: NDArray[np.int32]
    tokens: Embeddings


class Embedder(Protocol):
    """A model with two sides; questions and passages are embedded differently.

    Attributes:
        dim: Length of a vector.
        fingerprint: Changes whenever the same text could give another vector.
    """

    dim: int
    fingerprint: str

    def embed_queries(self, texts: Sequence[str]) -> Embeddings:
        """Embed questions. Shape (n_texts, dim), rows of unit length."""

    def embed_passages(
        self, texts: Sequence[str], *, progress: Progress | None = None
    ) -> Embeddings:
        """Embed passages. Shape (n_texts, dim), rows of unit length."""

    def encode(
        self, texts: Sequence[str], side: Side, *, progress: Progress | None = None
    ) -> list[Encoding]:
        """Embed texts with their tokens, for late interaction; one for each text."""

    def count_tokens(self, text: str) -> int:
        """How many tokens `encode` gives for a short text: prompt and specials out."""
