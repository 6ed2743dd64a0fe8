"""Removes what need not, or may not, be kept: after the period, or on request.

What is removed: the case with its words and embedding, its transcript with feedback
and attachments, the assistant's memory of the conversation, questions noted as gaps,
the customer, letters and the outbox, and what its events said. What stays: that there
were events, so that the chain still verifies, and a receipt with counts that names
nobody. A case under a legal hold is kept whole until it is released.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal, Protocol

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.attachments import Attachments
from actions.cases.calendar import months_after
from actions.cases.clock_tables import case_clocks
from actions.cases.clocks import ClockRules
from actions.cases.complaint import Policy, retention_ends_at
from actions.cases.erasing import (
    Erased,
    erase_cases,
    erase_conversations,
    erase_letters,
)
from actions.cases.post_tables import letters
from actions.cases.queries import email_key
from actions.cases.tables import cases, conversations, customers, erasures
from knowledge.database import reading, writing
from knowledge.errors import BadInput, Conflict

Cause = Literal["retention", "request"]
HELD = "kept_under_legal_hold"


class Memory(Protocol):
    """What else remembers conversations, beside the archive: Rasa's trackers."""

    async def forget(self, conversations: Collection[str]) -> int:
        """Remove everything about these; how many entries there were."""


@dataclass(frozen=True, kw_only=True)
class ErasureReceipt:
    """Proof of a removal that names nobody.

    Attributes:
        counts: How many rows were removed, by store; under `kept_under_legal_hold`
            how many cases were not.
    """

    id: int
    at: datetime
    cause: Cause
    counts: Mapping[str, int]


class Retention:
    """All methods raise ArchiveUnavailable when the database is down."""

    def __init__(
        self,
        engine: AsyncEngine,
        policy: Policy,
        zone: tzinfo,
        *,
        attachments: Attachments | None = None,
        memory: Memory | None = None,
        policies: Mapping[str, Policy] | None = None,
    ) -> None:
        """Open what removes cases.

        Args:
            engine: The database, migrated.
            policy: Says how long closed cases are kept.
            zone: The operator's time zone.
            attachments: Where their files lie; without it only rows are removed.
            memory: What else remembers conversations.
            policies: By name, for the cases that were filed under them.
        """
        self._clocks = ClockRules(policy=policy, zone=zone, policies=policies or {})
        self._engine, self._policy, self._zone = engine, policy, zone
        self._attachments, self._memory = attachments, memory

    async def purge(self, now: datetime) -> ErasureReceipt:
        """Remove closed cases past their period, and old conversations without a case.

        Each case goes in a transaction of its own: after an interruption, purge
        again. Files that a crash left behind are removed as well.
        """
        counts: Counter[str] = Counter()
        for reference in await self._past_retention(now):
            counts += await self._erase([reference], now, "retention")
        cutoff = months_after(now, -self._policy.retention_months, self._zone)
        is_old = conversations.c.created_at < cutoff
        async with reading(self._engine) as connection:
            old = (
                await connection.scalars(select(conversations.c.id).where(is_old))
            ).all()
        counts += await self._forget(old)
        async with writing(self._engine) as connection:
            gone = (
                await erase_letters(connection, letters.c.at < cutoff),
                await erase_conversations(connection, is_old),
            )
        for erased in gone:
            counts += await self._remove_files(erased)
        if self._attachments is not None:
            await self._attachments.sweep()
        async with writing(self._engine) as connection:
            return await _receipt(connection, "retention", now, counts)

    async def erase(
        self,
        now: datetime,
        *,
        email: str | None = None,
        reference: str | None = None,
    ) -> ErasureReceipt:
        """Remove on request one case, or every case of a person, open or closed.

        Nothing found is a receipt with no counts. Of a person, cases under a legal
        hold are left and counted.

        Raises:
            BadInput: Neither or both of `email` and `reference` are given.
            Conflict: The one case is under a legal hold.
        """
        key = email_key(email)
        if (key is None) == (reference is None):
            raise BadInput("give either an e-mail address or a reference")
        wanted = (
            cases.c.reference == reference
            if reference is not None
            else customers.c.email_key == key
        )
        query = (
            select(cases.c.reference, cases.c.legal_hold)
            .join_from(cases, customers)
            .where(wanted)
            .order_by(cases.c.id)
        )
        async with reading(self._engine) as connection:
            found = (await connection.execute(query)).all()
        held = [row.reference for row in found if row.legal_hold is not None]
        if reference is not None and held:
            raise Conflict(f"case {reference} is under a legal hold; release it first")
        free = [row.reference for row in found if row.legal_hold is None]
        counts = await self._erase(free, now, "request")
        counts[HELD] = len(held)
        if key is not None:
            is_theirs = func.lower(letters.c.sender) == key
            async with writing(self._engine) as connection:
                erased = await erase_letters(connection, is_theirs)
            counts += await self._remove_files(erased)
        async with writing(self._engine) as connection:
            return await _receipt(connection, "request", now, counts)

    async def _erase(
        self, references: Sequence[str], now: datetime, cause: Cause
    ) -> Counter[str]:
        """Remove cases in one transaction, then what lies outside the database.

        The assistant forgets first: after a crash the request is repeated, and would
        not find a conversation whose rows are gone.
        """
        if not references:
            return Counter()
        owned = select(cases.c.conversation_id).where(cases.c.reference.in_(references))
        shared = select(cases.c.conversation_id).where(
            cases.c.reference.not_in(references)
        )
        async with reading(self._engine) as connection:
            theirs = (
                await connection.scalars(
                    owned.where(cases.c.conversation_id.not_in(shared))
                )
            ).all()
        counts = await self._forget(theirs)
        async with writing(self._engine) as connection:
            erased = await erase_cases(connection, references, now, cause)
        return counts + await self._remove_files(erased)

    async def _forget(self, theirs: Collection[str]) -> Counter[str]:
        if self._memory is None or not theirs:
            return Counter()
        return Counter(tracker_events=await self._memory.forget(theirs))

    async def _remove_files(self, erased: Erased) -> Counter[str]:
        removed = 0
        if self._attachments is not None:
            removed = await self._attachments.sweep(erased.files)
        return erased.counts + Counter(attachment_files=removed)

    async def _past_retention(self, now: datetime) -> Sequence[str]:
        # Roughly first: no month end or change of clocks shifts it by more days.
        policies = (self._policy, *self._clocks.policies.values())
        shortest = min(each.retention_months for each in policies)
        cutoff = months_after(now, -shortest, self._zone)
        query = (
            select(cases.c.reference, cases.c.closed_at, case_clocks.c.policy)
            .join_from(cases, case_clocks)
            .where(
                cases.c.status == "closed",
                cases.c.closed_at < cutoff + timedelta(days=5),
                cases.c.legal_hold.is_(None),
            )
            .order_by(cases.c.id)
        )
        async with reading(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        return [
            row.reference
            for row in rows
            if retention_ends_at(
                row.closed_at, self._clocks.policy_of(row.policy), self._zone
            )
            <= now
        ]


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
