"""Other cases that help with this one: the person's own, and similar closed ones."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.case import Case, Category, OutcomeKind, Status
from actions.cases.matters import Vector, vector_from
from actions.cases.queries import ids_of, inline
from actions.cases.tables import case_embeddings, cases
from knowledge.database import reading

MOST_EARLIER = 10
MOST_SIMILAR = 3
# Looked through for similar ones, latest first: 10 ms.
MOST_COMPARED = 5_000
# Below this cosine two cases of this model have little more in common than the trade.
SIMILAR_FROM = 0.84


@dataclass(frozen=True, kw_only=True)
class Related:
    """What is shown of another case.

    Attributes:
        similarity: Cosine of the two descriptions, for similar ones.
    """

    reference: str
    status: Status
    language: str
    category: Category
    opened_at: datetime
    description: str
    outcome: OutcomeKind | None
    reasons: str | None
    similarity: float | None = None


class RelatedCases:
    """Finds them. All methods raise ArchiveUnavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of_person(self, case: Case) -> list[Related]:
        """Other cases of this person, conversation or matter, latest first."""
        query = (
            _select()
            .where(
                cases.c.reference != case.reference,
                or_(
                    cases.c.id.in_(ids_of(case.customer.email, case.conversation)),
                    cases.c.duplicate_of == case.reference,
                    cases.c.reference == case.duplicate_of,
                ),
            )
            .order_by(cases.c.received_at.desc(), cases.c.id.desc())
            .limit(MOST_EARLIER)
        )
        async with reading(self._engine) as connection:
            return [_related(row) for row in await connection.execute(query)]

    async def similar(self, case: Case) -> list[Related]:
        """Closed cases about the like, in any language, most similar first.

        Compared by embeddings of the same model; without one there are none.
        """
        own = (
            select(case_embeddings.c.model, case_embeddings.c.vector)
            .join_from(case_embeddings, cases)
            .where(cases.c.reference == case.reference)
        )
        async with reading(self._engine) as connection:
            row = (await connection.execute(own)).one_or_none()
            if row is None:
                return []
            closed = (
                select(case_embeddings.c.case_id, case_embeddings.c.vector)
                .join_from(case_embeddings, cases)
                .where(
                    cases.c.status == inline("closed"),
                    cases.c.reference != case.reference,
                    case_embeddings.c.model == row.model,
                )
                .order_by(cases.c.received_at.desc(), cases.c.id.desc())
                .limit(MOST_COMPARED)
            )
            candidates = (await connection.execute(closed)).all()
            vector = vector_from(row.vector)
            assert vector is not None
            best = await asyncio.to_thread(_nearest, vector, candidates)
            query = _select().where(cases.c.id.in_([id for id, _ in best]))
            rows = {each.id: each for each in await connection.execute(query)}
        return [_related(rows[id], score) for id, score in best if id in rows]


def _nearest(vector: Vector, candidates: Any) -> list[tuple[int, float]]:
    if not candidates:
        return []
    stored = b"".join(each.vector for each in candidates)
    matrix = np.frombuffer(stored, np.float16).reshape(len(candidates), -1)
    scores = matrix.astype(np.float32) @ vector
    order = np.argsort(-scores, kind="stable")[:MOST_SIMILAR]
    return [
        (candidates[i].case_id, float(scores[i]))
        for i in order
        if scores[i] >= SIMILAR_FROM
    ]


def _select() -> Select[Any]:
    return select(
        cases.c.id,
        cases.c.reference,
        cases.c.status,
        cases.c.language,
        cases.c.category,
        cases.c.opened_at,
        cases.c.description,
        cases.c.outcome,
    )


def _related(row: Any, similarity: float | None = None) -> Related:
    outcome = row.outcome or {}
    return Related(
        reference=row.reference,
        status=row.status,
        language=row.language,
        category=row.category,
        opened_at=row.opened_at,
        description=row.description,
        outcome=outcome.get("kind"),
        reasons=outcome.get("reasons"),
        similarity=similarity,
    )
