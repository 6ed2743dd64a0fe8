"""What the desk works with, and where its handlers find it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Protocol, cast

from aiohttp import web

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments
from actions.cases.dossier import Dossiers
from actions.classification.observing import StoredObservation
from actions.desk.answering import Answering
from actions.desk.composing import Identify
from actions.desk.judging import Judge
from actions.desk.live import Live
from actions.desk.presence import Presence
from actions.desk.queue import Queue
from actions.desk.reads import CaseReads, What
from actions.desk.related import RelatedCases
from actions.desk.template_store import AnswerTemplates
from knowledge.errors import NotAllowed
from knowledge.workplace import STAFF

Announce = Callable[[str, dict[str, Any]], Awaitable[None]]
Observe = Callable[[str, str], Awaitable[StoredObservation]]


class Agent(Protocol):
    """Who is signed in: `request[STAFF]`."""

    @property
    def name(self) -> str: ...

    @property
    def email(self) -> str: ...

    def can_lead(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The desk's parts.

    Attributes:
        executor: For work that keeps a processor busy: setting a dossier.
        announce: Tells whoever watches a conversation of a new message in it.
        observe: Reads a text with its language as the classifier does.
        identify: Tells the language of a text, or None where it is not sure.
        judge: Says what a case is, and by which of its sentences.
    """

    archive: Archive
    attachments: Attachments
    dossiers: Dossiers
    executor: Executor
    queue: Queue
    announce: Announce
    observe: Observe
    judge: Judge
    answering: Answering
    templates: AnswerTemplates
    identify: Identify
    related: RelatedCases
    reads: CaseReads
    live: Live
    presence: Presence


DESK = web.AppKey("desk", Desk)
# Changes of a case that leads alone may make.
_FOR_LEADS = frozenset({"hold", "release"})


def staff_of(request: web.Request) -> Agent:
    """The person who is signed in."""
    return cast(Agent, request[STAFF])


def agent_of(request: web.Request) -> str:
    """How history and assignment name the person who is signed in."""
    return staff_of(request).email


def check_rights(request: web.Request, change: str) -> None:
    """Let only leads place and end legal holds.

    Raises:
        NotAllowed: Somebody else tries to.
    """
    if change in _FOR_LEADS and not staff_of(request).can_lead():
        raise NotAllowed("only leads place and end legal holds")


async def log_read(request: web.Request, what: What) -> str:
    """Write down that the request's case is read; gives its reference."""
    reference = request.match_info["reference"]
    await request.app[DESK].reads.record(reference, agent_of(request), what)
    return reference
