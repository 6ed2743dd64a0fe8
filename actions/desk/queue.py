"""The list of cases as agents see it: filtered, counted, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.case import CATEGORIES, GROUNDS, Case, Status
from actions.cases.case_rows import case_from
from actions.cases.queries import inline, select_cases, unclosed
from actions.cases.tables import cases
from actions.cases.words import matching, search_by_index
from knowledge.database import reading
from knowledge.errors import BadInput

PAGE_SIZE = 50
SOON = timedelta(days=3)
# Counting further would take longer than showing the page.
MOST_COUNTED = 1000
STATUSES: tuple[Status, ...] = get_args(Status)
_UNCLOSED = tuple(each for each in STATUSES if each != "closed")
STATES = ("active", *STATUSES, "all")
Due = Literal["overdue", "soon"]


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which cases are wanted; None or empty for any.

    Attributes:
        state: A status, `active` for all that are not closed, or `all`.
        due: `overdue`, or `soon`: within three days.
        assigned_to: Only the cases of this agent.
        received_from, received_until: Days in UTC, both included.
    """

    state: str = "active"
    category: str | None = None
    ground: str | None = None
    urgent: bool = False
    received_from: date | None = None
    received_until: date | None = None
    language: str | None = None
    due: str | None = None
    assigned_to: str | None = None
    q: str = ""

    @classmethod
    def from_query(
        cls, query: Mapping[str, str], *, agent: str, state: str = "active"
    ) -> Filters:
        """Read the parameters of an address.

        `status`, `category`, `ground`, `language`, `due`, `urgent`, `from`, `until`,
        `mine` and `q`.

        Raises:
            BadInput: A code that does not exist, or a day that is none.
        """
        filters = cls(
            state=query.get("status") or state,
            category=query.get("category") or None,
            ground=query.get("ground") or None,
            urgent=bool(query.get("urgent")),
            received_from=_day("from", query.get("from")),
            received_until=_day("until", query.get("until")),
            language=query.get("language") or None,
            due=query.get("due") or None,
            assigned_to=agent if query.get("mine") else None,
            q=query.get("q", "").strip(),
        )
        _require("status", filters.state, STATES)
        _require("category", filters.category, (None, *CATEGORIES))
        _require("ground", filters.ground, (None, *GROUNDS))
        _require("due", filters.due, (None, *get_args(Due)))
        return filters

    @property
    def is_set(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, kw_only=True)
class QueuePage:
    """One page of the queue; cases come without transcript and history.

    Attributes:
        total: How many match; where there are very many, at least so many.
    """

    cases: list[Case]
    total: int
    page: int
    page_size: int

    @property
    def total_is_exact(self) -> bool:
        return self.total <= MOST_COUNTED

    @property
    def n_pages(self) -> int:
        if not self.total_is_exact and len(self.cases) == self.page_size:
            return max(self.page + 1, self.total // self.page_size)
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
    urgent: int
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
        """One page of the cases that match, in the order in which they are taken.

        Urgent ones that are not closed come first where closed ones are not shown and
        no words are looked for.

        Raises:
            BadInput: `number` is below 1.
        """
        if number < 1:
            raise BadInput(f"page must be at least 1, got {number}")
        async with reading(self._engine) as connection:
            if filters.q:
                ids, total = await self._search(connection, filters, number, page_size)
            else:
                ids, total = await self._list(connection, filters, number, page_size)
            # The page first: places in the queue are counted for its cases only.
            rows = await connection.execute(select_cases().where(cases.c.id.in_(ids)))
            by_id = {row.id: case_from(row) for row in rows}
        return QueuePage(
            cases=[by_id[each] for each in ids if each in by_id],
            total=total,
            page=number,
            page_size=page_size,
        )

    async def _list(
        self,
        connection: AsyncConnection,
        filters: Filters,
        number: int,
        page_size: int,
    ) -> tuple[Sequence[int], int]:
        """Ids of the cases on a page, and how many match."""
        conditions = self._conditions(filters)
        some = select(literal(1)).select_from(cases).where(*conditions)
        count = select(func.count()).select_from(
            some.limit(MOST_COUNTED + 1).subquery()
        )
        shown = _in_order(filters, conditions, number * page_size)
        shown = shown.limit(page_size).offset((number - 1) * page_size)
        total = (await connection.execute(count)).scalar_one()
        return (await connection.scalars(shown)).all(), total

    async def _search(
        self,
        connection: AsyncConnection,
        filters: Filters,
        number: int,
        page_size: int,
    ) -> tuple[Sequence[int], int]:
        """The same for words, which are looked up once for page and number."""
        await search_by_index(connection)
        found = (
            select(cases.c.id)
            .where(*self._conditions(filters))
            .order_by(cases.c.received_at, cases.c.id)
            .limit(max(MOST_COUNTED + 1, number * page_size))
        )
        ids = (await connection.scalars(found)).all()
        return ids[(number - 1) * page_size :][:page_size], len(ids)

    async def counts(self, agent: str) -> Counts:
        """Count what is not closed; of closed ones, at most `MOST_COUNTED`."""
        now = self._clock()
        # One count for each: grouped, all that are closed would be read as well.
        by_status = select(
            *[_n_unclosed(cases.c.status == inline(each)) for each in _UNCLOSED]
        )
        closed = select(literal(1)).where(cases.c.status == inline("closed"))
        others = select(
            _n_unclosed(cases.c.answer_due_at < now),
            _n_unclosed(cases.c.answer_due_at.between(now, now + SOON)),
            _n_unclosed(cases.c.assigned_to == agent),
            _n_unclosed(cases.c.is_urgent.is_(True)),
            select(func.count())
            .select_from(closed.limit(MOST_COUNTED).subquery())
            .scalar_subquery(),
        )
        async with reading(self._engine) as connection:
            n_unclosed = (await connection.execute(by_status)).one()
            row = (await connection.execute(others)).one()
            overdue, soon, mine, urgent, n_closed = row
            tags = (await connection.execute(_languages())).scalars().all()
        return Counts(
            by_status={
                **dict(zip(_UNCLOSED, n_unclosed, strict=True)),
                "closed": n_closed,
            },
            overdue=overdue,
            soon=soon,
            mine=mine,
            urgent=urgent,
            languages=tuple(tags),
        )

    def _conditions(self, filters: Filters) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = []
        if filters.state == "active":
            wanted.append(unclosed())
        elif filters.state != "all":
            wanted.append(cases.c.status == inline(filters.state))
        for column, value in (
            (cases.c.category, filters.category),
            (cases.c.ground, filters.ground),
            (cases.c.language, filters.language),
            (cases.c.assigned_to, filters.assigned_to),
        ):
            if value is not None:
                wanted.append(column == value)
        if filters.due is not None:
            now = self._clock()
            wanted.append(unclosed())
            wanted.append(
                cases.c.answer_due_at < now
                if filters.due == "overdue"
                else cases.c.answer_due_at.between(now, now + SOON)
            )
        if filters.urgent:
            wanted.append(cases.c.is_urgent.is_(True))
        if filters.received_from is not None:
            begins = datetime.combine(filters.received_from, time(), UTC)
            wanted.append(cases.c.received_at >= begins)
        if filters.received_until is not None:
            ends = datetime.combine(filters.received_until, time(), UTC)
            wanted.append(cases.c.received_at < ends + timedelta(days=1))
        if (has_words := matching(filters.q)) is not None:
            wanted.append(has_words)
        return wanted


def _in_order(
    filters: Filters, conditions: list[ColumnElement[bool]], n: int
) -> Select[Any]:
    """Ids of the first `n` cases that match, in order."""
    ids = select(cases.c.id, cases.c.received_at).where(*conditions)
    order = (cases.c.received_at, cases.c.id)
    if filters.urgent or filters.state in ("closed", "all"):
        return ids.with_only_columns(cases.c.id).order_by(*order)
    # Each part comes from an index in order, and is cut, before they are joined.
    parts = [
        select(part.c.id, part.c.received_at, literal(rank).label("rank"))
        for rank, part in enumerate(
            ids.where(cases.c.is_urgent.is_(is_urgent))
            .order_by(*order)
            .limit(n)
            .subquery()
            for is_urgent in (True, False)
        )
    ]
    both = union_all(*parts).subquery()
    return select(both.c.id).order_by(both.c.rank, both.c.received_at, both.c.id)


def _n_unclosed(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(cases)
        .where(unclosed(), condition)
        .scalar_subquery()
    )


def _languages() -> Select[Any]:
    """Every language that a case is in, each by one look into the index."""
    first = select(func.min(cases.c.language).label("language"))
    found = first.cte("found", recursive=True)
    following = (
        select(func.min(cases.c.language))
        .where(cases.c.language > found.c.language)
        .scalar_subquery()
    )
    found = found.union_all(select(following).where(found.c.language.is_not(None)))
    return select(found.c.language).where(found.c.language.is_not(None))


def _day(name: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as exc:
        raise BadInput(f"{name} must be a day like 2026-11-22") from exc


def _require(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        known = ", ".join(str(each) for each in allowed if each is not None)
        raise BadInput(f"{name} must be one of {known}, got {value!r}")
