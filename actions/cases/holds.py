"""Which cases are under a legal hold: why, since when, and who placed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.case import Case, time_as_json
from actions.cases.case_rows import case_from
from actions.cases.clock_tables import case_clocks
from actions.cases.clocks import ClockRules
from actions.cases.complaint import retention_ends_at
from actions.cases.queries import select_cases
from actions.cases.tables import case_events, cases

PLACED = "legal_hold_placed"


@dataclass(frozen=True, kw_only=True)
class LegalHold:
    """One case that is kept whatever its age; `case.legal_hold` says why.

    Attributes:
        case: Without transcript and history.
        placed_by: As the history names them.
        removed_from: When it could be removed but for the hold; None while it is open.
    """

    case: Case
    placed_by: str
    placed_at: datetime
    removed_from: datetime | None

    def as_json(self) -> dict[str, Any]:
        """As the staff API gives it."""
        return {
            "reference": self.case.reference,
            "status": self.case.status,
            "reason": self.case.legal_hold,
            "placed_by": self.placed_by,
            "placed_at": time_as_json(self.placed_at),
            "removed_from": self.removed_from and time_as_json(self.removed_from),
        }


async def read_holds(connection: AsyncConnection, rules: ClockRules) -> list[LegalHold]:
    """Every hold, the latest first."""
    last = (
        select(func.max(case_events.c.id))
        .where(
            case_events.c.reference == cases.c.reference, case_events.c.kind == PLACED
        )
        .correlate(cases)
        .scalar_subquery()
    )
    query = (
        select_cases()
        .add_columns(
            case_events.c.actor.label("placed_by"),
            case_events.c.at.label("placed_at"),
            case_clocks.c.policy.label("policy"),
        )
        .join(case_clocks, case_clocks.c.case_id == cases.c.id)
        .join(case_events, case_events.c.id == last)
        .where(cases.c.legal_hold.is_not(None))
        .order_by(case_events.c.id.desc())
    )
    return [
        LegalHold(
            case=case_from(row),
            placed_by=row.placed_by,
            placed_at=row.placed_at,
            removed_from=row.closed_at
            and retention_ends_at(
                row.closed_at, rules.policy_of(row.policy), rules.zone
            ),
        )
        for row in await connection.execute(query)
    ]
