"""Which days a report is about."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from knowledge.errors import BadInput

USUAL_DAYS = 30
MOST_DAYS = 366


@dataclass(frozen=True)
class Period:
    """Whole civil days in the operator's zone; `last` is inside."""

    first: date
    last: date
    zone: tzinfo

    @property
    def begins_at(self) -> datetime:
        return _midnight(self.first, self.zone)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    @property
    def n_days(self) -> int:
        return (self.last - self.first).days + 1

    def days(self) -> Iterator[date]:
        return (self.first + timedelta(days=i) for i in range(self.n_days))

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()


def period_from(query: Mapping[str, str], *, today: date, zone: tzinfo) -> Period:
    """Read `from` and `to`; without them the last thirty days.

    Raises:
        BadInput: Not dates, the wrong way round, or more than a year.
    """
    last = _date(query, "to") or today
    first = _date(query, "from") or last - timedelta(days=USUAL_DAYS - 1)
    if first > last:
        raise BadInput(f"from must not be after to, got {first} and {last}")
    period = Period(first, last, zone)
    if period.n_days > MOST_DAYS:
        raise BadInput(f"a report covers at most {MOST_DAYS} days, got {period.n_days}")
    return period


def month_from(query: Mapping[str, str], *, today: date, zone: tzinfo) -> Period:
    """Read `month` as 2026-10; without it the last whole month.

    Raises:
        BadInput: Not a month.
    """
    wanted = query.get("month", "")
    if wanted:
        try:
            first = date.fromisoformat(f"{wanted}-01")
        except ValueError as exc:
            raise BadInput(f"month must look like 2026-10, got {wanted!r}") from exc
    else:
        first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    n_days = calendar.monthrange(first.year, first.month)[1]
    return Period(first, first.replace(day=n_days), zone)


def _date(query: Mapping[str, str], name: str) -> date | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise BadInput(f"{name} must be a date like 2026-10-31, got {text!r}") from exc


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
