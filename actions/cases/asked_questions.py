"""What customers asked the assistant, as the conversations hold it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.tables import messages
from knowledge.database import reading

_NO_CITATIONS = "[]"


@dataclass(frozen=True, kw_only=True)
class AskedQuestion:
    """A question in a customer's words, numbers masked."""

    text: str
    language: str
    asked_at: datetime


async def recently_answered(engine: AsyncEngine, limit: int) -> list[AskedQuestion]:
    """Questions that were answered with a citation, latest first, each once."""
    answered = (
        select(messages.c.conversation_id, messages.c.number)
        .where(
            messages.c.sender == "bot",
            cast(messages.c.citations, Text) != _NO_CITATIONS,
        )
        .order_by(messages.c.number.desc())
        # The same question is often asked again.
        .limit(3 * limit)
        .subquery()
    )
    asked = messages.alias()
    before = (
        select(func.max(asked.c.number))
        .where(
            asked.c.conversation_id == answered.c.conversation_id,
            asked.c.number < answered.c.number,
            asked.c.sender == "customer",
        )
        .scalar_subquery()
    )
    query = (
        select(messages.c.text, messages.c.language, messages.c.sent_at)
        .join(answered, messages.c.number == before)
        .order_by(messages.c.number.desc())
    )
    async with reading(engine) as connection:
        rows = (await connection.execute(query)).all()
    found: dict[tuple[str, str], AskedQuestion] = {}
    for row in rows:
        key = (row.language, row.text.strip().casefold())
        found.setdefault(
            key,
            AskedQuestion(text=row.text, language=row.language, asked_at=row.sent_at),
        )
    return list(found.values())[:limit]


async def last_answer(engine: AsyncEngine, conversation: str) -> str | None:
    """The id of the latest answer from the help pages, or None before the first."""
    query = (
        select(messages.c.id)
        .where(
            messages.c.conversation_id == conversation,
            messages.c.sender == "bot",
            cast(messages.c.citations, Text) != _NO_CITATIONS,
        )
        .order_by(messages.c.number.desc())
        .limit(1)
    )
    async with reading(engine) as connection:
        found: str | None = await connection.scalar(query)
    return found


async def question_of(
    engine: AsyncEngine, conversation: str, message: str
) -> AskedQuestion | None:
    """What the customer had asked when the assistant said `message`.

    None when it was no answer from the help pages.
    """
    answer = (
        select(messages.c.number)
        .where(
            messages.c.id == message,
            messages.c.conversation_id == conversation,
            cast(messages.c.citations, Text) != _NO_CITATIONS,
        )
        .scalar_subquery()
    )
    query = (
        select(messages.c.text, messages.c.language, messages.c.sent_at)
        .where(
            messages.c.conversation_id == conversation,
            messages.c.sender == "customer",
            messages.c.number < answer,
        )
        .order_by(messages.c.number.desc())
        .limit(1)
    )
    async with reading(engine) as connection:
        row = (await connection.execute(query)).first()
    if row is None:
        return None
    return AskedQuestion(text=row.text, language=row.language, asked_at=row.sent_at)
