"""What must leave the house, written in the transaction of the change it tells of.

Two kinds of rows: letters to customers (destination `email`), and events of a case for
each system that is subscribed to them. `actions.delivery` takes them from there.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Insert, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.tables import outbox, outbox_subscriptions
from knowledge.database import UtcDateTime

EmailKind = Literal[
    "receipt",
    "reply",
    "information_request",
    "interim_update",
    "outcome",
    "closing",
    "reopened",
]

EMAIL = "email"


async def write_email(
    connection: AsyncConnection,
    *,
    reference: str,
    kind: EmailKind,
    recipient: str | None,
    language: str,
    content: dict[str, Any],
    at: datetime,
) -> None:
    """Put one e-mail into the outbox, inside the caller's transaction.

    A customer who gave no address gets none.
    """
    if recipient is not None:
        await connection.execute(
            email_row(
                reference=reference,
                kind=kind,
                recipient=recipient,
                language=language,
                content=content,
                at=at,
            )
        )


def email_row(
    *,
    reference: str,
    kind: EmailKind,
    recipient: str,
    language: str,
    content: dict[str, Any],
    at: datetime,
) -> Insert:
    """The insert that puts one e-mail into the outbox."""
    return insert(outbox).values(
        key=uuid.uuid4().hex,
        reference=reference,
        destination=EMAIL,
        kind=kind,
        recipient=recipient,
        language=language,
        content=content,
        created_at=at,
        next_attempt_at=at,
        attempts=0,
    )


def event_rows(
    *, reference: str, kind: str, event_id: int, event_hash: str, at: datetime
) -> Insert:
    """The insert that puts one event into the outbox for each subscribed system."""
    moment = literal(at, UtcDateTime)
    values: dict[str, ColumnElement[Any]] = {
        # Of the chain's hash: no two installations make the same key.
        "key": literal(f"evt_{event_hash[:40]}"),
        "reference": literal(reference),
        "destination": outbox_subscriptions.c.destination,
        "kind": literal(kind),
        "event_id": literal(event_id),
        "content": literal({}, outbox.c.content.type),
        "created_at": moment,
        "next_attempt_at": moment,
        "attempts": literal(0),
    }
    subscribed = select(*values.values()).where(outbox_subscriptions.c.event == kind)
    return insert(outbox).from_select(list(values), subscribed)
