"""What the console works with, and where its handlers find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

from aiohttp import web

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
    """The console's parts."""

    store: PageStore
    publisher: Publisher


CONSOLE = web.AppKey("console", Console)


def author_of(request: web.Request) -> str:
    """How versions and publications name the person who is signed in."""
    return cast(Editor, request[STAFF]).email
