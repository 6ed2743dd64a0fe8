"""Files a case: number, dates, place in the queue, first events and the receipt."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from actions.cases.calendar import civil_day
from actions.cases.case import (
    CRY_FOR_HELP,
    Case,
    CaseDraft,
    Customer,
    Message,
    case_as_json,
    message_as_json,
    time_as_json,
)
from actions.cases.case_rows import taken_down, values_of
from actions.cases.clocks import ClockRules, started_clocks
from actions.cases.complaint import Policy, is_late
from actions.cases.duplicates import find_original
from actions.cases.history import append_events
from actions.cases.language_free import LanguageFree
from actions.cases.matters import Vector, embedding_row
from actions.cases.outbox import email_row
from actions.cases.preceding import Known, look_up, unclosed_matters
from actions.cases.queries import email_key, hour_of, read_case
from actions.cases.schedule import case_dates
from actions.cases.sealed_files import files_when_filed
from actions.cases.sealing import (
    FILED_WITH,
    WORDS_FOLLOW,
    citations_digest,
    facts_digest,
    transcript_digest,
)
from actions.cases.tables import cases, customers, reference_numbers
from actions.cases.transcripts import (
    Conversation,
    conversation_row,
    message_row,
    messages_from,
    messages_of,
)
from actions.cases.words import first_words
from knowledge.errors import NotFound
from knowledge.writes import Write, new_row, write_all, write_and_ask


@dataclass(frozen=True, kw_only=True)
class About:
    """What a description is about, by which model; `vector` None when not known."""

    model: str
    vector: Vector | None
    language_free: LanguageFree | None = None


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What filing follows: the policy, the operator's zone and reference prefix."""

    policy: Policy
    zone: tzinfo
    prefix: str
    clocks: ClockRules


async def insert_case(
    connection: AsyncConnection,
    draft: CaseDraft,
    rules: Rules,
    now: datetime,
    about: About | None = None,
) -> Case:
    """File `draft` inside the caller's transaction.

    Returns:
        The new case, or the one filed before with the same key.

    Raises:
        NotFound: The draft names a conversation that does not exist.
        IntegrityError: One with the same key was filed at this very moment.
    """
    received_at = (draft.received_at or now).astimezone(UTC)
    known = await look_up(connection, draft, received_at)
    if known.filed is not None:
        filed_before = await read_case(connection, known.filed)
        assert filed_before is not None
        return filed_before
    files: list[dict[str, str]] = []
    if draft.conversation is not None:
        if not known.has_conversation:
            raise NotFound(f"no conversation {draft.conversation}")
        files = await files_when_filed(connection, draft.conversation)
    case = await _new_case(connection, draft, rules, now, received_at, known, about)
    written: list[Message] = []
    writes: list[Write] = []
    if draft.conversation is None:
        written, writes = _form(case, draft)
    if known.customer is None:
        writes.append(_customer_row(known.next_customer, draft.customer))
    customer = known.customer or known.next_customer
    writes.append(_case_row(known.next_case, customer, draft.filing_key, case))
    writes += _beside(known.next_case, case, rules, about)
    # Nothing else was ever said in the conversation of a form.
    if draft.conversation is None:
        await write_all(connection, writes)
        case.transcript.extend(written)
    else:
        conversation = {"conversation": case.conversation}
        asked = await write_and_ask(connection, writes, messages_of(), conversation)
        case.transcript.extend(messages_from(asked))
    events = _first_events(case, rules.policy, files)
    case.history.extend(await append_events(connection, case.reference, now, events))
    return case


async def _new_case(
    connection: AsyncConnection,
    draft: CaseDraft,
    rules: Rules,
    now: datetime,
    received_at: datetime,
    known: Known,
    about: About | None,
) -> Case:
    """The case that the draft becomes, with its number, dates and place."""
    original = None
    if known.has_open_cases:
        model, vector = (about.model, about.vector) if about else (None, None)
        candidates = await unclosed_matters(
            connection, draft.customer.email, draft.conversation, model
        )
        original = find_original(
            draft.description,
            candidates,
            vector,
            about.language_free if about else None,
        )
    year = civil_day(now, rules.zone).year
    number = await _next_number(connection, year)
    values = taken_down(draft) | {
        "reference": f"{rules.prefix}-{year}-{number:06d}",
        "status": "open",
        "received_at": received_at,
        "opened_at": now.astimezone(UTC),
        "filed_late": is_late(draft.event_date, received_at, rules.policy, rules.zone),
        "answer_due_at": case_dates(
            received_at, (), rules.policy, rules.zone
        ).answer_due_at,
        "queue_position": known.queue_position,
        "duplicate_of": original,
        "assigned_to": None,
        "conversation": draft.conversation or uuid.uuid4().hex,
        "version": 1,
    }
    return Case(**values)


def _case_row(number: int, customer: int, filing_key: str, case: Case) -> Write:
    return new_row(
        cases,
        id=number,
        filing_key=filing_key,
        customer_id=customer,
        received_hour=hour_of(case.received_at),
        **values_of(case),
    )


def _customer_row(number: int, customer: Customer) -> Write:
    return new_row(
        customers,
        id=number,
        name=customer.name,
        email=customer.email,
        email_key=email_key(customer.email),
        username=customer.username,
    )


def _beside(case_id: int, case: Case, rules: Rules, about: About | None) -> list[Write]:
    """What is stored beside the case: clocks, words, embedding and the receipt."""
    customer = case.customer
    writes = [
        started_clocks(case_id, case.received_at, rules.clocks),
        first_words(
            case_id,
            case.reference,
            customer.name,
            customer.email,
            customer.username,
            case.description,
            case.remedy_sought,
        ),
    ]
    if about is not None and about.vector is not None:
        writes.append(embedding_row(case_id, about.model, about.vector))
    if customer.email is not None:
        writes.append(
            email_row(
                reference=case.reference,
                kind="receipt",
                recipient=customer.email,
                language=case.language,
                content={
                    "name": customer.name,
                    "answer_due_at": time_as_json(case.answer_due_at),
                },
                at=case.opened_at,
            )
        )
    return writes


def _first_events(
    case: Case, policy: Policy, files: list[dict[str, str]]
) -> list[tuple[str, str, dict[str, Any]]]:
    """What the history of a case begins with."""
    said = [message_as_json(message) for message in case.transcript]
    filing: dict[str, Any] = {
        "received_at": time_as_json(case.received_at),
        "answer_due_at": time_as_json(case.answer_due_at),
        "filed_late": case.filed_late,
        "is_complaint": case.is_complaint,
        "ground": case.ground,
        "category": case.category,
        "policy": policy.name,
        "queue_position": case.queue_position,
        "messages": len(said),
        "transcript": transcript_digest(said),
        "citations": citations_digest(said),
        "facts": facts_digest(case_as_json(case)),
        FILED_WITH: files,
        WORDS_FOLLOW: True,
    }
    events = [("customer", "filed", filing)]
    if case.is_urgent:
        events.append(("system", "marked_urgent", {"because": CRY_FOR_HELP}))
    if case.duplicate_of is not None:
        original = {"duplicate_of": case.duplicate_of}
        events.append(("system", "marked_duplicate", original))
    return events


async def filed_as(connection: AsyncConnection, filing_key: str) -> Case | None:
    """The case filed with this key, or None."""
    found = await connection.scalar(
        select(cases.c.reference).where(cases.c.filing_key == filing_key)
    )
    return None if found is None else await read_case(connection, found)


async def _next_number(connection: AsyncConnection, year: int) -> int:
    counting = _counting(connection.dialect.name)
    taken = await connection.execute(counting, {"of_year": year})
    return int(taken.scalar_one())


@cache
def _counting(dialect: str) -> ReturningInsert[Any]:
    numbers = (sqlite if dialect == "sqlite" else postgresql).insert(reference_numbers)
    counting: ReturningInsert[Any] = (
        numbers.values(year=bindparam("of_year"), last=1)
        .on_conflict_do_update(
            index_elements=["year"], set_={"last": reference_numbers.c.last + 1}
        )
        .returning(reference_numbers.c.last)
    )
    return counting


def _form(case: Case, draft: CaseDraft) -> tuple[list[Message], list[Write]]:
    """What was said in the conversation of a form, and the inserts of both."""
    conversation = Conversation(
        id=case.conversation,
        token_hash="",
        language=case.language,
        stage="filed",
        created_at=case.opened_at,
        accept_languages=(),
    )
    written = Message(
        id=uuid.uuid4().hex,
        sender="customer",
        text=case.description,
        language=case.language,
        sent_at=case.received_at,
    )
    writes = [
        conversation_row(conversation, channel="form"),
        message_row(conversation.id, written),
    ]
    return [written], writes
