"""Removes what need not, or may not, be kept: after the period, or on request.

What is removed: the case, its transcript with feedback, the customer, e-mails in the
outbox and what its events said. What stays: that there were events, so that the
chain still verifies, and a receipt with counts that names nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal

from sqlalchemy import ColumnElement, Table, delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.calendar import months_after
from actions.cases.complaint import Policy, retention_ends_at
from actions.cases.history import append_events
from actions.cases.queries import email_key
from actions.cases.tables import (
    case_embeddings,
    case_events,
    case_texts,
    cases,
    conversations,
    corrections,
    customers,
    erasures,
    event_details,
    feedback,
    messages,
    outbox,
)
from knowledge.database import reading, writing
from knowledge.errors import BadInput
from knowledge.tables import gaps

Cause = Literal["retention", "request"]


@dataclass(frozen=True, kw_only=True)
class ErasureReceipt:
    """Proof of a removal that names nobody.

    Attributes:
        counts: How many rows were removed, by store.
    """

    id: int
    at: datetime
    cause: Cause
    counts: Mapping[str, int]


class Retention:
    """All methods raise ArchiveUnavailable when the database is down."""

    def __init__(self, engine: AsyncEngine, policy: Policy, zone: tzinfo) -> None:
        self._engine, self._policy, self._zone = engine, policy, zone

    async def purge(self, now: datetime) -> ErasureReceipt:
        """Remove closed cases past their period, and old conversations without a case.

        Each case goes in a transaction of its own: after an interruption, purge
        again.
        """
        counts: Counter[str] = Counter()
        for reference in await self._past_retention(now):
            async with writing(self._engine) as connection:
                counts += await _erase_case(connection, reference, now, "retention")
        cutoff = months_after(now, -self._policy.retention_months, self._zone)
        async with writing(self._engine) as connection:
            counts += await _erase_conversations(
                connection, conversations.c.created_at < cutoff
            )
            # Unanswered questions are customers' words too.
            removed = await connection.execute(
                delete(gaps).where(gaps.c.asked_at < cutoff)
            )
            counts += Counter({gaps.name: removed.rowcount})
            return await _receipt(connection, "retention", now, counts)

    async def erase(
        self,
        now: datetime,
        *,
        email: str | None = None,
        reference: str | None = None,
    ) -> ErasureReceipt:
        """Remove on request one case, or every case of a person, open or closed.

        Nothing found is a receipt with no counts.

        Raises:
            BadInput: Neither or both of `email` and `reference` are given.
        """
        key = email_key(email)
        if (key is None) == (reference is None):
            raise BadInput("give either an e-mail address or a reference")
        if reference is not None:
            wanted = cases.c.reference == reference
        else:
            wanted = customers.c.email_key == key
        # All cases are locked before the first event takes the chain's lock.
        query = (
            select(cases.c.reference)
            .join_from(cases, customers)
            .where(wanted)
            .order_by(cases.c.id)
            .with_for_update(of=cases)
        )
        counts: Counter[str] = Counter()
        async with writing(self._engine) as connection:
            for found in (await connection.scalars(query)).all():
                counts += await _erase_case(connection, found, now, "request")
            return await _receipt(connection, "request", now, counts)

    async def _past_retention(self, now: datetime) -> Sequence[str]:
        # Roughly first: no month end or change of clocks shifts it by more days.
        cutoff = months_after(now, -self._policy.retention_months, self._zone)
        query = (
            select(cases.c.reference, cases.c.closed_at)
            .where(
                cases.c.status == "closed",
                cases.c.closed_at < cutoff + timedelta(days=5),
            )
            .order_by(cases.c.id)
        )
        async with reading(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        return [
            row.reference
            for row in rows
            if retention_ends_at(row.closed_at, self._policy, self._zone) <= now
        ]


async def _erase_case(
    connection: AsyncConnection, reference: str, now: datetime, cause: Cause
) -> Counter[str]:
    """Remove one case with all that hangs on it; the chain's lock is taken last."""
    row = (
        await connection.execute(
            select(cases.c.id, cases.c.customer_id, cases.c.conversation_id)
            .where(cases.c.reference == reference)
            .with_for_update()
        )
    ).one_or_none()
    if row is None:
        return Counter()
    counts: Counter[str] = Counter()
    for table in (case_embeddings, case_texts, corrections):
        counts[table.name] = await _delete(connection, table, table.c.case_id == row.id)
    counts["cases"] = await _delete(connection, cases, cases.c.reference == reference)
    counts["customers"] = await _delete(
        connection,
        customers,
        customers.c.id == row.customer_id,
        ~exists().where(cases.c.customer_id == row.customer_id),
    )
    counts += await _erase_conversations(
        connection, conversations.c.id == row.conversation_id
    )
    counts["outbox"] = await _delete(
        connection, outbox, outbox.c.reference == reference
    )
    events = select(case_events.c.id).where(case_events.c.reference == reference)
    counts["event_details"] = await _delete(
        connection, event_details, event_details.c.event_id.in_(events)
    )
    erased = ("system", "erased", {"cause": cause, "counts": dict(counts)})
    await append_events(connection, reference, now, [erased])
    return counts


async def _erase_conversations(
    connection: AsyncConnection, wanted: ColumnElement[bool]
) -> Counter[str]:
    """Remove conversations that no case needs, with all that was said in them."""
    unused = (
        select(conversations.c.id)
        .where(wanted, ~exists().where(cases.c.conversation_id == conversations.c.id))
        .scalar_subquery()
    )
    said = select(messages.c.id).where(messages.c.conversation_id.in_(unused))
    return Counter(
        feedback=await _delete(
            connection, feedback, feedback.c.message_id.in_(said.scalar_subquery())
        ),
        messages=await _delete(
            connection, messages, messages.c.conversation_id.in_(unused)
        ),
        conversations=await _delete(
            connection, conversations, conversations.c.id.in_(unused)
        ),
    )


async def _delete(
    connection: AsyncConnection, table: Table, *conditions: ColumnElement[bool]
) -> int:
    return (await connection.execute(delete(table).where(*conditions))).rowcount


async def _receipt(
    connection: AsyncConnection, cause: Cause, now: datetime, counts: Counter[str]
) -> ErasureReceipt:
    removed: dict[str, Any] = {name: n for name, n in counts.items() if n}
    number = await connection.scalar(
        insert(erasures)
        .values(at=now, cause=cause, counts=removed)
        .returning(erasures.c.id)
    )
    assert number is not None
    return ErasureReceipt(id=number, at=now, cause=cause, counts=removed)
