"""Civil-month arithmetic: pure, and the same on every machine.

A month in a rule is a civil month in the operator's time zone. 31 January plus one
month is the last day of February; a change of clocks never moves a date.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, tzinfo


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
    _require_zone(moment)
    local = moment.astimezone(zone)
    day = add_months(local.date(), months)
    # With fold=0 a skipped wall time is read with the offset before the gap.
    wall = datetime.combine(day, local.time().replace(fold=0), tzinfo=zone)
    return wall.astimezone(UTC)


def _require_zone(moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with a zone, got {moment!r}")
