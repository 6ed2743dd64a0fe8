"""What the classifier reads of a text: its tokens and its telling words."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from actions.classification.cues import Cues
from actions.classification.network import MOST_TOKENS, Array
from knowledge.embedding import Embedder


class StoredObservation(NamedTuple):
    """An observed text as the archive keeps it, and who read it."""

    fingerprint: str
    data: bytes


class Observed(NamedTuple):
    """One text as the networks take it.

    Attributes:
        tokens: Shape (n_tokens, dim), as the embedder gives them, at most MOST_TOKENS.
        cues: Shape (n_features,), as counted.
    """

    tokens: Array
    cues: Array

    def pack(self) -> bytes:
        """As bytes to be stored; tokens keep half precision."""
        stored = io.BytesIO()
        np.savez(stored, tokens=self.tokens.astype(np.float16), cues=self.cues)
        return stored.getvalue()


def unpack(stored: bytes) -> Observed:
    """What `Observed.pack` has stored."""
    with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
        return Observed(arrays["tokens"].astype(np.float32), arrays["cues"])


class Observer:
    """Reads texts for the networks; thread-safe.

    Attributes:
        fingerprint: Changes whenever the same text could be read differently.
    """

    def __init__(self, embedder: Embedder, cues: Cues) -> None:
        self._embedder, self._cues = embedder, cues
        lists = json.dumps(cues.groups, sort_keys=True).encode()
        self.fingerprint = (
            f"{embedder.fingerprint}+{hashlib.sha256(lists).hexdigest()[:16]}"
        )

    def observe(self, texts: Sequence[tuple[str, str | None]]) -> list[Observed]:
        """Read texts, each with its language where it is known."""
        encodings = self._embedder.encode([text for text, _ in texts], "query")
        return [
            Observed(encoding.tokens[:MOST_TOKENS], self._cues.features(text, language))
            for encoding, (text, language) in zip(encodings, texts, strict=True)
        ]

    def stored(self, text: str, language: str | None) -> StoredObservation:
        """One text, read to be kept and learnt from later."""
        [observed] = self.observe([(text, language)])
        return StoredObservation(self.fingerprint, observed.pack())
