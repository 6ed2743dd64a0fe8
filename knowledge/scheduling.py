"""Publications that are approved now and go live later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from knowledge.database import reading, writing
from knowledge.errors import BadInput, NotFound, PublishRefused
from knowledge.pages import Page
from knowledge.store import PageStore
from knowledge.tables import page_withdrawals, scheduled_publications

Outcome = Literal["published", "refused", "cancelled"]
# A draft: page, language, version.
Draft = tuple[str, str, int]

_table = scheduled_publications


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """A publication that waits, or what became of it.

    Attributes:
        drafts: The versions that were approved.
        outcome: None while it waits.
        reason: Why it was refused.
    """

    id: int
    publish_at: datetime
    drafts: list[Draft]
    author: str
    created_at: datetime
    settled_at: datetime | None = None
    outcome: Outcome | None = None
    reason: str | None = None


class Publishes(Protocol):
    async def publish(
        self,
        author: str,
        *,
        pages: Sequence[Page] | None = None,
        force: bool = False,
        with_dead_links: bool = False,
    ) -> object:
        """Make exactly these pages live."""


class Schedule:
    """The publications that wait. All methods raise ArchiveUnavailable."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine, self._clock = engine, clock

    async def add(
        self, drafts: Sequence[Draft], *, publish_at: datetime, author: str
    ) -> int:
        """Have these drafts published later; gives the number to cancel it by.

        Raises:
            BadInput: There are no drafts, or the time has passed.
        """
        now = self._clock()
        if not drafts:
            raise BadInput(
                "there is nothing to publish: choose a draft",
                refusal="nothing_to_publish",
            )
        if publish_at <= now:
            raise BadInput("publish_at must lie in the future", refusal="time_gone")
        async with writing(self._engine) as connection:
            number: int = await connection.scalar(
                insert(_table)
                .values(
                    publish_at=publish_at,
                    drafts=[list(draft) for draft in drafts],
                    author=author,
                    created_at=now,
                )
                .returning(_table.c.id)
            )
        return number

    async def waiting(self, due_at: datetime | None = None) -> list[Scheduled]:
        """Those that wait, soonest first; only those due at a moment."""
        query = select(_table).where(_table.c.settled_at.is_(None))
        if due_at is not None:
            query = query.where(_table.c.publish_at <= due_at)
        return await self._read(query.order_by(_table.c.publish_at, _table.c.id))

    async def refused(self, limit: int = 3) -> list[Scheduled]:
        """The latest that were refused, so that somebody looks at them."""
        query = select(_table).where(_table.c.outcome == "refused")
        return await self._read(query.order_by(_table.c.settled_at.desc()).limit(limit))

    async def settle(
        self, id: int, outcome: Outcome, reason: str | None = None
    ) -> None:
        """Say what became of one that waits.

        Raises:
            NotFound: None with this number waits.
        """
        async with writing(self._engine) as connection:
            settled = await connection.execute(
                update(_table)
                .where(_table.c.id == id, _table.c.settled_at.is_(None))
                .values(settled_at=self._clock(), outcome=outcome, reason=reason)
            )
        if settled.rowcount == 0:
            raise NotFound(f"no publication {id} waits")

    async def still_wanted(self, scheduled: Scheduled) -> list[Draft]:
        """Its drafts but those of pages that were taken down since it was approved.

        Raises:
            BadInput: None is left.
        """
        query = select(page_withdrawals.c.page_id, page_withdrawals.c.language).where(
            page_withdrawals.c.withdrawn_at > scheduled.created_at
        )
        async with reading(self._engine) as connection:
            gone = {tuple(row) for row in await connection.execute(query)}
        wanted = [draft for draft in scheduled.drafts if draft[:2] not in gone]
        if not wanted:
            raise BadInput("every page of it was withdrawn in the meantime")
        return wanted

    async def _read(self, query: Any) -> list[Scheduled]:
        async with reading(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        return [
            Scheduled(**{**row._mapping, "drafts": [tuple(d) for d in row.drafts]})
            for row in rows
        ]


async def publish_due(
    schedule: Schedule, store: PageStore, publisher: Publishes, now: datetime
) -> int:
    """Publish what is due at `now`; gives how many went live.

    What the quality gate refuses stays as it was, and is kept as refused.
    """
    n_published = 0
    for each in await schedule.waiting(due_at=now):
        try:
            pages = await with_drafts(store, await schedule.still_wanted(each))
            # Where its links lead was looked at when the editor chose the time.
            await publisher.publish(each.author, pages=pages, with_dead_links=True)
        except (PublishRefused, BadInput, NotFound) as exc:
            await schedule.settle(each.id, "refused", str(exc))
        else:
            await schedule.settle(each.id, "published")
            n_published += 1
    return n_published


async def with_drafts(store: PageStore, drafts: Sequence[Draft]) -> list[Page]:
    """What is published, with these versions in the place of earlier ones.

    A draft older than what is published by now is left out: somebody went further.

    Raises:
        NotFound: There is no such version.
    """
    pages = {(page.id, page.language): page for page in await store.published_pages()}
    for id, language, version in drafts:
        live = pages.get((id, language))
        if live is None or version > live.version:
            pages[id, language] = await store.page(id, language, version)
    return [pages[key] for key in sorted(pages, key=lambda key: (key[1], key[0]))]
