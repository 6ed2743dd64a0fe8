"""The list of cases as agents see it: filtered, counted, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.case import CATEGORIES, Case, Status
from actions.cases.queries import case_from, select_cases
from actions.cases.tables import cases
from actions.cases.words import matching
from knowledge.database import reading
from knowledge.errors import BadInput

PAGE_SIZE = 50
SOON = timedelta(days=3)
STATUSES: tuple[Status, ...] = get_args(Status)
STATES = ("active", *STATUSES, "all")
Due = Literal["overdue", "soon"]


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which cases are wanted; None or empty for any.

    Attributes:
        state: A status, `active` for all that are not closed, or `all`.
        assigned_to: Only the cases of this agent.
    """

    state: str = "active"
    category: str | None = None
    language: str | None = None
    due: str | None = None
    assigned_to: str | None = None
    q: str = ""

    @classmethod
    def from_query(
        cls, query: Mapping[str, str], *, agent: str, state: str = "active"
    ) -> Filters:
        """Read `status`, `category`, `language`, `due`, `mine` and `q`.

        Raises:
            BadInput: A code that does not exist.
        """
        filters = cls(
            state=query.get("status") or state,
            category=query.get("category") or None,
            language=query.get("language") or None,
            due=query.get("due") or None,
            assigned_to=agent if query.get("mine") else None,
            q=query.get("q", "").strip(),
        )
        _require("status", filters.state, STATES)
        _require("category", filters.category, (None, *CATEGORIES))
        _require("due", filters.due, (None, *get_args(Due)))
        return filters

    @property
    def is_set(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, kw_only=True)
class QueuePage:
    """One page of the queue; cases come without transcript and history."""

    cases: list[Case]
    total: int
    page: int
    page_size: int

    @property
    def n_pages(self) -> int:
        return max(1, -(-self.total // self.page_size))


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many cases there are in each state.

    Attributes:
        overdue: Not closed, and the answer was due before now.
        soon: Not closed, and the answer is due within three days.
        languages: Every language that a case is in.
    """

    by_status: dict[str, int]
    overdue: int
    soon: int
    mine: int
    languages: tuple[str, ...]

    @property
    def active(self) -> int:
        return sum(n for name, n in self.by_status.items() if name != "closed")


class Queue:
    """Reads the queue. All methods raise ArchiveUnavailable."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock

    async def page(
        self, filters: Filters, number: int = 1, *, page_size: int = PAGE_SIZE
    ) -> QueuePage:
        """One page of the cases that match: urgent ones, then oldest first.

        Raises:
            BadInput: `number` is below 1.
        """
        if number < 1:
            raise BadInput(f"page must be at least 1, got {number}")
        conditions = self._conditions(filters)
        is_urgent = case((cases.c.status == "closed", False), else_=cases.c.is_urgent)
        order = (is_urgent.desc(), cases.c.received_at, cases.c.id)
        # The page first: places in the queue are counted for its cases only.
        shown = (
            select(cases.c.id)
            .where(*conditions)
            .order_by(*order)
            .limit(page_size)
            .offset((number - 1) * page_size)
        )
        query = select_cases().where(cases.c.id.in_(shown)).order_by(*order)
        count = select(func.count()).select_from(cases).where(*conditions)
        async with reading(self._engine) as connection:
            total = (await connection.execute(count)).scalar_one()
            found = [case_from(row) for row in await connection.execute(query)]
        return QueuePage(cases=found, total=total, page=number, page_size=page_size)

    async def counts(self, agent: str) -> Counts:
        """Count the whole archive; `mine` are the open cases of `agent`."""
        now = self._clock()
        is_active = cases.c.status != "closed"
        is_overdue = is_active & (cases.c.answer_due_at < now)
        is_soon = is_active & cases.c.answer_due_at.between(now, now + SOON)
        is_mine = is_active & (cases.c.assigned_to == agent)
        by_status = select(cases.c.status, func.count()).group_by(cases.c.status)
        others = select(*(_count(each) for each in (is_overdue, is_soon, is_mine)))
        languages = select(cases.c.language).distinct().order_by(cases.c.language)
        async with reading(self._engine) as connection:
            rows = (await connection.execute(by_status)).all()
            overdue, soon, mine = (await connection.execute(others)).one()
            tags = (await connection.execute(languages)).scalars().all()
        statuses = {str(row[0]): int(row[1]) for row in rows}
        return Counts(
            by_status={status: statuses.get(status, 0) for status in STATUSES},
            overdue=overdue,
            soon=soon,
            mine=mine,
            languages=tuple(tags),
        )

    def _conditions(self, filters: Filters) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = []
        if filters.state == "active":
            wanted.append(cases.c.status != "closed")
        elif filters.state != "all":
            wanted.append(cases.c.status == filters.state)
        for column, value in (
            (cases.c.category, filters.category),
            (cases.c.language, filters.language),
            (cases.c.assigned_to, filters.assigned_to),
        ):
            if value is not None:
                wanted.append(column == value)
        if filters.due is not None:
            now = self._clock()
            wanted.append(cases.c.status != "closed")
            wanted.append(
                cases.c.answer_due_at < now
                if filters.due == "overdue"
                else cases.c.answer_due_at.between(now, now + SOON)
            )
        if (has_words := matching(filters.q)) is not None:
            wanted.append(has_words)
        return wanted


def _count(condition: ColumnElement[bool]) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _require(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        known = ", ".join(str(each) for each in allowed if each is not None)
        raise BadInput(f"{name} must be one of {known}, got {value!r}")
