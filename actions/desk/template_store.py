"""Templates as editors have changed them, over those that are shipped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Select, and_, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.case import Case
from actions.desk.answer_templates import Filler, Template
from actions.desk.tables import answer_templates
from knowledge.database import reading, writing
from knowledge.errors import Conflict, NotFound

# What a version made of a template: other words, the shipped ones again, or nothing.
Deed = Literal["edited", "restored", "withdrawn"]
_table = answer_templates


@dataclass(frozen=True, kw_only=True)
class TemplateVersion:
    """One saved version of a template in one language, and who saved it when."""

    template: Template
    language: str
    version: int
    deed: Deed
    author: str
    saved_at: datetime


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A template as it stands in one language.

    Attributes:
        shipped: As it comes with the operator's files; None for an editor's own.
        newest: The last version that was saved; None where nobody ever did.
    """

    language: str
    shipped: Template | None
    newest: TemplateVersion | None

    @property
    def template(self) -> Template | None:
        """What the desk offers; None for nothing."""
        if self.newest is None or self.newest.deed == "restored":
            return self.shipped
        return self.newest.template if self.newest.deed == "edited" else None

    @property
    def last(self) -> Template:
        """What the desk offers, or offered last."""
        found = self.template or (self.newest.template if self.newest else None)
        assert found is not None
        return found

    @property
    def version(self) -> int:
        """0 where nobody ever changed it."""
        return self.newest.version if self.newest else 0

    @property
    def is_edited(self) -> bool:
        return self.newest is not None and self.newest.deed == "edited"


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A template as the composer offers it for a case: `text` is filled in."""

    id: str
    purpose: str
    title: str
    text: str


class AnswerTemplates:
    """Every template; versions are never changed or removed."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], datetime],
        shipped: Mapping[str, Sequence[Template]],
        filler: Filler,
    ) -> None:
        self._engine, self._clock, self._shipped = engine, clock, shipped
        self.filler = filler

    async def offered(self, case: Case, interface_language: str) -> list[Offered]:
        """Those in the customer's language, titled in the agent's where that is known.

        Without templates in a language there are none.
        """
        standing = await self.standing([case.language, interface_language])
        titles = {
            each.template.id: each.template.title
            for each in standing[interface_language]
            if each.template
        }
        return [
            Offered(
                id=each.template.id,
                purpose=each.template.purpose,
                title=titles.get(each.template.id, each.template.title),
                text=self.filler.fill(each.template.text, case),
            )
            for each in standing[case.language]
            if each.template
        ]

    async def standing(
        self, languages: Sequence[str]
    ) -> Mapping[str, Sequence[Standing]]:
        """By language, every template: the shipped ones in their order, then others."""
        newest = await self._newest(languages)
        found = {}
        for language in languages:
            shipped = {each.id: each for each in self._shipped.get(language, ())}
            others = sorted(id for tag, id in newest if tag == language)
            found[language] = [
                Standing(
                    language=language,
                    shipped=shipped.get(id),
                    newest=newest.get((language, id)),
                )
                for id in dict.fromkeys([*shipped, *others])
            ]
        return found

    async def one(self, id: str, language: str) -> Standing | None:
        """A template in one language; None where it was never written in it."""
        standing = (await self.standing([language]))[language]
        return next((each for each in standing if each.last.id == id), None)

    async def history(self, id: str, language: str) -> list[TemplateVersion]:
        """Every version of a template, newest first."""
        query = (
            select(_table)
            .where(_table.c.template_id == id, _table.c.language == language)
            .order_by(_table.c.version.desc())
        )
        return await self._read(query)

    async def save(
        self, template: Template, language: str, *, author: str, base_version: int
    ) -> TemplateVersion | None:
        """Save other words; None when nothing differs from what stands.

        Args:
            template: Without faults.
            language: Of its words.
            author: Who wrote it.
            base_version: The version that the editor saw; 0 for none.

        Raises:
            Conflict: `base_version` is no longer the newest.
        """
        standing = await self.one(template.id, language)
        if standing and standing.template == template:
            return None
        return await self._add(template, language, "edited", author, base_version)

    async def restore(
        self, id: str, language: str, *, author: str, base_version: int
    ) -> TemplateVersion:
        """Go back to the words that were shipped.

        Raises:
            NotFound: None were.
            Conflict: `base_version` is no longer the newest.
        """
        standing = await self.one(id, language)
        if standing is None or standing.shipped is None:
            raise NotFound(f"no template {id} ({language}) is shipped")
        return await self._add(
            standing.shipped, language, "restored", author, base_version
        )

    async def withdraw(
        self, id: str, language: str, *, author: str, base_version: int
    ) -> TemplateVersion:
        """Offer it no longer in this language.

        Raises:
            NotFound: There is no such template.
            Conflict: `base_version` is no longer the newest.
        """
        standing = await self.one(id, language)
        if standing is None:
            raise NotFound(f"there is no template {id} ({language})")
        return await self._add(
            standing.last, language, "withdrawn", author, base_version
        )

    async def _add(
        self,
        template: Template,
        language: str,
        deed: Deed,
        author: str,
        base_version: int,
    ) -> TemplateVersion:
        saved = TemplateVersion(
            template=template,
            language=language,
            version=base_version + 1,
            deed=deed,
            author=author,
            saved_at=self._clock(),
        )
        stale = Conflict(f"template {template.id} ({language}) was changed meanwhile")
        if base_version and not await self._has(template.id, language, base_version):
            raise stale
        try:
            async with writing(self._engine) as connection:
                # Two who saw the same version cannot both have the next number.
                await connection.execute(insert(_table).values(**_columns(saved)))
        except IntegrityError as exc:
            raise stale from exc
        return saved

    async def _has(self, id: str, language: str, version: int) -> bool:
        return any(each.version == version for each in await self.history(id, language))

    async def _newest(
        self, languages: Sequence[str]
    ) -> dict[tuple[str, str], TemplateVersion]:
        last = (
            select(
                _table.c.template_id,
                _table.c.language,
                func.max(_table.c.version).label("version"),
            )
            .where(_table.c.language.in_(set(languages)))
            .group_by(_table.c.template_id, _table.c.language)
            .subquery()
        )
        query = select(_table).join(
            last,
            and_(
                last.c.template_id == _table.c.template_id,
                last.c.language == _table.c.language,
                last.c.version == _table.c.version,
            ),
        )
        found = await self._read(query)
        return {(each.language, each.template.id): each for each in found}

    async def _read(self, query: Select[tuple[object, ...]]) -> list[TemplateVersion]:
        async with reading(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        return [
            TemplateVersion(
                template=Template(
                    id=row.template_id,
                    purpose=row.purpose,
                    title=row.title,
                    text=row.text,
                ),
                language=row.language,
                version=row.version,
                deed=row.deed,
                author=row.author,
                saved_at=row.saved_at,
            )
            for row in rows
        ]


def _columns(saved: TemplateVersion) -> dict[str, object]:
    template = saved.template
    return {
        "template_id": template.id,
        "language": saved.language,
        "version": saved.version,
        "purpose": template.purpose,
        "title": template.title,
        "text": template.text,
        "deed": saved.deed,
        "author": saved.author,
        "saved_at": saved.saved_at,
    }
