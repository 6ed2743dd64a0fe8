"""Conversations that are going on: which there are, and speaking in one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.case import Message, Status, time_as_json
from actions.cases.tables import case_events, cases, conversations, messages
from actions.cases.transcripts import read_messages
from knowledge.database import reading
from knowledge.errors import BadInput, Conflict, NotFound

# Of a conversation in which nobody wrote for longer, nobody is there.
GOES_ON = timedelta(minutes=15)
# Looked through for conversations that go on, latest first.
LATEST_MESSAGES = 2_000
LONGEST_TEXT = 4_000


class Talk(Protocol):
    """The conversations of the counter: the assistant stands back in them."""

    async def take_over(self, conversation: str, staff: str) -> None: ...

    async def hand_back(self, conversation: str, summary: str = "") -> None: ...

    async def say(self, conversation: str, *messages: Message) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Going:
    """A conversation that is going on.

    Attributes:
        agent: Who speaks with the customer; None while the assistant does.
        wants_human: The customer asked for a person, or is in distress.
        last_words: What the customer said last; our greeting where they were silent.
        last_at: When somebody said something last.
        references: Cases that were filed in it, oldest first.
    """

    id: str
    language: str
    stage: str
    agent: str | None
    wants_human: bool
    last_words: str
    last_at: datetime
    references: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """What the API shows of it."""
        return {
            "conversation": self.id,
            "language": self.language,
            "stage": self.stage,
            "agent": self.agent,
            "wants_human": self.wants_human,
            "last_words": self.last_words,
            "last_at": time_as_json(self.last_at),
            "cases": list(self.references),
        }


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A conversation with all that was said in it."""

    id: str
    language: str
    agent: str | None
    wants_human: bool
    references: tuple[str, ...]
    statuses: tuple[Status, ...]
    transcript: list[Message]


class Live:
    """Reads what goes on, and speaks. All methods raise ArchiveUnavailable."""

    def __init__(
        self, engine: AsyncEngine, clock: Callable[[], datetime], talk: Talk
    ) -> None:
        self._engine, self._clock, self._talk = engine, clock, talk

    async def going_on(self) -> list[Going]:
        """Chats in which somebody wrote lately: first those that want a person."""
        latest = (
            select(messages.c.conversation_id, messages.c.number, messages.c.sender)
            .order_by(messages.c.number.desc())
            .limit(LATEST_MESSAGES)
            .subquery()
        )
        number = func.max(latest.c.number)
        last = (
            select(
                latest.c.conversation_id,
                number.label("number"),
                func.coalesce(
                    number.filter(latest.c.sender == "customer"), number
                ).label("heard"),
            )
            .group_by(latest.c.conversation_id)
            .subquery()
        )
        words = messages.alias()
        query = (
            select(conversations, words.c.text, messages.c.sent_at)
            .join_from(last, messages, messages.c.number == last.c.number)
            .join(words, words.c.number == last.c.heard)
            .join(conversations, conversations.c.id == last.c.conversation_id)
            .where(
                conversations.c.channel == "chat",
                messages.c.sent_at > self._clock() - GOES_ON,
            )
        )
        async with reading(self._engine) as connection:
            rows = (await connection.execute(query)).all()
            filed = await connection.execute(
                select(cases.c.conversation_id, cases.c.reference)
                .where(cases.c.conversation_id.in_([row.id for row in rows]))
                .order_by(cases.c.id)
            )
            references: dict[str, list[str]] = {}
            for conversation, reference in filed:
                references.setdefault(conversation, []).append(reference)
        found = [
            Going(
                id=row.id,
                language=row.language,
                stage=row.stage,
                agent=row.agent,
                wants_human=row.wants_human_at is not None,
                last_words=row.text,
                last_at=row.sent_at,
                references=tuple(references.get(row.id, ())),
            )
            for row in rows
        ]
        return sorted(found, key=lambda each: (not each.wants_human, each.last_at))

    async def n_waiting(self) -> int:
        """How many asked for a person lately, and have met none."""
        asked = conversations.c.wants_human_at
        query = select(func.count()).where(
            asked.is_not(None),
            asked > self._clock() - GOES_ON,
            conversations.c.agent.is_(None),
        )
        async with reading(self._engine) as connection:
            return int(await connection.scalar(query) or 0)

    async def conversation(self, conversation: str) -> Heard:
        """One conversation, whether it goes on or not.

        Raises:
            NotFound: There is no such conversation.
        """
        query = select(conversations).where(conversations.c.id == conversation)
        filed = (
            select(cases.c.reference, cases.c.status)
            .where(cases.c.conversation_id == conversation)
            .order_by(cases.c.id)
        )
        async with reading(self._engine) as connection:
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                raise NotFound("no such conversation")
            known = (await connection.execute(filed)).all()
            said = await read_messages(connection, conversation)
        return Heard(
            id=row.id,
            language=row.language,
            agent=row.agent,
            wants_human=row.wants_human_at is not None,
            references=tuple(each.reference for each in known),
            statuses=tuple(each.status for each in known),
            transcript=said,
        )

    async def take_over(self, conversation: str, name: str) -> None:
        """Speak with the customer in the assistant's place, under this name.

        Raises:
            Conflict: Somebody else does.
            NotFound: There is no such conversation.
        """
        await self._talk.take_over(conversation, name)

    async def say(self, conversation: str, name: str, text: str) -> None:
        """Say something to the customer; they see it at once.

        Raises:
            BadInput: The text is empty or too long.
            Conflict: `name` has not taken the conversation over, or lost it.
        """
        text = text.replace("\r\n", "\n").strip()
        if not text or len(text) > LONGEST_TEXT:
            raise BadInput(
                f"text must have 1 to {LONGEST_TEXT} characters",
                refusal="too_long" if text else "empty",
            )
        heard = await self._held(conversation, name)
        message = Message(
            id=uuid.uuid4().hex,
            sender="agent",
            text=text,
            language=heard.language,
            sent_at=self._clock(),
        )
        await self._talk.say(conversation, message)

    async def hand_back(self, conversation: str, name: str, summary: str) -> None:
        """Let the assistant answer again; the customer is shown the summary.

        Raises:
            Conflict: `name` is not in the conversation.
        """
        await self._held(conversation, name)
        await self._talk.hand_back(conversation, summary.replace("\r\n", "\n"))

    async def token(self, conversation: str | None = None) -> str:
        """Changes whenever a case or a conversation does, or only this one.

        Asked for by every open page every few seconds: two looks at the ends of
        indexes.
        """
        last_said = select(func.max(messages.c.number))
        if conversation is not None:
            last_said = last_said.where(messages.c.conversation_id == conversation)
        query = select(
            last_said.scalar_subquery(),
            select(func.max(case_events.c.id)).scalar_subquery(),
        )
        async with reading(self._engine) as connection:
            said, happened = (await connection.execute(query)).one()
        return f"{said or 0}" if conversation else f"{said or 0}-{happened or 0}"

    async def _held(self, conversation: str, name: str) -> Heard:
        heard = await self.conversation(conversation)
        if heard.agent != name:
            raise Conflict(
                "you are not in this conversation: take it over first",
                refusal="not_yours",
            )
        return heard
