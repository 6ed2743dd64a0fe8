"""The figures of a period, from the archive. No figure holds a customer's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Text, cast, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.tables import (
    case_events,
    cases,
    conversations,
    customers,
    feedback,
    messages,
)
from actions.reports.period import Period
from knowledge.database import reading

# What tells the customer something about the matter in writing.
ANSWERS = ("replied", "interim_update_sent", "closed")
AGES: tuple[tuple[str, int], ...] = (("week", 7), ("month", 30), ("older", 10**6))


@dataclass(frozen=True)
class Row:
    """One case as reports see it; its times run from `received_at`."""

    reference: str
    username: str | None
    received_at: datetime
    opened_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    due_at: datetime
    language: str
    category: str
    is_complaint: bool
    ground: str | None
    outcome: str | None
    filed_late: bool

    @property
    def was_overdue(self) -> bool:
        """Closed after its answer was due; one that is not closed is in the backlog."""
        return self.closed_at is not None and self.closed_at > self.due_at


@dataclass(frozen=True)
class Times:
    """How long something took; None where it did not happen yet."""

    n: int
    median: timedelta | None
    p90: timedelta | None


@dataclass(frozen=True)
class Figures:
    """A period in numbers.

    Attributes:
        by_day: Cases received on each day, by category.
        n_conversations: Begun in the period, whether anything was said or not.
        n_answered: Of these, told something by the help pages and left without a case.
        backlog: Cases that are not closed now, by age.
        satisfaction: From 1 to 5, the mean of those who said.
        satisfaction_by_language: The same for each language, with how many said so.
        helpful: Share of the answers judged that were called helpful.
    """

    n_cases: int
    n_complaints: int
    by_day: dict[date, Counter[str]]
    by_category: Counter[str]
    by_language: Counter[str]
    by_outcome: Counter[str]
    n_conversations: int
    n_answered: int
    first_answer: Times
    closing: Times
    n_closed_late: int
    backlog: dict[str, int]
    n_overdue: int
    satisfaction: float | None
    n_satisfaction: int
    satisfaction_by_language: dict[str, tuple[float, int]]
    helpful: float | None
    n_feedback: int

    @property
    def answered_share(self) -> float | None:
        if not self.n_conversations:
            return None
        return self.n_answered / self.n_conversations

    def as_json(self) -> dict[str, Any]:
        """Times in seconds; days as ISO dates."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        plain["by_day"] = {str(day): dict(n) for day, n in self.by_day.items()}
        for name in ("first_answer", "closing"):
            times: Times = getattr(self, name)
            plain[name] = {
                "n": times.n,
                "median_seconds": _seconds(times.median),
                "p90_seconds": _seconds(times.p90),
            }
        plain["satisfaction_by_language"] = {
            tag: {"mean": mean, "n": n}
            for tag, (mean, n) in self.satisfaction_by_language.items()
        }
        return {**plain, "answered_share": self.answered_share}


def _seconds(lasted: timedelta | None) -> float | None:
    return None if lasted is None else lasted.total_seconds()


class Reports:
    """Reads the archive for reports. All methods raise ArchiveUnavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def rows(self, period: Period) -> list[Row]:
        """The cases received in the period, oldest first."""
        answered = (
            select(func.min(case_events.c.at))
            .where(
                case_events.c.reference == cases.c.reference,
                case_events.c.kind.in_(ANSWERS),
            )
            .scalar_subquery()
        )
        query = (
            select(cases, customers.c.username, answered.label("answered_at"))
            .join_from(cases, customers)
            .where(
                cases.c.received_at >= period.begins_at,
                cases.c.received_at < period.ends_at,
            )
            .order_by(cases.c.received_at, cases.c.id)
        )
        async with reading(self._engine) as connection:
            return [_row(each) for each in await connection.execute(query)]

    async def figures(self, period: Period, now: datetime) -> Figures:
        """The period in numbers; the backlog is that of `now`."""
        rows = await self.rows(period)
        async with reading(self._engine) as connection:
            n_conversations, n_answered = await _conversations(connection, period)
            stars = await _satisfaction(connection, period)
            judged = await _feedback(connection, period)
            unclosed = (
                await connection.execute(
                    select(cases.c.received_at, cases.c.answer_due_at).where(
                        cases.c.status != "closed"
                    )
                )
            ).all()
        by_day = {day: Counter[str]() for day in period.days()}
        for row in rows:
            by_day[period.day_of(row.received_at)][row.category] += 1
        return Figures(
            n_cases=len(rows),
            n_complaints=sum(row.is_complaint for row in rows),
            by_day=by_day,
            by_category=Counter(row.category for row in rows),
            by_language=Counter(row.language for row in rows),
            by_outcome=Counter(row.outcome for row in rows if row.outcome),
            n_conversations=n_conversations,
            n_answered=n_answered,
            first_answer=_times(
                row.answered_at - row.received_at for row in rows if row.answered_at
            ),
            closing=_times(
                row.closed_at - row.received_at for row in rows if row.closed_at
            ),
            n_closed_late=sum(row.was_overdue for row in rows),
            backlog=_ages(now - row.received_at for row in unclosed),
            n_overdue=sum(row.answer_due_at < now for row in unclosed),
            satisfaction=_mean([given for _, given in stars]),
            n_satisfaction=len(stars),
            satisfaction_by_language=_by_language(stars),
            helpful=_mean(judged),
            n_feedback=len(judged),
        )


def _row(each: Any) -> Row:
    return Row(
        reference=each.reference,
        username=each.username,
        received_at=each.received_at,
        opened_at=each.opened_at,
        answered_at=each.answered_at,
        closed_at=each.closed_at,
        due_at=each.answer_due_at,
        language=each.language,
        category=each.category,
        is_complaint=each.is_complaint,
        ground=each.ground,
        outcome=each.outcome["kind"] if each.outcome else None,
        filed_late=each.filed_late,
    )


async def _conversations(
    connection: AsyncConnection, period: Period
) -> tuple[int, int]:
    began = (
        conversations.c.created_at >= period.begins_at,
        conversations.c.created_at < period.ends_at,
        conversations.c.channel == "chat",
    )
    cited = exists().where(
        messages.c.conversation_id == conversations.c.id,
        messages.c.sender == "bot",
        cast(messages.c.citations, Text) != "[]",
    )
    filed = exists().where(cases.c.conversation_id == conversations.c.id)
    count = select(func.count()).select_from(conversations).where(*began)
    n_all = await connection.scalar(count) or 0
    n_answered = await connection.scalar(count.where(cited, ~filed)) or 0
    return n_all, n_answered


async def _satisfaction(
    connection: AsyncConnection, period: Period
) -> list[tuple[str, int]]:
    """Language and stars of each conversation that was rated."""
    query = select(conversations.c.language, conversations.c.satisfaction).where(
        conversations.c.rated_at >= period.begins_at,
        conversations.c.rated_at < period.ends_at,
        conversations.c.satisfaction.is_not(None),
    )
    return [(row.language, row.satisfaction) for row in await connection.execute(query)]


async def _feedback(connection: AsyncConnection, period: Period) -> list[bool]:
    query = select(feedback.c.helpful).where(
        feedback.c.given_at >= period.begins_at, feedback.c.given_at < period.ends_at
    )
    return list((await connection.scalars(query)).all())


def _times(spans: Iterable[timedelta]) -> Times:
    seconds = [span.total_seconds() for span in spans]
    if not seconds:
        return Times(0, None, None)
    median, p90 = np.percentile(seconds, [50, 90])
    return Times(
        len(seconds),
        timedelta(seconds=float(median)),
        timedelta(seconds=float(p90)),
    )


def _ages(ages: Iterable[timedelta]) -> dict[str, int]:
    counts = {name: 0 for name, _ in AGES}
    for age in ages:
        name = next(name for name, days in AGES if age < timedelta(days=days))
        counts[name] += 1
    return counts


def _by_language(
    stars: Iterable[tuple[str, int]],
) -> dict[str, tuple[float, int]]:
    given: dict[str, list[int]] = {}
    for language, each in stars:
        given.setdefault(language, []).append(each)
    return {
        language: (sum(all_of_it) / len(all_of_it), len(all_of_it))
        for language, all_of_it in sorted(given.items())
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
