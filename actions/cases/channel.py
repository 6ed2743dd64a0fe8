"""What a conversation has beside words: who speaks, on which devices, how it went."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.case import time_as_json
from actions.cases.tables import conversations
from actions.cases.transcripts import change_conversation, lock_conversation
from knowledge.database import writing
from knowledge.errors import BadInput, Conflict

MOST_DEVICES = 5
SATISFACTIONS = range(1, 6)


class Channel:
    """The archive of all that. Methods raise ArchiveUnavailable.

    Every one of them raises NotFound when there is no such conversation.
    """

    def __init__(self, engine: AsyncEngine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock

    async def take_over(self, conversation: str, agent: str) -> bool:
        """Note that `agent` speaks with the customer from now on.

        Returns:
            False when they did already.

        Raises:
            Conflict: Another agent does.
        """
        now = self._clock()
        async with writing(self._engine) as connection:
            await lock_conversation(connection, conversation)
            holder = await connection.scalar(
                select(conversations.c.agent).where(conversations.c.id == conversation)
            )
            if holder == agent:
                return False
            if holder is not None:
                raise Conflict(
                    "another agent is in this conversation", refusal="gone_by"
                )
            await change_conversation(
                connection,
                conversation,
                agent=agent,
                agent_since=now,
                wants_human_at=None,
            )
        return True

    async def ask_for_human(self, conversation: str) -> None:
        """Note that the customer wants a person: the desk shows it first."""
        async with writing(self._engine) as connection:
            await change_conversation(
                connection, conversation, wants_human_at=self._clock()
            )

    async def hand_back(self, conversation: str) -> None:
        """Note that the assistant answers again."""
        async with writing(self._engine) as connection:
            await lock_conversation(connection, conversation)
            await change_conversation(
                connection, conversation, agent=None, agent_since=None
            )

    async def add_device(
        self, conversation: str, token_hash: str, *, lasts: timedelta
    ) -> None:
        """Let one more token open the conversation; the oldest of many is forgotten."""
        now = self._clock()
        device = {"hash": token_hash, "expires_at": time_as_json(now + lasts)}
        async with writing(self._engine) as connection:
            await lock_conversation(connection, conversation)
            known: list[dict[str, Any]] = (
                await connection.scalar(
                    select(conversations.c.devices).where(
                        conversations.c.id == conversation
                    )
                )
            ) or []
            await change_conversation(
                connection, conversation, devices=[*known, device][-MOST_DEVICES:]
            )

    async def rate(
        self, conversation: str, satisfaction: int, comment: str | None = None
    ) -> None:
        """Record what the customer thought of the conversation; the last word counts.

        Raises:
            BadInput: `satisfaction` is not 1 to 5.
        """
        if satisfaction not in SATISFACTIONS:
            raise BadInput(f"satisfaction must be 1 to 5, got {satisfaction}")
        values = {
            "satisfaction": satisfaction,
            "satisfaction_comment": comment,
            "rated_at": self._clock(),
        }
        async with writing(self._engine) as connection:
            await lock_conversation(connection, conversation)
            await change_conversation(connection, conversation, **values)
