"""Verdicts that agents put right, with the text as the classifier read it.

What is kept of the text is what the networks take, so that learning needs no embedding
anew. It goes when the case goes.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.tables import cases, corrections
from actions.classification.examples import Example
from actions.classification.observing import Observed, Observer, unpack
from knowledge.database import reading


@dataclass(frozen=True)
class Correction:
    """One case with the verdict of an agent; the example's id is the reference."""

    example: Example
    observed: Observed


async def count_corrections(engine: AsyncEngine) -> int:
    """How many cases have a verdict that an agent put right."""
    async with reading(engine) as connection:
        return await connection.scalar(select(func.count(corrections.c.case_id))) or 0


async def read_corrections(engine: AsyncEngine, observer: Observer) -> list[Correction]:
    """The latest correction of every case, oldest case first.

    A text that another model or other telling words have read is read again.
    """
    query = (
        select(
            cases.c.reference,
            cases.c.language,
            cases.c.description,
            cases.c.is_complaint,
            cases.c.ground,
            cases.c.category,
            corrections.c.fingerprint,
            corrections.c.observed,
        )
        .join_from(corrections, cases, corrections.c.case_id == cases.c.id)
        .order_by(cases.c.id)
    )
    async with reading(engine) as connection:
        rows = (await connection.execute(query)).all()
    stale = [row for row in rows if row.fingerprint != observer.fingerprint]
    again = dict(
        zip(
            (row.reference for row in stale),
            observer.observe([(row.description, row.language) for row in stale]),
            strict=True,
        )
    )
    return [
        Correction(
            Example(
                id=row.reference,
                lang=row.language,
                text=row.description,
                is_complaint=row.is_complaint,
                ground=row.ground,
                category=row.category,
            ),
            again.get(row.reference) or unpack(row.observed),
        )
        for row in rows
    ]
