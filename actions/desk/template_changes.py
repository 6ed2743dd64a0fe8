"""What editors did to the templates of answers, for the page of all changes."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.desk.tables import answer_templates
from knowledge.changes import Change, Kind, Wanted, narrowed
from knowledge.database import reading

_table = answer_templates
_KINDS: dict[str, Kind] = {
    "edited": "template_edited",
    "restored": "template_restored",
    "withdrawn": "template_withdrawn",
}


class TemplateChanges:
    """Reads the versions of templates. All methods raise ArchiveUnavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def newest(self, wanted: Wanted, limit: int) -> list[Change]:
        """The newest versions that are wanted; none where a page is."""
        if wanted.page:
            return []
        query = narrowed(select(_table), _table, _table.c.saved_at, wanted, limit)
        async with reading(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        return [
            Change(
                kind=_KINDS[row.deed],
                at=row.saved_at,
                author=row.author,
                page_id=row.template_id,
                language=row.language,
                title=row.title,
                version=row.version,
            )
            for row in rows
        ]

    async def authors(self) -> list[str]:
        """Everybody who ever changed a template."""
        async with reading(self._engine) as connection:
            query = select(_table.c.author).distinct()
            return list((await connection.scalars(query)).all())
