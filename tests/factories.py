"""What tests make: drafts, messages, and a clock that stands still."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from actions.cases.case import CaseDraft, Customer, Message
from actions.cases.language_free import LanguageFree

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


def plain_cosines(dim: int) -> LanguageFree:
    """Compares as if all were one language: nothing is taken out."""
    return LanguageFree(np.zeros(dim, np.float32), np.zeros((0, dim), np.float32))


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


# The smallest files of each type that a customer may attach.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4"
    "AAAAAElFTkSuQmCC"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
WEBP = base64.b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
