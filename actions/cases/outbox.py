"""What must leave the house, written in the transaction of the change it tells of.

Two kinds of rows: letters to customers (destination `email`), and events of a case for
each system that is subscribed to them. `actions.delivery` takes them from there.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Insert, insert, literal, select

from actions.cases.post_tables import outbox, outbox_subscriptions
from knowledge.writes import Write, new_row, parameter

EmailKind = Literal[
    "receipt",
    "in_need",
    "reply",
    "information_request",
    "interim_update",
    "outcome",
    "closing",
    "reopened",
]

EMAIL = "email"


def email_row(
    *,
    reference: str,
    kind: EmailKind,
    recipient: str,
    language: str,
    content: dict[str, Any],
    at: datetime,
) -> Write:
    """The insert that puts one e-mail into the outbox."""
    return new_row(
        outbox,
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
) -> Write:
    """The insert that puts one event into the outbox for each subscribed system."""
    return Write(
        _told,
        {
            # Of the chain's hash: no two installations make the same key.
            "key": f"evt_{event_hash[:40]}",
            "reference": reference,
            "kind": kind,
            "event_id": event_id,
            "content": {},
            "created_at": at,
        },
    )


def _told(prefix: str) -> Insert:
    named = {
        name: parameter(prefix, outbox.c[name])
        for name in ("key", "reference", "kind", "event_id", "content", "created_at")
    }
    values = {
        **named,
        "next_attempt_at": named["created_at"],
        "destination": outbox_subscriptions.c.destination,
        "attempts": literal(0),
    }
    subscribed = select(*values.values()).where(
        outbox_subscriptions.c.event == named["kind"]
    )
    return insert(outbox).from_select(list(values), subscribed)
