"""What the counter does by itself: jobs that run on time, once for all replicas.

A job is registered in `bot/scheduling/jobs.py`. It runs under a lease of the database,
is made up for after a downtime, and is tried again when it fails. A lease can run out
while its holder sleeps, so a job's effects carry keys of their own: a second run
changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.metrics import Metrics
from bot.scheduling.leases import JobRecord, Leases
from knowledge.errors import ArchiveUnavailable

logger = logging.getLogger(__name__)

# How soon other replicas take over from a holder that died.
LEASE = timedelta(minutes=1)
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=30), timedelta(hours=1)
# Looked at least so often: a clock that is set forward is noticed.
LONGEST_SLEEP_SECONDS = 30.0
SHORTEST_SLEEP_SECONDS = 0.2


class Timetable(Protocol):
    """When a job is to run."""

    def after(self, last: datetime) -> datetime:
        """The next time after a run that was started at `last`."""


@dataclass(frozen=True)
class Every:
    """From the start of one run to the start of the next."""

    interval: timedelta

    def after(self, last: datetime) -> datetime:
        return last + self.interval


@dataclass(frozen=True)
class Daily:
    """Once a day at a wall-clock time; runs missed while nothing ran count as one."""

    at: time
    zone: tzinfo

    def after(self, last: datetime) -> datetime:
        day = last.astimezone(self.zone).date()
        first = datetime.combine(day, self.at, tzinfo=self.zone).astimezone(UTC)
        if first > last:
            return first
        later = day + timedelta(days=1)
        return datetime.combine(later, self.at, tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Something to do on time.

    Attributes:
        name: Of its lease and in metrics; short, and never changed.
        run: Does it, given the present moment. Its effects carry keys of their own:
            run twice, it has done it once. It may be cancelled at any `await`.
    """

    name: str
    timetable: Timetable
    run: Callable[[datetime], Awaitable[object]]

    def due_at(self, record: JobRecord) -> datetime | None:
        """When the next run is due; None for one that never ran: now."""
        if record.started_at is None:
            return None
        if record.failures:
            delay: timedelta = FIRST_RETRY * 2 ** min(record.failures - 1, 16)
            return record.started_at + min(delay, LONGEST_RETRY)
        # Interrupted runs count neither way: they are made up for at once.
        last = record.succeeded_at
        return None if last is None else self.timetable.after(last)

    def is_due(self, record: JobRecord, now: datetime) -> bool:
        """Whether it should run now; a last run in the future was by a wrong clock."""
        due_at = self.due_at(record)
        if due_at is None or due_at <= now:
            return True
        return record.started_at is not None and record.started_at > now


class Scheduler:
    """Runs jobs in this process, each in a task of its own."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], datetime],
        jobs: Sequence[Job],
        metrics: Metrics,
        *,
        lease: timedelta = LEASE,
    ) -> None:
        """Join the replicas that share `engine`."""
        if len({job.name for job in jobs}) < len(jobs):
            raise ValueError(f"two jobs share a name: {[job.name for job in jobs]}")
        self._leases = Leases(engine, uuid.uuid4().hex)
        self._clock, self._jobs, self._metrics = clock, jobs, metrics
        self._lease = lease
        self._wakes = {job.name: asyncio.Event() for job in jobs}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the jobs running inside this context."""
        tasks = [asyncio.create_task(self._keep(job)) for job in self._jobs]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self, name: str) -> None:
        """Run a job at once, whatever its timetable says."""
        self._wakes[name].set()

    async def run_due(self) -> list[str]:
        """Run every job that is due and free, one after another; their names."""
        return [job.name for job in self._jobs if await self._run_if_due(job)]

    async def _keep(self, job: Job) -> None:
        wake = self._wakes[job.name]
        while True:
            is_woken, seconds = wake.is_set(), LONGEST_SLEEP_SECONDS
            wake.clear()
            try:
                await self._run_if_due(job, is_woken=is_woken)
                seconds = await self._seconds_until(job)
            except Exception as exc:
                # Whatever it is must not end the job for good.
                logger.error("job %s waits: %s", job.name, type(exc).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), seconds)

    async def _seconds_until(self, job: Job) -> float:
        due_at = job.due_at(await self._leases.record(job.name))
        left = (due_at - self._clock()).total_seconds() if due_at else 0.0
        return min(max(left, SHORTEST_SLEEP_SECONDS), LONGEST_SLEEP_SECONDS)

    async def _run_if_due(self, job: Job, *, is_woken: bool = False) -> bool:
        now = self._clock()
        record = await self._leases.record(job.name)
        is_wanted = is_woken or job.is_due(record, now)
        if not is_wanted or record.is_held(now, self._lease):
            return False
        if not await self._leases.take(record, now, self._lease):
            return False
        await self._run(job, now)
        return True

    async def _run(self, job: Job, now: datetime) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                renewing = group.create_task(self._renew(job))
                await job.run(now)
                renewing.cancel()
        except asyncio.CancelledError:
            with suppress(ArchiveUnavailable):
                await self._leases.drop(job.name)
            raise
        except Exception as exc:
            # The kind of error only: its text may hold a customer's words.
            kinds = getattr(exc, "exceptions", (exc,))
            logger.error("job %s failed: %s", job.name, type(kinds[0]).__name__)
            self._metrics.job_failures.labels(job.name).inc()
            await self._leases.release(job.name, started_at=now, succeeded=False)
        else:
            self._metrics.job_last_run.labels(job.name).set(now.timestamp())
            await self._leases.release(job.name, started_at=now, succeeded=True)

    async def _renew(self, job: Job) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            if not await self._leases.renew(job.name, self._clock(), self._lease):
                raise LeaseLost(job.name)


class LeaseLost(Exception):
    """Another replica runs the job by now."""
