"""The queries that the page store is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, insert, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge.tables import (
    page_versions,
    page_withdrawals,
    pages,
    publication_pages,
    publications,
)
from knowledge.versions import Publication


async def claim(
    connection: AsyncConnection, id: str, language: str, now: datetime
) -> None:
    """Create the page if need be and hold its row, so that savers take turns."""
    hold = (
        select(pages.c.id)
        .where(pages.c.id == id, pages.c.language == language)
        .with_for_update()
    )
    if (await connection.execute(hold)).first() is None:
        try:
            async with connection.begin_nested():
                await connection.execute(
                    insert(pages).values(id=id, language=language, created_at=now)
                )
        except IntegrityError:
            await connection.execute(hold)


def is_page(id: str, language: str) -> ColumnElement[bool]:
    return and_(page_versions.c.page_id == id, page_versions.c.language == language)


def is_version_of(versions: Sequence[tuple[str, str, int]]) -> ColumnElement[bool]:
    """Whether it is one of these: id, language and version of each."""
    columns = page_versions.c
    return tuple_(columns.page_id, columns.language, columns.version).in_(versions)


def same_page(other: Any) -> ColumnElement[bool]:
    return and_(
        other.c.page_id == page_versions.c.page_id,
        other.c.language == page_versions.c.language,
    )


def same_version(other: Any) -> ColumnElement[bool]:
    return and_(same_page(other), other.c.version == page_versions.c.version)


def withdrawn_versions() -> Any:
    """By page, the newest version when it was last taken down."""
    return (
        select(
            page_withdrawals.c.page_id,
            page_withdrawals.c.language,
            func.max(page_withdrawals.c.newest).label("version"),
        )
        .group_by(page_withdrawals.c.page_id, page_withdrawals.c.language)
        .subquery()
    )


def latest_publication() -> Any:
    return select(func.max(publications.c.number)).scalar_subquery()


def publications_newest_first() -> Select[Any]:
    n_pages = (
        select(func.count())
        .where(publication_pages.c.publication == publications.c.number)
        .scalar_subquery()
        .label("n_pages")
    )
    return select(publications, n_pages).order_by(publications.c.number.desc())


async def versions_of(
    connection: AsyncConnection, publication: int
) -> dict[tuple[str, str], int]:
    """What is live with a publication: versions by page and language."""
    rows = await connection.execute(
        select(publication_pages).where(publication_pages.c.publication == publication)
    )
    return {(row.page_id, row.language): row.version for row in rows}


async def insert_publication(
    connection: AsyncConnection,
    made: Publication,
    versions: Mapping[tuple[str, str], int],
) -> None:
    """Record a publication with its versions by page and language."""
    await connection.execute(
        insert(publications).values(
            number=made.number,
            author=made.author,
            published_at=made.published_at,
            restores=made.restores,
        )
    )
    rows = [
        {
            "publication": made.number,
            "page_id": id,
            "language": language,
            "version": version,
        }
        for (id, language), version in versions.items()
    ]
    if rows:
        await connection.execute(insert(publication_pages), rows)
