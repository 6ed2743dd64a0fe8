"""Runs a job without end, until it is killed: `hold_until_killed.py DATABASE_URL`."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta

from bot.metrics import Metrics
from bot.scheduling.scheduler import Every, Job, Scheduler
from knowledge.database import open_engine
from tests.factories import FakeClock


async def hold(now: datetime) -> None:
    print("holding", flush=True)
    await asyncio.Event().wait()


async def main(url: str) -> None:
    job = Job(name="count", timetable=Every(timedelta(hours=1)), run=hold)
    scheduler = Scheduler(open_engine(url), FakeClock(), [job], Metrics())
    await scheduler.run_due()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
