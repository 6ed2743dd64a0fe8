"""Whether answers helped, as customers say it with a thumb or in the conversation."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.asked_questions import last_answer, question_of
from actions.cases.transcripts import Transcripts
from knowledge.gap_queries import GapReason


class Gaps(Protocol):
    async def record_gap(
        self,
        question: str,
        *,
        language: str,
        reason: GapReason,
        answer: str | None = None,
    ) -> None:
        """Keep a question for the editors, for each answer once."""

    async def take_back_gap(self, answer: str) -> None:
        """Take off the list what this answer put there."""


class Helpfulness:
    """Keeps what customers say of answers; the editors see each failure once."""

    def __init__(
        self, engine: AsyncEngine, transcripts: Transcripts, gaps: Gaps
    ) -> None:
        self._engine, self._transcripts, self._gaps = engine, transcripts, gaps

    async def note(
        self,
        conversation: str,
        message_id: str,
        helpful: bool,
        comment: str | None = None,
    ) -> None:
        """Record whether a message helped; the last word on a message counts.

        Raises:
            NotFound: The conversation has no such message.
        """
        is_news = await self._transcripts.add_feedback(
            conversation, message_id, helpful, comment
        )
        if not is_news:
            return
        if helpful:
            await self._gaps.take_back_gap(message_id)
            return
        asked = await question_of(self._engine, conversation, message_id)
        if asked is not None:
            await self._gaps.record_gap(
                asked.text,
                language=asked.language,
                reason="unhelpful",
                answer=message_id,
            )

    async def note_last(self, conversation: str, helpful: bool) -> None:
        """Record whether the latest answer helped, where one was given."""
        answer = await last_answer(self._engine, conversation)
        if answer is not None:
            await self.note(conversation, answer, helpful)
