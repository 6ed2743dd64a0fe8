"""Reads cases back from the archive's tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Integer,
    Select,
    bindparam,
    false,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.case import Case, OutcomeKind, Status, time_as_json
from actions.cases.case_rows import case_from, select_rows
from actions.cases.history import read_history
from actions.cases.tables import cases, customers, queue_hours
from actions.cases.transcripts import read_messages


@dataclass(frozen=True, kw_only=True)
class CasePage:
    """One page of a list of cases.

    Attributes:
        cases: Oldest first, without transcript and history.
        total: How many match, on all pages.
        page: From 1.
    """

    cases: list[Case]
    total: int
    page: int
    page_size: int


@dataclass(frozen=True, kw_only=True)
class CaseStatus:
    """What a customer is shown of a case; all None unless `is_known`."""

    is_known: bool
    status: Status | None = None
    opened_at: datetime | None = None
    answer_due_at: datetime | None = None
    queue_position: int | None = None
    outcome: OutcomeKind | None = None

    def as_json(self) -> dict[str, Any]:
        """The same keys whether the case is known or not."""
        return {
            "is_known": self.is_known,
            "status": self.status,
            "opened_at": self.opened_at and time_as_json(self.opened_at),
            "answer_due_at": self.answer_due_at and time_as_json(self.answer_due_at),
            "queue_position": self.queue_position,
            "outcome": self.outcome,
        }


# Written into the statement: with no parameters at all, or none that a plan depends on,
# PostgreSQL keeps its plan instead of making one for each execution.
_NONE: ColumnElement[int] = literal_column("0", Integer)
ONE: ColumnElement[int] = literal_column("1", Integer)


def inline(value: str) -> ColumnElement[str]:
    """A value written into the statement, so that a partial index can be used."""
    return literal(value, literal_execute=True)


def unclosed(table: FromClause = cases) -> ColumnElement[bool]:
    """The condition that a case is not closed."""
    return table.c.status != inline("closed")


def ids_of(
    email: str | None, conversation: str | None
) -> Select[Any] | CompoundSelect[Any]:
    """Ids of the cases of a person, of a conversation, or of either; or of neither."""
    owners = []
    if (key := email_key(email)) is not None:
        owners.append(
            select(cases.c.id)
            .join_from(cases, customers)
            .where(customers.c.email_key == key)
        )
    if conversation is not None:
        owners.append(select(cases.c.id).where(cases.c.conversation_id == conversation))
    # One query for each owner: an index answers either, but not one or the other.
    return union(*owners) if owners else select(cases.c.id).where(false())


def hour_of(moment: datetime) -> str:
    """The hour under which a case received then is counted in the queue."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H}"


def _position() -> ColumnElement[int]:
    """How many cases that are not closed came before, plus one."""
    before = cases.alias("before")
    # Compared as pairs, an index answers it.
    earlier = tuple_(before.c.received_at, before.c.id) < tuple_(
        cases.c.received_at, cases.c.id
    )
    return _place(before, cases.c.received_hour, earlier)


def place_of_new() -> ColumnElement[int]:
    """The place that a new case would have; its `received_hour` and `received_at`."""
    before = cases.alias("before")
    hour = bindparam("received_hour", type_=cases.c.received_hour.type)
    received_at = bindparam("received_at", type_=cases.c.received_at.type)
    # Of those received at the same moment it is the last.
    return _place(before, hour, before.c.received_at <= received_at)


def _place(
    before: FromClause, hour: ColumnElement[str], earlier: ColumnElement[bool]
) -> ColumnElement[int]:
    in_earlier_hours = (
        select(func.coalesce(func.sum(queue_hours.c.n), _NONE))
        .where(queue_hours.c.hour < hour)
        .correlate(cases)
        .scalar_subquery()
    )
    in_this_hour = (
        select(func.count())
        .select_from(before)
        .where(unclosed(before), before.c.received_hour == hour, earlier)
        .correlate(cases)
        .scalar_subquery()
    )
    return in_earlier_hours + in_this_hour + ONE


@cache
def select_cases() -> Select[Any]:
    """Cases with their customer and place in the queue; add conditions to taste."""
    return select_rows(_position())


@cache
def next_waiting() -> Select[Any]:
    """The case that is to be taken next, locked: urgent ones, then the oldest.

    Cases that somebody takes at this moment are passed over.
    """
    waiting = (
        select(cases.c.id)
        .where(cases.c.status == inline("open"), cases.c.assigned_to.is_(None))
        .order_by(cases.c.received_at, cases.c.id)
        .limit(ONE)
        .with_for_update(skip_locked=True)
    )
    # One query each: an index then gives the first without sorting.
    urgent = waiting.where(cases.c.is_urgent.is_(True)).scalar_subquery()
    other = waiting.where(cases.c.is_urgent.is_(False)).scalar_subquery()
    return (
        select_cases()
        .where(cases.c.id == func.coalesce(urgent, other))
        .with_for_update(of=cases)
    )


async def read_case(connection: AsyncConnection, reference: str) -> Case | None:
    """The whole case, with transcript and history, or None."""
    found = await connection.execute(_one_case(), {"reference": reference})
    row = found.one_or_none()
    if row is None:
        return None
    case = case_from(row)
    case.transcript.extend(await read_messages(connection, case.conversation))
    case.history.extend(await read_history(connection, reference))
    return case


@cache
def _one_case() -> Select[Any]:
    return select_cases().where(cases.c.reference == bindparam("reference"))


def email_key(email: str | None) -> str | None:
    """The form in which two spellings of one address are the same."""
    return email.strip().casefold() if email and email.strip() else None
