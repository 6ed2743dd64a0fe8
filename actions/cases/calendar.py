"""Calendar arithmetic for deadlines: pure, and the same on every machine.

A month in a rule is a civil month in the operator's time zone. 31 January plus one
month is the last day of February; a change of clocks never moves a date. Deadlines fall
at the wall-clock time of receipt; only business hours can move them within a day.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, get_args

Unit = Literal["months", "weeks", "days", "hours", "business_days", "business_hours"]
UNITS: tuple[Unit, ...] = get_args(Unit)


@dataclass(frozen=True)
class Period:
    """A length of time as a rule states it, such as 8 weeks or 3 business days."""

    n: int
    unit: Unit

    def times(self, factor: int) -> Period:
        """So many of these in a row, counted as one: nothing is rounded twice."""
        return Period(self.n * factor, self.unit)


@dataclass(frozen=True, kw_only=True)
class Holidays:
    """Days off, by date, by day of the year, or by days from Easter Sunday."""

    dates: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    from_easter: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> Holidays:
        """Read `2026-12-28`, `12-25` and `easter+1`.

        Raises:
            ValueError: An entry is none of these.
        """
        dates, yearly, from_easter = set(), set(), set()
        for entry in entries:
            if found := re.fullmatch(r"easter([+-]\d{1,2})", entry):
                from_easter.add(int(found[1]))
            elif found := re.fullmatch(r"(\d\d)-(\d\d)", entry):
                # A leap year, so that 29 February is a day.
                day = cls._day(f"2000-{entry}", entry)
                yearly.add((day.month, day.day))
            else:
                dates.add(cls._day(entry, entry))
        return cls(
            dates=frozenset(dates),
            yearly=frozenset(yearly),
            from_easter=frozenset(from_easter),
        )

    @staticmethod
    def _day(text: str, entry: str) -> date:
        try:
            return datetime.strptime(text, "%Y-%m-%d").date()
        except ValueError as exc:
            raise ValueError(
                f"expected 2026-12-28, 12-25 or easter+1, got {entry!r}"
            ) from exc

    def __contains__(self, day: date) -> bool:
        return (
            day in self.dates
            or (day.month, day.day) in self.yearly
            or (
                bool(self.from_easter)
                and (day - easter_sunday(day.year)).days in self.from_easter
            )
        )


@dataclass(frozen=True, kw_only=True)
class WorkingTime:
    """When business is done, in the operator's zone.

    Attributes:
        weekdays: 0 for Monday; at least one.
        opens, closes: Wall-clock times of one day, the first before the second.
    """

    weekdays: frozenset[int] = frozenset(range(5))
    holidays: Holidays = field(default_factory=Holidays)
    opens: time = time(9)
    closes: time = time(17)

    def is_business_day(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays


def after(
    moment: datetime, period: Period, zone: tzinfo, working: WorkingTime
) -> datetime:
    """When a period that begins at `moment` ends.

    Returns:
        An aware datetime in UTC.

    Raises:
        ValueError: `moment` has no time zone.
    """
    match period.unit:
        case "months":
            return months_after(moment, period.n, zone)
        case "weeks":
            return days_after(moment, 7 * period.n, zone)
        case "days":
            return days_after(moment, period.n, zone)
        case "hours":
            _require_zone(moment)
            return moment.astimezone(UTC) + timedelta(hours=period.n)
        case "business_days":
            return business_days_after(moment, period.n, zone, working)
        case "business_hours":
            return business_hours_after(moment, period.n, zone, working)


def add_months(day: date, months: int) -> date:
    """The same day of the month, `months` later (earlier when negative).

    A day that the target month lacks becomes that month's last day.

    Raises:
        ValueError: The result lies outside the years 1 to 9999.
    """
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ValueError(f"{months} months from {day} lies outside years 1 to 9999")
    month = month0 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def civil_day(moment: datetime, zone: tzinfo) -> date:
    """The date on a wall calendar in `zone` at `moment`.

    Raises:
        ValueError: `moment` has no time zone.
    """
    _require_zone(moment)
    return moment.astimezone(zone).date()


def months_after(moment: datetime, months: int, zone: tzinfo) -> datetime:
    """The same wall-clock time in `zone`, `months` civil months later.

    A wall time skipped by a change of clocks moves forward by the length of the
    gap, and of one that occurs twice the first is taken.

    Returns:
        An aware datetime in UTC.

    Raises:
        ValueError: `moment` has no time zone.
    """
    return _same_time_on(moment, add_months(civil_day(moment, zone), months), zone)


def days_after(moment: datetime, days: int, zone: tzinfo) -> datetime:
    """The same wall-clock time in `zone`, `days` civil days later; see months_after."""
    day = civil_day(moment, zone) + timedelta(days=days)
    return _same_time_on(moment, day, zone)


def business_days_after(
    moment: datetime, days: int, zone: tzinfo, working: WorkingTime
) -> datetime:
    """The same wall-clock time on the business day that is `days` after that day.

    The first one counted is the first business day after the civil day of `moment`.
    """
    day = civil_day(moment, zone)
    while days > 0:
        day += timedelta(days=1)
        days -= working.is_business_day(day)
    return _same_time_on(moment, day, zone)


def business_hours_after(
    moment: datetime, hours: int, zone: tzinfo, working: WorkingTime
) -> datetime:
    """When business was open for so many hours; at closing time rather than opening.

    Returns:
        An aware datetime in UTC.
    """
    day, left = civil_day(moment, zone), timedelta(hours=hours)
    while True:
        if working.is_business_day(day):
            opens = _wall_time(day, working.opens, zone)
            closes = _wall_time(day, working.closes, zone)
            begins = max(moment.astimezone(UTC), opens)
            if closes - begins >= left:
                return begins + left
            left -= max(closes - begins, timedelta(0))
        day += timedelta(days=1)


def next_business_day(moment: datetime, zone: tzinfo, working: WorkingTime) -> datetime:
    """`moment` itself on a business day, else the same wall time on the next one."""
    day = civil_day(moment, zone)
    if working.is_business_day(day):
        return moment
    while not working.is_business_day(day):
        day += timedelta(days=1)
    return _same_time_on(moment, day, zone)


def easter_sunday(year: int) -> date:
    """Easter of the Gregorian calendar, by the method of Meeus, Jones and Butcher."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day0 = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day0 + 1)


def _same_time_on(moment: datetime, day: date, zone: tzinfo) -> datetime:
    return _wall_time(day, moment.astimezone(zone).time(), zone)


def _wall_time(day: date, at: time, zone: tzinfo) -> datetime:
    # With fold=0 a skipped wall time is read with the offset before the gap.
    wall = datetime.combine(day, at.replace(fold=0), tzinfo=zone)
    return wall.astimezone(UTC)


def _require_zone(moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with a zone, got {moment!r}")
