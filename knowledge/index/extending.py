"""An index for pages that differ little from those of another, in a moment.

What both have in common is taken over: vectors, tokens, and the words of a language in
which nothing changed. What the corpus as a whole tells, the common part of all texts
and how rare a token is, stays that of the other index until the pages are published.
"""

from __future__ import annotations

from collections.abc import Sequence

import faiss
import numpy as np

from knowledge.chunking import Passage
from knowledge.embedding import Embedder, Embeddings, Encoding
from knowledge.index.making import (
    manifest_of,
    refuse_unusable,
    segments_of,
    words_of,
)
from knowledge.index.passages import Parts, PassageIndex


def extend_index(
    index: PassageIndex, passages: Sequence[Passage], embedder: Embedder
) -> PassageIndex:
    """Index passages in memory, with what `index` knows of them already.

    Args:
        index: Of pages that are mostly the same.
        passages: All that the new index shall hold.
        embedder: The model of `index`; embeds what is new, and nothing else.

    Raises:
        BadInput: No passages, two with one id, or one without text or language.
    """
    refuse_unusable(passages)
    known = {
        (passage.id, *texts): place
        for place, (passage, texts) in enumerate(
            zip(index.passages, segments_of(index.passages), strict=True)
        )
    }
    segments = segments_of(passages)
    places = [
        known.get((passage.id, *texts))
        for passage, texts in zip(passages, segments, strict=True)
    ]
    fresh = [
        embedder.encode(texts, "passage") if place is None else []
        for place, texts in zip(places, segments, strict=True)
    ]
    vectors = faiss.IndexFlatIP(embedder.dim)
    vectors.add(_vectors(index, places, fresh))
    lengths = [len(texts) for texts in segments]
    parts = Parts(
        manifest=manifest_of(passages, embedder),
        vectors=vectors,
        owners=np.repeat(np.arange(len(passages), dtype=np.int32), lengths),
        centres=index.parts.centres,
        tokens=index.tokens.rearranged(places, fresh),
        **words_of(passages, index),
    )
    return PassageIndex(passages, parts)


def _vectors(
    index: PassageIndex,
    places: Sequence[int | None],
    fresh: Sequence[Sequence[Encoding]],
) -> Embeddings:
    owners = index.parts.owners
    stored: Embeddings = index.parts.vectors.reconstruct_n(0, len(owners))
    first = np.searchsorted(owners, np.arange(len(index.passages) + 1))
    groups = [
        np.stack([encoding.vector for encoding in encodings])
        if place is None
        else stored[first[place] : first[place + 1]]
        for place, encodings in zip(places, fresh, strict=True)
    ]
    vectors: Embeddings = np.concatenate(groups)
    return vectors
