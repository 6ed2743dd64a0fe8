"""The second factor: time-based codes (RFC 6238) and codes for the day it is lost."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from datetime import datetime

import pyotp
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.staff.accounts import ROLES, Staff
from bot.tables import recovery_codes, staff
from bot.tokens import hash_token
from knowledge.database import reading, writing
from knowledge.errors import BadInput

N_RECOVERY_CODES = 10
SECRET = re.compile("[A-Z2-7]{32}")
STEP_SECONDS = 30
# Clocks of telephones drift: the codes before and after count as well.
STEPS_AROUND = (-1, 0, 1)


def required_roles(setting: str) -> frozenset[str]:
    """The roles that cannot work without one, as `GUICHET_SECOND_FACTOR_REQUIRED` says.

    Raises:
        BadInput: There is no such role.
    """
    if setting.strip() == "all":
        return frozenset(ROLES)
    roles = frozenset(filter(None, map(str.strip, setting.split(","))))
    if unknown := sorted(roles - set(ROLES)):
        raise BadInput(
            f"GUICHET_SECOND_FACTOR_REQUIRED must name roles of {', '.join(ROLES)}, "
            f"or be all; got {', '.join(unknown)}"
        )
    return roles


def must_set_up(person: Staff, setting: str) -> bool:
    """Whether somebody who is signed in must set one up before anything else."""
    if person.has_second_factor or person.is_proved:
        return False
    return person.role in required_roles(setting)


class SecondFactor:
    """Turned on by each person for their own account; secrets leave only then.

    Args:
        issuer: Whose account it is, as the person's app shows it.
    """

    def __init__(
        self, engine: AsyncEngine, clock: Callable[[], datetime], issuer: str
    ) -> None:
        self._engine, self._clock, self._issuer = engine, clock, issuer

    def new_secret(self) -> str:
        """A secret to be set up in an app; nothing is stored yet."""
        return pyotp.random_base32()

    def address(self, secret: str, email: str) -> str:
        """The `otpauth:` address that an app reads from a QR code."""
        return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=self._issuer)

    async def turn_on(self, staff_id: int, secret: str, code: str) -> list[str]:
        """Turn it on once the app has proved to have the secret.

        Returns:
            Recovery codes, each good for one sign-in; shown this once only.

        Raises:
            BadInput: The code is not the app's present one, or the secret is none.
        """
        if not SECRET.fullmatch(secret):
            raise BadInput("the secret is not one that was given out here")
        step = self._matching_step(secret, code)
        if step is None:
            raise BadInput("the code is not the present one of this secret")
        codes = [secrets.token_hex(5) for _ in range(N_RECOVERY_CODES)]
        async with writing(self._engine) as connection:
            await connection.execute(
                update(staff)
                .where(staff.c.id == staff_id)
                .values(totp_secret=secret, totp_step=step)
            )
            await _forget_codes(connection, staff_id)
            await connection.execute(
                insert(recovery_codes),
                [{"staff_id": staff_id, "code_hash": hash_token(c)} for c in codes],
            )
        return codes

    async def turn_off(self, staff_id: int, code: str) -> None:
        """Turn it off.

        Raises:
            BadInput: The code is wrong.
        """
        if not await self.accepts(staff_id, code):
            raise BadInput("the code is wrong")
        async with writing(self._engine) as connection:
            await connection.execute(
                update(staff)
                .where(staff.c.id == staff_id)
                .values(totp_secret=None, totp_step=None)
            )
            await _forget_codes(connection, staff_id)

    async def accepts(self, staff_id: int, code: str) -> bool:
        """Whether the code is right and was not used before; then it is used."""
        code = "".join(code.split()).replace("-", "").lower()
        async with reading(self._engine) as connection:
            secret = await connection.scalar(
                select(staff.c.totp_secret).where(staff.c.id == staff_id)
            )
        if secret is None:
            return False
        step = self._matching_step(secret, code)
        async with writing(self._engine) as connection:
            if step is None:
                used = await connection.execute(
                    delete(recovery_codes).where(
                        recovery_codes.c.staff_id == staff_id,
                        recovery_codes.c.code_hash == hash_token(code),
                    )
                )
            else:
                # One statement, so that two requests cannot use the same code.
                used = await connection.execute(
                    update(staff)
                    .where(
                        staff.c.id == staff_id,
                        or_(staff.c.totp_step.is_(None), staff.c.totp_step < step),
                    )
                    .values(totp_step=step)
                )
        return used.rowcount == 1

    def _matching_step(self, secret: str, code: str) -> int | None:
        """The thirty seconds whose code this is, around now."""
        now = int(self._clock().timestamp()) // STEP_SECONDS
        totp = pyotp.TOTP(secret)
        for step in (now + around for around in STEPS_AROUND):
            expected = totp.at(step * STEP_SECONDS)
            if hmac.compare_digest(expected.encode(), code.encode()):
                return step
        return None


async def _forget_codes(connection: AsyncConnection, staff_id: int) -> None:
    await connection.execute(
        delete(recovery_codes).where(recovery_codes.c.staff_id == staff_id)
    )
