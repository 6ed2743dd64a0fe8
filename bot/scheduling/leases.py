"""One holder at a time for each job, across replicas, on the database that all share.

A holder that dies lets go when its lease runs out; one that lives renews it. What a
job has done stands in the same row, so that a restart goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.tables import jobs
from knowledge.database import reading, writing


@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """What the database knows of a job.

    Attributes:
        holder: Who runs it now, or ran it when it died; None when nobody does.
        held_until: When the holder loses it unless it renews.
        started_at: Of the last run, whatever became of it.
        succeeded_at: When the last run that went well was started.
        failures: How many runs have failed since.
    """

    name: str
    holder: str | None = None
    held_until: datetime | None = None
    started_at: datetime | None = None
    succeeded_at: datetime | None = None
    failures: int = 0

    def is_held(self, now: datetime, length: timedelta) -> bool:
        """Whether somebody holds it; `length` is how long a lease lasts.

        A lease that runs out later than any lease could is of a clock that was set
        back since: it holds nothing.
        """
        return self.held_until is not None and now < self.held_until <= now + length


class Leases:
    """The leases of one replica. All methods raise ArchiveUnavailable."""

    def __init__(self, engine: AsyncEngine, holder: str) -> None:
        """Take leases in the name of `holder`, which no other replica uses."""
        self._engine, self._holder = engine, holder

    async def record(self, name: str) -> JobRecord:
        """What is known of a job; nothing yet for one that never ran."""
        async with reading(self._engine) as connection:
            row = (await connection.execute(_row_of(name))).one_or_none()
        return JobRecord(name=name) if row is None else _record(row)

    async def take(self, seen: JobRecord, now: datetime, length: timedelta) -> bool:
        """Take a job that still is as it was `seen`, for `length` from `now` on.

        Returns:
            False when somebody else was faster: then it is theirs.
        """
        values = {
            "holder": self._holder,
            "held_until": now + length,
            "started_at": now,
        }
        known = seen.started_at is not None
        try:
            async with writing(self._engine) as connection:
                if not known:
                    await connection.execute(
                        insert(jobs).values(name=seen.name, failures=0, **values)
                    )
                    return True
                taken = await connection.execute(
                    update(jobs)
                    .where(
                        jobs.c.name == seen.name,
                        jobs.c.started_at == seen.started_at,
                        jobs.c.holder.is_not_distinct_from(seen.holder),
                        jobs.c.held_until.is_not_distinct_from(seen.held_until),
                    )
                    .values(**values)
                )
        except IntegrityError:
            return False
        return taken.rowcount == 1

    async def renew(self, name: str, now: datetime, length: timedelta) -> bool:
        """Hold on for `length` from `now`; False when it is another's by now."""
        return await self._update(name, held_until=now + length)

    async def release(
        self, name: str, *, started_at: datetime, succeeded: bool
    ) -> None:
        """Let go after a run, and record how it went."""
        outcome: dict[str, Any] = (
            {"succeeded_at": started_at, "failures": 0}
            if succeeded
            else {"failures": jobs.c.failures + 1}
        )
        await self._update(name, holder=None, held_until=None, **outcome)

    async def drop(self, name: str) -> None:
        """Let go of a run that was interrupted: whoever comes next starts it again."""
        await self._update(name, holder=None, held_until=None)

    async def _update(self, name: str, **values: Any) -> bool:
        async with writing(self._engine) as connection:
            changed = await connection.execute(
                update(jobs)
                .where(jobs.c.name == name, jobs.c.holder == self._holder)
                .values(**values)
            )
        return changed.rowcount == 1


def _row_of(name: str) -> Any:
    return select(jobs).where(jobs.c.name == name)


def _record(row: Any) -> JobRecord:
    return JobRecord(
        name=row.name,
        holder=row.holder,
        held_until=row.held_until,
        started_at=row.started_at,
        succeeded_at=row.succeeded_at,
        failures=row.failures,
    )
