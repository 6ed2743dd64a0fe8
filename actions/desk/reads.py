"""Who of the staff read which case: every read is written down before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import insert, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.columns import SafeText
from actions.cases.tables import cases
from actions.desk.tables import case_reads
from knowledge.database import UtcDateTime, reading, writing
from knowledge.errors import NotFound

What = Literal["page", "api", "list", "dossier", "attachment", "letters", "live"]
MOST_SHOWN = 50


@dataclass(frozen=True, kw_only=True)
class Read:
    """One time that somebody looked at a case, or at a part of it."""

    reader: str
    at: datetime
    what: What


class CaseReads:
    """The log; what cannot be logged is not shown.

    All methods raise ArchiveUnavailable.
    """

    def __init__(self, engine: AsyncEngine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock

    async def record(self, reference: str, reader: str, what: What) -> None:
        """Write down that `reader` is shown this of a case.

        Raises:
            NotFound: There is no such case.
        """
        row = select(
            cases.c.reference,
            literal(reader, SafeText),
            literal(self._clock(), UtcDateTime),
            literal(what),
        ).where(cases.c.reference == reference)
        columns = ["reference", "reader", "at", "what"]
        async with writing(self._engine) as connection:
            added = await connection.execute(
                insert(case_reads).from_select(columns, row)
            )
        if added.rowcount == 0:
            raise NotFound(f"no case {reference}")

    async def record_list(self, references: Sequence[str], reader: str) -> None:
        """Write down that `reader` is handed these cases in a list."""
        rows = [
            {"reference": each, "reader": reader, "at": self._clock(), "what": "list"}
            for each in references
        ]
        if rows:
            async with writing(self._engine) as connection:
                await connection.execute(insert(case_reads), rows)

    async def of_case(self, reference: str) -> list[Read]:
        """Who read a case, latest first; at most `MOST_SHOWN`."""
        query = (
            select(case_reads)
            .where(case_reads.c.reference == reference)
            .order_by(case_reads.c.id.desc())
            .limit(MOST_SHOWN)
        )
        async with reading(self._engine) as connection:
            return [
                Read(reader=row.reader, at=row.at, what=row.what)
                for row in await connection.execute(query)
            ]
