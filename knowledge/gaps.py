"""What customers asked and no page answered, put together across languages."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering

from knowledge.chunking import chunk
from knowledge.embedding import Embedder
from knowledge.gap_queries import Gap
from knowledge.pages import Page
from knowledge.store import PageStore

# Measured on the sample operator's questions, whose translations are marked: at this
# distance half of the translations come together, and hardly anything that differs.
LARGEST_DISTANCE = 0.6
# So many headings of the pages stand for what questions in their language have in
# common; where there are few questions of a language, they outweigh them.
N_HEADINGS = 60
WEIGHT_OF_HEADINGS = 20
MOST_GAPS = 500
N_EXAMPLES = 5
_REMEMBERED = 4_096

Vectors = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class GapGroup:
    """Questions that ask the same, in any language.

    Attributes:
        key: Stays the same while the group's first question does.
        question: The one asked most often.
        n_asked: Of all of them together.
        languages: How often it was asked in each, most often first.
        examples: A few of the questions, most often asked first.
        gaps: All of them.
    """

    key: str
    question: str
    language: str
    n_asked: int
    n_unhelpful: int
    languages: dict[str, int]
    examples: list[Gap]
    gaps: list[Gap]
    first_asked_at: datetime
    last_asked_at: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "question": self.question,
            "language": self.language,
            "n_asked": self.n_asked,
            "n_unhelpful": self.n_unhelpful,
            "languages": self.languages,
            "examples": [gap_as_json(gap) for gap in self.examples],
            "n_questions": len(self.gaps),
            "first_asked_at": self.first_asked_at.isoformat(),
            "last_asked_at": self.last_asked_at.isoformat(),
        }


def gap_as_json(gap: Gap) -> dict[str, Any]:
    return {
        "question": gap.question,
        "language": gap.language,
        "reason": gap.reason,
        "n_asked": gap.n_asked,
        "first_asked_at": gap.first_asked_at.isoformat(),
        "last_asked_at": gap.last_asked_at.isoformat(),
    }


class GapFinder:
    """Groups the stored gaps; what was embedded once is remembered.

    Args:
        store: Holds gaps and pages.
        embedder: Tells which questions ask the same.
        executor: Runs what keeps a processor busy.
    """

    def __init__(
        self, store: PageStore, embedder: Embedder, executor: Executor | None = None
    ) -> None:
        self._store, self._embedder, self._executor = store, embedder, executor
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    async def find(self, language: str | None = None) -> list[GapGroup]:
        """Groups of gaps not yet settled, most often asked first.

        Args:
            language: Only groups that were asked in it.
        """
        gaps = await self._store.gaps(limit=MOST_GAPS)
        pages = await self._store.published_pages() if gaps else []
        groups = await asyncio.get_running_loop().run_in_executor(
            self._executor, self._group, gaps, pages
        )
        return [each for each in groups if language in (None, *each.languages)]

    async def group_of(self, key: str) -> GapGroup | None:
        """The group with this key; None when it is settled or never was."""
        return next((each for each in await self.find() if each.key == key), None)

    def _group(self, gaps: Sequence[Gap], pages: Sequence[Page]) -> list[GapGroup]:
        if not gaps:
            return []
        typical = {
            language: self._embed(texts) for language, texts in _headings(pages).items()
        }
        vectors = self._embed([gap.question for gap in gaps])
        groups = group_questions([gap.language for gap in gaps], vectors, typical)
        found = [_as_group([gaps[i] for i in group]) for group in groups]
        return sorted(
            found,
            key=lambda each: (-each.n_asked, -each.last_asked_at.timestamp(), each.key),
        )

    def _embed(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._known]
            if missing:
                vectors = self._embedder.embed_queries(missing)
                self._known.update(zip(missing, vectors, strict=True))
            found = np.stack([self._known[text] for text in texts])
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found


def group_questions(
    languages: Sequence[str], vectors: Vectors, typical: dict[str, Vectors]
) -> list[list[int]]:
    """Put questions together that ask the same. Pure, and the same on every run.

    A model gives texts of one language much in common, whatever they ask: that is
    taken out first, or else groups would be languages.

    Args:
        languages: Of each question.
        vectors: Of each question, shape (n, dim).
        typical: Vectors of other texts by language.

    Returns:
        Places of the questions, by group, both in rising order.
    """
    if len(vectors) == 1:
        return [[0]]
    centred = _centred(languages, vectors, typical)
    distances = np.clip(1 - centred @ centred.T, 0, 2)
    labels = AgglomerativeClustering(
        n_clusters=None,
        metric="precomputed",
        linkage="average",
        distance_threshold=LARGEST_DISTANCE,
    ).fit_predict(distances)
    groups: dict[int, list[int]] = {}
    for place, label in enumerate(labels):
        groups.setdefault(int(label), []).append(place)
    return sorted(groups.values())


def _centred(
    languages: Sequence[str], vectors: Vectors, typical: dict[str, Vectors]
) -> Vectors:
    known = [each.mean(axis=0) for each in typical.values()]
    anywhere = np.mean(known, axis=0) if known else vectors.mean(axis=0)
    centred = np.empty_like(vectors)
    for language in dict.fromkeys(languages):
        places = [i for i, each in enumerate(languages) if each == language]
        own = vectors[places]
        typical_here = typical.get(language)
        expected = anywhere if typical_here is None else typical_here.mean(axis=0)
        total = own.sum(axis=0) + WEIGHT_OF_HEADINGS * expected
        centred[places] = own - total / (len(places) + WEIGHT_OF_HEADINGS)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    unit: Vectors = centred / np.maximum(lengths, 1e-9)
    return unit


def _headings(pages: Sequence[Page]) -> dict[str, list[str]]:
    """Headings of the published pages by language, spread over all of them."""
    found: dict[str, dict[str, None]] = {}
    for page in pages:
        for passage in chunk(page):
            if passage.heading:
                found.setdefault(page.language, {})[passage.heading] = None
    return {
        language: list(texts)[:: max(1, len(texts) // N_HEADINGS)][:N_HEADINGS]
        for language, texts in found.items()
    }


def _as_group(gaps: Sequence[Gap]) -> GapGroup:
    ordered = sorted(gaps, key=lambda gap: (-gap.n_asked, gap.first_asked_at))
    first = min(gaps, key=lambda gap: (gap.first_asked_at, gap.question))
    counts: Counter[str] = Counter()
    for gap in ordered:
        counts[gap.language] += gap.n_asked
    named = f"{first.language}\n{first.question}".encode()
    return GapGroup(
        key=hashlib.sha256(named).hexdigest()[:12],
        question=ordered[0].question,
        language=ordered[0].language,
        n_asked=sum(counts.values()),
        n_unhelpful=sum(gap.n_asked for gap in gaps if gap.reason == "unhelpful"),
        languages=dict(counts.most_common()),
        examples=_varied(ordered),
        gaps=ordered,
        first_asked_at=first.first_asked_at,
        last_asked_at=max(gap.last_asked_at for gap in gaps),
    )


def _varied(ordered: Sequence[Gap]) -> list[Gap]:
    """A few examples, of each language one before any second."""
    firsts: dict[str, Gap] = {}
    for gap in ordered:
        firsts.setdefault(gap.language, gap)
    others = [gap for gap in ordered if gap not in firsts.values()]
    return [*firsts.values(), *others][:N_EXAMPLES]
