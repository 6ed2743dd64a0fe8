from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil.relativedelta import relativedelta
from dateutil.tz import datetime_exists, resolve_imaginary
from hypothesis import example, given
from hypothesis import strategies as st

from actions.cases.calendar import add_months, civil_day, months_after

STOCKHOLM = ZoneInfo("Europe/Stockholm")

days = st.dates(date(1990, 1, 1), date(2090, 12, 31))
months = st.integers(-600, 600)
# Zones that change their clocks in different ways, among them by half an hour at
# midnight, and one that once skipped a whole day.
zones = st.sampled_from(
    [
        "Europe/Stockholm",
        "Europe/London",
        "Europe/Malta",
        "America/New_York",
        "America/Sao_Paulo",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Pacific/Apia",
        "UTC",
    ]
).map(ZoneInfo)
moments = st.datetimes(
    datetime(1990, 1, 1), datetime(2090, 12, 31), timezones=st.just(UTC)
)


@pytest.mark.parametrize(
    ("day", "n_months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-11-22", 1, "2026-12-22"),
        ("2026-12-31", 1, "2027-01-31"),
        ("2026-11-22", -3, "2026-08-22"),
        ("2026-05-31", -3, "2026-02-28"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2026-07-31", 0, "2026-07-31"),
    ],
)
def test_months_are_civil_and_end_with_the_month(
    day: str, n_months: int, expected: str
):
    moved = add_months(date.fromisoformat(day), n_months)

    assert moved == date.fromisoformat(expected)


@given(days, months)
def test_adding_months_agrees_with_dateutil(day: date, n_months: int):
    assert add_months(day, n_months) == day + relativedelta(months=n_months)


@given(days, st.integers(0, 60))
def test_adding_months_agrees_with_a_walk_by_days(day: date, n_months: int):
    walked = day
    for _ in range(n_months):
        walked = walked.replace(day=1)
        first = walked
        while walked.month == first.month:
            walked += timedelta(days=1)
    while walked.day < day.day and (walked + timedelta(days=1)).day != 1:
        walked += timedelta(days=1)

    assert add_months(day, n_months) == (walked if n_months else day)


@given(days, days, st.integers(0, 60))
def test_a_later_day_never_gets_an_earlier_deadline(
    one: date, other: date, n_months: int
):
    first, second = sorted((one, other))

    assert add_months(first, n_months) <= add_months(second, n_months)


@pytest.mark.parametrize(("day", "n_months"), [(date.max, 1), (date.min, -1)])
def test_a_date_outside_the_calendar_is_refused(day: date, n_months: int):
    with pytest.raises(ValueError, match="years 1 to 9999"):
        add_months(day, n_months)


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="with a zone"):
        months_after(datetime(2026, 11, 22), 1, STOCKHOLM)
    with pytest.raises(ValueError, match="with a zone"):
        civil_day(datetime(2026, 11, 22), STOCKHOLM)


def test_late_in_the_evening_utc_it_is_the_next_day_in_stockholm():
    moment = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

    assert civil_day(moment, STOCKHOLM) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        # Winter to summer time and back: the wall clock stays.
        ("2026-03-15T09:00+01:00", "2026-04-15T09:00+02:00"),
        ("2026-10-15T09:00+02:00", "2026-11-15T09:00+01:00"),
        # 28 March 2027, 02:30 does not exist in Stockholm.
        ("2027-02-28T02:30+01:00", "2027-03-28T03:30+02:00"),
        # 25 October 2026, 02:30 occurs twice.
        ("2026-09-25T02:30+02:00", "2026-10-25T02:30+02:00"),
        # Late on 31 January in UTC is 1 February in Stockholm.
        ("2026-01-31T23:30+00:00", "2026-03-01T00:30+01:00"),
    ],
)
def test_a_change_of_clocks_moves_no_date(received: str, due: str):
    moved = months_after(datetime.fromisoformat(received), 1, STOCKHOLM)

    assert moved == datetime.fromisoformat(due)
    assert moved.tzinfo is UTC


@given(moments, st.integers(-120, 120), zones)
@example(datetime(2011, 11, 30, 10, 30, tzinfo=UTC), 1, ZoneInfo("Pacific/Apia"))
@example(datetime(2026, 9, 4, 16, 0, tzinfo=UTC), 1, ZoneInfo("Australia/Lord_Howe"))
def test_months_after_agrees_with_dateutil(
    moment: datetime, n_months: int, zone: ZoneInfo
):
    wall = moment.astimezone(zone).replace(fold=0) + relativedelta(months=n_months)
    expected = wall if datetime_exists(wall) else resolve_imaginary(wall)

    assert months_after(moment, n_months, zone) == expected.astimezone(UTC)


@given(moments, st.integers(-120, 120), zones)
def test_the_wall_clock_stays_wherever_it_exists(
    moment: datetime, n_months: int, zone: ZoneInfo
):
    local = moment.astimezone(zone)
    day = add_months(local.date(), n_months)

    moved = months_after(moment, n_months, zone).astimezone(zone)

    if datetime_exists(datetime.combine(day, local.time(), tzinfo=zone)):
        assert (moved.date(), moved.time()) == (day, local.time())
    else:
        assert moved.replace(tzinfo=None) > datetime.combine(day, local.time())


@pytest.mark.parametrize("zone", sorted(available_timezones())[::60])
def test_every_zone_has_deadlines(zone: str):
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)

    moved = months_after(moment, 1, ZoneInfo(zone))

    assert timedelta(days=27) < moved - moment < timedelta(days=32)
