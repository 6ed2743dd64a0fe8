"""The append-only, hash-chained history of all cases.

Each event seals the one before it, whichever case that belonged to: an event that
was altered, removed or reordered breaks the chain from there on.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.case import Event
from actions.cases.outbox import write_event
from actions.cases.tables import case_events, event_details, storable

FIRST_HASH = "0" * 64

_HEAD = (
    select(case_events.c.id, case_events.c.hash)
    .order_by(case_events.c.id.desc())
    .limit(1)
)
# A function of the migration: takes the chain's lock, then looks, in one round trip.
# Events are then chained one transaction at a time, in every replica.
_LOCKED_HEAD = text("SELECT id, hash FROM lock_chain()")
_ADD_EVENTS, _ADD_DETAILS = insert(case_events), insert(event_details)


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def details_digest(salt: str, details: dict[str, Any]) -> str:
    """Ties an event to its details; tells nothing about them once they are erased."""
    return hashlib.sha256(salt.encode() + _canonical(details)).hexdigest()


def event_hash(
    *,
    number: int,
    reference: str,
    at: datetime,
    actor: str,
    kind: str,
    digest: str,
    prev_hash: str,
) -> str:
    """The seal of one event and, through `prev_hash`, of all before it."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    content = [number, reference, moment, actor, kind, digest, prev_hash]
    return hashlib.sha256(_canonical(content)).hexdigest()


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
    is_postgres = connection.dialect.name == "postgresql"
    head = _LOCKED_HEAD if is_postgres else _HEAD
    last = (await connection.execute(head)).one_or_none()
    number, prev_hash = (last.id, last.hash) if last else (0, FIRST_HASH)
    sealed_events: list[dict[str, Any]] = []
    stored_details: list[dict[str, Any]] = []
    appended: list[Event] = []
    for actor, kind, details in events:
        number, actor = number + 1, storable(actor)
        salt = secrets.token_hex(16)
        digest = details_digest(salt, details)
        sealed = event_hash(
            number=number,
            reference=reference,
            at=at,
            actor=actor,
            kind=kind,
            digest=digest,
            prev_hash=prev_hash,
        )
        sealed_events.append(
            {
                "id": number,
                "reference": reference,
                "at": at,
                "actor": actor,
                "kind": kind,
                "details_digest": digest,
                "prev_hash": prev_hash,
                "hash": sealed,
            }
        )
        stored_details.append({"event_id": number, "salt": salt, "details": details})
        appended.append(
            Event(at=at, actor=actor, kind=kind, details=details, hash=sealed)
        )
        prev_hash = sealed
    await connection.execute(_ADD_EVENTS, sealed_events)
    await connection.execute(_ADD_DETAILS, stored_details)
    for event in sealed_events:
        await write_event(
            connection,
            reference=reference,
            kind=event["kind"],
            event_id=event["id"],
            event_hash=event["hash"],
            at=at,
        )
    return appended


async def read_history(connection: AsyncConnection, reference: str) -> list[Event]:
    """The events of one case in order; erased details come back empty."""
    rows = await connection.execute(
        select(case_events, event_details.c.details)
        .outerjoin(event_details, event_details.c.event_id == case_events.c.id)
        .where(case_events.c.reference == reference)
        .order_by(case_events.c.id)
    )
    return [
        Event(
            at=row.at,
            actor=row.actor,
            kind=row.kind,
            details=row.details or {},
            hash=row.hash,
        )
        for row in rows
    ]


async def find_faults(connection: AsyncConnection) -> list[str]:
    """Check the whole chain and say, in one sentence each, where it is broken.

    Details may be missing only for cases with an `erased` event.
    """
    erased = set(
        await connection.scalars(
            select(case_events.c.reference).where(case_events.c.kind == "erased")
        )
    )
    faults: list[str] = []
    number, prev_hash = 0, FIRST_HASH
    rows = await connection.stream(
        select(case_events, event_details.c.salt, event_details.c.details)
        .outerjoin(event_details, event_details.c.event_id == case_events.c.id)
        .order_by(case_events.c.id)
    )
    async for row in rows:
        name = f"event {row.id} of {row.reference}"
        if row.id != number + 1:
            faults.append(f"{name} follows event {number}: some are missing")
        if row.prev_hash != prev_hash:
            faults.append(f"{name} does not follow the event before it")
        if row.hash != event_hash(
            number=row.id,
            reference=row.reference,
            at=row.at,
            actor=row.actor,
            kind=row.kind,
            digest=row.details_digest,
            prev_hash=row.prev_hash,
        ):
            faults.append(f"{name} was altered")
        if row.salt is None:
            if row.reference not in erased:
                faults.append(f"{name} has lost its details")
        elif details_digest(row.salt, row.details) != row.details_digest:
            faults.append(f"{name} has altered details")
        number, prev_hash = row.id, row.hash
    return faults
