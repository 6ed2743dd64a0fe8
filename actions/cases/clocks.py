"""The clocks of filed cases: their dates, their pauses, and what is done when.

`settle` belongs into every change that may move a case into another state. The rules
are in `schedule`; here they meet the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.case import time_as_json
from actions.cases.changes import Change
from actions.cases.clock_tables import case_clocks, case_notices
from actions.cases.complaint import Policy
from actions.cases.schedule import (
    CaseDates,
    Pause,
    case_dates,
    next_notice_at,
    next_update_due_at,
)
from actions.cases.tables import cases
from knowledge.writes import Write, changed_rows, new_row, write_all


@dataclass(frozen=True, kw_only=True)
class ClockRules:
    """What clocks follow.

    Attributes:
        policy: Of cases filed now, and of those whose own policy file is gone.
        policies: By name, for the cases that were filed under them.
    """

    policy: Policy
    zone: tzinfo
    policies: Mapping[str, Policy] = field(default_factory=dict)

    def policy_of(self, name: str) -> Policy:
        return self.policies.get(name, self.policy)


@dataclass(frozen=True, kw_only=True)
class CaseClocks:
    """The clocks of one case as they are stored."""

    case_id: int
    reference: str
    policy: Policy
    zone: tzinfo
    pauses: tuple[Pause, ...]
    received_at: datetime
    closed_at: datetime | None
    look_at: datetime | None
    done: frozenset[tuple[str, int]]

    @property
    def dates(self) -> CaseDates:
        return case_dates(
            self.received_at,
            self.pauses,
            self.policy,
            self.zone,
            closed_at=self.closed_at,
        )

    def shown(self, now: datetime) -> dict[str, datetime]:
        """The dates beside receipt and answer, by name, as customer and staff see them.

        Only those that there are; the next interim update once the answer is overdue.
        """
        dates = self.dates
        next_update = None
        if self.closed_at is None and dates.answer_due_at <= now:
            next_update = next_update_due_at(dates, self.policy, self.zone, now)
        named = {
            "next_update": next_update,
            "final_letter": None if self.closed_at else dates.final_letter_due_at,
            "mediator_from": self.policy.dispute_body and dates.mediator_from,
            "dispute_body_until": self.policy.dispute_body and dates.dispute_body_until,
            "paused_since": dates.paused_since,
            "retention_ends": dates.retention_ends_at,
        }
        return {
            name: moment
            for name, moment in named.items()
            if isinstance(moment, datetime)
        }

    @property
    def is_paused(self) -> bool:
        return bool(self.pauses) and self.pauses[-1].ended_at is None

    def paused(self, pause: Pause) -> CaseClocks:
        """The same with one more pause, which lasts."""
        return replace(self, pauses=(*self.pauses, pause))

    def resumed(self, at: datetime) -> CaseClocks:
        """The same with its last pause ended."""
        last = replace(self.pauses[-1], ended_at=at)
        return replace(self, pauses=(*self.pauses[:-1], last))

    def next_look_at(self, now: datetime) -> datetime | None:
        """When the scheduler must look at the case after `now`; never when closed."""
        if self.closed_at is not None:
            return None
        n_pauses = len(self.pauses)
        return next_notice_at(
            self.dates, self.policy, self.zone, now, n_pauses=n_pauses
        )


def started_clocks(case_id: int, received_at: datetime, rules: ClockRules) -> Write:
    """The insert that starts the clocks of a case that is being filed."""
    dates = case_dates(received_at, (), rules.policy, rules.zone)
    return new_row(
        case_clocks,
        case_id=case_id,
        policy=rules.policy.name,
        pauses=[],
        look_at=next_notice_at(dates, rules.policy, rules.zone, received_at),
    )


async def read_clocks(
    connection: AsyncConnection, reference: str, rules: ClockRules
) -> CaseClocks | None:
    """The clocks of a case, or None when there is no such case."""
    found = await connection.execute(_clocks_of(), {"reference": reference})
    row = found.one_or_none()
    if row is None:
        return None
    notices = await connection.execute(_notices_of(), {"case_id": row.case_id})
    return CaseClocks(
        case_id=row.case_id,
        reference=row.reference,
        policy=rules.policy_of(row.policy),
        zone=rules.zone,
        pauses=tuple(_pause(each) for each in row.pauses),
        received_at=row.received_at,
        closed_at=row.closed_at,
        look_at=row.look_at,
        done=frozenset((each.kind, each.number) for each in notices),
    )


async def policy_of(change: Change, rules: ClockRules) -> Policy:
    """The policy that a case was filed under."""
    found = await change.connection.execute(
        _policy_name(), {"reference": change.case.reference}
    )
    return rules.policy_of(found.scalar_one())


@cache
def _policy_name() -> Select[Any]:
    this = cases.c.reference == bindparam("reference")
    return select(case_clocks.c.policy).join_from(case_clocks, cases).where(this)


@cache
def _clocks_of() -> Select[Any]:
    return (
        select(case_clocks, cases.c.reference, cases.c.received_at, cases.c.closed_at)
        .join_from(case_clocks, cases)
        .where(cases.c.reference == bindparam("reference"))
    )


@cache
def _notices_of() -> Select[Any]:
    this = case_notices.c.case_id == bindparam("case_id")
    return select(case_notices.c.kind, case_notices.c.number).where(this)


async def settle(change: Change, rules: ClockRules) -> None:
    """Let the clocks follow a case into the state that `change` brings it to.

    Who leaves `waiting` ends its pause; a closed case has no clocks to look at, and a
    reopened one is looked at from its next date on.
    """
    before, now_in = change.case.status, change.status
    if before == now_in or ("closed" not in (before, now_in) and before != "waiting"):
        return
    clocks = await read_clocks(change.connection, change.case.reference, rules)
    assert clocks is not None
    clocks = replace(clocks, closed_at=change.at if now_in == "closed" else None)
    if clocks.is_paused:
        clocks = clocks.resumed(change.at)
        due_at = clocks.dates.answer_due_at
        change.set(answer_due_at=due_at)
        change.record(
            change.actor, "clocks_resumed", answer_due_at=time_as_json(due_at)
        )
    await store_clocks(change.connection, clocks, change.at)


async def store_clocks(
    connection: AsyncConnection, clocks: CaseClocks, now: datetime
) -> None:
    """Write pauses, and when to look next."""
    changed = changed_rows(
        case_clocks.c.case_id,
        clocks.case_id,
        pauses=_as_json(clocks.pauses),
        look_at=clocks.next_look_at(now),
    )
    await write_all(connection, [changed])


def _pause(stored: Mapping[str, Any]) -> Pause:
    ended_at = stored["ended_at"]
    return Pause(
        reason=stored["reason"],
        started_at=datetime.fromisoformat(stored["started_at"]),
        ended_at=datetime.fromisoformat(ended_at) if ended_at else None,
    )


def _as_json(pauses: Sequence[Pause]) -> list[dict[str, Any]]:
    # To the microsecond, unlike what customers see: dates come back as they were.
    return [
        {
            "reason": pause.reason,
            "started_at": pause.started_at.isoformat(),
            "ended_at": pause.ended_at and pause.ended_at.isoformat(),
        }
        for pause in pauses
    ]
