"""What the console works with, and where its handlers find it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

from aiohttp import web

from knowledge.changes import Changes
from knowledge.console.work import Workshop
from knowledge.contradictions import Reader as FigureReader
from knowledge.gaps import GapFinder
from knowledge.importing import Reader
from knowledge.publishing import Publisher
from knowledge.rehearsing import Rehearsals
from knowledge.scheduling import Schedule
from knowledge.store import PageStore
from knowledge.withdrawals import Withdrawals
from knowledge.workplace import STAFF


class Editor(Protocol):
    """Who is signed in: `request[STAFF]`."""

    @property
    def name(self) -> str: ...

    @property
    def email(self) -> str: ...


async def no_names() -> Mapping[str, str]:
    """Nobody is known by name."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Console:
    """The console's parts.

    Attributes:
        reader: How pages are read that are in the language named, or in any.
        identify: Tells the language of a question.
        names: Of staff, by the e-mail address that versions bear.
        is_private_allowed: Imports may read from addresses of our own network.
        readers: By language, what finds translations that contradict each other.
    """

    store: PageStore
    publisher: Publisher
    gaps: GapFinder
    rehearsals: Rehearsals
    schedule: Schedule
    withdrawals: Withdrawals
    changes: Changes
    workshop: Workshop
    reader: Callable[[str | None], Reader]
    identify: Callable[[str], str | None]
    names: Callable[[], Awaitable[Mapping[str, str]]] = no_names
    is_private_allowed: bool = False
    readers: Mapping[str, FigureReader] = field(default_factory=dict)


CONSOLE = web.AppKey("console", Console)


def author_of(request: web.Request) -> str:
    """How versions and publications name the person who is signed in."""
    return cast(Editor, request[STAFF]).email
