"""Days as customers name them, by parts: the latest that has been, or none."""

from __future__ import annotations

from datetime import date, timedelta

# What a customer means when no year is given and the day is still to come this year:
# within a month it is taken for a slip or a plan, beyond that for last year's day.
_COMING_DAYS = 45


def latest_day(day: int, today: date) -> date | None:
    """The latest day with this number in its month."""
    first = today.replace(day=1)
    for _ in range(12):
        value = civil_date(first.year, first.month, day)
        if value and value <= today:
            return value
        first = (first - timedelta(days=1)).replace(day=1)
    return None


def begun_month(number: int, year: str | None, today: date) -> date | None:
    """The first of a month that has begun; of the latest such without a year."""
    first = civil_date(int(year) if year else today.year, number, 1)
    if first and first > today and not year:
        first = civil_date(today.year - 1, number, 1)
    return first if first and first <= today else None


def latest(month: int, day: int, today: date) -> date | None:
    """The day without a year: this year's, or last year's where that is far off."""
    this_year = civil_date(today.year, month, day)
    if this_year and this_year <= today + timedelta(days=_COMING_DAYS):
        return this_year
    return civil_date(today.year - 1, month, day)


def civil_date(year: int | None, month: int, day: int) -> date | None:
    """The date, or None where there is no such day."""
    try:
        return date(year or 0, month, day)
    except ValueError:
        return None
