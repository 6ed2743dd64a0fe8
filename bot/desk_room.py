"""The desk's parts, joined."""

from __future__ import annotations

import asyncio

from actions.cases.case import Verdict
from actions.cases.dossier import Dossiers
from actions.classification.observing import StoredObservation
from actions.desk.answer_templates import Filler, load_templates
from actions.desk.answering import Answering
from actions.desk.judging import Judge
from actions.desk.live import Live
from actions.desk.parts import Desk
from actions.desk.presence import Presence
from actions.desk.queue import Queue
from actions.desk.reads import CaseReads
from actions.desk.related import RelatedCases
from actions.desk.template_store import AnswerTemplates
from bot.conversations import Conversations
from bot.keys import Parts

# Surer than this, an agent is warned before answering in another language.
SURE_OF_LANGUAGE = 0.95


def make_desk(parts: Parts, conversations: Conversations) -> Desk:
    """The desk over the application's parts."""

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

    return Desk(
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
        live=Live(parts.engine, parts.clock, conversations),
        presence=Presence(parts.engine, parts.clock),
    )
