"""Conversations and everything that was said in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.case import Message
from actions.cases.columns import storable
from actions.cases.sealed_messages import seal_messages
from actions.cases.tables import attachments, conversations, feedback, messages
from knowledge.database import reading, writing
from knowledge.errors import Conflict, NotFound
from knowledge.writes import Write, new_row, write_all


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """One conversation.

    Attributes:
        token_hash: Of the token that opens it; empty when no token does.
        language: BCP 47 tag of the language it is held in now.
        stage: `answering`, `intake`, `review`, `filed` or `handed_over`.
        accept_languages: What the browser asked for, best first.
        agent: Who of the staff speaks with the customer now; the assistant is silent.
        agent_since: When they came in.
        devices: Other devices that may go on with it: `{"hash", "expires_at"}` each.
    """

    id: str
    token_hash: str
    language: str
    stage: str
    created_at: datetime
    accept_languages: tuple[str, ...]
    agent: str | None = None
    agent_since: datetime | None = None
    devices: tuple[dict[str, Any], ...] = ()


class Transcripts:
    """The archive of what was said. All methods raise ArchiveUnavailable."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock

    async def create(
        self,
        conversation: str,
        token_hash: str,
        language: str,
        *,
        accept_languages: Sequence[str] = (),
    ) -> Conversation:
        """Open a conversation, in stage `answering`.

        Raises:
            Conflict: There is already one with this id.
        """
        created = Conversation(
            id=conversation,
            token_hash=token_hash,
            language=language,
            stage="answering",
            created_at=self._clock(),
            accept_languages=tuple(accept_languages),
        )
        try:
            async with writing(self._engine) as connection:
                await write_all(connection, [conversation_row(created, channel="chat")])
        except IntegrityError as exc:
            raise Conflict(f"conversation {conversation} exists already") from exc
        return created

    async def conversation(self, conversation: str) -> Conversation | None:
        """The conversation with this id, or None."""
        query = select(conversations).where(conversations.c.id == conversation)
        async with reading(self._engine) as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return Conversation(
            id=row.id,
            token_hash=row.token_hash,
            language=row.language,
            stage=row.stage,
            created_at=row.created_at,
            accept_languages=tuple(row.accept_languages),
            agent=row.agent,
            agent_since=row.agent_since,
            devices=tuple(row.devices or ()),
        )

    async def append(self, conversation: str, *said: Message) -> None:
        """Add messages to the end of the transcript, all or none.

        Raises:
            NotFound: There is no such conversation.
        """
        async with writing(self._engine) as connection:
            await insert_messages(connection, conversation, said)

    async def messages(
        self, conversation: str, after: str | None = None
    ) -> list[Message]:
        """The transcript in order, or what follows the message with id `after`.

        An unknown `after` gives the whole transcript: rather twice than never.
        """
        async with reading(self._engine) as connection:
            return await read_messages(connection, conversation, after)

    async def add_feedback(
        self,
        conversation: str,
        message_id: str,
        helpful: bool,
        comment: str | None = None,
    ) -> bool:
        """Record whether a message helped; the last word on a message counts.

        A comment stays until another takes its place or the verdict is turned.

        Returns:
            Whether it is news: the first word on the message, or another than before.

        Raises:
            NotFound: The conversation has no such message.
        """
        values: dict[str, Any] = {"helpful": helpful, "given_at": self._clock()}
        async with writing(self._engine) as connection:
            await lock_conversation(connection, conversation)
            known = await connection.scalar(
                select(messages.c.id).where(
                    messages.c.id == message_id,
                    messages.c.conversation_id == conversation,
                )
            )
            if known is None:
                raise NotFound(f"no message {message_id} in {conversation}")
            of_message = feedback.c.message_id == message_id
            before = await connection.scalar(
                select(feedback.c.helpful).where(of_message)
            )
            if comment is not None or before != helpful:
                values["comment"] = comment
            if before is None:
                await connection.execute(
                    insert(feedback).values(message_id=message_id, **values)
                )
            else:
                await connection.execute(
                    update(feedback).where(of_message).values(**values)
                )
        return before != helpful


async def change_conversation(
    connection: AsyncConnection, conversation: str, **values: Any
) -> None:
    """Set columns of a conversation, inside the caller's transaction.

    Raises:
        NotFound: There is no such conversation.
    """
    if not values:
        return
    changed = await connection.execute(
        update(conversations).where(conversations.c.id == conversation).values(**values)
    )
    if changed.rowcount == 0:
        raise NotFound(f"no conversation {conversation}")


def conversation_row(conversation: Conversation, *, channel: str) -> Write:
    """The insert that adds a conversation."""
    return new_row(
        conversations,
        id=conversation.id,
        token_hash=conversation.token_hash,
        channel=channel,
        language=conversation.language,
        accept_languages=list(conversation.accept_languages),
        stage=conversation.stage,
        created_at=conversation.created_at,
    )


def message_row(conversation: str, message: Message, **values: Any) -> Write:
    """The insert that adds a message to a conversation that its caller has locked.

    `values` are for the columns that a `Message` does not show.
    """
    return new_row(
        messages,
        id=message.id,
        conversation_id=conversation,
        sender=message.sender,
        text=message.text,
        language=message.language,
        sent_at=message.sent_at,
        choices=message.choices,
        citations=message.citations,
        case=message.case,
        **values,
    )


async def insert_messages(
    connection: AsyncConnection,
    conversation: str,
    said: Sequence[Message],
    **values: Any,
) -> None:
    """Add messages at the end of a transcript, and seal them in its cases.

    Call it last: it may take the chain's lock, see `append_events`. `values` are for
    the columns that a `Message` does not show.

    Raises:
        NotFound: There is no such conversation.
    """
    await lock_conversation(connection, conversation)
    stored = [
        replace(each, text=storable(each.text), language=storable(each.language))
        for each in said
    ]
    # One by one: rows of one statement are numbered in no order that is promised.
    for each in stored:
        await write_all(connection, [message_row(conversation, each, **values)])
    await seal_messages(connection, conversation, stored)


async def read_messages(
    connection: AsyncConnection, conversation: str, after: str | None = None
) -> list[Message]:
    """A transcript in order; see `Transcripts.messages`."""
    query = messages_of()
    if after is not None:
        number = await connection.scalar(
            select(messages.c.number).where(
                messages.c.id == after, messages.c.conversation_id == conversation
            )
        )
        query = query.where(messages.c.number > (number or 0))
    found = await connection.execute(query, {"conversation": conversation})
    return messages_from(found)


def messages_from(rows: Iterable[Any]) -> list[Message]:
    """A transcript, from the rows of `messages_of`."""
    said: dict[str, Message] = {}
    for row in rows:
        message = said.setdefault(row.id, message_from(row))
        if row.file_id is not None:
            message.attachments.append(
                {
                    "id": row.file_id,
                    "name": row.file_name,
                    "media_type": row.media_type,
                    "size": row.size,
                }
            )
    return list(said.values())


@cache
def messages_of() -> Select[Any]:
    """The messages of a `conversation`, in order: each once for every file with it."""
    came_with = (attachments.c.message_id == messages.c.id) & (
        attachments.c.conversation_id == messages.c.conversation_id
    )
    return (
        select(
            messages,
            attachments.c.id.label("file_id"),
            attachments.c.name.label("file_name"),
            attachments.c.media_type,
            attachments.c.size,
        )
        .outerjoin_from(messages, attachments, came_with)
        .where(messages.c.conversation_id == bindparam("conversation"))
        .order_by(messages.c.number, attachments.c.number)
    )


async def lock_conversation(connection: AsyncConnection, conversation: str) -> None:
    """Let nobody else write in a conversation until the transaction ends.

    Raises:
        NotFound: There is no such conversation.
    """
    # Numbers then rise in the order of commits: a reader of what is new misses none.
    found = await connection.execute(_locked(), {"conversation": conversation})
    if found.one_or_none() is None:
        raise NotFound(f"no conversation {conversation}")


@cache
def _locked() -> Select[Any]:
    this = conversations.c.id == bindparam("conversation")
    return select(conversations.c.id).where(this).with_for_update()


def message_from(row: Any) -> Message:
    """One message from its row, without its attachments."""
    return Message(
        id=row.id,
        sender=row.sender,
        text=row.text,
        language=row.language,
        sent_at=row.sent_at,
        choices=row.choices,
        citations=row.citations,
        case=row.case,
    )
