"""The dates of a case against an oracle: dateutil, and a walk by days."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil.easter import easter
from dateutil.relativedelta import relativedelta
from dateutil.tz import resolve_imaginary

from actions.cases.calendar import (
    UNITS,
    Holidays,
    Period,
    Unit,
    WorkingTime,
    after,
    business_hours_after,
)
from actions.cases.complaint import WEEKDAYS, Policy
from actions.cases.policies import load_policy
from actions.cases.schedule import (
    Pause,
    case_dates,
    due_notices,
    next_notice_at,
    update_due_at,
)
from bot.settings import ROOT
from tests.factories import STOCKHOLM

DEFAULT = load_policy(ROOT / "data")
PAUSABLE = replace(
    DEFAULT,
    pause_clocks=("answer",),
    pause_reasons=("waiting_for_customer",),
    pause_at_most_days=30,
)
ZONES = [ZoneInfo(name) for name in sorted(available_timezones())]
N_RANDOM = 10_000


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# The oracle: wall clocks of dateutil, business time counted day by day or minute by
# minute. It shares nothing with the code but the policy.


def on_the_wall(day: date, clock: time, zone: ZoneInfo) -> datetime:
    wall = datetime.combine(day, clock.replace(fold=0), tzinfo=zone)
    return resolve_imaginary(wall).astimezone(UTC)


def works(day: date, policy: Policy) -> bool:
    name = day.strftime("%A").lower()
    offs = {day.isoformat(), day.strftime("%m-%d")}
    offs.add(f"easter{(day - easter(day.year)).days:+d}")
    return name in policy.business_weekdays and offs.isdisjoint(policy.holidays)


def expected(start: datetime, period: Period, policy: Policy, zone: ZoneInfo) -> Any:
    local = start.astimezone(zone)
    day = local.date()
    match period.unit:
        case "hours":
            return start + timedelta(hours=period.n)
        case "months" | "weeks" | "days":
            day += relativedelta(**{period.unit: period.n})
        case "business_days":
            for _ in range(period.n):
                day += timedelta(days=1)
                while not works(day, policy):
                    day += timedelta(days=1)
        case "business_hours":
            return hours_of_business(start, period.n, policy, zone)
    return on_the_wall(day, local.time(), zone)


def hours_of_business(
    start: datetime, n: int, policy: Policy, zone: ZoneInfo
) -> datetime:
    seconds, day = n * 3600.0, start.astimezone(zone).date()
    while True:
        opens, closes = (on_the_wall(day, each, zone) for each in policy.business_hours)
        begin = start if start > opens else opens
        if works(day, policy) and begin < closes:
            if (closes - begin).total_seconds() >= seconds:
                return begin + timedelta(seconds=seconds)
            seconds -= (closes - begin).total_seconds()
        day += timedelta(days=1)


def random_policy(pick: random.Random) -> Policy:
    holidays = [
        pick.choice(("12-25", "01-01", "easter+1", "easter-2", "2027-05-03", "02-29"))
        for _ in range(pick.randint(0, 4))
    ]
    return replace(
        DEFAULT,
        filing_window_months=pick.randint(1, 24),
        answer_within=random_period(pick),
        acknowledgement_within=random_period(pick),
        interim_update_every=random_period(pick),
        final_letter_within=random_period(pick),
        mediator_after=random_period(pick),
        dispute_body_within=random_period(pick),
        retention_months=pick.randint(1, 120),
        business_weekdays=tuple(pick.sample(WEEKDAYS, pick.randint(1, 7))),
        business_hours=(time(pick.randint(4, 11), 30), time(pick.randint(12, 21))),
        holidays=tuple(holidays),
        pause_clocks=("answer", "final_letter"),
        pause_reasons=("waiting_for_customer",),
        pause_at_most_days=pick.randint(1, 60),
    )


def random_period(pick: random.Random) -> Period:
    return Period(pick.randint(1, 24), pick.choice(UNITS))


def random_pauses(pick: random.Random, received: datetime) -> tuple[Pause, ...]:
    pauses, moment = [], received
    for _ in range(pick.randint(0, 3)):
        begins = moment + timedelta(hours=pick.randint(0, 600))
        moment = begins + timedelta(hours=pick.randint(0, 400))
        pauses.append(
            Pause(reason="waiting_for_customer", started_at=begins, ended_at=moment)
        )
    if pauses and pick.random() < 0.3:
        pauses[-1] = replace(pauses[-1], ended_at=None)
    return tuple(pauses)


def expected_with_pauses(
    start: datetime,
    period: Period,
    pauses: Sequence[Pause],
    policy: Policy,
    zone: ZoneInfo,
) -> Any:
    """Walk along the days of each pause, moving the date by one for each."""
    due, allowed = expected(start, period, policy, zone), policy.pause_at_most_days
    for pause in pauses:
        counts = pause.started_at < due
        day = pause.started_at.astimezone(zone).date()
        last = pause.ended_at and pause.ended_at.astimezone(zone).date()
        while allowed and (last is None or day < last):
            day, allowed = day + timedelta(days=1), allowed - 1
            if counts:
                wall = due.astimezone(zone)
                due = on_the_wall(wall.date() + timedelta(days=1), wall.time(), zone)
    return due


@pytest.mark.parametrize("seed", range(4))
def test_every_date_agrees_with_the_oracle(seed: int):
    pick = random.Random(seed)
    for _ in range(N_RANDOM // 4):
        policy, zone = random_policy(pick), pick.choice(ZONES)
        received = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(
            minutes=pick.randrange(100 * 365 * 24 * 60)
        )
        closed = received + timedelta(days=pick.randint(0, 400))

        dates = case_dates(received, (), policy, zone, closed_at=closed)

        case = (policy, zone.key, received)
        for period, found in (
            (policy.acknowledgement_within, dates.acknowledgement_due_at),
            (policy.answer_within, dates.answer_due_at),
            (policy.final_letter_within, dates.final_letter_due_at),
            (policy.mediator_after, dates.mediator_from),
            (policy.dispute_body_within, dates.dispute_body_until),
        ):
            assert period is not None
            assert found == expected(received, period, policy, zone), case
        window = relativedelta(months=policy.filing_window_months)
        day = received.astimezone(zone).date()
        assert dates.filing_window_starts_on == day - window, case
        kept = Period(policy.retention_months, "months")
        assert dates.retention_ends_at == expected(closed, kept, policy, zone), case
        every = policy.interim_update_every
        assert every is not None
        third = Period(3 * every.n, every.unit)
        assert update_due_at(dates.answer_due_at, 3, policy, zone) == expected(
            dates.answer_due_at, third, policy, zone
        ), case


def test_pauses_move_dates_as_a_walk_along_their_days_does():
    pick = random.Random(7)
    for _ in range(N_RANDOM // 4):
        zone = pick.choice(ZONES)
        unit: Unit = pick.choice(("months", "weeks", "days"))
        period = Period(pick.randint(1, 12), unit)
        policy = replace(random_policy(pick), answer_within=period)
        received = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(
            minutes=pick.randrange(10 * 365 * 24 * 60)
        )
        pauses = random_pauses(pick, received)

        found = case_dates(received, pauses, policy, zone).answer_due_at

        walked = expected_with_pauses(received, period, pauses, policy, zone)
        # The walk goes through each night; a night's skipped hour may move it.
        assert abs(found - walked) <= timedelta(hours=1), (policy, zone, pauses)
        assert found.astimezone(zone).date() == walked.astimezone(zone).date()


WORKING = WorkingTime(holidays=Holidays.parse(["12-25", "easter+1", "2026-12-28"]))


@pytest.mark.parametrize(
    ("start", "n", "unit", "end"),
    [
        # Friday afternoon: 25 December and the Monday after are days off.
        ("2026-12-24T15:00+01:00", 1, "business_days", "2026-12-29T15:00+01:00"),
        ("2026-12-24T15:00+01:00", 2, "business_hours", "2026-12-24T17:00+01:00"),
        ("2026-12-24T15:00+01:00", 3, "business_hours", "2026-12-29T10:00+01:00"),
        # On a Saturday nothing is counted before Monday.
        ("2026-11-21T12:00+01:00", 1, "business_days", "2026-11-23T12:00+01:00"),
        ("2026-11-21T12:00+01:00", 8, "business_hours", "2026-11-23T17:00+01:00"),
        # Over Easter 2027, and with it the change of clocks on 28 March.
        ("2027-03-26T16:00+01:00", 2, "business_hours", "2027-03-30T10:00+02:00"),
        ("2027-03-01T09:00+01:00", 8, "weeks", "2027-04-26T09:00+02:00"),
        ("2027-03-27T12:00+01:00", 24, "hours", "2027-03-28T13:00+02:00"),
    ],
)
def test_periods_worked_out_by_hand(start: str, n: int, unit: Unit, end: str):
    assert after(at(start), Period(n, unit), STOCKHOLM, WORKING) == at(end)


def test_business_time_that_begins_before_opening_counts_from_opening():
    early = at("2026-11-23T06:00+01:00")

    ends = business_hours_after(early, 1, STOCKHOLM, WORKING)

    assert ends == at("2026-11-23T10:00+01:00")


def paused(started: str, ended: str | None) -> Pause:
    return Pause(
        reason="waiting_for_customer",
        started_at=at(started),
        ended_at=at(ended) if ended else None,
    )


RECEIVED = at("2026-11-22T10:00+01:00")


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ((), "2026-12-22T10:00+01:00"),
        ((paused("2026-11-23T09:00Z", "2026-11-28T08:00Z"),), "2026-12-27T10:00+01:00"),
        # Within one day nothing moves.
        ((paused("2026-11-23T08:00Z", "2026-11-23T18:00Z"),), "2026-12-22T10:00+01:00"),
        # While it lasts, the date is the latest possible.
        ((paused("2026-11-23T09:00Z", None),), "2027-01-21T10:00+01:00"),
        # Together no more than thirty days.
        (
            (
                paused("2026-11-23T09:00Z", "2026-12-13T09:00Z"),
                paused("2026-12-14T09:00Z", "2027-01-20T09:00Z"),
            ),
            "2027-01-21T10:00+01:00",
        ),
        # What was overdue stays so.
        ((paused("2026-12-23T09:00Z", None),), "2026-12-22T10:00+01:00"),
    ],
)
def test_a_pause_moves_the_answer_by_its_days(pauses: tuple[Pause, ...], due: str):
    dates = case_dates(RECEIVED, pauses, PAUSABLE, STOCKHOLM)

    assert dates.answer_due_at == at(due)


def test_a_clock_that_may_not_be_paused_stands_still_for_nobody():
    pauses = (paused("2026-11-23T09:00Z", "2026-11-28T08:00Z"),)

    dates = case_dates(RECEIVED, pauses, DEFAULT, STOCKHOLM)

    assert dates.answer_due_at == at("2026-12-22T10:00+01:00")


def kinds(now: str, done: set[tuple[str, int]] | None = None) -> list[tuple[str, int]]:
    dates = case_dates(RECEIVED, (), DEFAULT, STOCKHOLM)
    due = due_notices(dates, DEFAULT, STOCKHOLM, done or set(), at(now))
    return [(each.kind, each.number) for each in due]


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-12-19T09:59+01:00", []),
        ("2026-12-19T10:00+01:00", [("answer_warning", 0)]),
        ("2026-12-22T10:00+01:00", [("interim_update", 0)]),
        ("2027-01-22T09:59+01:00", [("interim_update", 0)]),
        # After a downtime of months: the newest update alone, and no old warning.
        ("2027-06-30T10:00+02:00", [("interim_update", 6)]),
    ],
)
def test_what_is_due_at_a_moment(now: str, due: list[tuple[str, int]]):
    assert kinds(now) == due
    assert kinds(now, set(due)) == []


def test_the_scheduler_is_told_when_to_look_again():
    dates = case_dates(RECEIVED, (), DEFAULT, STOCKHOLM)

    looks, now = [], RECEIVED
    for _ in range(4):
        found = next_notice_at(dates, DEFAULT, STOCKHOLM, now)
        assert found is not None
        looks.append(found.astimezone(STOCKHOLM).strftime("%m-%d %H:%M"))
        now = found

    assert looks == ["12-19 10:00", "12-22 10:00", "01-22 10:00", "02-22 10:00"]
