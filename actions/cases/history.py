"""The append-only, hash-chained history of all cases.

Each event seals the one before it, whichever case that belonged to: an event that
was altered, removed or reordered breaks the chain from there on.
"""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.case import Event
from actions.cases.columns import storable
from actions.cases.outbox import event_rows
from actions.cases.sealing import (
    FIRST_HASH,
    SealedEvent,
    details_digest,
    event_hash,
    history_faults,
    seal_faults,
)
from actions.cases.tables import case_events, event_details
from knowledge.errors import BadInput
from knowledge.writes import Write, new_row, write_all

_OWN = (
    select(case_events.c.hash)
    .where(case_events.c.reference == bindparam("reference"))
    .order_by(case_events.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_HEAD = (
    select(case_events.c.id, case_events.c.hash, _OWN.label("own_hash"))
    .order_by(case_events.c.id.desc())
    .limit(1)
)
# A function of the migration: takes the chain's lock, then looks, in one round trip.
# Events are then chained one transaction at a time, in every replica.
_LOCKED_HEAD = text("SELECT id, hash, own_hash FROM lock_chain(:reference)")


@dataclass(frozen=True, kw_only=True)
class ChainHead:
    """How far the chain of all events reaches.

    What is cut off at its end leaves no gap. Noted outside the database, the head of
    today shows tomorrow that the chain still holds everything up to it.

    Attributes:
        number: Of the last event; they count from 1, so also how many there are.
        hash: Of the last event, `FIRST_HASH` before the first.
    """

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> ChainHead:
        """Read a head as `str` writes it.

        Raises:
            BadInput: It looks otherwise.
        """
        if not re.fullmatch(r"\d{1,18}:[0-9a-f]{64}", text):
            raise BadInput(f"a head looks like 1234:{'0' * 8}…, got {text[:80]!r}")
        number, _, hash = text.partition(":")
        return cls(number=int(number), hash=hash)


async def append_events(
    connection: AsyncConnection,
    reference: str,
    at: datetime,
    events: Sequence[tuple[str, str, dict[str, Any]]],
) -> list[Event]:
    """Chain events onto the history, inside the caller's transaction.

    Each event is `(actor, kind, details)`; details hold plain JSON values. Call it
    last: on PostgreSQL it holds the chain's lock until the commit.

    Returns:
        The events as they will be read back.
    """
    if not events:
        return []
    is_postgres = connection.dialect.name == "postgresql"
    head = await connection.execute(
        _LOCKED_HEAD if is_postgres else _HEAD, {"reference": reference}
    )
    last = head.one_or_none()
    number, prev_hash = (last.id, last.hash) if last else (0, FIRST_HASH)
    previous = (last and last.own_hash) or FIRST_HASH
    writes: list[Write] = []
    appended: list[Event] = []
    for actor, kind, details in events:
        number, actor = number + 1, storable(actor)
        salt = secrets.token_hex(16)
        digest = details_digest(salt, details, previous)
        sealed = event_hash(
            number=number,
            reference=reference,
            at=at,
            actor=actor,
            kind=kind,
            digest=digest,
            prev_hash=prev_hash,
        )
        event = Event(at=at, actor=actor, kind=kind, details=details, hash=sealed)
        writes += [
            _link(number, reference, event, digest, prev_hash),
            new_row(
                event_details,
                event_id=number,
                salt=salt,
                details=details,
                previous=previous,
            ),
            event_rows(
                reference=reference,
                kind=kind,
                event_id=number,
                event_hash=sealed,
                at=at,
            ),
        ]
        appended.append(event)
        prev_hash = previous = sealed
    await write_all(connection, writes)
    return appended


def _link(
    number: int, reference: str, event: Event, digest: str, prev_hash: str
) -> Write:
    """The insert of an event's link of the chain, without its details."""
    return new_row(
        case_events,
        id=number,
        reference=reference,
        at=event.at,
        actor=event.actor,
        kind=event.kind,
        details_digest=digest,
        prev_hash=prev_hash,
        hash=event.hash,
    )


async def read_history(connection: AsyncConnection, reference: str) -> list[Event]:
    """The events of one case in order; erased details come back empty."""
    return [
        Event(
            at=event.at,
            actor=event.actor,
            kind=event.kind,
            details=event.details or {},
            hash=event.hash,
        )
        for event in await read_sealed(connection, reference)
    ]


async def read_sealed(connection: AsyncConnection, reference: str) -> list[SealedEvent]:
    """The events of one case in order, with what their seals cover."""
    found = await connection.execute(_of_a_case(), {"reference": reference})
    return [_sealed(each) for each in found]


async def sealed_histories(
    connection: AsyncConnection, references: Sequence[str]
) -> defaultdict[str, list[SealedEvent]]:
    """The same of several cases, by reference."""
    query = _select_sealed().where(case_events.c.reference.in_(references))
    histories: defaultdict[str, list[SealedEvent]] = defaultdict(list)
    for row in await connection.execute(query):
        histories[row.reference].append(_sealed(row))
    return histories


async def find_faults(
    connection: AsyncConnection, reference: str | None = None
) -> list[str]:
    """Check the whole chain, or the history of one case; one sentence a break.

    Details may be missing only for cases with an `erased` event.
    """
    if reference is not None:
        events = await read_sealed(connection, reference)
        faults = history_faults(events)
        if not any(event.kind == "erased" for event in events):
            faults += [f"{event} has lost its details" for event in _bare(events)]
        return faults
    erased = set(
        await connection.scalars(
            select(case_events.c.reference).where(case_events.c.kind == "erased")
        )
    )
    faults = []
    number, prev_hash = 0, FIRST_HASH
    async for row in await connection.stream(_select_sealed()):
        event = _sealed(row)
        if event.number != number + 1:
            faults.append(f"{event} follows event {number}: some are missing")
        if event.prev_hash != prev_hash:
            faults.append(f"{event} does not follow the event before it")
        faults += seal_faults(event)
        if event.salt is None and event.reference not in erased:
            faults.append(f"{event} has lost its details")
        number, prev_hash = event.number, event.hash
    return faults


async def read_head(connection: AsyncConnection) -> ChainHead:
    """How far the chain reaches now."""
    query = select(case_events.c.id, case_events.c.hash)
    last = (
        await connection.execute(query.order_by(case_events.c.id.desc()).limit(1))
    ).one_or_none()
    number, hash = (last.id, last.hash) if last else (0, FIRST_HASH)
    return ChainHead(number=number, hash=hash)


async def head_faults(connection: AsyncConnection, noted: ChainHead) -> list[str]:
    """Whether the chain still holds what it held when `noted` was its head."""
    if noted.number == 0:
        return []
    now = await read_head(connection)
    if now.number < noted.number:
        n_missing = noted.number - now.number
        return [
            f"the chain ends with event {now.number}: {n_missing} that were there up"
            f" to event {noted.number} are cut off"
        ]
    hash = await connection.scalar(
        select(case_events.c.hash).where(case_events.c.id == noted.number)
    )
    if hash != noted.hash:
        return [f"event {noted.number} is another than the one that was noted"]
    return []


def _bare(events: Sequence[SealedEvent]) -> list[SealedEvent]:
    return [event for event in events if event.salt is None]


def _select_sealed() -> Select[Any]:
    return (
        select(
            case_events,
            event_details.c.details,
            event_details.c.salt,
            event_details.c.previous,
        )
        .outerjoin(event_details, event_details.c.event_id == case_events.c.id)
        .order_by(case_events.c.id)
    )


@cache
def _of_a_case() -> Select[Any]:
    return _select_sealed().where(case_events.c.reference == bindparam("reference"))


def _sealed(row: Any) -> SealedEvent:
    return SealedEvent(
        number=row.id,
        reference=row.reference,
        at=row.at,
        actor=row.actor,
        kind=row.kind,
        details=row.details,
        salt=row.salt,
        previous=row.previous,
        details_digest=row.details_digest,
        prev_hash=row.prev_hash,
        hash=row.hash,
    )
