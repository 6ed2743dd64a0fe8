"""What the archive holds before a draft is filed: one look, in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    Table,
    bindparam,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from actions.cases.case import CaseDraft
from actions.cases.duplicates import Candidate
from actions.cases.matters import vector_from
from actions.cases.queries import (
    ONE,
    email_key,
    hour_of,
    ids_of,
    place_of_new,
    unclosed,
)
from actions.cases.tables import case_embeddings, cases, conversations, customers


@dataclass(frozen=True, kw_only=True)
class Known:
    """What there is already.

    Attributes:
        filed: Reference of the case that was filed with the same key.
        has_open_cases: The person, or the conversation, has one that is not closed.
        customer: The row of this very person.
        next_customer, next_case: Numbers that nobody else gets.
        queue_position: The place that the case would have.
    """

    filed: str | None
    has_conversation: bool
    has_open_cases: bool
    customer: int | None
    next_customer: int
    next_case: int
    queue_position: int


async def look_up(
    connection: AsyncConnection, draft: CaseDraft, received_at: datetime
) -> Known:
    """Whether a draft is filed already, and what it builds on."""
    person = draft.customer
    found = await connection.execute(
        _looking_up(),
        {
            "filing_key": draft.filing_key,
            "conversation": draft.conversation,
            "name": person.name,
            "email": person.email,
            "username": person.username,
            "email_key": email_key(person.email),
            "received_hour": hour_of(received_at),
            "received_at": received_at,
        },
    )
    row = found.one()
    return Known(
        filed=row.filed,
        has_conversation=row.conversation is not None,
        has_open_cases=row.has_open_cases,
        customer=row.customer,
        next_customer=row.next_customer,
        next_case=row.next_case,
        queue_position=row.queue_position,
    )


@cache
def _looking_up() -> Select[Any]:
    filing_key = bindparam("filing_key", type_=cases.c.filing_key.type)
    conversation = bindparam("conversation", type_=conversations.c.id.type)
    # Never `IS NULL`: who gave no address is nobody that we know.
    same_address = customers.c.email_key == bindparam(
        "email_key", type_=customers.c.email_key.type
    )
    # Another spelling of the name is another row.
    same_person = (
        customers.c[column].is_not_distinct_from(
            bindparam(column, type_=customers.c[column].type)
        )
        for column in ("name", "email", "username")
    )
    filed = select(cases.c.reference).where(cases.c.filing_key == filing_key)
    # Nobody says or attaches anything more until the transaction ends: what is read of
    # the conversation after this is all that there is.
    known = (
        select(conversations.c.id)
        .where(conversations.c.id == conversation)
        .with_for_update()
    )
    of_person = select(cases.c.id).join_from(cases, customers).where(same_address)
    in_conversation = select(cases.c.id).where(cases.c.conversation_id == conversation)
    return select(
        filed.scalar_subquery().label("filed"),
        known.scalar_subquery().label("conversation"),
        or_(
            of_person.where(unclosed()).exists(),
            in_conversation.where(unclosed()).exists(),
        ).label("has_open_cases"),
        select(customers.c.id)
        .where(same_address, *same_person)
        .limit(ONE)
        .scalar_subquery()
        .label("customer"),
        _NextNumber(customers).label("next_customer"),
        _NextNumber(cases).label("next_case"),
        place_of_new().label("queue_position"),
    )


class _NextNumber(FunctionElement[int]):
    """A number for a row that is about to be added, given to nobody else."""

    type = Integer()
    name = "next_number"
    inherit_cache = True

    def __init__(self, table: Table) -> None:
        super().__init__(literal(table.name))


@compiles(_NextNumber, "postgresql")
def _of_sequence(element: _NextNumber, compiler: Any, **options: Any) -> str:
    table = compiler.process(element.clauses, **options)
    return f"nextval(pg_get_serial_sequence({table}, 'id'))"


@compiles(_NextNumber, "sqlite")
def _after_the_last(element: _NextNumber, compiler: Any, **options: Any) -> str:
    # Who writes is alone; numbers of removed rows are not given again.
    table = compiler.process(element.clauses, **options)
    return f"coalesce((SELECT seq FROM sqlite_sequence WHERE name = {table}), 0) + 1"


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
