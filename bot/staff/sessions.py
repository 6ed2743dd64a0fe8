"""Signing in and out: password, second factor, and sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.staff.accounts import Staff, email_key, staff_from
from bot.staff.attempts import Attempts
from bot.staff.hashing import Hashing
from bot.staff.places import Place
from bot.staff.second_factor import SecondFactor
from bot.tables import staff, staff_sessions
from bot.tokens import hash_token, new_token
from knowledge.database import reading, writing
from knowledge.errors import NotSignedIn

SESSION_LENGTH = timedelta(hours=12)
# Between the password and the code.
CODE_LENGTH = timedelta(minutes=5)
NOWHERE = Place()


@dataclass(frozen=True)
class Opened:
    """A new session.

    Attributes:
        token: For the cookie.
        needs_code: It opens nothing until the second factor was given.
    """

    token: str
    needs_code: bool


class Sessions:
    """The sessions in the database; of tokens only hashes are stored."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], datetime],
        hashing: Hashing,
        second_factor: SecondFactor,
    ) -> None:
        self._engine, self._clock, self._hashing = engine, clock, hashing
        self._second_factor = second_factor
        self._attempts = Attempts(engine, clock)

    async def sign_in(
        self, email: str, password: str, place: Place = NOWHERE
    ) -> Opened:
        """Open a session with a password.

        Args:
            email: Of the account.
            password: As it was typed.
            place: Where the request comes from.

        Raises:
            NotSignedIn: Wrong e-mail or password; which of the two is not said.
            TooManyRequests: Too many failures for this e-mail lately.
        """
        attempt = await self._attempts.begin(email, place)
        async with reading(self._engine) as connection:
            row = (
                await connection.execute(
                    select(staff).where(
                        staff.c.email == email_key(email), staff.c.is_active
                    )
                )
            ).first()
        stored = row.password_hash if row else None
        if not await self._hashing.is_right(password, stored) or row is None:
            raise NotSignedIn("wrong e-mail or password")
        if self._hashing.is_outdated(row.password_hash):
            async with writing(self._engine) as connection:
                await connection.execute(
                    update(staff)
                    .where(staff.c.id == row.id)
                    .values(password_hash=await self._hashing.hash(password))
                )
        opened = await self.open(staff_from(row))
        if opened.needs_code:
            # Earlier failures stay: a known password gives no new guesses at codes.
            await self._attempts.withdraw(attempt)
        else:
            await self._attempts.forget(email, place)
        return opened

    async def open(self, person: Staff, *, is_proved: bool = False) -> Opened:
        """Open a session; one that `is_proved` needs no second factor of ours."""
        token, now = new_token(), self._clock()
        needs_code = person.has_second_factor and not is_proved
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(staff_sessions).where(staff_sessions.c.expires_at <= now)
            )
            await connection.execute(
                insert(staff_sessions).values(
                    token_hash=hash_token(token),
                    staff_id=person.id,
                    created_at=now,
                    expires_at=now + (CODE_LENGTH if needs_code else SESSION_LENGTH),
                    needs_code=needs_code,
                    is_proved=is_proved,
                )
            )
        return Opened(token, needs_code)

    async def confirm(self, token: str, code: str, place: Place = NOWHERE) -> Opened:
        """Give the second factor; the session goes on under a new token.

        Raises:
            NotSignedIn: The code is wrong, or the password was given too long ago.
            TooManyRequests: Too many failures for this account lately.
        """
        person = await self._find(token, needs_code=True)
        if person is None:
            raise NotSignedIn("sign in again")
        await self._attempts.begin(person.email, place)
        if not await self._second_factor.accepts(person.id, code):
            raise NotSignedIn("wrong code")
        confirmed, now = new_token(), self._clock()
        async with writing(self._engine) as connection:
            await connection.execute(
                update(staff_sessions)
                .where(staff_sessions.c.token_hash == hash_token(token))
                .values(
                    token_hash=hash_token(confirmed),
                    needs_code=False,
                    expires_at=now + SESSION_LENGTH,
                )
            )
        await self._attempts.forget(person.email, place)
        return Opened(confirmed, needs_code=False)

    async def of(self, token: str) -> Staff | None:
        """Whose session this is, or None when it is unknown, unconfirmed or over."""
        return await self._find(token, needs_code=False)

    async def sign_out(self, token: str) -> None:
        """End one session."""
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(staff_sessions).where(
                    staff_sessions.c.token_hash == hash_token(token)
                )
            )

    async def _find(self, token: str, *, needs_code: bool) -> Staff | None:
        query = (
            select(staff, staff_sessions.c.is_proved)
            .join(staff_sessions)
            .where(
                staff_sessions.c.token_hash == hash_token(token),
                staff_sessions.c.expires_at > self._clock(),
                staff_sessions.c.needs_code.is_(needs_code),
                staff.c.is_active,
            )
        )
        async with reading(self._engine) as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        return replace(staff_from(row), is_proved=row.is_proved)
