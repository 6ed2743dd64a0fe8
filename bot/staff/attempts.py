"""How often somebody may try to sign in: against guessing, not against the person.

An outsider who fails on purpose locks an e-mail for the outsider's own address alone.
Only very many failures, from wherever they come, lock it for everybody, except in a
browser that its owner has signed in with before: those count for themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.staff.accounts import email_key
from bot.staff.places import Place
from bot.tables import sign_in_failures
from knowledge.database import reading, writing
from knowledge.errors import TooManyRequests

FAILURES_ALLOWED = 8
# From all addresses together; NIST SP 800-63B allows at most a hundred in a row.
FAILURES_ALLOWED_ANYWHERE = 64
FAILURE_WINDOW = timedelta(minutes=15)


class Attempts:
    """Attempts that failed lately, for all replicas, by e-mail and address."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock

    async def begin(self, email: str, place: Place) -> int:
        """Note an attempt, as a failure until `withdraw` or `forget` says otherwise.

        It is stored before it is counted, so that attempts made at the same time
        count for one another and none slips through between.

        Args:
            email: Somebody's, or nobody's.
            place: Where it comes from.

        Returns:
            The attempt, for `withdraw`.

        Raises:
            TooManyRequests: Too many failed lately; this attempt does not count.
        """
        key, name, now = email_key(email)[:320], _name(place, email), self._clock()
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(sign_in_failures).where(
                    sign_in_failures.c.at <= now - FAILURE_WINDOW
                )
            )
            stored = await connection.execute(
                insert(sign_in_failures)
                .values(email=key, address=name, at=now)
                .returning(sign_in_failures.c.id)
            )
            attempt: int = stored.scalar_one()
        is_here = sign_in_failures.c.address == name
        async with reading(self._engine) as connection:
            counted = await connection.execute(
                select(func.count(), func.count().filter(is_here)).where(
                    sign_in_failures.c.email == key
                )
            )
        anywhere, here = counted.one()
        is_stranger = place.known_to(email) is None
        is_flooded = is_stranger and anywhere > FAILURES_ALLOWED_ANYWHERE
        if here > FAILURES_ALLOWED or is_flooded:
            await self.withdraw(attempt)
            raise TooManyRequests("too many failures; wait a quarter of an hour")
        return attempt

    async def withdraw(self, attempt: int) -> None:
        """Say that an attempt was no failure."""
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(sign_in_failures).where(sign_in_failures.c.id == attempt)
            )

    async def forget(self, email: str, place: Place) -> None:
        """Forget what failed at a place, where somebody is in now."""
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(sign_in_failures).where(
                    sign_in_failures.c.email == email_key(email)[:320],
                    sign_in_failures.c.address == _name(place, email),
                )
            )


def _name(place: Place, email: str) -> str:
    """What failures of one place are counted under."""
    device = place.known_to(email)
    return f"device {device}" if device else place.address or ""
