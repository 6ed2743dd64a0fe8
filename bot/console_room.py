"""The console's parts, joined."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import web
from sqlalchemy import select

from actions.cases.asked_questions import recently_answered
from actions.desk.template_changes import TemplateChanges
from bot.keys import Parts
from bot.page_languages import page_identifier
from bot.tables import staff
from knowledge.changes import Changes
from knowledge.console.imports import Reviewed
from knowledge.console.parts import CONSOLE, Console
from knowledge.console.work import Workshop
from knowledge.contradictions import load_readers
from knowledge.database import reading
from knowledge.gaps import GapFinder
from knowledge.importing import Reader
from knowledge.publishing import Publisher
from knowledge.quality import load_checks
from knowledge.rehearsing import Rehearsals, WhatIf
from knowledge.scheduling import Schedule
from knowledge.withdrawals import Withdrawals


def make_console(parts: Parts) -> Console:
    """The console over the application's parts."""
    settings = parts.settings
    checks = partial(load_checks, settings.data_dir)
    identify = page_identifier(parts.languages)

    def reader(language: str | None) -> Reader:
        return Reader(
            today=parts.clock().astimezone(parts.operator.zone).date(),
            language=language,
            identify=identify,
            prefer=tuple(parts.operator.languages),
        )

    async def names() -> Mapping[str, str]:
        async with reading(parts.engine) as connection:
            rows = await connection.execute(select(staff.c.email, staff.c.name))
            return {row.email: row.name for row in rows}

    return Console(
        store=parts.pages,
        publisher=Publisher(parts.pages, parts.knowledge, settings.state_dir, checks),
        gaps=GapFinder(parts.pages, parts.embedder),
        rehearsals=Rehearsals(
            parts.pages,
            parts.knowledge,
            parts.embedder,
            settings.state_dir,
            checks,
            partial(recently_answered, parts.engine),
        ),
        schedule=Schedule(parts.engine, parts.clock),
        withdrawals=Withdrawals(parts.engine, parts.clock),
        changes=Changes(parts.engine, TemplateChanges(parts.engine)),
        workshop=Workshop(
            parts.engine, parts.clock, {"what_if": WhatIf, "import": Reviewed}
        ),
        reader=reader,
        identify=lambda text: parts.languages.identify(text).tag if text else None,
        names=names,
        is_private_allowed=settings.import_from_private_networks,
        readers=load_readers(settings.data_dir, parts.operator.languages),
    )


@asynccontextmanager
async def open_workshop(app: web.Application) -> AsyncIterator[None]:
    """Stop the work that editors began when the application stops."""
    try:
        yield
    finally:
        await app[CONSOLE].workshop.close()
