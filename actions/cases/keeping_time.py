"""Pausing clocks, and what is done for each case when its time has come."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.calendar import days_after
from actions.cases.case import Case, Message, time_as_json
from actions.cases.changes import Change, changing
from actions.cases.clock_tables import case_clocks, case_notices
from actions.cases.clocks import (
    CaseClocks,
    ClockRules,
    read_clocks,
    settle,
    store_clocks,
)
from actions.cases.complaint import PAUSE_REASONS, PauseReason
from actions.cases.history import append_events
from actions.cases.queries import unclosed
from actions.cases.schedule import (
    CaseDates,
    Notice,
    Pause,
    due_notices,
    next_update_due_at,
    pause_limit,
    update_due_at,
)
from actions.cases.tables import case_events, cases
from knowledge.database import reading, writing
from knowledge.errors import ArchiveUnavailable, BadInput, NotFound

logger = logging.getLogger(__name__)

# Writes an interim update: of a case, its clocks, now, and when the next one is due.
Compose = Callable[[Case, CaseClocks, datetime, datetime], str]
Announce = Callable[[str, Message], Awaitable[None]]
CaseEvent = tuple[str, str, dict[str, Any]]
N_AT_ONCE = 200
MOST_SHOWN = 10


class TimeKeeper:
    """The clocks of all cases. All methods raise ArchiveUnavailable."""

    def __init__(
        self,
        engine: AsyncEngine,
        rules: ClockRules,
        clock: Callable[[], datetime],
    ) -> None:
        self._engine, self._clock = engine, clock
        self.rules = rules

    async def clocks(self, reference: str) -> CaseClocks:
        """The clocks of a case.

        Raises:
            NotFound: There is no such case.
        """
        async with reading(self._engine) as connection:
            clocks = await read_clocks(connection, reference, self.rules)
        if clocks is None:
            raise NotFound(f"no case {reference}")
        return clocks

    async def dates(self, reference: str) -> CaseDates:
        """Every date of a case, as customer and staff are shown them."""
        return (await self.clocks(reference)).dates

    async def due_soon(self, agent: str) -> list[tuple[str, datetime]]:
        """References and due dates of what `agent`, or nobody, must answer soon.

        As soon as the policy warns of it; the most pressing first, at most ten.
        """
        warn_before = self.rules.policy.warn_before_due_days
        if warn_before is None:
            return []
        now = self._clock()
        query = (
            select(cases.c.reference, cases.c.answer_due_at)
            .where(
                unclosed(),
                cases.c.answer_due_at > now,
                cases.c.answer_due_at <= days_after(now, warn_before, self.rules.zone),
                or_(cases.c.assigned_to.is_(None), cases.c.assigned_to == agent),
            )
            .order_by(cases.c.answer_due_at, cases.c.id)
            .limit(MOST_SHOWN)
        )
        async with reading(self._engine) as connection:
            rows = await connection.execute(query)
            return [(row.reference, row.answer_due_at) for row in rows]

    async def pause(
        self,
        reference: str,
        agent: str,
        reason: PauseReason,
        note: str,
        *,
        version: int | None = None,
    ) -> None:
        """Set a case aside; its clocks stand still if its policy lets them.

        It goes on when the customer writes, when somebody takes it up again, or when
        the policy's limit is reached. Otherwise the clocks run on meanwhile.

        Raises:
            BadInput: An unknown reason, or no note that says what is waited for.
        """
        async with (
            writing(self._engine) as connection,
            changing(connection, reference, version, self._clock()) as change,
        ):
            await set_aside(change, self.rules, agent, reason, note)

    async def resume(
        self, reference: str, agent: str, *, version: int | None = None
    ) -> None:
        """Go on with a case that was set aside; clocks that stood still run again."""
        async with (
            writing(self._engine) as connection,
            changing(connection, reference, version, self._clock()) as change,
        ):
            if change.case.status != "waiting":
                raise BadInput(
                    f"case {reference} was not set aside", refusal="not_set_aside"
                )
            change.move("in_progress" if change.case.assigned_to else "open")
            change.record(agent, "taken_up_again")
            await settle(change, self.rules)

    async def run_due(self, now: datetime, compose: Compose, announce: Announce) -> int:
        """Do what is due by `now`, each case in a transaction of its own.

        Safe to run twice and at the same time in several replicas: each effect is
        written with its key.

        Returns:
            How many things were done.

        Raises:
            ClocksFailed: Some case could not be done; all others were.
        """
        done, failed, last = 0, 0, None
        while due := await self._due(now, last):
            for look_at, case_id, reference in due:
                last = (look_at, case_id)
                try:
                    done += await self._look(reference, now, compose, announce)
                except ArchiveUnavailable:
                    raise
                except Exception as exc:
                    failed += 1
                    logger.error("clocks of %s: %s", reference, type(exc).__name__)
        if failed:
            raise ClocksFailed(f"{failed} cases could not be done")
        return done

    async def _due(self, now: datetime, last: tuple[datetime, int] | None) -> list[Any]:
        place = tuple_(case_clocks.c.look_at, case_clocks.c.case_id)
        query = (
            select(case_clocks.c.look_at, case_clocks.c.case_id, cases.c.reference)
            .join_from(case_clocks, cases)
            .where(case_clocks.c.look_at <= now)
            .order_by(case_clocks.c.look_at, case_clocks.c.case_id)
            .limit(N_AT_ONCE)
        )
        if last is not None:
            query = query.where(place > tuple_(*last))
        async with reading(self._engine) as connection:
            return list((await connection.execute(query)).all())

    async def _look(
        self, reference: str, now: datetime, compose: Compose, announce: Announce
    ) -> int:
        said: list[tuple[str, Message]] = []
        async with writing(self._engine) as connection:
            locked = await connection.scalar(
                select(cases.c.id)
                .where(cases.c.reference == reference)
                .with_for_update()
            )
            clocks = await read_clocks(connection, reference, self.rules)
            if locked is None or clocks is None or clocks.closed_at is not None:
                return 0
            if clocks.look_at is None or clocks.look_at > now:
                return 0  # Another replica was here.
            due = due_notices(
                clocks.dates,
                clocks.policy,
                clocks.zone,
                clocks.done,
                now,
                n_pauses=len(clocks.pauses),
            )
            events: list[CaseEvent] = []
            for notice in due:
                await _mark(connection, clocks.case_id, notice, now)
                if notice.kind == "pause_limit":
                    clocks = clocks.resumed(notice.at)
                    events.append(_limit_reached(clocks))
                elif notice.kind == "interim_update":
                    said += await _inform(connection, clocks, notice, now, compose)
                else:
                    events.append(_warning(clocks, notice))
            await store_clocks(connection, clocks, now)
            # Last: on PostgreSQL it holds the chain's lock until the commit.
            if events:
                await append_events(connection, reference, now, events)
        for conversation, message in said:
            await announce(conversation, message)
        return len(due)


class ClocksFailed(Exception):
    """Some case's clocks could not be followed."""


async def set_aside(
    change: Change, rules: ClockRules, agent: str, reason: PauseReason, note: str
) -> None:
    """Set a case aside as part of a change; see `TimeKeeper.pause`.

    Raises:
        BadInput: An unknown reason, or no note that says what is waited for.
    """
    if reason not in PAUSE_REASONS:
        known = ", ".join(PAUSE_REASONS)
        raise BadInput(
            f"reason must be one of {known}, got {reason!r}", refusal="unknown_code"
        )
    if not note.strip():
        raise BadInput(
            "the note that says what is waited for is empty", refusal="empty"
        )
    clocks = await read_clocks(change.connection, change.case.reference, rules)
    assert clocks is not None
    change.move("waiting")
    details: dict[str, Any] = {"reason": reason, "note": note.strip()}
    paused = clocks.paused(Pause(reason=reason, started_at=change.at))
    limit = pause_limit(paused.pauses, clocks.policy, clocks.zone)
    if (
        clocks.is_paused
        or reason not in clocks.policy.pause_reasons
        or (limit is not None and limit <= change.at)
    ):
        change.record(agent, "waiting", **details)
        return
    due_at = paused.dates.answer_due_at
    change.set(answer_due_at=due_at)
    change.record(
        agent,
        "clocks_paused",
        **details,
        clocks=list(clocks.policy.pause_clocks),
        until=limit and time_as_json(limit),
        answer_due_at=time_as_json(due_at),
    )
    await store_clocks(change.connection, paused, change.at)


async def _mark(
    connection: AsyncConnection, case_id: int, notice: Notice, now: datetime
) -> None:
    # A second one with this key breaks the transaction, and its effect with it.
    await connection.execute(
        insert(case_notices).values(
            case_id=case_id, kind=notice.kind, number=notice.number, at=now
        )
    )


async def _inform(
    connection: AsyncConnection,
    clocks: CaseClocks,
    notice: Notice,
    now: datetime,
    compose: Compose,
) -> list[tuple[str, Message]]:
    """Write the interim update, unless an agent wrote one since the last."""
    if await _was_informed(connection, clocks, notice):
        return []
    next_at = next_update_due_at(clocks.dates, clocks.policy, clocks.zone, now)
    assert next_at is not None
    async with changing(connection, clocks.reference, None, now) as change:
        text = compose(change.case, clocks, now, next_at)
        message = await change.say("bot", text, change.case.language)
        change.mail("interim_update", text=text)
        change.record(
            "system",
            "interim_update_sent",
            message=message.id,
            number=notice.number,
            next_update_at=time_as_json(next_at),
        )
    return [(change.case.conversation, message)]


def _limit_reached(clocks: CaseClocks) -> CaseEvent:
    """The clocks run on from the limit; the case itself waits."""
    due_at = time_as_json(clocks.dates.answer_due_at)
    return "system", "clocks_resumed", {"cause": "limit", "answer_due_at": due_at}


def _warning(clocks: CaseClocks, notice: Notice) -> CaseEvent:
    """Tells the agents through the history; the case's version stays as it is."""
    dates = clocks.dates
    due_at = (
        dates.answer_due_at
        if notice.kind == "answer_warning"
        else dates.final_letter_due_at
    )
    assert due_at is not None
    clock = notice.kind.removesuffix("_warning")
    return "system", "due_soon", {"clock": clock, "due_at": time_as_json(due_at)}


async def _was_informed(
    connection: AsyncConnection, clocks: CaseClocks, notice: Notice
) -> bool:
    """Whether an agent wrote an interim update in the interval before this one."""
    if notice.number == 0:
        return False
    since = update_due_at(
        clocks.dates.answer_due_at, notice.number - 1, clocks.policy, clocks.zone
    )
    found = await connection.scalar(
        select(func.count())
        .select_from(case_events)
        .where(
            case_events.c.reference == clocks.reference,
            case_events.c.kind == "interim_update_sent",
            case_events.c.actor != "system",
            case_events.c.at > since,
        )
    )
    return bool(found)
