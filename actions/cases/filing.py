"""Files a case: number, dates, place in the queue, first events and the receipt."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import insert, select
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
from actions.cases.clocks import ClockRules, start_clocks
from actions.cases.complaint import Policy, is_late
from actions.cases.duplicates import Candidate, find_original
from actions.cases.history import append_events
from actions.cases.matters import Vector, vector_from, write_embedding
from actions.cases.outbox import write_email
from actions.cases.queries import (
    email_key,
    hour_of,
    ids_of,
    read_case,
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
)
from actions.cases.transcripts import (
    Conversation,
    insert_conversation,
    insert_message,
)
from actions.cases.words import write_words
from knowledge.errors import NotFound

_ADD_CASE = insert(cases).returning(cases.c.id)


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
    if (filed := await filed_as(connection, draft.filing_key)) is not None:
        return filed
    year = civil_day(now, rules.zone).year
    number = await _next_number(connection, year)
    received_at = draft.received_at or now
    reference = f"{rules.prefix}-{year}-{number:06d}"
    conversation = await _conversation(connection, draft, now)
    original = find_original(
        draft.description,
        await unclosed_matters(
            connection,
            draft.customer.email,
            conversation,
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
            "customer_id": await _customer(connection, draft.customer),
            "conversation_id": conversation,
            "filed_late": filed_late,
            "duplicate_of": original,
            "received_hour": hour_of(received_at),
            **_as_drafted(draft),
        },
    )
    assert filed_case is not None
    await start_clocks(connection, filed_case, received_at, rules.clocks)
    await write_words(
        connection,
        filed_case,
        reference,
        draft.customer.name,
        draft.customer.email,
        draft.customer.username,
        draft.description,
        draft.remedy_sought,
    )
    if about is not None:
        await write_embedding(connection, filed_case, about.model, about.vector)
    await write_email(
        connection,
        reference=reference,
        kind="receipt",
        recipient=draft.customer.email,
        language=draft.language,
        content={"name": draft.customer.name, "answer_due_at": time_as_json(due_at)},
        at=now,
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
    case = await read_case(connection, reference)
    assert case is not None
    said = [message_as_json(message) for message in case.transcript]
    filing["queue_position"] = case.queue_position
    filing["messages"], filing["transcript"] = len(said), transcript_digest(said)
    case.history.extend(await append_events(connection, reference, now, events))
    return case


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


async def _conversation(
    connection: AsyncConnection, draft: CaseDraft, now: datetime
) -> str:
    """The draft's conversation, or for the contact form a new one of its own."""
    if draft.conversation is not None:
        known = await connection.scalar(
            select(conversations.c.id).where(conversations.c.id == draft.conversation)
        )
        if known is None:
            raise NotFound(f"no conversation {draft.conversation}")
        return draft.conversation
    conversation = Conversation(
        id=uuid.uuid4().hex,
        token_hash="",
        language=draft.language,
        stage="filed",
        created_at=now,
        accept_languages=(),
    )
    await insert_conversation(connection, conversation, channel="form")
    written = Message(
        id=uuid.uuid4().hex,
        sender="customer",
        text=draft.description,
        language=draft.language,
        sent_at=draft.received_at or now,
    )
    await insert_message(connection, conversation.id, written)
    return conversation.id


async def _customer(connection: AsyncConnection, customer: Customer) -> int:
    """The row of this very person; another spelling of the name is another row."""
    values = {
        "name": customer.name,
        "email": customer.email,
        "username": customer.username,
    }
    if (key := email_key(customer.email)) is not None:
        same = [
            customers.c[column].is_not_distinct_from(value)
            for column, value in values.items()
        ]
        known = await connection.scalar(
            select(customers.c.id).where(customers.c.email_key == key, *same).limit(1)
        )
        if known is not None:
            return int(known)
    added = await connection.execute(
        insert(customers).values(email_key=key, **values).returning(customers.c.id)
    )
    return int(added.scalar_one())


async def unclosed_matters(
    connection: AsyncConnection,
    email: str | None,
    conversation: str | None,
    model: str | None,
) -> list[Candidate]:
    """What the open cases of a person or conversation are about, oldest first.

    Embeddings of another model than `model` are left out.
    """
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
