"""Passwords as argon2id hashes, made away from the event loop."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import Executor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from knowledge.errors import BadInput

SHORTEST_PASSWORD = 12


class Hashing:
    """Makes and checks hashes.

    Args:
        executor: Runs the slow work.
        hasher: Argon2id; tests give a cheap one.
    """

    def __init__(
        self, executor: Executor, *, hasher: PasswordHasher | None = None
    ) -> None:
        self._executor = executor
        self._hasher = hasher or PasswordHasher()
        # Checked when there is no such account, so that both cases take as long.
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))

    async def hash(self, password: str) -> str:
        """What is stored of a password.

        Raises:
            BadInput: The password is too short.
        """
        if len(password) < SHORTEST_PASSWORD:
            raise BadInput(
                f"password must have at least {SHORTEST_PASSWORD} characters"
            )
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self._hasher.hash, password
        )

    async def is_right(self, password: str, stored: str | None) -> bool:
        """Whether the password is the stored one; never, when nothing is stored."""

        def verify() -> bool:
            try:
                return self._hasher.verify(stored or self._decoy, password)
            except (VerificationError, InvalidHashError):
                return False

        loop = asyncio.get_running_loop()
        verified = await loop.run_in_executor(self._executor, verify)
        return verified and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)
