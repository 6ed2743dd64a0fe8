"""The case: what a customer's matter looks like once it is written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

Ground = Literal["technical_fault", "decision_not_compliant", "service_not_delivered"]
Category = Literal[
    "account_access",
    "identity_verification",
    "deposit",
    "withdrawal",
    "bonus_promotion",
    "game_integrity",
    "tournament",
    "technical",
    "responsible_gaming",
    "privacy_data",
    "other",
]
OutcomeKind = Literal[
    "decision_confirmed",
    "decision_overturned",
    "clarification",
    "solution",
    "interim_information",
]
Status = Literal["open", "in_progress", "waiting", "closed"]

GROUNDS: tuple[Ground, ...] = (
    "technical_fault",
    "decision_not_compliant",
    "service_not_delivered",
)
CATEGORIES: tuple[Category, ...] = (
    "account_access",
    "identity_verification",
    "deposit",
    "withdrawal",
    "bonus_promotion",
    "game_integrity",
    "tournament",
    "technical",
    "responsible_gaming",
    "privacy_data",
    "other",
)
OUTCOME_KINDS: tuple[OutcomeKind, ...] = (
    "decision_confirmed",
    "decision_overturned",
    "clarification",
    "solution",
    "interim_information",
)


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Who wrote; anything not given is None."""

    name: str | None = None
    email: str | None = None
    username: str | None = None


@dataclass(frozen=True, kw_only=True)
class Message:
    """One thing that was said.

    `citations`, `choices` and `case` have the shapes of the customer API.
    """

    id: str
    sender: Literal["bot", "customer", "agent"]
    text: str
    language: str
    sent_at: datetime
    choices: list[dict[str, str]] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    case: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the classifier says of a text; probabilities are calibrated, 0 to 1."""

    is_complaint: bool
    probability: float
    ground: Ground | None
    grounds: list[dict[str, Any]]
    category: Category
    categories: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class CaseDraft:
    """Everything that filing needs; the archive adds reference, dates and place.

    Attributes:
        filing_key: Filing twice with the same key gives the same case.
        conversation: Id of the conversation, or None from the contact form.
        event_date: Civil date of the event in the operator's zone.
        fields_missing: Names of the fields that were asked for and not given.
    """

    filing_key: str
    language: str
    customer: Customer
    description: str
    conversation: str | None = None
    event_date: date | None = None
    remedy_sought: str | None = None
    is_complaint: bool = False
    complaint_probability: float | None = None
    customer_says_complaint: bool = False
    ground: Ground | None = None
    category: Category = "other"
    is_urgent: bool = False
    wants_human: bool = False
    fields_missing: tuple[str, ...] = ()
    suggested_pages: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One entry of a case's append-only history."""

    at: datetime
    actor: str
    kind: str
    details: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A filed case. Times are aware UTC; `event_date` is civil.

    Attributes:
        queue_position: 1 for the oldest open case; None when closed.
        filed_late: The event lies outside the filing window of the policy.
        version: Rises with each change; a save names the version it saw.
    """

    reference: str
    status: Status
    opened_at: datetime
    language: str
    customer: Customer
    description: str
    event_date: date | None
    remedy_sought: str | None
    is_complaint: bool
    complaint_probability: float | None
    customer_says_complaint: bool
    ground: Ground | None
    category: Category
    filed_late: bool
    answer_due_at: datetime
    queue_position: int | None
    duplicate_of: str | None
    is_urgent: bool
    wants_human: bool
    fields_missing: tuple[str, ...]
    assigned_to: str | None
    conversation: str | None
    version: int
    transcript: list[Message] = field(default_factory=list)
    suggested_pages: list[dict[str, Any]] = field(default_factory=list)
    outcome: dict[str, Any] | None = None
    history: list[Event] = field(default_factory=list)
