"""The complaint policy and what it decides at once: pure, no I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Literal, get_args

from actions.cases.calendar import (
    Holidays,
    Period,
    WorkingTime,
    add_months,
    after,
    civil_day,
    months_after,
)
from actions.cases.case import Ground, OutcomeKind

Detail = Literal["name", "email", "username", "event_date", "description"]
Weekday = Literal[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
]
PauseReason = Literal["waiting_for_customer", "waiting_for_third_party"]
PausableClock = Literal["answer", "final_letter"]

PAUSE_REASONS: tuple[PauseReason, ...] = get_args(PauseReason)
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
MOST_HOLIDAYS = 200
# In any unit: more is a slip of the pen, and may lie beyond the calendar.
LONGEST_PERIOD = 1000
# Valid only with reasons, whatever else a policy says.
DECISIONS: tuple[OutcomeKind, ...] = ("decision_confirmed", "decision_overturned")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a rule stands: one of three.

    A clause of the help pages (`page`, `section`), a publication (`title`, `url`,
    `read_on` and its `article`), or the operator's own decision (`decided_by`).
    """

    page: str | None = None
    section: str | None = None
    title: str | None = None
    article: str | None = None
    url: str | None = None
    read_on: date | None = None
    decided_by: Literal["operator"] | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        """Refuse a source that cannot be looked up.

        Raises:
            ValueError: It is none of the three, or more than one.
        """
        forms = (
            bool(self.page and self.section),
            bool(self.title and self.url and self.read_on),
            bool(self.decided_by and self.note),
        )
        if sum(forms) != 1:
            raise ValueError(
                "expected a source: page and section; or title, url and read_on; "
                "or decided_by and note"
            )
        if self.url is not None and not self.url.startswith(("https://", "http://")):
            raise ValueError("expected a url that begins with https://")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rules of one jurisdiction's policy file; `data/policies/README.md` explains.

    A clock is a `Period`: `answer_within` is read from `answer_within_months`,
    `answer_within_weeks` and so on. Optional clocks are None when there are none.

    Attributes:
        review: What counsel must do before anybody relies on the file.
        left_out: What is not in the file, and why.
        sources: Rule name to where it stands; every rule has one.
        dispute_body_counts_from: What `dispute_body_within` begins with: the receipt
            of the complaint, or the final answer.
        warn_before_due_days: Agents are warned so many civil days before a due date.
        pause_at_most_days: All pauses of one case together, in civil days.
    """

    name: str
    review: str
    anyone_may_write: bool
    details_needed: tuple[Detail, ...]
    help_pages_first: bool
    open_at_any_time: bool
    free_of_charge: bool
    filing_window_months: int
    late_is_flagged: bool
    late_is_filed: bool
    grounds: tuple[Ground, ...]
    customers_word_is_recorded: bool
    examined_by: tuple[str, ...]
    chronological_order: bool
    writing_again_moves: bool
    answer_within: Period
    informed_until_final_answer: bool
    outcomes: tuple[OutcomeKind, ...]
    reasons_required_for: tuple[OutcomeKind, ...]
    retention_months: int
    removed_after_retention: bool
    sources: Mapping[str, Source]
    jurisdiction: str | None = None
    left_out: tuple[str, ...] = ()
    details_optional: tuple[Detail, ...] = ("username", "event_date")
    grounds_stated_in: Mapping[Ground, str] | None = None
    acknowledgement_within: Period | None = None
    interim_update_every: Period | None = None
    final_letter_within: Period | None = None
    mediator_after: Period | None = None
    dispute_body: str | None = None
    dispute_body_within: Period | None = None
    dispute_body_counts_from: Literal["receipt", "final_answer"] = "receipt"
    regulator_definition: str | None = None
    warn_before_due_days: int | None = None
    pause_clocks: tuple[PausableClock, ...] = ()
    pause_reasons: tuple[PauseReason, ...] = ()
    pause_at_most_days: int = 0
    business_weekdays: tuple[Weekday, ...] = WEEKDAYS[:5]
    business_hours: tuple[time, time] = (time(9), time(17))
    holidays: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no code here would follow.

        Raises:
            ValueError: A period below one, a promise that is not kept, or rules that
                do not go together.
        """
        for name in ("filing_window_months", "retention_months"):
            in_range(name, getattr(self, name))
        if self.warn_before_due_days is not None:
            in_range("warn_before_due_days", self.warn_before_due_days)
        self._check_codes()
        for name, kept in _ONLY_WAY_BUILT.items():
            if getattr(self, name) is not kept:
                raise ValueError(
                    f"{name}: expected {_yes_or_no(kept)}, got "
                    f"{_yes_or_no(getattr(self, name))}: no other way is built"
                )
        if self.informed_until_final_answer != (self.interim_update_every is not None):
            raise ValueError(
                "interim_update_every: expected exactly when "
                "informed_until_final_answer is yes"
            )
        pauses = (self.pause_clocks, self.pause_reasons, self.pause_at_most_days)
        if any(pauses) and not all(pauses):
            raise ValueError(
                "pause_clocks, pause_reasons and pause_at_most_days: expected all "
                "three or none"
            )
        if self.pause_at_most_days != 0:
            in_range("pause_at_most_days", self.pause_at_most_days)
        if not self.business_weekdays:
            raise ValueError("business_weekdays: expected at least one day, got none")
        if self.business_hours[0] >= self.business_hours[1]:
            raise ValueError("business_hours: expected opening before closing")
        if len(self.holidays) > MOST_HOLIDAYS:
            raise ValueError(
                f"holidays: expected at most {MOST_HOLIDAYS}, got {len(self.holidays)}"
            )
        try:
            Holidays.parse(self.holidays)
        except ValueError as exc:
            raise ValueError(f"holidays: {exc}") from exc

    def _check_codes(self) -> None:
        for name in _LISTS:
            codes = getattr(self, name)
            if len(set(codes)) < len(codes):
                raise ValueError(f"{name}: expected each once, got {', '.join(codes)}")
        for name in ("grounds", "outcomes"):
            if not getattr(self, name):
                raise ValueError(f"{name}: expected at least one, got none")
        for kind in self.reasons_required_for:
            if kind not in self.outcomes:
                raise ValueError(
                    f"reasons_required_for: expected some of outcomes, got {kind}"
                )
        for kind in DECISIONS:
            if kind in self.outcomes and kind not in self.reasons_required_for:
                raise ValueError(
                    f"reasons_required_for: expected {kind} as well: no decision "
                    "goes out without reasons"
                )

    @property
    def working(self) -> WorkingTime:
        """What business days and business hours are under this policy."""
        return WorkingTime(
            weekdays=frozenset(map(WEEKDAYS.index, self.business_weekdays)),
            holidays=Holidays.parse(self.holidays),
            opens=self.business_hours[0],
            closes=self.business_hours[1],
        )


_LISTS = (
    "details_needed",
    "details_optional",
    "grounds",
    "examined_by",
    "outcomes",
    "reasons_required_for",
    "pause_clocks",
    "pause_reasons",
    "business_weekdays",
)
_ONLY_WAY_BUILT = {
    "help_pages_first": True,
    "open_at_any_time": True,
    "anyone_may_write": True,
    "customers_word_is_recorded": True,
    "late_is_filed": True,
    "chronological_order": True,
    "writing_again_moves": False,
    "removed_after_retention": True,
}


def is_late(
    event_date: date | None, received_at: datetime, policy: Policy, zone: tzinfo
) -> bool:
    """Whether the event lies before the filing window.

    The window reaches back a number of civil months from the civil day of receipt,
    both ends included: what happened on 22 August is in time on 22 November. An
    unknown date is not late.
    """
    if event_date is None or not policy.late_is_flagged:
        return False
    return event_date < filing_window_starts_on(received_at, policy, zone)


def filing_window_starts_on(
    received_at: datetime, policy: Policy, zone: tzinfo
) -> date:
    """The earliest day whose events are in time, in a complaint received then."""
    return add_months(civil_day(received_at, zone), -policy.filing_window_months)


def answer_due_at(received_at: datetime, policy: Policy, zone: tzinfo) -> datetime:
    """When the answer is due if no clock is ever paused."""
    return after(received_at, policy.answer_within, zone, policy.working)


def retention_ends_at(closed_at: datetime, policy: Policy, zone: tzinfo) -> datetime:
    """From when on a case closed at `closed_at` is removed."""
    return months_after(closed_at, policy.retention_months, zone)


def needs_reasons(outcome: OutcomeKind, policy: Policy) -> bool:
    """Whether this outcome is valid only with written reasons."""
    return outcome in policy.reasons_required_for


def in_range(name: str, value: int) -> int:
    """A number of a policy, if there can be such a period.

    Raises:
        ValueError: Below one, or above `LONGEST_PERIOD`.
    """
    if not 1 <= value <= LONGEST_PERIOD:
        raise ValueError(
            f"{name}: expected a whole number from 1 to {LONGEST_PERIOD}, got {value}"
        )
    return value


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"
