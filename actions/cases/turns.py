"""Turns: which utterances the assistant has read, and what it said to them.

An utterance is stored before it is read. Several may then wait together, and one turn
reads them all; a crash in between loses none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.case import Message
from actions.cases.tables import messages
from actions.cases.transcripts import (
    change_conversation,
    insert_messages,
    message_from,
)
from knowledge.database import reading, writing
from knowledge.errors import NotFound


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """What a customer said, waiting for its turn.

    Attributes:
        heard: What the assistant must know of it beside its text, as it was stored.
    """

    message: Message
    heard: Mapping[str, Any]


# The turn of an utterance that waits for one.
_WAITS = ""


class Turns:
    """The archive of turns. All methods raise ArchiveUnavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def hear(
        self,
        conversation: str,
        message: Message,
        client_message_id: str | None = None,
        heard: Mapping[str, Any] | None = None,
    ) -> str:
        """Store an utterance, which from now on waits for its turn.

        Args:
            conversation: Its id.
            message: The utterance.
            client_message_id: The customer's own id of it.
            heard: What the assistant must know beside the text; JSON.

        Returns:
            The id of the stored message: an earlier one, and nothing is added, when
            this `client_message_id` is stored already.

        Raises:
            NotFound: There is no such conversation.
        """
        try:
            async with writing(self._engine) as connection:
                await insert_messages(
                    connection,
                    conversation,
                    [message],
                    client_message_id=client_message_id,
                    turn_id=_WAITS,
                    heard=dict(heard or {}),
                )
        except IntegrityError:
            if client_message_id is None:
                raise
        else:
            return message.id
        earlier = await self.known_as(conversation, client_message_id)
        assert earlier is not None
        return earlier

    async def known_as(self, conversation: str, client_message_id: str) -> str | None:
        """The id of the utterance that its sender calls so, or None."""
        async with reading(self._engine) as connection:
            found = await connection.scalar(
                select(messages.c.id).where(
                    messages.c.conversation_id == conversation,
                    messages.c.client_message_id == client_message_id,
                    messages.c.sender == "customer",
                )
            )
        return None if found is None else str(found)

    async def waiting(self, conversation: str) -> list[Utterance]:
        """What the customer said and no turn has read yet, in order."""
        query = (
            select(messages)
            .where(
                messages.c.conversation_id == conversation,
                messages.c.turn_id == _WAITS,
            )
            .order_by(messages.c.number)
        )
        async with reading(self._engine) as connection:
            return [
                Utterance(message=message_from(row), heard=row.heard or {})
                for row in await connection.execute(query)
            ]

    async def answer(
        self,
        conversation: str,
        utterances: Sequence[str],
        replies: Sequence[Message],
        *,
        stage: str | None = None,
        language: str | None = None,
    ) -> None:
        """End a turn: what it read, what it said and where it led, all or nothing.

        Args:
            conversation: Its id.
            utterances: Ids of the messages that it read, at least one.
            replies: In the order in which they are said.
            stage: Where the conversation stands now; None when it has not moved.
            language: That it is held in now; None when it stays.

        Raises:
            NotFound: There is no such conversation.
        """
        turn = utterances[0]
        changes = {"stage": stage, "language": language}
        async with writing(self._engine) as connection:
            await connection.execute(
                update(messages)
                .where(
                    messages.c.conversation_id == conversation,
                    messages.c.id.in_(utterances),
                )
                .values(turn_id=turn)
            )
            await change_conversation(
                connection,
                conversation,
                **{name: value for name, value in changes.items() if value is not None},
            )
            if replies:
                await insert_messages(connection, conversation, replies, turn_id=turn)

    async def answer_to(
        self, conversation: str, utterance: str
    ) -> tuple[str, list[Message]] | None:
        """The id of the turn that read a message, and what was said in it.

        Returns:
            None while the message waits for its turn.

        Raises:
            NotFound: The conversation has no such message.
        """
        this = messages.c.conversation_id == conversation
        async with reading(self._engine) as connection:
            found = (
                await connection.execute(
                    select(messages.c.turn_id).where(this, messages.c.id == utterance)
                )
            ).one_or_none()
            if found is None:
                raise NotFound(f"no message {utterance} in {conversation}")
            if found.turn_id == _WAITS:
                return None
            query = (
                select(messages)
                .where(
                    this,
                    messages.c.turn_id == found.turn_id,
                    messages.c.sender == "bot",
                )
                .order_by(messages.c.number)
            )
            rows = await connection.execute(query)
            return found.turn_id or utterance, [message_from(row) for row in rows]
