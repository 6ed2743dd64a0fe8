"""A customer of a running counter, who talks through the public API only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import aiohttp

from knowledge.errors import Unavailable


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What the counter answered to one turn.

    Attributes:
        status: HTTP status; messages are empty unless it is 200.
        problem: Title of the problem document where there is one.
    """

    messages: list[dict[str, Any]] = field(default_factory=list)
    language: str = ""
    stage: str | None = None
    route: str | None = None
    status: int = 200
    problem: str | None = None

    @property
    def choices(self) -> list[dict[str, str]]:
        """What is offered to press, over all messages of the turn."""
        return [choice for each in self.messages for choice in each["choices"]]


class Visitor:
    """One conversation; `open` before anything is said."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._address = f"{address}/api/v1/conversations"
        self._token = ""
        self.conversation = ""

    async def open(self, language: str | None = None) -> Heard:
        """Begin the conversation.

        Raises:
            Unavailable: The counter refuses.
        """
        body = {"language": language} if language else {}
        async with self._session.post(self._address, json=body) as response:
            if response.status != 201:
                raise Unavailable(f"no conversation: HTTP {response.status}")
            opened = await response.json()
        self.conversation, self._token = opened["conversation"], opened["token"]
        return Heard(messages=opened["messages"], language=opened["language"])

    async def say(self, text: str) -> Heard:
        """Say `text`, exactly as it stands."""
        return await self._post({"text": text})

    async def choose(self, payload: str) -> Heard:
        """Press a choice that was offered."""
        return await self._post({"choice": payload})

    async def _post(self, body: dict[str, str]) -> Heard:
        async with self._session.post(
            f"{self._address}/{self.conversation}/messages",
            json=body,
            headers={"Authorization": f"Bearer {self._token}"},
        ) as response:
            answered = await response.json(content_type=None)
            if response.status != 200:
                return Heard(status=response.status, problem=answered.get("title"))
            return Heard(
                messages=answered["messages"],
                language=answered["language"],
                stage=answered["stage"],
                route=answered["route"],
            )
