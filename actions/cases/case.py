"""The case: what a customer's matter looks like once it is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
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
Sender = Literal["bot", "customer", "agent"]

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
# Why the counter itself makes a case urgent, in the details of the event.
CRY_FOR_HELP = "cry_for_help"
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

    `citations`, `choices`, `case` and `attachments` have the shapes of the customer
    API.
    """

    id: str
    sender: Sender
    text: str
    language: str
    sent_at: datetime
    choices: list[dict[str, str]] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    case: dict[str, Any] | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list)


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
        event_time: Time of that day there, to the minute; None without a date.
        received_at: When the first message of the matter came in; it decides the
            place in the queue and every clock. None means at the moment of filing.
        fields_missing: Names of the fields that were asked for and not given.
    """

    filing_key: str
    language: str
    customer: Customer
    description: str
    conversation: str | None = None
    received_at: datetime | None = None
    event_date: date | None = None
    event_time: time | None = None
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
    """One entry of a case's append-only history.

    Attributes:
        actor: `customer`, `system` or the agent's name.
        hash: Seals this entry and all before it, of any case; hexadecimal SHA-256.
    """

    at: datetime
    actor: str
    kind: str
    details: dict[str, Any]
    hash: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """A filed case. Times are aware UTC; `event_date` and `event_time` are civil.

    Attributes:
        received_at: When the first message of the matter came in.
        queue_position: 1 for the oldest case that is not closed; None when closed.
        filed_late: The event lies outside the filing window of the policy.
        legal_hold: Why the case is kept whatever its age; None when it need not be.
        version: Rises with each change; a save names the version it saw.
    """

    reference: str
    status: Status
    received_at: datetime
    opened_at: datetime
    language: str
    customer: Customer
    description: str
    event_date: date | None
    event_time: time | None = None
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
    conversation: str
    version: int
    transcript: list[Message] = field(default_factory=list)
    suggested_pages: list[dict[str, Any]] = field(default_factory=list)
    outcome: dict[str, Any] | None = None
    legal_hold: str | None = None
    history: list[Event] = field(default_factory=list)


def time_as_json(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def message_as_json(message: Message) -> dict[str, Any]:
    """The `Message` of the customer API; `case` only where there is one."""
    content: dict[str, Any] = {
        "id": message.id,
        "sender": message.sender,
        "text": message.text,
        "language": message.language,
        "sent_at": time_as_json(message.sent_at),
        "choices": message.choices,
        "citations": message.citations,
        "attachments": message.attachments,
    }
    if message.case is not None:
        content["case"] = message.case
    return content


def receipt_as_json(case: Case, write_day: Callable[[datetime], str]) -> dict[str, Any]:
    """The `case` of a `Message`: what the customer is told on filing.

    Args:
        case: Which was filed.
        write_day: Writes the date of a moment in the message's language.
    """
    return {
        "reference": case.reference,
        "opened_at": time_as_json(case.opened_at),
        "opened": write_day(case.opened_at),
        "answer_due_at": time_as_json(case.answer_due_at),
        "answer_due": write_day(case.answer_due_at),
        "queue_position": case.queue_position,
    }


def event_as_json(event: Event) -> dict[str, Any]:
    """One entry of `history`."""
    return {
        "at": time_as_json(event.at),
        "actor": event.actor,
        "kind": event.kind,
        "details": event.details,
        "hash": event.hash,
    }


def case_as_json(case: Case) -> dict[str, Any]:
    """The `Case` of the staff API."""
    return {
        "reference": case.reference,
        "status": case.status,
        "opened_at": time_as_json(case.opened_at),
        "language": case.language,
        "customer": {
            "name": case.customer.name,
            "email": case.customer.email,
            "username": case.customer.username,
        },
        "description": case.description,
        "event_date": case.event_date.isoformat() if case.event_date else None,
        "event_time": case.event_time.isoformat("minutes") if case.event_time else None,
        "remedy_sought": case.remedy_sought,
        "is_complaint": case.is_complaint,
        "complaint_probability": case.complaint_probability,
        "customer_says_complaint": case.customer_says_complaint,
        "ground": case.ground,
        "category": case.category,
        "filed_late": case.filed_late,
        "answer_due_at": time_as_json(case.answer_due_at),
        "queue_position": case.queue_position,
        "duplicate_of": case.duplicate_of,
        "transcript": [message_as_json(message) for message in case.transcript],
        "suggested_pages": case.suggested_pages,
        "outcome": case.outcome,
        "history": [event_as_json(event) for event in case.history],
        "is_urgent": case.is_urgent,
        "wants_human": case.wants_human,
        "fields_missing": list(case.fields_missing),
        "assigned_to": case.assigned_to,
        "legal_hold": case.legal_hold,
        "version": case.version,
    }
