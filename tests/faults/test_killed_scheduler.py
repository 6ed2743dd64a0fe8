from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta

from bot.metrics import Metrics
from bot.scheduling.scheduler import LEASE, Every, Job, Scheduler
from bot.settings import ROOT
from knowledge.database import open_engine
from tests.factories import FakeClock


async def test_the_job_of_a_killed_process_is_taken_over_when_its_lease_is_out(
    database_url: str, clock: FakeClock
):
    holder = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.hold_until_killed", database_url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holding\n"
        holder.kill()
    ran: list[datetime] = []

    async def work(now: datetime) -> None:
        ran.append(now)

    engine = open_engine(database_url)
    job = Job(name="count", timetable=Every(timedelta(hours=1)), run=work)
    scheduler = Scheduler(engine, clock, [job], Metrics())

    await scheduler.run_due()
    too_early = list(ran)
    clock.now += LEASE
    await scheduler.run_due()
    await engine.dispose()

    assert (too_early, ran) == ([], [clock()])
