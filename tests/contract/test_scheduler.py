from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.metrics import Metrics
from bot.scheduling.leases import Leases
from bot.scheduling.scheduler import LEASE, Daily, Every, Job, Scheduler
from tests.factories import STOCKHOLM, FakeClock

HOUR = timedelta(hours=1)


class Work:
    """A job's work: counts its runs, and fails or waits when it is told to."""

    def __init__(self) -> None:
        self.started_at: list[datetime] = []
        self.fails = False
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self, now: datetime) -> None:
        self.started_at.append(now)
        if self.fails:
            raise RuntimeError("no")
        await self.may_end.wait()


@pytest.fixture
def work() -> Work:
    return Work()


def make_scheduler(
    engine: AsyncEngine, clock: FakeClock, work: Work, metrics: Metrics | None = None
) -> Scheduler:
    job = Job(name="count", timetable=Every(HOUR), run=work)
    return Scheduler(engine, clock, [job], metrics or Metrics())


async def test_a_job_runs_at_once_and_then_in_its_time(
    engine: AsyncEngine, clock: FakeClock, work: Work
):
    scheduler = make_scheduler(engine, clock, work)

    ran = []
    for _ in range(3):
        ran.append(await scheduler.run_due())
        clock.advance(minutes=30)

    assert ran == [["count"], [], ["count"]]


async def test_a_restart_goes_on_where_it_was(
    engine: AsyncEngine, clock: FakeClock, work: Work
):
    await make_scheduler(engine, clock, work).run_due()

    ran = await make_scheduler(engine, clock, work).run_due()

    assert ran == []


async def test_two_schedulers_at_once_run_a_job_once(
    engine: AsyncEngine, clock: FakeClock, work: Work
):
    schedulers = [make_scheduler(engine, clock, work) for _ in range(2)]

    for _ in range(5):
        await asyncio.gather(*[each.run_due() for each in schedulers])
        clock.advance(hours=1)

    assert len(work.started_at) == 5


async def test_while_one_runs_no_other_does(
    engine: AsyncEngine, clock: FakeClock, work: Work
):
    work.may_end.clear()
    busy = asyncio.create_task(make_scheduler(engine, clock, work).run_due())
    while not work.started_at:
        await asyncio.sleep(0)

    ran = await make_scheduler(engine, clock, work).run_due()
    work.may_end.set()

    assert (ran, await busy) == ([], ["count"])


async def test_the_job_of_a_holder_that_died_is_taken_over(
    engine: AsyncEngine, clock: FakeClock, work: Work
):
    dead = Leases(engine, "dead")
    assert await dead.take(await dead.record("count"), clock(), LEASE)
    scheduler = make_scheduler(engine, clock, work)

    too_early = await scheduler.run_due()
    clock.advance(seconds=LEASE.total_seconds())

    assert (too_early, await scheduler.run_due()) == ([], ["count"])
    assert not await dead.renew("count", clock(), LEASE)


async def test_a_holder_that_lost_its_lease_stops_its_work(
    engine: AsyncEngine, clock: FakeClock, work: Work
):
    work.may_end.clear()
    short = timedelta(milliseconds=30)
    job = Job(name="count", timetable=Every(HOUR), run=work)
    slow = Scheduler(engine, clock, [job], Metrics(), lease=short)
    running = asyncio.create_task(slow.run_due())
    while not work.started_at:
        await asyncio.sleep(0)
    clock.advance(seconds=1)
    other = Leases(engine, "other")
    while not await other.take(await other.record("count"), clock(), LEASE):
        await asyncio.sleep(0)

    await running

    record = await other.record("count")
    assert (record.holder, record.succeeded_at) == ("other", None)


async def test_a_stopped_scheduler_lets_go_and_the_next_one_runs_the_job_again(
    engine: AsyncEngine, clock: FakeClock, work: Work
):
    work.may_end.clear()
    async with make_scheduler(engine, clock, work).running():
        while not work.started_at:
            await asyncio.sleep(0)
    work.may_end.set()

    assert await make_scheduler(engine, clock, work).run_due() == ["count"]


async def test_a_failed_job_is_tried_again_ever_later_and_counted(
    engine: AsyncEngine, clock: FakeClock, work: Work
):
    work.fails, metrics = True, Metrics()
    scheduler = make_scheduler(engine, clock, work, metrics)

    for _ in range(10):
        await scheduler.run_due()
        clock.advance(seconds=30)

    waits = [
        after - before
        for before, after in zip(work.started_at, work.started_at[1:], strict=False)
    ]
    assert [each.seconds for each in waits] == [30, 60, 120]
    assert metrics.registry.get_sample_value(
        "guichet_job_failures_total", {"job": "count"}
    ) == len(work.started_at)


async def test_after_a_downtime_a_daily_job_is_made_up_for_once(
    engine: AsyncEngine, clock: FakeClock, work: Work
):
    job = Job(name="night", timetable=Daily(time(3, 30), STOCKHOLM), run=work)
    scheduler = Scheduler(engine, clock, [job], Metrics())
    await scheduler.run_due()
    clock.advance(days=9)

    ran = [await scheduler.run_due() for _ in range(2)]

    assert ran == [["night"], []]


async def test_a_clock_set_back_stops_no_job(
    engine: AsyncEngine, clock: FakeClock, work: Work
):
    scheduler = make_scheduler(engine, clock, work)
    await scheduler.run_due()
    clock.advance(days=-900)

    assert await scheduler.run_due() == ["count"]


async def test_a_woken_job_runs_before_its_time(
    engine: AsyncEngine, clock: FakeClock, work: Work
):
    scheduler = make_scheduler(engine, clock, work)

    async with scheduler.running():
        while not work.started_at:
            await asyncio.sleep(0)
        scheduler.wake("count")
        while len(work.started_at) < 2:
            await asyncio.sleep(0)

    assert work.started_at == [clock(), clock()]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("2026-11-22T01:00+01:00", "2026-11-22T03:30+01:00"),
        ("2026-11-22T03:30+01:00", "2026-11-23T03:30+01:00"),
        # The clocks go forward on 28 March 2027.
        ("2027-03-27T12:00+01:00", "2027-03-28T03:30+02:00"),
    ],
)
def test_a_daily_job_keeps_its_wall_clock_time(last: str, expected: str):
    timetable = Daily(time(3, 30), STOCKHOLM)

    after = timetable.after(datetime.fromisoformat(last).astimezone(UTC))

    assert after == datetime.fromisoformat(expected)
