"""The complaint policy and what follows from it: pure decisions, no I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Literal

from actions.cases.calendar import add_months, civil_day, months_after
from actions.cases.case import Ground, OutcomeKind

Detail = Literal["name", "email", "username", "event_date", "description"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """The clause of the help pages that states a rule."""

    page: str
    section: str


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rules of one jurisdiction's policy file; `data/policies/README.md` explains.

    Attributes:
        sources: Rule name to the clause that states it; every rule has one.
        acknowledgement_within_days: Optional clocks are None when the jurisdiction
            knows none.
    """

    name: str
    anyone_may_write: bool
    details_needed: tuple[Detail, ...]
    help_pages_first: bool
    open_at_any_time: bool
    free_of_charge: bool
    filing_window_months: int
    late_is_flagged: bool
    late_is_filed: bool
    grounds: tuple[Ground, ...]
    customers_word_is_recorded: bool
    examined_by: tuple[str, ...]
    chronological_order: bool
    writing_again_moves: bool
    answer_within_months: int
    informed_until_final_answer: bool
    outcomes: tuple[OutcomeKind, ...]
    reasons_required_for: tuple[OutcomeKind, ...]
    retention_months: int
    removed_after_retention: bool
    sources: Mapping[str, Source]
    details_optional: tuple[Detail, ...] = ("username", "event_date")
    grounds_stated_in: Mapping[Ground, str] | None = None
    acknowledgement_within_days: int | None = None
    regulator_definition: str | None = None
    mediator_after_months: int | None = None
    final_letter_within_months: int | None = None
    dispute_body: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no code here would follow.

        Raises:
            ValueError: A period below one month, or a promise that is not kept.
        """
        for name in (
            "filing_window_months",
            "answer_within_months",
            "retention_months",
        ):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        kept = {
            "late_is_filed": True,
            "chronological_order": True,
            "writing_again_moves": False,
            "removed_after_retention": True,
        }
        for name, value in kept.items():
            if getattr(self, name) is not value:
                raise ValueError(f"{name} must be {value}: no other way is built")


def is_late(
    event_date: date | None, received_at: datetime, policy: Policy, zone: tzinfo
) -> bool:
    """Whether the event lies before the filing window.

    The window reaches back a number of civil months from the civil day of receipt,
    both ends included: what happened on 22 August is in time on 22 November. An
    unknown date is not late.
    """
    if event_date is None or not policy.late_is_flagged:
        return False
    received_on = civil_day(received_at, zone)
    return event_date < add_months(received_on, -policy.filing_window_months)


def answer_due_at(received_at: datetime, policy: Policy, zone: tzinfo) -> datetime:
    """When the answer is due: the wall-clock time of receipt, civil months later."""
    return months_after(received_at, policy.answer_within_months, zone)


def retention_ends_at(closed_at: datetime, policy: Policy, zone: tzinfo) -> datetime:
    """From when on a case closed at `closed_at` is removed."""
    return months_after(closed_at, policy.retention_months, zone)


def needs_reasons(outcome: OutcomeKind, policy: Policy) -> bool:
    """Whether this outcome is valid only with written reasons."""
    return outcome in policy.reasons_required_for
