"""The parts that `build_app` joins, and where handlers find them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.settings import Settings

if TYPE_CHECKING:
    # For the annotations only: these modules use the keys themselves.
    from actions.cases.archive import Archive
    from actions.cases.attachments import Attachments
    from actions.cases.helpfulness import Helpfulness
    from actions.cases.transcripts import Transcripts
    from actions.classification import Classifier
    from actions.helplines import HelpLines
    from bot.conversations import Conversations
    from bot.dialogue.events import Events
    from bot.dialogue.locks import Locks
    from bot.dialogue.rasa import Assistant
    from bot.dialogue.voice import Voice
    from bot.languages import LanguageIdentifier
    from bot.metrics import Metrics
    from bot.privacy import Masker
    from bot.scheduling.scheduler import Scheduler
    from bot.staff.accounts import Accounts
    from bot.staff.second_factor import SecondFactor
    from bot.staff.sessions import Sessions
    from bot.staff.single_sign_on import SingleSignOn
    from bot.texts import Texts
    from bot.web.limits import RateLimits
    from knowledge.answers import Knowledge
    from knowledge.embedding import Embedder
    from knowledge.operator import Operator
    from knowledge.store import PageStore


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything that handlers need, opened before the first request.

    Attributes:
        single_sign_on: None where the company has no OpenID provider.
        executor: For work that keeps a processor busy: embedding, search, hashing.
    """

    settings: Settings
    clock: Callable[[], datetime]
    operator: Operator
    texts: Texts
    archive: Archive
    transcripts: Transcripts
    helpfulness: Helpfulness
    attachments: Attachments
    pages: PageStore
    knowledge: Knowledge
    classifier: Classifier
    languages: LanguageIdentifier
    masker: Masker
    help_lines: HelpLines
    assistant: Assistant
    events: Events
    locks: Locks
    limits: RateLimits
    accounts: Accounts
    sessions: Sessions
    second_factor: SecondFactor
    single_sign_on: SingleSignOn | None
    engine: AsyncEngine
    embedder: Embedder
    executor: Executor


PARTS = web.AppKey("parts", Parts)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
# The language to answer this request in, once it is known better than by the browser.
LANGUAGE = web.RequestKey("language", str)
# Open WebSockets, to be closed before the process stops.
SOCKETS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("sockets")
VOICE: web.AppKey[Voice] = web.AppKey("voice")
CONVERSATIONS: web.AppKey[Conversations] = web.AppKey("conversations")
SCHEDULER: web.AppKey[Scheduler] = web.AppKey("scheduler")
