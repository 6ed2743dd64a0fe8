"""The rooms of staff, joined to the application: desk and console."""

from __future__ import annotations

import asyncio

from aiohttp import web

import actions.delivery.api
import actions.delivery.views
import actions.desk.api
import actions.desk.case_page
import actions.desk.downloads
import actions.desk.hold_pages
import actions.desk.live_pages
import actions.desk.template_pages
import actions.desk.views
import actions.reports.views
import knowledge.console.api
import knowledge.console.editor
import knowledge.console.history
import knowledge.console.imports
import knowledge.console.publications
import knowledge.console.views
import knowledge.console.withdrawing
from actions.cases.case import Verdict
from actions.cases.dossier import Dossiers
from actions.classification.observing import StoredObservation
from actions.desk.answer_templates import Filler, load_templates
from actions.desk.answering import Answering
from actions.desk.judging import Judge
from actions.desk.live import Live
from actions.desk.parts import DESK, Desk
from actions.desk.presence import Presence
from actions.desk.queue import Queue
from actions.desk.reads import CaseReads
from actions.desk.related import RelatedCases
from actions.desk.template_store import AnswerTemplates
from actions.reports.figures import Reports
from actions.reports.views import REPORTS, ReportRoom
from bot import keys
from bot.console_room import make_console
from bot.keys import Parts
from knowledge.console.parts import CONSOLE
from knowledge.workplace import STATIC, WORKPLACE, Workplace, load_staff_texts

# Surer than this, an agent is warned before answering in another language.
SURE_OF_LANGUAGE = 0.95


def add_rooms(app: web.Application) -> None:
    """Add the routes; their parts are opened with `open_rooms`."""
    for module in (
        actions.delivery.api,
        actions.delivery.views,
        actions.desk.api,
        actions.desk.case_page,
        actions.desk.downloads,
        actions.desk.hold_pages,
        actions.desk.live_pages,
        actions.desk.template_pages,
        actions.desk.views,
        actions.reports.views,
        knowledge.console.api,
        knowledge.console.editor,
        knowledge.console.history,
        knowledge.console.imports,
        knowledge.console.publications,
        knowledge.console.views,
        knowledge.console.withdrawing,
    ):
        app.add_routes(module.routes)
    app.router.add_static("/staff", STATIC)


def open_rooms(app: web.Application, parts: Parts) -> None:
    """Give the rooms their parts, when the application starts."""

    async def observe(text: str, language: str) -> StoredObservation:
        read = parts.classifier.observer.stored
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(parts.executor, read, text, language)

    async def classify(text: str, language: str) -> Verdict:
        judge = parts.classifier.classify
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(parts.executor, judge, text, language)

    def identify(text: str) -> str | None:
        found = parts.languages.identify(text)
        is_sure = found.confidence >= SURE_OF_LANGUAGE and not found.is_requested
        return found.tag if is_sure else None

    app[WORKPLACE] = Workplace(
        texts=load_staff_texts(parts.settings.data_dir),
        zone=parts.operator.zone,
        clock=parts.clock,
        operator_name=parts.operator.name,
        languages=tuple(parts.operator.languages),
        is_https=parts.settings.is_https,
        style=parts.operator.style,
    )
    app[DESK] = Desk(
        archive=parts.archive,
        attachments=parts.attachments,
        dossiers=Dossiers(
            parts.engine,
            parts.archive,
            parts.attachments,
            parts.texts,
            parts.operator,
            parts.clock,
            parts.settings.address,
        ),
        executor=parts.executor,
        queue=Queue(parts.engine, parts.clock),
        announce=parts.events.publish,
        observe=observe,
        judge=Judge(classify),
        answering=Answering(parts.engine, parts.archive),
        templates=AnswerTemplates(
            parts.engine,
            parts.clock,
            load_templates(parts.settings.data_dir, parts.operator.style),
            Filler(
                operator_name=parts.operator.name,
                zone=parts.operator.zone,
                style=parts.operator.style,
            ),
        ),
        identify=identify,
        related=RelatedCases(parts.engine, parts.archive),
        reads=CaseReads(parts.engine, parts.clock),
        live=Live(parts.engine, parts.clock, app[keys.CONVERSATIONS]),
        presence=Presence(parts.engine, parts.clock),
    )
    app[REPORTS] = ReportRoom(reports=Reports(parts.engine), executor=parts.executor)
    app[CONSOLE] = make_console(parts)
