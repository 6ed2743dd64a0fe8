"""The help pages in the database: every version, and what is published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from knowledge.database import reading, writing
from knowledge.errors import Conflict, NotFound
from knowledge.gap_queries import Gap, GapReason, question_key, unsettled_gaps
from knowledge.page_queries import (
    claim,
    insert_publication,
    is_page,
    is_version_of,
    latest_publication,
    publications_newest_first,
    same_page,
    same_version,
    versions_of,
    withdrawn_versions,
)
from knowledge.pages import Page
from knowledge.tables import (
    gaps,
    page_versions,
    publication_pages,
    publications,
)
from knowledge.translations import translated_versions, with_alike
from knowledge.versions import (
    PageState,
    PageVersion,
    Publication,
    Standing,
    as_publication,
    as_state,
    as_version,
    content_hash,
    in_force,
)


class PageStore:
    """Pages, publications and gaps; versions are never changed or removed."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._clock = clock

    async def save_version(
        self, page: Page, *, author: str, base_version: int | None = None
    ) -> int:
        """Save `page` as the next version, unless nothing differs from the newest.

        Args:
            page: Its own `version` is ignored: the store numbers from 1.
            author: Who wrote it: a name or an address of a person or a command.
            base_version: The version that the editor saw, 0 for a new page; None to
                save whatever came between.

        Returns:
            The number of the version that now holds this content.

        Raises:
            Conflict: `base_version` is no longer the newest.
        """
        digest = content_hash(page)
        async with writing(self._engine) as connection:
            await claim(connection, page.id, page.language, self._clock())
            newest = (
                await connection.execute(
                    select(page_versions.c.version, page_versions.c.content_hash)
                    .where(is_page(page.id, page.language))
                    .order_by(page_versions.c.version.desc())
                    .limit(1)
                )
            ).first()
            if newest is not None and newest.content_hash == digest:
                return int(newest.version)
            number = newest.version if newest is not None else 0
            if base_version is not None and base_version != number:
                raise Conflict(
                    f"page {page.id} ({page.language}) is at version {number}, "
                    f"expected {base_version}"
                )
            await connection.execute(
                insert(page_versions).values(
                    page_id=page.id,
                    language=page.language,
                    version=number + 1,
                    title=page.title,
                    kind=page.kind,
                    url=page.url,
                    effective_from=page.effective_from,
                    translates=page.translates,
                    body=page.body,
                    content_hash=digest,
                    author=author,
                    created_at=self._clock(),
                )
            )
            return int(number) + 1

    async def states(self, language: str | None = None) -> list[PageState]:
        """Every page in its newest version, by language and id."""
        newest = (
            select(
                page_versions.c.page_id,
                page_versions.c.language,
                func.max(page_versions.c.version).label("version"),
            )
            .group_by(page_versions.c.page_id, page_versions.c.language)
            .subquery()
        )
        live = (
            select(publication_pages)
            .where(publication_pages.c.publication == latest_publication())
            .subquery()
        )
        gone = withdrawn_versions()
        query = (
            select(
                page_versions,
                live.c.version.label("published_version"),
                gone.c.version.label("withdrawn_version"),
            )
            .join(newest, same_version(newest))
            .outerjoin(gone, same_page(gone))
            .outerjoin(live, same_page(live))
            .order_by(page_versions.c.language, page_versions.c.page_id)
        )
        if language is not None:
            query = query.where(page_versions.c.language == language)
        states = [as_state(row) for row in await self._rows(query)]
        named = translated_versions(states)
        older = select(page_versions).where(is_version_of(named))
        rows = await self._rows(older) if named else []
        return with_alike(states, [as_version(row).page for row in rows])

    async def pages(self, language: str | None = None) -> list[Page]:
        """Every page that is not withdrawn, newest version, by language and id."""
        states = await self.states(language)
        return [state.newest.page for state in states if not state.is_withdrawn]

    async def page(self, id: str, language: str, version: int | None = None) -> Page:
        """One page, in its newest version unless an earlier one is named.

        Raises:
            NotFound: There is no such page or version.
        """
        query = (
            select(page_versions)
            .where(is_page(id, language))
            .order_by(page_versions.c.version.desc())
            .limit(1)
        )
        if version is not None:
            query = query.where(page_versions.c.version == version)
        rows = await self._rows(query)
        if not rows:
            named = f"{id} ({language})" + (f" version {version}" if version else "")
            raise NotFound(f"there is no page {named}")
        return as_version(rows[0]).page

    async def history(self, id: str, language: str) -> list[PageVersion]:
        """Every version of a page, newest first; empty when there is no such page."""
        query = (
            select(page_versions)
            .where(is_page(id, language))
            .order_by(page_versions.c.version.desc())
        )
        return [as_version(row) for row in await self._rows(query)]

    async def newest_version(self, id: str, language: str) -> int:
        """Number of a page's newest version; 0 when there is no such page."""
        rows = await self._rows(
            select(func.max(page_versions.c.version)).where(is_page(id, language))
        )
        return rows[0][0] or 0

    async def has_content(self, page: Page) -> bool:
        """Whether some version of this page, early or late, holds this content."""
        digest = content_hash(page)
        history = await self.history(page.id, page.language)
        return any(version.content_hash == digest for version in history)

    async def published_version(self, id: str, language: str) -> int | None:
        """Version of the page that customers see; None when it is not published."""
        rows = await self._rows(
            select(publication_pages.c.version).where(
                publication_pages.c.page_id == id,
                publication_pages.c.language == language,
                publication_pages.c.publication == latest_publication(),
            )
        )
        return int(rows[0].version) if rows else None

    async def latest_publication(self) -> int:
        """Number of the latest publication; 0 before the first."""
        rows = await self._rows(select(func.max(publications.c.number)))
        return rows[0][0] or 0

    async def in_force(
        self, id: str, language: str, on: date, *, zone: tzinfo = UTC
    ) -> Page | None:
        """The version of a page in force on a day: see `versions.in_force`.

        None when no published version had taken effect by then.
        """
        return in_force(await self._standings(id, language), on, zone)

    async def stood(
        self, id: str, language: str, version: int
    ) -> tuple[datetime, datetime | None] | None:
        """When a version was last put up, and when it was taken down again.

        The second is None while it stands; None altogether when it never did.
        """
        standings = await self._standings(id, language)
        up = [n for n, each in enumerate(standings) if each.page.version == version]
        if not up:
            return None
        last = up[-1]
        # Published again and again, it has stood since the first of the run.
        first = last
        while first and standings[first - 1].page.version == version:
            first -= 1
        is_last = last == len(standings) - 1
        down = None if is_last else standings[last + 1].published_at
        return standings[first].published_at, down

    async def _standings(self, id: str, language: str) -> list[Standing]:
        rows = await self._rows(
            select(page_versions, publications.c.published_at)
            .join(publication_pages, same_version(publication_pages))
            .join(
                publications, publications.c.number == publication_pages.c.publication
            )
            .where(is_page(id, language))
            .order_by(publications.c.number)
        )
        return [
            Standing(page=as_version(row).page, published_at=row.published_at)
            for row in rows
        ]

    async def record_publication(
        self,
        published: Sequence[Page],
        *,
        author: str,
        restores: int | None = None,
        base: int | None = None,
    ) -> Publication:
        """Record that exactly these page versions are live from now on.

        Args:
            published: The pages, each in one language once.
            author: Who published.
            restores: Number of the publication that is brought back.
            base: Number of the latest publication when the work on this one began;
                None to record it whatever came between.

        Returns:
            The publication that is now the latest. When the latest one already holds
            the same versions it is returned and nothing is recorded.

        Raises:
            Conflict: `base` is no longer the latest, which holds other versions.
        """
        wanted = {(page.id, page.language): page.version for page in published}
        async with writing(self._engine) as connection:
            latest = (
                await connection.execute(publications_newest_first().limit(1))
            ).first()
            if latest is not None:
                if await versions_of(connection, latest.number) == wanted:
                    return as_publication(latest)
                if base is not None and base != latest.number:
                    raise Conflict(
                        f"publication {latest.number} was made in the meantime,"
                        f" expected {base} to be the latest"
                    )
            made = Publication(
                number=latest.number + 1 if latest is not None else 1,
                author=author,
                published_at=self._clock(),
                restores=restores,
                n_pages=len(wanted),
            )
            await insert_publication(connection, made, wanted)
        return made

    async def publications(self, limit: int = 50) -> list[Publication]:
        """What was published, newest first."""
        rows = await self._rows(publications_newest_first().limit(limit))
        return [as_publication(row) for row in rows]

    async def published_pages(self, number: int | None = None) -> list[Page]:
        """The pages of a publication, by default of the latest; empty before any.

        Raises:
            NotFound: There is no publication with this number.
        """
        which = latest_publication() if number is None else number
        if number is not None and not await self._rows(
            select(publications.c.number).where(publications.c.number == number)
        ):
            raise NotFound(f"there is no publication {number}")
        query = (
            select(page_versions)
            .join(publication_pages, same_version(publication_pages))
            .where(publication_pages.c.publication == which)
            .order_by(page_versions.c.language, page_versions.c.page_id)
        )
        return [as_version(row).page for row in await self._rows(query)]

    async def record_gap(
        self,
        question: str,
        *,
        language: str,
        reason: GapReason,
        confidence: float | None = None,
        answer: str | None = None,
    ) -> None:
        """Remember a question that nothing answered, or whose answer did not help.

        Args:
            question: With card and identity numbers already masked.
            language: Of the question.
            reason: `unanswered`, or `unhelpful` when the customer said so.
            confidence: Of the best answer, 0 to 1, when there was one.
            answer: Id of the answer that did not help, which counts once.
        """
        async with writing(self._engine) as connection:
            known = select(gaps.c.id).where(gaps.c.answer == answer)
            if answer is not None and await connection.scalar(known) is not None:
                return
            await connection.execute(
                insert(gaps).values(
                    question=question.strip(),
                    question_key=question_key(question),
                    language=language,
                    reason=reason,
                    confidence=confidence,
                    answer=answer,
                    asked_at=self._clock(),
                )
            )

    async def take_back_gap(self, answer: str) -> None:
        """An answer helped after all; what editors have settled stays settled."""
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(gaps).where(gaps.c.answer == answer, gaps.c.settled_at.is_(None))
            )

    async def gaps(self, language: str | None = None, limit: int = 200) -> list[Gap]:
        """Gaps not yet settled, most often asked first."""
        query = unsettled_gaps(language).limit(limit)
        return [Gap(**row._mapping) for row in await self._rows(query)]

    async def settle_gap(self, question: str, *, language: str) -> None:
        """Take a question off the list: a page answers it now, or none should."""
        async with writing(self._engine) as connection:
            await connection.execute(
                update(gaps)
                .where(
                    gaps.c.question_key == question_key(question),
                    gaps.c.language == language,
                    gaps.c.settled_at.is_(None),
                )
                .values(settled_at=self._clock())
            )

    async def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        async with reading(self._engine) as connection:
            rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
        return rows
