"""What the page store hands out: versions of pages, and publications of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import Row

from knowledge.pages import Page


@dataclass(frozen=True, kw_only=True)
class PageVersion:
    """One saved version of a page, and who saved it when."""

    page: Page
    content_hash: str
    author: str
    saved_at: datetime


@dataclass(frozen=True, kw_only=True)
class PageState:
    """The newest version of a page, and the version that customers see.

    Attributes:
        published_version: None when no version is published.
        withdrawn_version: The newest when the page was last taken down; None when it
            never was.
        alike: Of the earlier versions that translations were made from, those in
            which customers read the same as in the newest.
    """

    newest: PageVersion
    published_version: int | None
    withdrawn_version: int | None = None
    alike: frozenset[int] = frozenset()

    @property
    def is_published(self) -> bool:
        """True when customers see the newest version."""
        return self.published_version == self.newest.page.version

    @property
    def is_withdrawn(self) -> bool:
        """True when the page was taken down and nobody has begun it anew."""
        if self.published_version is not None or self.withdrawn_version is None:
            return False
        return self.newest.page.version <= self.withdrawn_version

    @property
    def is_waiting(self) -> bool:
        """True when the newest version waits to be published."""
        return not self.is_published and not self.is_withdrawn

    def is_said_by(self, translation: Page) -> bool:
        """True when a translation was made from what customers read here now."""
        return translation.translates in (self.newest.page.version, *self.alike)


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A set of page versions that went live together.

    Attributes:
        restores: Number of the earlier publication that this one brought back.
    """

    number: int
    author: str
    published_at: datetime
    restores: int | None
    n_pages: int


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A version of a page in a publication, which was live until the next one."""

    page: Page
    published_at: datetime


def in_force(standings: Sequence[Standing], on: date, zone: tzinfo) -> Page | None:
    """The version of a page that was in force on a day.

    That is the one that stood at the end of the day, or, where it was published ahead
    of its time, the last one before it that had taken effect. Where nothing was
    published by then, the first version that says it held already: a page is older
    than its import.

    Args:
        standings: Of one page in one language, in the order of publication.
        on: The civil day.
        zone: Where the day is meant.
    """
    until = datetime.combine(on + timedelta(days=1), time(), tzinfo=zone)
    earlier = [each.page for each in standings if each.published_at < until]
    later = [each.page for each in standings if each.published_at >= until]
    for page in (*reversed(earlier), *later):
        if page.effective_from <= on:
            return page
    return None


def content_hash(page: Page) -> str:
    """SHA-256 of all that an editor can change on `page`: equal means same content."""
    content = [
        page.title,
        page.kind,
        page.url,
        page.effective_from.isoformat(),
        page.translates,
        page.body,
    ]
    return hashlib.sha256(
        json.dumps(content, ensure_ascii=False).encode("utf-8")
    ).hexdigest()


def as_publication(row: Row[Any]) -> Publication:
    """Read a publication from a row of its columns and `n_pages`."""
    return Publication(**row._mapping)


def as_version(row: Row[Any]) -> PageVersion:
    """Read a version from a row of `page_versions`."""
    return PageVersion(
        page=Page(
            id=row.page_id,
            title=row.title,
            kind=row.kind,
            language=row.language,
            url=row.url,
            effective_from=row.effective_from,
            version=row.version,
            translates=row.translates,
            body=row.body,
        ),
        content_hash=row.content_hash,
        author=row.author,
        saved_at=row.created_at,
    )


def as_state(row: Row[Any]) -> PageState:
    """Read a state from a row of `page_versions`, with what became of the page."""
    return PageState(
        newest=as_version(row),
        published_version=row.published_version,
        withdrawn_version=row.withdrawn_version,
    )
