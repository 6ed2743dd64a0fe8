"""Files a case: number, dates, place in the queue, first events and the receipt."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Insert, Select, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.calendar import civil_day
from actions.cases.case import (
    Case,
    CaseDraft,
    Customer,
    Message,
    message_as_json,
    time_as_json,
)
from actions.cases.clocks import ClockRules, started_clocks
from actions.cases.complaint import Policy, is_late
from actions.cases.duplicates import Candidate, find_original
from actions.cases.history import append_events
from actions.cases.matters import Vector, embedding_row, vector_from
from actions.cases.outbox import email_row
from actions.cases.queries import (
    case_from,
    email_key,
    hour_of,
    ids_of,
    read_case,
    select_cases,
    unclosed,
)
from actions.cases.schedule import case_dates
from actions.cases.sealing import transcript_digest
from actions.cases.tables import (
    case_embeddings,
    cases,
    conversations,
    customers,
    reference_numbers,
    storable,
)
from actions.cases.transcripts import (
    Conversation,
    conversation_row,
    message_row,
    read_messages,
)
from actions.cases.words import first_words
from knowledge.database import insert_all
from knowledge.errors import NotFound

_ADD_CASE = insert(cases).returning(cases.c.id)
_ADD_CUSTOMER = insert(customers).returning(customers.c.id)


@dataclass(frozen=True, kw_only=True)
class About:
    """What a description is about, by which model; `vector` None when not known."""

    model: str
    vector: Vector | None


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
    known = await _look_up(connection, draft)
    if known.filed is not None:
        return known.filed
    written: list[Message] | None = None
    rows: list[Insert] = []
    if draft.conversation is None:
        conversation, written, rows = _form(draft, now)
    elif known.has_conversation:
        conversation = draft.conversation
    else:
        raise NotFound(f"no conversation {draft.conversation}")
    await insert_all(connection, rows)
    year = civil_day(now, rules.zone).year
    number = await _next_number(connection, year)
    received_at = draft.received_at or now
    reference = f"{rules.prefix}-{year}-{number:06d}"
    original = find_original(
        draft.description,
        await unclosed_matters(
            connection,
            draft.customer.email,
            draft.conversation,
            about.model if about else None,
        ),
        about.vector if about else None,
    )
    due_at = case_dates(received_at, (), rules.policy, rules.zone).answer_due_at
    filed_late = is_late(draft.event_date, received_at, rules.policy, rules.zone)
    filed_case = await connection.scalar(
        _ADD_CASE,
        {
            "reference": reference,
            "filing_key": draft.filing_key,
            "version": 1,
            "status": "open",
            "received_at": received_at,
            "opened_at": now,
            "answer_due_at": due_at,
            "customer_id": known.customer or await _add_customer(connection, draft),
            "conversation_id": conversation,
            "filed_late": filed_late,
            "duplicate_of": original,
            "received_hour": hour_of(received_at),
            **_as_drafted(draft),
        },
    )
    assert filed_case is not None
    await insert_all(
        connection,
        _beside(filed_case, reference, draft, received_at, due_at, now, rules, about),
    )
    filing: dict[str, Any] = {
        "received_at": time_as_json(received_at),
        "answer_due_at": time_as_json(due_at),
        "filed_late": filed_late,
        "is_complaint": draft.is_complaint,
        "ground": draft.ground,
        "category": draft.category,
        "policy": rules.policy.name,
    }
    events = [("customer", "filed", filing)]
    if draft.is_urgent:
        events.append(("system", "marked_urgent", {}))
    if original is not None:
        events.append(("system", "marked_duplicate", {"duplicate_of": original}))
    query = select_cases().where(cases.c.id == filed_case)
    case = case_from((await connection.execute(query)).one())
    # Nothing else was ever said in the conversation of a form.
    case.transcript.extend(written or await read_messages(connection, conversation))
    said = [message_as_json(message) for message in case.transcript]
    filing["queue_position"] = case.queue_position
    filing["messages"], filing["transcript"] = len(said), transcript_digest(said)
    case.history.extend(await append_events(connection, reference, now, events))
    return case


def _beside(
    case_id: int,
    reference: str,
    draft: CaseDraft,
    received_at: datetime,
    due_at: datetime,
    now: datetime,
    rules: Rules,
    about: About | None,
) -> list[Insert]:
    """What is stored beside the case: clocks, words, embedding and the receipt."""
    customer = draft.customer
    rows = [
        started_clocks(case_id, received_at, rules.clocks),
        first_words(
            case_id,
            reference,
            customer.name,
            customer.email,
            customer.username,
            draft.description,
            draft.remedy_sought,
        ),
    ]
    if about is not None and about.vector is not None:
        rows.append(embedding_row(case_id, about.model, about.vector))
    if customer.email is not None:
        content = {"name": customer.name, "answer_due_at": time_as_json(due_at)}
        rows.append(
            email_row(
                reference=reference,
                kind="receipt",
                recipient=customer.email,
                language=draft.language,
                content=content,
                at=now,
            )
        )
    return rows


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What there is before a draft is filed."""

    filed: Case | None
    has_conversation: bool
    customer: int | None


async def _look_up(connection: AsyncConnection, draft: CaseDraft) -> _Known:
    """Whether it is filed already, and the rows that it builds on."""
    filed = select(cases.c.reference).where(cases.c.filing_key == draft.filing_key)
    conversation = select(conversations.c.id).where(
        conversations.c.id == draft.conversation
    )
    row = (
        await connection.execute(
            select(
                filed.scalar_subquery().label("filed"),
                conversation.scalar_subquery().label("conversation"),
                _same_person(draft.customer).scalar_subquery().label("customer"),
            )
        )
    ).one()
    return _Known(
        filed=await read_case(connection, row.filed) if row.filed else None,
        has_conversation=row.conversation is not None,
        customer=row.customer,
    )


async def filed_as(connection: AsyncConnection, filing_key: str) -> Case | None:
    """The case filed with this key, or None."""
    found = await connection.scalar(
        select(cases.c.reference).where(cases.c.filing_key == filing_key)
    )
    return None if found is None else await read_case(connection, found)


def _as_drafted(draft: CaseDraft) -> dict[str, Any]:
    return {
        "language": draft.language,
        "description": draft.description,
        "event_date": draft.event_date,
        "remedy_sought": draft.remedy_sought,
        "is_complaint": draft.is_complaint,
        "complaint_probability": draft.complaint_probability,
        "customer_says_complaint": draft.customer_says_complaint,
        "ground": draft.ground,
        "category": draft.category,
        "is_urgent": draft.is_urgent,
        "wants_human": draft.wants_human,
        "fields_missing": list(draft.fields_missing),
        "suggested_pages": draft.suggested_pages,
    }


async def _next_number(connection: AsyncConnection, year: int) -> int:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    numbers = dialect.insert(reference_numbers).values(year=year, last=1)
    taken = await connection.scalar(
        numbers.on_conflict_do_update(
            index_elements=["year"], set_={"last": reference_numbers.c.last + 1}
        ).returning(reference_numbers.c.last)
    )
    assert taken is not None
    return int(taken)


def _form(draft: CaseDraft, now: datetime) -> tuple[str, list[Message], list[Insert]]:
    """A conversation of its own for a form: id, what was said, and the inserts."""
    conversation = Conversation(
        id=uuid.uuid4().hex,
        token_hash="",
        language=draft.language,
        stage="filed",
        created_at=now,
        accept_languages=(),
    )
    written = Message(
        id=uuid.uuid4().hex,
        sender="customer",
        text=storable(draft.description),
        language=draft.language,
        sent_at=draft.received_at or now,
    )
    rows = [
        conversation_row(conversation, channel="form"),
        message_row(conversation.id, written),
    ]
    return conversation.id, [written], rows


def _same_person(customer: Customer) -> Select[tuple[int]]:
    """The row of this very person; another spelling of the name is another row."""
    same = [
        customers.c[column].is_not_distinct_from(getattr(customer, column))
        for column in ("name", "email", "username")
    ]
    # Never `IS NULL`: who gave no address is nobody that we know.
    key = email_key(customer.email) or ""
    return select(customers.c.id).where(customers.c.email_key == key, *same).limit(1)


async def _add_customer(connection: AsyncConnection, draft: CaseDraft) -> int:
    customer = draft.customer
    added = await connection.scalar(
        _ADD_CUSTOMER,
        {
            "name": customer.name,
            "email": customer.email,
            "email_key": email_key(customer.email),
            "username": customer.username,
        },
    )
    assert added is not None
    return int(added)


async def unclosed_matters(
    connection: AsyncConnection,
    email: str | None,
    conversation: str | None,
    model: str | None,
) -> list[Candidate]:
    """What the open cases of a person or conversation are about, oldest first.

    Embeddings of another model than `model` are left out.
    """
    if email_key(email) is None and conversation is None:
        return []
    query = (
        select(cases.c.reference, cases.c.description, case_embeddings.c.vector)
        .outerjoin_from(
            cases,
            case_embeddings,
            (case_embeddings.c.case_id == cases.c.id)
            & (case_embeddings.c.model == model),
        )
        .where(unclosed(), cases.c.id.in_(ids_of(email, conversation)))
        .order_by(cases.c.received_at, cases.c.id)
        .limit(50)
    )
    return [
        Candidate(
            reference=row.reference,
            description=row.description,
            vector=vector_from(row.vector),
        )
        for row in await connection.execute(query)
    ]
