"""What there is to tell of an event of a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.case import (
    Case,
    Event,
    Message,
    case_as_json,
    event_as_json,
    message_as_json,
)
from actions.cases.queries import read_case
from actions.cases.tables import case_events, event_details
from actions.delivery.outbox import Delivery
from knowledge.database import reading

# Not for other systems: what was said in the chat, and what only the staff knows.
_INTERNAL = ("transcript", "history", "assigned_to")


@dataclass(frozen=True, kw_only=True)
class News:
    """One event with what it is about.

    Attributes:
        sequence: Number of the event in the chain: gaps and reordering show in it.
        case: As it stands now; None once it is erased.
        message: What was said with the event, if something was.
    """

    reference: str
    sequence: int
    event: Event
    case: Case | None
    message: Message | None

    def as_json(self) -> dict[str, Any]:
        """The `data` of a webhook."""
        content: dict[str, Any] = {
            "reference": self.reference,
            "event": {"sequence": self.sequence, **event_as_json(self.event)},
        }
        if self.case is not None:
            case = case_as_json(self.case)
            content["case"] = {
                name: value for name, value in case.items() if name not in _INTERNAL
            }
        if self.message is not None:
            content["message"] = message_as_json(self.message)
        return content


class NewsReader:
    """Reads what a delivery is about. Raises ArchiveUnavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read(self, delivery: Delivery) -> News | None:
        """The news, or None of a case that was erased since: nothing is told of it."""
        query = (
            select(case_events, event_details.c.details)
            .outerjoin(event_details, event_details.c.event_id == case_events.c.id)
            .where(case_events.c.id == delivery.event_id)
        )
        async with reading(self._engine) as connection:
            row = (await connection.execute(query)).one()
            case = await read_case(connection, delivery.reference)
        if case is None and delivery.kind != "erased":
            return None
        details = row.details or {}
        return News(
            reference=delivery.reference,
            sequence=row.id,
            event=Event(
                at=row.at,
                actor=row.actor,
                kind=row.kind,
                details=details,
                hash=row.hash,
            ),
            case=case,
            message=_message(case, details.get("message")),
        )


def _message(case: Case | None, wanted: object) -> Message | None:
    said = case.transcript if case is not None else []
    return next((each for each in said if each.id == wanted), None)
