"""Pages that were taken down: who did it, when and why, and where their address leads.

No version is lost: what a page said stays to be read at its address with `?version=`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from knowledge.database import reading, writing
from knowledge.errors import BadInput
from knowledge.pages import Page
from knowledge.scheduling import Publishes
from knowledge.store import PageStore
from knowledge.tables import page_withdrawals

_table = page_withdrawals
# A page in one language: `("fees", "sv")`.
Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """A page that was taken down.

    Attributes:
        version: What customers saw.
        newest: The newest version that there was.
        moved_to: Id of the page that its address leads to now; None for none.
    """

    page_id: str
    language: str
    version: int
    newest: int
    moved_to: str | None
    reason: str
    author: str
    withdrawn_at: datetime


class Withdrawals:
    """What was taken down. All methods raise ArchiveUnavailable."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine, self._clock = engine, clock

    async def all(self, limit: int | None = None) -> list[Withdrawal]:
        """Newest first, whether or not the page has come back since."""
        names = [column for column in _table.c if column.name != "id"]
        query = select(*names).order_by(_table.c.id.desc()).limit(limit)
        async with reading(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        return [Withdrawal(**row._mapping) for row in rows]

    async def of(self, id: str, language: str) -> Withdrawal | None:
        """The last time that this page was taken down; None when it never was."""
        return next(
            (w for w in await self.all() if (w.page_id, w.language) == (id, language)),
            None,
        )

    async def record(
        self,
        pages: Sequence[Page],
        newest: Sequence[int],
        *,
        author: str,
        moved_to: str | None,
        reason: str,
    ) -> None:
        """Note that these were taken down; `newest` are their newest versions."""
        now = self._clock()
        async with writing(self._engine) as connection:
            await connection.execute(
                insert(_table),
                [
                    {
                        "page_id": page.id,
                        "language": page.language,
                        "version": page.version,
                        "newest": number,
                        "moved_to": moved_to,
                        "reason": reason,
                        "author": author,
                        "withdrawn_at": now,
                    }
                    for page, number in zip(pages, newest, strict=True)
                ],
            )


async def withdraw(
    store: PageStore,
    publisher: Publishes,
    withdrawals: Withdrawals,
    keys: Sequence[Key],
    *,
    author: str,
    moved_to: str | None = None,
    reason: str = "",
    force: bool = False,
) -> None:
    """Publish what is live without these pages, and remember who took them down.

    Args:
        store: Holds the pages.
        publisher: Publishes the rest.
        withdrawals: Where it is remembered.
        keys: Pages and languages; all of them live.
        author: Who takes them down.
        moved_to: Id of a page, live in each of these languages, that takes over.
        reason: For colleagues.
        force: Even though what is left answers worse than the operator's floor.

    Raises:
        BadInput: One is not live, or `moved_to` does not stay so.
        PublishRefused: What is left answers worse; all stays as it was.
    """
    rest = await without(store, keys)
    staying = {(page.id, page.language) for page in rest}
    live = {(page.id, page.language): page for page in await store.published_pages()}
    if moved_to is not None:
        for _, language in keys:
            if (moved_to, language) not in staying:
                raise BadInput(
                    f"page {moved_to} is not published in {language}",
                    refusal="not_published",
                )
    gone = [live[key] for key in keys]
    newest = [await store.newest_version(page.id, page.language) for page in gone]
    await publisher.publish(author, pages=rest, force=force)
    await withdrawals.record(
        gone, newest, author=author, moved_to=moved_to, reason=reason
    )


async def without(store: PageStore, keys: Sequence[Key]) -> list[Page]:
    """What is published but these pages.

    Raises:
        BadInput: One of them is not.
    """
    pages = {(page.id, page.language): page for page in await store.published_pages()}
    if not keys:
        raise BadInput("choose at least one language", refusal="no_language_chosen")
    for key in keys:
        if key not in pages:
            raise BadInput(f"page {key[0]} ({key[1]}) is not published")
    return [page for key, page in pages.items() if key not in set(keys)]
