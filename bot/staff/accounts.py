"""Accounts of agents, leads, editors and administrators, and their API tokens."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.staff.hashing import Hashing
from bot.tables import api_tokens, staff, staff_sessions
from bot.tokens import hash_token, new_token
from knowledge.database import reading, writing
from knowledge.errors import BadInput, Conflict, NotFound

Role = Literal["agent", "lead", "editor", "administrator"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Somebody who works at the counter.

    Attributes:
        is_proved: Signed in with the company's own account: it has asked for what it
            wants asked.
    """

    id: int
    name: str
    email: str
    role: Role
    is_active: bool = True
    has_second_factor: bool = False
    is_proved: bool = False

    def can_use_desk(self) -> bool:
        return self.role in ("agent", "lead", "administrator")

    def can_lead(self) -> bool:
        return self.role in ("lead", "administrator")

    def can_use_console(self) -> bool:
        return self.role in ("editor", "administrator")

    def can_manage_people(self) -> bool:
        return self.role == "administrator"


class Accounts:
    """The accounts in the database."""

    def __init__(
        self, engine: AsyncEngine, clock: Callable[[], datetime], hashing: Hashing
    ) -> None:
        self._engine, self._clock, self._hashing = engine, clock, hashing

    async def create_first(self) -> tuple[str, str] | None:
        """Make the first account: e-mail and password, or None if there is one."""
        async with reading(self._engine) as connection:
            if await connection.scalar(select(func.count()).select_from(staff)):
                return None
        email = "admin@localhost"
        return email, await self.add(email, name="Admin", role="administrator")

    async def add(
        self, email: str, *, name: str, role: str, password: str | None = None
    ) -> str:
        """Make an account and give its password, a random one unless given.

        Raises:
            BadInput: Unknown role, no name or address, or too short a password.
            Conflict: The e-mail has an account.
        """
        _check_role(role)
        if "@" not in email or not name.strip():
            raise BadInput("an account needs an e-mail address and a name")
        password = password or secrets.token_urlsafe(12)
        row = {
            "email": email_key(email),
            "name": name.strip(),
            "role": role,
            "password_hash": await self._hashing.hash(password),
            "is_active": True,
            "created_at": self._clock(),
        }
        try:
            async with writing(self._engine) as connection:
                await connection.execute(insert(staff).values(row))
        except IntegrityError as exc:
            raise Conflict("this e-mail has an account") from exc
        return password

    async def everybody(self) -> Sequence[Staff]:
        """All accounts by name, those no longer active last."""
        query = select(staff).order_by(staff.c.is_active.desc(), staff.c.name)
        async with reading(self._engine) as connection:
            return [staff_from(row) for row in await connection.execute(query)]

    async def set_role(self, staff_id: int, role: str, *, by: Staff) -> None:
        """Give somebody else another role.

        Raises:
            BadInput: Unknown role, or one's own account: nobody locks themselves out.
            NotFound: There is no such account.
        """
        _check_role(role)
        _check_other(staff_id, by)
        await self._update(staff_id, role=role)

    async def set_active(self, staff_id: int, is_active: bool, *, by: Staff) -> None:
        """Open or close somebody else's account; closing ends its sessions.

        Raises:
            BadInput: It is one's own account.
            NotFound: There is no such account.
        """
        _check_other(staff_id, by)
        await self._update(staff_id, is_active=is_active)
        if not is_active:
            await self._end_sessions(staff_id)

    async def reset(self, staff_id: int, *, by: Staff) -> str:
        """Give somebody else a new random password, and no second factor.

        Raises:
            BadInput: It is one's own account.
            NotFound: There is no such account.
        """
        _check_other(staff_id, by)
        password = secrets.token_urlsafe(12)
        await self._update(
            staff_id,
            password_hash=await self._hashing.hash(password),
            totp_secret=None,
            totp_step=None,
        )
        await self._end_sessions(staff_id)
        return password

    async def change_password(self, staff_id: int, old: str, new: str) -> None:
        """Change one's own password; every session of the account ends.

        Raises:
            BadInput: The old one is wrong, or the new one too short.
        """
        async with reading(self._engine) as connection:
            stored = await connection.scalar(
                select(staff.c.password_hash).where(staff.c.id == staff_id)
            )
        if not await self._hashing.is_right(old, stored):
            raise BadInput("the present password is wrong")
        await self._update(staff_id, password_hash=await self._hashing.hash(new))
        await self._end_sessions(staff_id)

    async def of_api_token(self, token: str) -> Staff | None:
        """Whose token this is, or None when it is unknown."""
        query = (
            select(staff)
            .join(api_tokens)
            .where(api_tokens.c.token_hash == hash_token(token), staff.c.is_active)
        )
        async with reading(self._engine) as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else staff_from(row)

    async def add_api_token(self, email: str, name: str) -> str:
        """Make an API token for the account of `email`; shown this once only."""
        token = new_token()
        async with writing(self._engine) as connection:
            owner = await connection.scalar(
                select(staff.c.id).where(staff.c.email == email_key(email))
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

    async def _update(self, staff_id: int, **values: Any) -> None:
        async with writing(self._engine) as connection:
            changed = await connection.execute(
                update(staff).where(staff.c.id == staff_id).values(**values)
            )
        if not changed.rowcount:
            raise NotFound(f"there is no account {staff_id}")

    async def _end_sessions(self, staff_id: int) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(staff_sessions).where(staff_sessions.c.staff_id == staff_id)
            )


def staff_from(row: Any) -> Staff:
    """An account from its row."""
    return Staff(
        id=row.id,
        name=row.name,
        email=row.email,
        role=row.role,
        is_active=row.is_active,
        has_second_factor=row.totp_secret is not None,
    )


def email_key(email: str) -> str:
    """The address as accounts are found by it."""
    return email.strip().casefold()


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise BadInput(f"role must be one of {ROLES}, got {role!r}")


def _check_other(staff_id: int, by: Staff) -> None:
    if staff_id == by.id:
        raise BadInput("an administrator cannot change their own account here")
