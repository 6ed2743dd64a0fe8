"""Accounts of agents, editors and administrators: passwords, sessions, API tokens."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.tables import api_tokens, staff, staff_sessions
from bot.tokens import hash_token, new_token
from knowledge.database import reading, writing
from knowledge.errors import (
    BadInput,
    Conflict,
    NotSignedIn,
    TooManyRequests,
)

Role = Literal["agent", "editor", "administrator"]

SESSION_LENGTH = timedelta(hours=12)
SHORTEST_PASSWORD = 12
FAILURES_ALLOWED = 8
FAILURE_WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Somebody signed in."""

    id: int
    name: str
    email: str
    role: Role

    def can_use_desk(self) -> bool:
        return self.role in ("agent", "administrator")

    def can_use_console(self) -> bool:
        return self.role in ("editor", "administrator")


class Accounts:
    """The accounts in the database.

    Args:
        executor: Runs the slow password hash away from the event loop.
        hasher: Argon2id; tests give a cheap one.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], datetime],
        executor: Executor,
        *,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._executor = executor
        self._hasher = hasher or PasswordHasher()
        self._failures: dict[str, list[datetime]] = {}
        # Checked when there is no such account, so that both cases take as long.
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))

    async def create_first(self) -> tuple[str, str] | None:
        """Make the first account: e-mail and password, or None if there is one."""
        async with writing(self._engine) as connection:
            if await connection.scalar(select(func.count()).select_from(staff)):
                return None
        email = "admin@localhost"
        return email, await self.add(email, name="Admin", role="administrator")

    async def add(
        self, email: str, *, name: str, role: str, password: str | None = None
    ) -> str:
        """Make an account and give its password, a random one unless given.

        Raises:
            BadInput: Unknown role or too short a password.
            Conflict: The e-mail has an account.
        """
        if role not in get_args(Role):
            raise BadInput(f"role must be one of {get_args(Role)}, got {role!r}")
        password = password or secrets.token_urlsafe(12)
        if len(password) < SHORTEST_PASSWORD:
            raise BadInput(
                f"password must have at least {SHORTEST_PASSWORD} characters"
            )
        row = {
            "email": _key(email),
            "name": name,
            "role": role,
            "password_hash": await self._hash(password),
            "is_active": True,
            "created_at": self._clock(),
        }
        try:
            async with writing(self._engine) as connection:
                await connection.execute(insert(staff).values(row))
        except IntegrityError as exc:
            raise Conflict("this e-mail has an account") from exc
        return password

    async def sign_in(self, email: str, password: str) -> str:
        """Give the token of a new session.

        Raises:
            NotSignedIn: Wrong e-mail or password; which of the two is not said.
            TooManyRequests: Too many wrong passwords for this e-mail lately.
        """
        self._check_failures(_key(email))
        async with writing(self._engine) as connection:
            row = (
                await connection.execute(
                    select(staff).where(staff.c.email == _key(email), staff.c.is_active)
                )
            ).first()
        stored = row.password_hash if row else self._decoy
        if not await self._verify(stored, password) or row is None:
            self._failures.setdefault(_key(email), []).append(self._clock())
            raise NotSignedIn("wrong e-mail or password")
        self._failures.pop(_key(email), None)
        token, now = new_token(), self._clock()
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(staff_sessions).where(staff_sessions.c.expires_at <= now)
            )
            await connection.execute(
                insert(staff_sessions).values(
                    token_hash=hash_token(token),
                    staff_id=row.id,
                    created_at=now,
                    expires_at=now + SESSION_LENGTH,
                )
            )
            if self._hasher.check_needs_rehash(stored):
                await connection.execute(
                    update(staff)
                    .where(staff.c.id == row.id)
                    .values(password_hash=await self._hash(password))
                )
        return token

    async def sign_out(self, token: str) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(staff_sessions).where(
                    staff_sessions.c.token_hash == hash_token(token)
                )
            )

    async def of_session(self, token: str) -> Staff | None:
        """Whose session this is, or None when it is unknown or over."""
        return await self._find(
            select(staff)
            .join(staff_sessions)
            .where(
                staff_sessions.c.token_hash == hash_token(token),
                staff_sessions.c.expires_at > self._clock(),
            )
        )

    async def of_api_token(self, token: str) -> Staff | None:
        return await self._find(
            select(staff)
            .join(api_tokens)
            .where(api_tokens.c.token_hash == hash_token(token))
        )

    async def add_api_token(self, email: str, name: str) -> str:
        """Make an API token for the account of `email`; shown this once only."""
        token = new_token()
        async with writing(self._engine) as connection:
            owner = await connection.scalar(
                select(staff.c.id).where(staff.c.email == _key(email))
            )
            if owner is None:
                raise BadInput("no account has this e-mail")
            await connection.execute(
                insert(api_tokens).values(
                    token_hash=hash_token(token),
                    staff_id=owner,
                    name=name,
                    created_at=self._clock(),
                )
            )
        return token

    async def _find(self, query: Any) -> Staff | None:
        async with reading(self._engine) as connection:
            row = (await connection.execute(query.where(staff.c.is_active))).first()
        if row is None:
            return None
        return Staff(id=row.id, name=row.name, email=row.email, role=row.role)

    def _check_failures(self, email: str) -> None:
        since = self._clock() - FAILURE_WINDOW
        recent = [at for at in self._failures.get(email, ()) if at > since]
        if len(recent) >= FAILURES_ALLOWED:
            raise TooManyRequests("too many wrong passwords; wait a quarter of an hour")
        if recent:
            self._failures[email] = recent
        else:
            self._failures.pop(email, None)

    async def _hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self._hasher.hash, password
        )

    async def _verify(self, stored: str, password: str) -> bool:
        def verify() -> bool:
            try:
                return self._hasher.verify(stored, password)
            except (VerificationError, InvalidHashError):
                return False

        return await asyncio.get_running_loop().run_in_executor(self._executor, verify)


def _key(email: str) -> str:
    return email.strip().casefold()
