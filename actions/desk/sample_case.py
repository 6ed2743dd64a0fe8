"""A case that nobody filed, to show editors what a letter looks like. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from actions.cases.case import Case, Customer

_AGE = timedelta(days=7)
_PERIOD = timedelta(days=30)


def sample_case(language: str, now: datetime) -> Case:
    """A week-old complaint of a customer who does not exist."""
    return Case(
        reference="G-2026-000123",
        status="in_progress",
        received_at=now - _AGE,
        opened_at=now - _AGE,
        language=language,
        customer=Customer(name="Alex Berg", email="alex.berg@example.com"),
        description="",
        event_date=None,
        remedy_sought=None,
        is_complaint=True,
        complaint_probability=None,
        customer_says_complaint=False,
        ground=None,
        category="other",
        filed_late=False,
        answer_due_at=now - _AGE + _PERIOD,
        queue_position=1,
        duplicate_of=None,
        is_urgent=False,
        wants_human=False,
        fields_missing=(),
        assigned_to=None,
        conversation="",
        version=1,
    )
