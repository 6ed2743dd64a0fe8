"""What tests make: drafts, messages, and a clock that stands still."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from actions.cases.case import CaseDraft, Customer, Message

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        """Move on by a `timedelta` of these units."""
        self.now += timedelta(**duration)


def make_draft(**changes: Any) -> CaseDraft:
    """A withdrawal that did not arrive; each call is a matter of its own."""
    values: dict[str, Any] = {
        "filing_key": uuid.uuid4().hex,
        "language": "fr",
        "customer": Customer(
            name="Élise Morel", email="elise.morel@example.fr", username="elise_m"
        ),
        "description": f"Mon retrait {uuid.uuid4().hex} n'est pas arrivé.",
        "is_complaint": True,
        "ground": "service_not_delivered",
        "category": "withdrawal",
    }
    return CaseDraft(**{**values, **changes})


def make_message(**changes: Any) -> Message:
    """What a customer says."""
    values: dict[str, Any] = {
        "id": uuid.uuid4().hex,
        "sender": "customer",
        "text": "Hej!",
        "language": "sv",
        "sent_at": NOW,
    }
    return Message(**{**values, **changes})
