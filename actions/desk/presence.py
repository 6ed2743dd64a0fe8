"""Who has a case open at this moment, so that two agents see each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.tables import cases, messages
from actions.desk.tables import case_presence
from knowledge.database import reading, writing
from knowledge.errors import NotFound

# Three times what the page waits between two signs of life.
LASTS = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """What tells that a case has moved on since it was shown."""

    version: int
    n_messages: int


class Presence:
    """In the database, so that replicas share it. Methods raise ArchiveUnavailable."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock

    async def note(self, reference: str, agent: str, name: str) -> list[str]:
        """Say that `agent` has the case open; gives the names of the others who do."""
        now = self._clock()
        dialect = sqlite if self._engine.dialect.name == "sqlite" else postgresql
        seen = dialect.insert(case_presence).values(
            reference=reference, agent=agent, name=name, seen_at=now
        )
        others = (
            select(case_presence.c.name)
            .where(
                case_presence.c.reference == reference,
                case_presence.c.agent != agent,
                case_presence.c.seen_at > now - LASTS,
            )
            .order_by(case_presence.c.name)
        )
        async with writing(self._engine) as connection:
            await connection.execute(
                seen.on_conflict_do_update(
                    index_elements=["reference", "agent"],
                    set_={"name": name, "seen_at": now},
                )
            )
            return list((await connection.scalars(others)).all())

    async def leave(self, reference: str, agent: str) -> None:
        """Say that `agent` has closed the case; forgets all who are long gone."""
        gone = case_presence.c.seen_at < self._clock() - LASTS
        left = (case_presence.c.reference == reference) & (
            case_presence.c.agent == agent
        )
        async with writing(self._engine) as connection:
            await connection.execute(delete(case_presence).where(gone | left))

    async def pulse(self, reference: str) -> Pulse:
        """In which version the case is, and how much was said in its conversation.

        Raises:
            NotFound: There is no such case.
        """
        n_messages = (
            select(func.count())
            .where(messages.c.conversation_id == cases.c.conversation_id)
            .correlate(cases)
            .scalar_subquery()
        )
        query = select(cases.c.version, n_messages).where(
            cases.c.reference == reference
        )
        async with reading(self._engine) as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound(f"no case {reference}")
        return Pulse(version=row[0], n_messages=row[1])
