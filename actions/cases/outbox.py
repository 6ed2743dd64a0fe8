"""E-mails to customers: written in the transaction of the change they tell of.

Delivered at least once, in order for each case: the next e-mail of a case waits until
the one before it is sent or given up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.tables import outbox
from knowledge.database import reading, writing

EmailKind = Literal["receipt", "reply", "interim_update", "outcome"]

# Ten attempts, from a minute apart to a day: then a person must look at it.
MAX_ATTEMPTS = 10
_FIRST_DELAY, _LONGEST_DELAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Email:
    """One e-mail to send.

    Attributes:
        id: Also its idempotency key: send it as part of the `Message-ID`.
        language: The language to write it in.
        content: Values for the template of `kind` in `data/responses/`.
        attempts: Failed attempts so far.
    """

    id: int
    reference: str
    kind: EmailKind
    recipient: str
    language: str
    content: dict[str, Any]
    created_at: datetime
    attempts: int


async def write_email(
    connection: AsyncConnection,
    *,
    reference: str,
    kind: EmailKind,
    recipient: str | None,
    language: str,
    content: dict[str, Any],
    at: datetime,
) -> None:
    """Put one e-mail into the outbox, inside the caller's transaction.

    A customer who gave no address gets none.
    """
    if recipient is None:
        return
    await connection.execute(
        insert(outbox).values(
            reference=reference,
            kind=kind,
            recipient=recipient,
            language=language,
            content=content,
            created_at=at,
            next_attempt_at=at,
            attempts=0,
        )
    )


class Outbox:
    """What a delivery loop needs: the e-mails that are due, and how they went."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock

    async def due(self, limit: int = 50) -> list[Email]:
        """E-mails to send now, oldest first, at most one for each case."""
        earlier = outbox.alias("earlier")
        blocked = exists().where(
            earlier.c.reference == outbox.c.reference,
            earlier.c.id < outbox.c.id,
            earlier.c.next_attempt_at.is_not(None),
        )
        query = (
            select(outbox)
            .where(outbox.c.next_attempt_at <= self._clock(), ~blocked)
            .order_by(outbox.c.id)
            .limit(limit)
        )
        async with reading(self._engine) as connection:
            return [_email(row) for row in await connection.execute(query)]

    async def mark_sent(self, email: Email) -> None:
        """Record that the mail server took it."""
        await self._update(email, sent_at=self._clock(), next_attempt_at=None)

    async def mark_failed(self, email: Email, error: str) -> None:
        """Record a failure; the next attempt waits twice as long as the last.

        `error` says what went wrong, without the customer's words or address.
        """
        attempts = email.attempts + 1
        delay = min(_FIRST_DELAY * 2**email.attempts, _LONGEST_DELAY)
        again = self._clock() + delay if attempts < MAX_ATTEMPTS else None
        await self._update(
            email, attempts=attempts, last_error=error, next_attempt_at=again
        )

    async def given_up(self) -> int:
        """How many e-mails were never sent and are not tried any more."""
        query = select(func.count()).where(
            outbox.c.sent_at.is_(None), outbox.c.next_attempt_at.is_(None)
        )
        async with reading(self._engine) as connection:
            return int((await connection.scalar(query)) or 0)

    async def _update(self, email: Email, **values: Any) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                update(outbox).where(outbox.c.id == email.id).values(**values)
            )


def _email(row: Any) -> Email:
    return Email(
        id=row.id,
        reference=row.reference,
        kind=row.kind,
        recipient=row.recipient,
        language=row.language,
        content=row.content,
        created_at=row.created_at,
        attempts=row.attempts,
    )
