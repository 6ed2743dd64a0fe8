"""Every date of a case, and what is to be done at which: pure, no I/O, no clock.

Customer and desk, letter and dossier show what `case_dates` gives, and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import partial
from typing import Any, Literal

from actions.cases.calendar import (
    Period,
    after,
    civil_day,
    days_after,
    next_business_day,
)
from actions.cases.case import time_as_json
from actions.cases.complaint import (
    PausableClock,
    PauseReason,
    Policy,
    filing_window_starts_on,
    retention_ends_at,
)


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A time in which clocks stand still; `ended_at` is None while it lasts."""

    reason: PauseReason
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CaseDates:
    """All dates of a case, aware UTC; None for a clock that the policy does not have.

    Attributes:
        filing_window_starts_on: Events before this civil day are late.
        answer_due_at: At the latest: a pause that lasts is counted to its limit.
        mediator_from: When a mediator may be turned to although no answer has come.
        dispute_body_until: Until when the dispute body may be turned to.
        retention_ends_at: When a closed case is removed.
        paused_since: While clocks stand still.
        pause_ends_at: When they go on at the latest.
    """

    received_at: datetime
    filing_window_starts_on: date
    acknowledgement_due_at: datetime | None
    answer_due_at: datetime
    final_letter_due_at: datetime | None
    mediator_from: datetime | None
    dispute_body_until: datetime | None
    retention_ends_at: datetime | None
    paused_since: datetime | None
    pause_ends_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Times in RFC 3339, the civil day as a date."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: time_as_json(value)
            if isinstance(value, datetime)
            else value.isoformat()
            if value
            else None
            for name, value in values.items()
        }


NoticeKind = Literal[
    "answer_warning", "final_letter_warning", "interim_update", "pause_limit"
]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something that the scheduler does for a case, once.

    Attributes:
        number: With the kind, its key: the update's number from 0, or for the others
            how many pauses there have been, since each pause moves the date.
    """

    kind: NoticeKind
    number: int
    at: datetime


def case_dates(
    received_at: datetime,
    pauses: Sequence[Pause],
    policy: Policy,
    zone: tzinfo,
    *,
    closed_at: datetime | None = None,
) -> CaseDates:
    """Every date that follows from the receipt of a matter.

    A pause moves the clocks that the policy lets stand still by as many civil days as
    it lasted, if it began before they ran out; it counts no further than the policy
    allows. A clock in business days or hours ends on a business day.
    """
    ends = partial(after, zone=zone, working=policy.working)

    def due(period: Period | None, clock: PausableClock | None = None) -> Any:
        if period is None:
            return None
        due_at = ends(received_at, period)
        if clock in policy.pause_clocks:
            due_at = _shifted(due_at, period, pauses, policy, zone)
        return due_at

    open_pause = pauses[-1] if pauses and pauses[-1].ended_at is None else None
    if closed_at is not None:
        open_pause = None
    dispute_starts = (
        received_at if policy.dispute_body_counts_from == "receipt" else closed_at
    )
    return CaseDates(
        received_at=received_at,
        filing_window_starts_on=filing_window_starts_on(received_at, policy, zone),
        acknowledgement_due_at=due(policy.acknowledgement_within),
        answer_due_at=due(policy.answer_within, "answer"),
        final_letter_due_at=due(policy.final_letter_within, "final_letter"),
        mediator_from=due(policy.mediator_after),
        dispute_body_until=(
            ends(dispute_starts, policy.dispute_body_within)
            if policy.dispute_body_within and dispute_starts
            else None
        ),
        retention_ends_at=closed_at and retention_ends_at(closed_at, policy, zone),
        paused_since=None if open_pause is None else open_pause.started_at,
        pause_ends_at=None if open_pause is None else pause_limit(pauses, policy, zone),
    )


def pause_limit(
    pauses: Sequence[Pause], policy: Policy, zone: tzinfo
) -> datetime | None:
    """When the pause that lasts has used up what the policy allows, if there is one."""
    if not pauses or pauses[-1].ended_at is not None:
        return None
    left = policy.pause_at_most_days - sum(_days(pauses[:-1], policy, zone))
    return days_after(pauses[-1].started_at, left, zone)


def update_due_at(
    answer_due_at: datetime, number: int, policy: Policy, zone: tzinfo
) -> datetime:
    """When the written interim update with this number is due; 0 with the answer.

    Raises:
        ValueError: The policy promises none.
    """
    if policy.interim_update_every is None:
        raise ValueError(f"policy {policy.name} promises no interim updates")
    if number == 0:
        return answer_due_at
    every = policy.interim_update_every.times(number)
    return after(answer_due_at, every, zone, policy.working)


def next_update_due_at(
    dates: CaseDates, policy: Policy, zone: tzinfo, now: datetime
) -> datetime | None:
    """When the customer is written to next while there is no final answer."""
    if policy.interim_update_every is None:
        return None
    number = _updates_due(dates, policy, zone, now)
    return update_due_at(dates.answer_due_at, number, policy, zone)


def due_notices(
    dates: CaseDates,
    policy: Policy,
    zone: tzinfo,
    done: Collection[tuple[str, int]],
    now: datetime,
    *,
    n_pauses: int = 0,
) -> list[Notice]:
    """What is to be done now for a case that is not closed, oldest first.

    After a downtime only the newest interim update is due, and no warning of a date
    that has passed.
    """
    due = [
        notice
        for notice in _warnings(dates, policy, zone, n_pauses)
        if notice.at <= now < _warned_of(notice, dates)
    ]
    if dates.pause_ends_at is not None and dates.pause_ends_at <= now:
        due.append(Notice(kind="pause_limit", number=n_pauses, at=dates.pause_ends_at))
    if policy.interim_update_every is not None:
        number = _updates_due(dates, policy, zone, now) - 1
        if number >= 0:
            at = update_due_at(dates.answer_due_at, number, policy, zone)
            due.append(Notice(kind="interim_update", number=number, at=at))
    wanted = [each for each in due if (each.kind, each.number) not in done]
    return sorted(wanted, key=lambda notice: notice.at)


def next_notice_at(
    dates: CaseDates,
    policy: Policy,
    zone: tzinfo,
    now: datetime,
    *,
    n_pauses: int = 0,
) -> datetime | None:
    """When the scheduler must look at a case next, after `now`."""
    times = [each.at for each in _warnings(dates, policy, zone, n_pauses)]
    times += [
        moment
        for moment in (
            dates.pause_ends_at,
            next_update_due_at(dates, policy, zone, now),
        )
        if moment is not None
    ]
    return min((each for each in times if each > now), default=None)


def _warnings(
    dates: CaseDates, policy: Policy, zone: tzinfo, n_pauses: int
) -> Iterator[Notice]:
    if policy.warn_before_due_days is None:
        return
    kinds: tuple[tuple[NoticeKind, datetime | None], ...] = (
        ("answer_warning", dates.answer_due_at),
        ("final_letter_warning", dates.final_letter_due_at),
    )
    for kind, due_at in kinds:
        if due_at is not None:
            at = days_after(due_at, -policy.warn_before_due_days, zone)
            yield Notice(kind=kind, number=n_pauses, at=at)


def _warned_of(notice: Notice, dates: CaseDates) -> datetime:
    if notice.kind == "final_letter_warning":
        assert dates.final_letter_due_at is not None
        return dates.final_letter_due_at
    return dates.answer_due_at


def _updates_due(dates: CaseDates, policy: Policy, zone: tzinfo, now: datetime) -> int:
    """How many interim updates have come due by `now`."""
    number = 0
    while update_due_at(dates.answer_due_at, number, policy, zone) <= now:
        number += 1
    return number


def _shifted(
    due_at: datetime,
    period: Period,
    pauses: Sequence[Pause],
    policy: Policy,
    zone: tzinfo,
) -> datetime:
    for pause, n_days in zip(pauses, _days(pauses, policy, zone), strict=True):
        if pause.started_at >= due_at:
            break
        due_at = days_after(due_at, n_days, zone)
    if period.unit in ("business_days", "business_hours"):
        return next_business_day(due_at, zone, policy.working)
    return due_at


def _days(pauses: Sequence[Pause], policy: Policy, zone: tzinfo) -> list[int]:
    """How many civil days each pause counts for; together no more than allowed."""
    left, counted = policy.pause_at_most_days, []
    for pause in pauses:
        lasted = left
        if pause.ended_at is not None:
            began = civil_day(pause.started_at, zone)
            lasted = (civil_day(pause.ended_at, zone) - began).days
        counted.append(min(lasted, left))
        left -= counted[-1]
    return counted
