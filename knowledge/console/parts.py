"""What the console works with, and where its handlers find it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

from aiohttp import web

from knowledge.contradictions import Reader
from knowledge.gaps import GapFinder
from knowledge.publishing import Publisher
from knowledge.store import PageStore
from knowledge.workplace import STAFF


class Editor(Protocol):
    """Who is signed in: `request[STAFF]`."""

    @property
    def name(self) -> str: ...

    @property
    def email(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Console:
    """The console's parts.

    Attributes:
        readers: By language, what finds translations that contradict each other.
    """

    store: PageStore
    publisher: Publisher
    gaps: GapFinder
    readers: Mapping[str, Reader] = field(default_factory=dict)


CONSOLE = web.AppKey("console", Console)


def author_of(request: web.Request) -> str:
    """How versions and publications name the person who is signed in."""
    return cast(Editor, request[STAFF]).email
