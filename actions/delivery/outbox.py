"""The outbox as whoever delivers sees it: what is due, and how it went.

Each row is delivered at least once, with a key by which the receiver knows a
repetition, and in order for each case and destination: the next one waits until the
one before it is sent or given up. Replicas share the work: a row is claimed for a
while, and free again when its holder dies.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    delete,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.post_tables import outbox, outbox_holds, outbox_subscriptions
from knowledge.database import reading, writing

State = Literal["waiting", "sent", "dead"]

# From a minute apart to a day, over three and a half days: then a person must look.
MAX_ATTEMPTS = 14
_FIRST_DELAY, _LONGEST_DELAY = timedelta(minutes=1), timedelta(days=1)
# Longer than any delivery may take; after it another replica tries.
LEASE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One thing to deliver.

    Attributes:
        key: By which the receiver knows that it has it already; the same at every try.
        destination: `email`, or the name of a subscribed system.
        kind: Of a letter, its kind; of an event, the event's kind.
        event_id: Number of the event in the chain; None for a letter.
        recipient, language: Of a letter; None for an event.
        content: Values for a letter's template; empty for an event.
        attempts: Failed attempts so far.
        next_attempt_at: None when it is sent or given up.
    """

    id: int
    key: str
    reference: str
    destination: str
    kind: str
    event_id: int | None
    recipient: str | None
    language: str | None
    content: dict[str, Any]
    created_at: datetime
    attempts: int
    next_attempt_at: datetime | None
    sent_at: datetime | None
    last_error: str | None
    claim: str | None
    claimed_until: datetime | None

    @property
    def is_repeated(self) -> bool:
        """Whether the other side may have had it before."""
        return self.last_error is not None

    @property
    def state(self) -> State:
        if self.sent_at is not None:
            return "sent"
        return "dead" if self.next_attempt_at is None else "waiting"


@dataclass(frozen=True, kw_only=True)
class Hold:
    """A destination that nothing is delivered to for now.

    Attributes:
        until: None until a person says `replay`.
    """

    destination: str
    until: datetime | None
    reason: str


class Outbox:
    """The rows for whoever delivers. All methods raise ArchiveUnavailable."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], datetime],
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Spread retries with `jitter`, which gives a number from 0 to 1."""
        self._engine, self._clock, self._jitter = engine, clock, jitter

    async def subscribe(self, events: Mapping[str, Collection[str]]) -> None:
        """From now on, write these events for these destinations, and no others."""
        rows = [
            {"destination": destination, "event": event}
            for destination, kinds in events.items()
            for event in kinds
        ]
        async with writing(self._engine) as connection:
            await connection.execute(delete(outbox_subscriptions))
            if rows:
                await connection.execute(insert(outbox_subscriptions), rows)

    async def claim(
        self, destinations: Collection[str], limit: int = 20
    ) -> list[Delivery]:
        """Take what is due for these, oldest first, at most one for each case of each.

        What is taken is nobody else's for as long as `LEASE`.
        """
        now = self._clock()
        due = _due(now, destinations).limit(limit)
        async with reading(self._engine) as connection:
            if (await connection.execute(due)).first() is None:
                return []
        async with writing(self._engine) as connection:
            locked = due.with_for_update(skip_locked=True)
            ids = (await connection.scalars(locked)).all()
            taken = await connection.execute(
                update(outbox)
                .where(outbox.c.id.in_(ids))
                .values(
                    claim=uuid.uuid4().hex,
                    claimed_until=now + LEASE,
                    # Claimed before and neither sent nor failed: its holder died.
                    last_error=func.coalesce(
                        outbox.c.last_error,
                        case((outbox.c.claim.is_not(None), "interrupted")),
                    ),
                )
                .returning(outbox)
            )
            return sorted((_delivery(row) for row in taken), key=lambda each: each.id)

    async def mark_sent(self, delivery: Delivery) -> None:
        """Record that the other side took it."""
        async with writing(self._engine) as connection:
            await mark_sent(connection, delivery, self._clock())

    async def mark_failed(
        self,
        delivery: Delivery,
        error: str,
        *,
        retry_after: timedelta | None = None,
        is_final: bool = False,
    ) -> bool:
        """Record a failure; the next attempt waits twice as long as the last.

        Args:
            delivery: As it was claimed.
            error: What went wrong, without the customer's words or address.
            retry_after: When the other side wants to be asked again.
            is_final: Trying again would fail again.

        Returns:
            Whether it is given up with this failure.
        """
        attempts = delivery.attempts + 1
        is_dead = is_final or attempts >= MAX_ATTEMPTS
        spread = 0.75 + self._jitter() / 2
        delay = min(_FIRST_DELAY * 2**delivery.attempts, _LONGEST_DELAY) * spread
        if retry_after is not None:
            delay = min(max(delay, retry_after), _LONGEST_DELAY)
        async with writing(self._engine) as connection:
            await _finish(
                connection,
                delivery,
                attempts=attempts,
                last_error=error[:500],
                next_attempt_at=None if is_dead else self._clock() + delay,
            )
        return is_dead

    async def hold(self, destination: str, until: datetime | None, reason: str) -> None:
        """Deliver nothing there until then; with None until a person replays it."""
        async with writing(self._engine) as connection:
            await _release(connection, destination)
            await connection.execute(
                insert(outbox_holds).values(
                    destination=destination, until=until, reason=reason[:500]
                )
            )

    async def holds(self) -> list[Hold]:
        """The destinations that are held now."""
        query = select(outbox_holds).where(_is_held(self._clock()))
        async with reading(self._engine) as connection:
            return [
                Hold(destination=row.destination, until=row.until, reason=row.reason)
                for row in await connection.execute(query)
            ]

    async def list(
        self,
        state: State | None = None,
        *,
        destination: str | None = None,
        reference: str | None = None,
        limit: int = 100,
    ) -> Sequence[Delivery]:
        """What is in the outbox, newest first."""
        query = select(outbox).order_by(outbox.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(*_is(state))
        if destination is not None:
            query = query.where(outbox.c.destination == destination)
        if reference is not None:
            query = query.where(outbox.c.reference == reference)
        async with reading(self._engine) as connection:
            return [_delivery(row) for row in await connection.execute(query)]

    async def counts(self) -> dict[tuple[str, State], int]:
        """How many are not sent, by destination and state."""
        is_dead = outbox.c.next_attempt_at.is_(None)
        query = (
            select(outbox.c.destination, is_dead.label("is_dead"), func.count())
            .where(outbox.c.sent_at.is_(None))
            .group_by(outbox.c.destination, is_dead)
        )
        async with reading(self._engine) as connection:
            return {
                (name, "dead" if dead else "waiting"): number
                for name, dead, number in await connection.execute(query)
            }

    async def n_dead(self) -> int:
        """How many were given up, wherever they should have gone."""
        counts = await self.counts()
        return sum(number for (_, state), number in counts.items() if state == "dead")

    async def replay(
        self, ids: Collection[int] | None = None, *, destination: str | None = None
    ) -> int:
        """Try again from the start what was given up, all of it unless named.

        A destination that is held until a person says so is tried again too.

        Returns:
            How many there were.
        """
        now = self._clock()
        wanted = _is("dead")
        if ids is not None:
            wanted.append(outbox.c.id.in_(ids))
        if destination is not None:
            wanted.append(outbox.c.destination == destination)
        async with writing(self._engine) as connection:
            replayed = await connection.execute(
                update(outbox)
                .where(*wanted)
                .values(next_attempt_at=now, attempts=0, claim=None, claimed_until=None)
                .returning(outbox.c.destination)
            )
            named = [destination] if destination else []
            names = [*(row.destination for row in replayed), *named]
            for name in sorted(set(names)):
                await _release(connection, name)
        return len(names) - len(named)

    async def prune(self, before: datetime) -> int:
        """Remove what was sent before then; how many there were."""
        async with writing(self._engine) as connection:
            gone = await connection.execute(
                delete(outbox).where(outbox.c.sent_at < before)
            )
        return gone.rowcount


async def mark_sent(
    connection: AsyncConnection, delivery: Delivery, at: datetime
) -> None:
    """Record that it was sent, inside the caller's transaction."""
    await _finish(
        connection, delivery, sent_at=at, next_attempt_at=None, last_error=None
    )


def _due(now: datetime, destinations: Collection[str]) -> Select[int]:
    earlier = outbox.alias("earlier")
    blocked = exists().where(
        earlier.c.reference == outbox.c.reference,
        earlier.c.destination == outbox.c.destination,
        earlier.c.id < outbox.c.id,
        earlier.c.sent_at.is_(None),
        earlier.c.next_attempt_at.is_not(None),
    )
    held = exists().where(
        outbox_holds.c.destination == outbox.c.destination, _is_held(now)
    )
    return (
        select(outbox.c.id)
        .where(
            outbox.c.sent_at.is_(None),
            outbox.c.next_attempt_at <= now,
            outbox.c.destination.in_(destinations),
            or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now),
            ~blocked,
            ~held,
        )
        .order_by(outbox.c.id)
    )


def _is_held(now: datetime) -> ColumnElement[bool]:
    return or_(outbox_holds.c.until.is_(None), outbox_holds.c.until > now)


def _is(state: State) -> list[ColumnElement[bool]]:
    unsent = outbox.c.sent_at.is_(None)
    match state:
        case "sent":
            return [outbox.c.sent_at.is_not(None)]
        case "dead":
            return [unsent, outbox.c.next_attempt_at.is_(None)]
        case "waiting":
            return [unsent, outbox.c.next_attempt_at.is_not(None)]


async def _finish(
    connection: AsyncConnection, delivery: Delivery, **values: Any
) -> None:
    # A holder whose claim ran out has nothing to say any more.
    await connection.execute(
        update(outbox)
        .where(outbox.c.id == delivery.id, outbox.c.claim == delivery.claim)
        .values(claim=null(), claimed_until=null(), **values)
    )


async def _release(connection: AsyncConnection, destination: str) -> None:
    await connection.execute(
        delete(outbox_holds).where(outbox_holds.c.destination == destination)
    )


def _delivery(row: Any) -> Delivery:
    return Delivery(
        **{name: getattr(row, name) for name in Delivery.__dataclass_fields__}
    )
