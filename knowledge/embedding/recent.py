"""A small cache of recent texts, which every model here has."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from knowledge.embedding.contract import Embeddings, Encoding, Progress, Side
from knowledge.errors import BadInput

_CACHED_TEXTS = 512
_CACHED_BATCH = 16


class CachedSides:
    """The two sides of a model, with a small cache of recent texts.

    One utterance is asked for by the assistant's featurizer, by search and by the
    classifier; the model runs once. Safe to share between threads.
    """

    dim: int
    fingerprint: str

    def __init__(self) -> None:
        self._recent: OrderedDict[tuple[Side, str], Encoding] = OrderedDict()
        self._recent_lock = threading.Lock()

    def embed_queries(self, texts: Sequence[str]) -> Embeddings:
        return self._vectors(self.encode(texts, "query"))

    def embed_passages(
        self, texts: Sequence[str], *, progress: Progress | None = None
    ) -> Embeddings:
        return self._vectors(self.encode(texts, "passage", progress=progress))

    def encode(
        self, texts: Sequence[str], side: Side, *, progress: Progress | None = None
    ) -> list[Encoding]:
        if isinstance(texts, str):
            raise BadInput("expected a sequence of texts, got one text")
        if len(texts) > _CACHED_BATCH:
            return self._run(texts, side, progress)
        with self._recent_lock:
            found = {text: self._recent.get((side, text)) for text in texts}
        missing = [text for text, encoding in found.items() if encoding is None]
        if missing:
            fresh = self._run(missing, side, progress)
            found.update(zip(missing, fresh, strict=True))
        encodings = {text: e for text, e in found.items() if e is not None}
        with self._recent_lock:
            for text, encoding in encodings.items():
                self._recent[side, text] = encoding
                self._recent.move_to_end((side, text))
            while len(self._recent) > _CACHED_TEXTS:
                self._recent.popitem(last=False)
        return [encodings[text] for text in texts]

    def _vectors(self, encodings: list[Encoding]) -> Embeddings:
        if not encodings:
            return np.empty((0, self.dim), dtype=np.float32)
        return np.stack([encoding.vector for encoding in encodings])

    def _run(
        self, texts: Sequence[str], side: Side, progress: Progress | None
    ) -> list[Encoding]:
        raise NotImplementedError
