"""Everything that editors did, by whom and when, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Protocol

from sqlalchemy import Select, Table, and_, func, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from knowledge.database import reading
from knowledge.tables import (
    page_versions,
    page_withdrawals,
    publication_pages,
    publications,
)

AT_ONCE = 50
Kind = Literal[
    "saved",
    "published",
    "rolled_back",
    "withdrawn",
    "template_edited",
    "template_restored",
    "template_withdrawn",
]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a publication did to one page: from which version to which.

    Attributes:
        before, after: None where the page was not live.
    """

    page_id: str
    language: str
    before: int | None
    after: int | None


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that somebody did.

    Attributes:
        page_id, language, title, version: Of the page, or of the template; none for a
            publication.
        number: Of the publication; `restores` the one that it brought back.
        steps: What the publication changed for customers.
        moved_to, reason: Of a withdrawal.
    """

    kind: Kind
    at: datetime
    author: str
    page_id: str = ""
    language: str = ""
    title: str = ""
    version: int = 0
    number: int = 0
    restores: int | None = None
    moved_to: str | None = None
    reason: str = ""
    steps: list[Step] = field(default_factory=list)

    @property
    def is_of_template(self) -> bool:
        return self.kind.startswith("template_")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which changes to list.

    Attributes:
        page: Id of a page, in every language; publications count if they changed it.
        before: Only what is older; None for the newest.
    """

    author: str = ""
    page: str = ""
    before: datetime | None = None


class MoreChanges(Protocol):
    """Reads what was done to something that editors keep elsewhere."""

    async def newest(self, wanted: Wanted, limit: int) -> list[Change]:
        """The newest changes that are wanted, at most `limit`."""

    async def authors(self) -> list[str]:
        """Everybody who changed anything there."""


class Changes:
    """Reads what was done. All methods raise ArchiveUnavailable."""

    def __init__(self, engine: AsyncEngine, *more: MoreChanges) -> None:
        self._engine, self._more = engine, more

    async def newest(self, wanted: Wanted, limit: int = AT_ONCE) -> list[Change]:
        """The newest changes that are wanted, at most `limit`."""
        async with reading(self._engine) as connection:
            found = [
                *await _saved(connection, wanted, limit),
                *await _published(connection, wanted, limit),
                *await _withdrawn(connection, wanted, limit),
            ]
        for each in self._more:
            found += await each.newest(wanted, limit)
        # Of what happened at one moment, the publication came last, versions in turn.
        found.sort(key=lambda each: (each.at, each.number, each.version), reverse=True)
        return found[:limit]

    async def authors(self) -> list[str]:
        """Everybody who ever changed anything, by name."""
        query = union(*(select(each.c.author) for each in _TABLES))
        async with reading(self._engine) as connection:
            found = set((await connection.scalars(query)).all())
        for each in self._more:
            found.update(await each.authors())
        return sorted(found)


_TABLES = (page_versions, publications, page_withdrawals)


async def _saved(
    connection: AsyncConnection, wanted: Wanted, limit: int
) -> list[Change]:
    table = page_versions
    query = narrowed(select(table), table, table.c.created_at, wanted, limit)
    return [
        Change(
            kind="saved",
            at=row.created_at,
            author=row.author,
            page_id=row.page_id,
            language=row.language,
            title=row.title,
            version=row.version,
        )
        for row in await connection.execute(query)
    ]


async def _withdrawn(
    connection: AsyncConnection, wanted: Wanted, limit: int
) -> list[Change]:
    table = page_withdrawals
    titled = and_(
        page_versions.c.page_id == table.c.page_id,
        page_versions.c.language == table.c.language,
        page_versions.c.version == table.c.version,
    )
    base = select(table, page_versions.c.title).join(page_versions, titled)
    query = narrowed(base, table, table.c.withdrawn_at, wanted, limit)
    return [
        Change(
            kind="withdrawn",
            at=row.withdrawn_at,
            author=row.author,
            page_id=row.page_id,
            language=row.language,
            title=row.title,
            version=row.version,
            moved_to=row.moved_to,
            reason=row.reason,
        )
        for row in await connection.execute(query)
    ]


async def _published(
    connection: AsyncConnection, wanted: Wanted, limit: int
) -> list[Change]:
    table = publications
    query = narrowed(
        select(table), table, table.c.published_at, replace(wanted, page=""), None
    )
    if wanted.page:
        now, then = publication_pages.alias(), publication_pages.alias()
        changed = _steps(now, then).where(now.c.page_id == wanted.page)
        gone = _steps(now, then, is_gone=True).where(then.c.page_id == wanted.page)
        numbers = union(
            changed.with_only_columns(now.c.publication).order_by(None),
            gone.with_only_columns(then.c.publication + 1),
        )
        query = query.where(table.c.number.in_(numbers))
    rows = (await connection.execute(query.limit(limit))).all()
    steps = await _steps_of(connection, [row.number for row in rows])
    return [
        Change(
            kind="rolled_back" if row.restores else "published",
            at=row.published_at,
            author=row.author,
            number=row.number,
            restores=row.restores,
            steps=steps.get(row.number, []),
        )
        for row in rows
    ]


def narrowed(
    query: Select[Any], table: Table, at: Any, wanted: Wanted, limit: int | None
) -> Select[Any]:
    """The newest rows that are wanted, at most `limit`; `at` is when each was made."""
    if wanted.author:
        query = query.where(table.c.author == wanted.author)
    if wanted.page:
        query = query.where(table.c.page_id == wanted.page)
    if wanted.before is not None:
        query = query.where(at < wanted.before)
    return query.order_by(at.desc()).limit(limit)


async def _steps_of(
    connection: AsyncConnection, numbers: Sequence[int]
) -> dict[int, list[Step]]:
    """By publication, what it changed."""
    now, then = publication_pages.alias(), publication_pages.alias()
    found: dict[int, list[Step]] = {}
    changed = _steps(now, then).where(now.c.publication.in_(numbers))
    for row in await connection.execute(changed):
        step = Step(
            page_id=row.page_id,
            language=row.language,
            before=row.before,
            after=row.version,
        )
        found.setdefault(row.publication, []).append(step)
    gone = _steps(now, then, is_gone=True)
    gone = gone.where(then.c.publication.in_([number - 1 for number in numbers]))
    for row in await connection.execute(gone):
        step = Step(
            page_id=row.page_id, language=row.language, before=row.version, after=None
        )
        found.setdefault(row.publication + 1, []).append(step)
    return found


def _steps(now: Any, then: Any, is_gone: bool = False) -> Select[Any]:
    """Pages that differ from the publication before, or that are gone from it."""
    same = and_(
        now.c.page_id == then.c.page_id,
        now.c.language == then.c.language,
        now.c.publication == then.c.publication + 1,
    )
    if is_gone:
        last = select(func.max(publications.c.number)).scalar_subquery()
        missing = and_(now.c.version.is_(None), then.c.publication != last)
        return select(then).outerjoin(now, same).where(missing)
    differs = or_(then.c.version.is_(None), then.c.version != now.c.version)
    return (
        select(now, then.c.version.label("before"))
        .outerjoin(then, same)
        .where(differs)
        .order_by(now.c.language, now.c.page_id)
    )
