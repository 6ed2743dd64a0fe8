"""Every letter that was sent or received, in the archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.case import time_as_json
from actions.cases.post_tables import letters
from knowledge.database import reading
from knowledge.errors import NotFound

Direction = Literal["out", "in"]
# Of a sent letter: sent, bounced. Of a received one: appended to its case, automatic
# (an auto-reply), bounce, unmatched (waits for staff), dismissed.
State = Literal["sent", "bounced", "appended", "automatic", "bounce", "unmatched"]
DISMISSED = "dismissed"
MOST_REFERENCES = 20
MOST_DISMISSED = 20


@dataclass(frozen=True, kw_only=True)
class StoredLetter:
    """A letter in the archive.

    Attributes:
        reference: Its case; None for a received one that belongs to none, or not yet.
        kind: Of a sent one, what for; of a received one `reply`.
        reason: Why it is in its state, as a code.
        source: As sent, byte for byte; of a received one its headers.
        text: What it says, with what it quotes.
        conversation: Where its files are while it belongs to no case; None for none.
        is_cry_for_help: A received one that belonged to no case, read as that.
        dismissed_by, dismissed_at: Who put it away, and when.
    """

    id: int
    reference: str | None
    direction: Direction
    kind: str
    state: str
    reason: str | None
    message_id: str
    in_reply_to: str | None
    sender: str
    recipient: str
    subject: str
    text: str
    source: str
    language: str
    message: str | None
    at: datetime
    conversation: str | None = None
    is_cry_for_help: bool = False
    dismissed_by: str | None = None
    dismissed_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """What the desk and a dossier show of it."""
        shown = {name: getattr(self, name) for name in self.__dataclass_fields__}
        del shown["conversation"]
        put_away = self.dismissed_at and time_as_json(self.dismissed_at)
        return {**shown, "at": time_as_json(self.at), "dismissed_at": put_away}


async def insert_letter(connection: AsyncConnection, **values: Any) -> int | None:
    """Keep a letter, inside the caller's transaction; None when it is there already."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    kept = dialect.insert(letters).values(**values)
    number = await connection.scalar(
        kept.on_conflict_do_nothing(
            index_elements=["direction", "message_id"]
        ).returning(letters.c.id)
    )
    return None if number is None else int(number)


async def update_letter(
    connection: AsyncConnection, number: int, **values: Any
) -> None:
    """Give a letter new values, inside the caller's transaction."""
    await connection.execute(
        update(letters).where(letters.c.id == number).values(**values)
    )


async def thread_of(connection: AsyncConnection, reference: str) -> list[str]:
    """The message ids of a case's letters, oldest first: the first and the latest."""
    query = (
        select(letters.c.message_id)
        .where(letters.c.reference == reference, letters.c.state != "bounce")
        .order_by(letters.c.id)
    )
    ids = list((await connection.scalars(query)).all())
    return ids if len(ids) <= MOST_REFERENCES else ids[:1] + ids[1 - MOST_REFERENCES :]


async def find_sent(
    connection: AsyncConnection, message_ids: Sequence[str]
) -> StoredLetter | None:
    """The latest of our letters among these ids."""
    query = (
        select(letters)
        .where(letters.c.direction == "out", letters.c.message_id.in_(message_ids))
        .order_by(letters.c.id.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _letter(row)


class Letterbook:
    """Reads letters. All methods raise ArchiveUnavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of_case(self, reference: str) -> list[StoredLetter]:
        """The letters of a case, oldest first."""
        return await self._select(letters.c.reference == reference)

    async def unmatched(self) -> list[StoredLetter]:
        """Received letters that wait for staff: cries for help, then the oldest."""
        waiting = await self._select(letters.c.state == "unmatched")
        return sorted(waiting, key=lambda each: not each.is_cry_for_help)

    async def n_unmatched(self) -> int:
        """How many received letters wait for staff."""
        query = select(func.count()).where(letters.c.state == "unmatched")
        async with reading(self._engine) as connection:
            return await connection.scalar(query) or 0

    async def dismissed(self, limit: int = MOST_DISMISSED) -> list[StoredLetter]:
        """Letters that were put away, the latest first."""
        query = (
            select(letters)
            .where(letters.c.state == DISMISSED)
            .order_by(letters.c.dismissed_at.desc().nulls_last(), letters.c.id.desc())
            .limit(limit)
        )
        async with reading(self._engine) as connection:
            return [_letter(row) for row in await connection.execute(query)]

    async def letter(self, number: int) -> StoredLetter:
        """One letter.

        Raises:
            NotFound: There is no such letter.
        """
        found = await self._select(letters.c.id == number)
        if not found:
            raise NotFound(f"no letter {number}")
        return found[0]

    async def _select(self, condition: Any) -> list[StoredLetter]:
        query = select(letters).where(condition).order_by(letters.c.id)
        async with reading(self._engine) as connection:
            return [_letter(row) for row in await connection.execute(query)]


def _letter(row: Any) -> StoredLetter:
    return StoredLetter(
        **{name: getattr(row, name) for name in StoredLetter.__dataclass_fields__}
    )
