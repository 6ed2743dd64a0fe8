"""Other cases that help with this one: the person's own, and similar closed ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.case import Case, Category, OutcomeKind, Status
from actions.cases.queries import ids_of
from actions.cases.similar import SimilarCase
from actions.cases.tables import cases
from knowledge.database import reading

MOST_EARLIER = 10
MOST_SIMILAR = 3
MOST_ABOUT = 5
# Below this cosine two cases of this model have little more in common than the trade.
SIMILAR_FROM = 0.84


@dataclass(frozen=True, kw_only=True)
class Related:
    """What is shown of another case."""

    reference: str
    status: Status
    language: str
    category: Category
    opened_at: datetime
    description: str
    duplicate_of: str | None
    outcome: OutcomeKind | None
    reasons: str | None


class RelatedCases:
    """Finds them. All methods raise ArchiveUnavailable."""

    def __init__(self, engine: AsyncEngine, archive: Archive) -> None:
        self._engine, self._archive = engine, archive

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
        """Closed cases about the like, in any language, most similar first."""
        found = await self._archive.similar_cases(case.reference, limit=MOST_SIMILAR)
        return [
            _related(each.case) for each in found if each.similarity >= SIMILAR_FROM
        ]

    async def about(
        self, text: str, *, leaving_out: Collection[str] = ()
    ) -> list[SimilarCase]:
        """Cases about what `text` says, in any language, most similar first."""
        found = await self._archive.similar_cases(
            text=text, closed_only=False, limit=MOST_ABOUT + len(leaving_out)
        )
        others = [each for each in found if each.case.reference not in leaving_out]
        return [each for each in others if each.similarity >= SIMILAR_FROM][:MOST_ABOUT]


def _select() -> Select[Any]:
    return select(
        cases.c.id,
        cases.c.reference,
        cases.c.status,
        cases.c.language,
        cases.c.category,
        cases.c.opened_at,
        cases.c.description,
        cases.c.duplicate_of,
        cases.c.outcome,
    )


def _related(of: Any) -> Related:
    """Of a case, or of a row of `_select`."""
    outcome = of.outcome or {}
    return Related(
        reference=of.reference,
        status=of.status,
        language=of.language,
        category=of.category,
        opened_at=of.opened_at,
        description=of.description,
        duplicate_of=of.duplicate_of,
        outcome=outcome.get("kind"),
        reasons=outcome.get("reasons"),
    )
