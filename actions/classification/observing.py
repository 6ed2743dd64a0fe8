"""What the classifier reads of a text: its tokens and its telling words."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from actions.classification.cues import Cues
from actions.classification.network import Array
from actions.classification.sentences import split_sentences
from knowledge.embedding import Embedder

# A text is read in windows of whole sentences, about 300 tokens each, that the
# embedding model takes whole; what lies behind the last one is not read.
WINDOW_CHARACTERS = 1_200
MOST_WINDOWS = 9


class StoredObservation(NamedTuple):
    """An observed text as the archive keeps it, and who read it."""

    fingerprint: str
    data: bytes


class Observed(NamedTuple):
    """One text as the networks take it.

    Attributes:
        tokens: Shape (n_tokens, dim), as the embedder gives them, window by window.
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
        read = [windows(text) for text, _ in texts]
        encodings = iter(
            self._embedder.encode([window for each in read for window in each], "query")
        )
        return [
            Observed(
                np.concatenate([next(encodings).tokens for _ in mine]),
                self._cues.features("".join(mine), language),
            )
            for mine, (_, language) in zip(read, texts, strict=True)
        ]

    def stored(self, text: str, language: str | None) -> StoredObservation:
        """One text, read to be kept and learnt from later."""
        [observed] = self.observe([(text, language)])
        return StoredObservation(self.fingerprint, observed.pack())


def windows(text: str) -> list[str]:
    """The text, or its beginning, in pieces that the embedding model takes whole."""
    found = [""]
    for sentence in split_sentences(text):
        for start in range(0, len(sentence), WINDOW_CHARACTERS):
            piece = sentence[start : start + WINDOW_CHARACTERS]
            if found[-1] and len(found[-1]) + len(piece) > WINDOW_CHARACTERS:
                if len(found) == MOST_WINDOWS:
                    return found
                found.append("")
            found[-1] += piece
    return found
