"""Which cases are about something similar, in any language.

The embeddings of the newest cases are kept in memory, one matrix a process; the
database has the last word on what each of them is and whether it still exists.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.case import Case
from actions.cases.case_rows import case_from
from actions.cases.matters import Vector, vectors_from
from actions.cases.queries import select_cases
from actions.cases.tables import case_embeddings, cases
from knowledge.database import reading

# Older ones are not compared with: 75 MB, and some milliseconds for each look.
NEWEST = 50_000
# As old may be what is known of other processes' cases.
FRESH_FOR = timedelta(minutes=1)
_BATCH = 1_000


@dataclass(frozen=True, kw_only=True)
class SimilarCase:
    """A case, without transcript and history, and how near it is.

    Attributes:
        similarity: Cosine of the descriptions' embeddings, -1 to 1. It ranks; alone
            it says little, since even unrelated texts are near one another.
    """

    case: Case
    similarity: float


@dataclass(frozen=True, kw_only=True)
class _Known:
    """Embeddings as they were at a time; row by row, `vectors` has unit length."""

    at: datetime
    ids: NDArray[np.int64]
    are_closed: NDArray[np.bool_]
    vectors: NDArray[np.float32]


class SimilarCases:
    """Finds cases by meaning. All methods raise ArchiveUnavailable."""

    def __init__(
        self, engine: AsyncEngine, clock: Callable[[], datetime], model: str
    ) -> None:
        """Compare embeddings of `model` only."""
        self._engine, self._clock, self._model = engine, clock, model
        self._known: _Known | None = None
        self._lock = asyncio.Lock()

    async def stored(self, reference: str) -> Vector | None:
        """The embedding of a case, or None while it has none."""
        query = (
            select(case_embeddings.c.vector)
            .join_from(case_embeddings, cases)
            .where(
                cases.c.reference == reference,
                case_embeddings.c.model == self._model,
            )
        )
        async with reading(self._engine) as connection:
            found = (await connection.scalars(query)).all()
        return vectors_from(found)[0] if found else None

    async def nearest(
        self,
        vector: Vector,
        *,
        limit: int,
        closed_only: bool,
        leaving_out: str | None = None,
    ) -> list[SimilarCase]:
        """The cases nearest to an embedding, nearest first.

        Args:
            vector: Of the model's dimension, unit length.
            limit: At most as many.
            closed_only: Leave out those that have no outcome yet.
            leaving_out: Reference of a case that is not wanted.
        """
        known = await self._refreshed()
        # Some more than wanted: one may have been erased or reopened meanwhile.
        ids, scores = await asyncio.to_thread(
            _nearest, known, vector, 2 * limit + 1, closed_only
        )
        query = select_cases().where(cases.c.id.in_(ids))
        if closed_only:
            query = query.where(cases.c.status == "closed")
        async with reading(self._engine) as connection:
            found = {row.id: case_from(row) for row in await connection.execute(query)}
        similar = [
            SimilarCase(case=found[each], similarity=score)
            for each, score in zip(ids, scores, strict=True)
            if each in found and found[each].reference != leaving_out
        ]
        return similar[:limit]

    async def _refreshed(self) -> _Known:
        async with self._lock:
            now = self._clock()
            known = self._known
            if known is None or not known.at <= now < known.at + FRESH_FOR:
                known = self._known = await self._read(known, now)
            return known

    async def _read(self, known: _Known | None, now: datetime) -> _Known:
        """What is there now; of what is known already no embedding is read again."""
        query = (
            select(case_embeddings.c.case_id, cases.c.status)
            .join_from(case_embeddings, cases)
            .where(case_embeddings.c.model == self._model)
            .order_by(case_embeddings.c.case_id.desc())
            .limit(NEWEST)
        )
        async with reading(self._engine) as connection:
            rows = (await connection.execute(query)).all()
            ids = np.array([row.case_id for row in rows], dtype=np.int64)
            kept = np.isin(known.ids, ids) if known else np.zeros(0, dtype=bool)
            old_ids = known.ids[kept] if known else np.zeros(0, dtype=np.int64)
            new_ids = np.setdiff1d(ids, old_ids)
            stored: list[bytes] = []
            for first in range(0, len(new_ids), _BATCH):
                batch = [int(each) for each in new_ids[first : first + _BATCH]]
                stored += await connection.scalars(
                    select(case_embeddings.c.vector)
                    .where(case_embeddings.c.case_id.in_(batch))
                    .order_by(case_embeddings.c.case_id)
                )
        closed = {row.case_id for row in rows if row.status == "closed"}
        all_ids = np.concatenate([old_ids, new_ids])
        parts = [known.vectors[kept]] if known else []
        parts += [vectors_from(stored)] if stored else []
        return _Known(
            at=now,
            ids=all_ids,
            are_closed=np.array([int(each) in closed for each in all_ids], dtype=bool),
            vectors=np.concatenate(parts)
            if parts
            else np.zeros((0, 0), dtype=np.float32),
        )


def _nearest(
    known: _Known, vector: Vector, limit: int, closed_only: bool
) -> tuple[Sequence[int], Sequence[float]]:
    """Ids and scores, nearest first; of equally near ones the older first."""
    if not len(known.ids):
        return [], []
    scores = known.vectors @ vector
    if closed_only:
        scores = np.where(known.are_closed, scores, -np.inf)
    order = np.lexsort((known.ids, -scores))[:limit]
    order = order[np.isfinite(scores[order])]
    return known.ids[order].tolist(), scores[order].tolist()
