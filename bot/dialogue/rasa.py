"""Talking with the Rasa server: one utterance in, what the assistant says out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp

from knowledge.errors import AssistantUnavailable


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One thing the assistant says.

    Attributes:
        choices: Buttons, each `{"title", "payload"}`.
        custom: What the action attached: citations, case, stage.
    """

    text: str
    choices: list[dict[str, str]] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one utterance led to.

    Attributes:
        intent: What the utterance was taken for, in the assistant's own names.
        form: The active form after the turn, or None.
    """

    replies: list[Reply]
    intent: str | None = None
    form: str | None = None
    slots: Mapping[str, Any] = field(default_factory=dict)


# What reading JSON that is not of Rasa's making ends in.
_NOT_RASA = (ValueError, TypeError, KeyError, AttributeError)


class Assistant(Protocol):
    async def turn(
        self, conversation: str, text: str, metadata: Mapping[str, Any]
    ) -> Turn:
        """Say `text` in `conversation`.

        Raises:
            AssistantUnavailable: No answer in time, or an empty one.
        """

    async def intent(self, text: str) -> tuple[str, float]:
        """What `text` would be taken for, and how surely, 0 to 1; nothing is said.

        Raises:
            AssistantUnavailable: No answer in time.
        """

    async def is_ready(self) -> bool:
        """Whether a turn would be answered now."""


class RasaClient:
    """Rasa's REST channel, and its tracker for what the utterance was taken for."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        *,
        token: str,
        timeout_seconds: float,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._token = token
        self._timeout_seconds = timeout_seconds

    async def turn(
        self, conversation: str, text: str, metadata: Mapping[str, Any]
    ) -> Turn:
        utterance = {"sender": conversation, "message": text, "metadata": metadata}
        async with self._answering():
            said = await self._call("POST", "webhooks/rest/webhook", utterance)
            replies = _read_replies(said)
            if not replies:
                # An action raised: Rasa answers `200 []` all the same.
                raise AssistantUnavailable("Rasa gave an empty reply")
            tracker = await self._call(
                "GET", f"conversations/{quote(conversation, safe='')}/tracker"
            )
        return _read_turn(replies, tracker)

    async def intent(self, text: str) -> tuple[str, float]:
        async with self._answering():
            read = await self._call("POST", "model/parse", {"text": text})
            return str(read["intent"]["name"]), float(read["intent"]["confidence"])

    async def is_ready(self) -> bool:
        try:
            async with asyncio.timeout(2):
                status = await self._call("GET", "status")
        except (aiohttp.ClientError, TimeoutError, *_NOT_RASA):
            return False
        return bool(status.get("model_file"))

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        """Turn no answer in time, and what is no answer of Rasa, into our error."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                yield
        except (aiohttp.ClientError, TimeoutError, *_NOT_RASA) as exc:
            raise AssistantUnavailable(
                f"Rasa did not answer: {type(exc).__name__}"
            ) from exc

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        async with self._session.request(
            method,
            f"{self._url}/{path}",
            params={"token": self._token, "include_events": "NONE"},
            json=body,
        ) as response:
            response.raise_for_status()
            return await response.json(content_type=None)


class FakeAssistant:
    """An assistant for tests, which answers with what `script` gives.

    Attributes:
        heard: Every call so far: conversation, text and metadata.
    """

    def __init__(
        self, script: Callable[[str, Mapping[str, Any]], Turn] | None = None
    ) -> None:
        self.heard: list[tuple[str, str, Mapping[str, Any]]] = []
        self.script = script or _echo

    async def turn(
        self, conversation: str, text: str, metadata: Mapping[str, Any]
    ) -> Turn:
        self.heard.append((conversation, text, metadata))
        await asyncio.sleep(0)
        turn = self.script(text, metadata)
        if not turn.replies:
            raise AssistantUnavailable("the script gave an empty reply")
        return turn

    async def intent(self, text: str) -> tuple[str, float]:
        return self.script(text, {}).intent or "nlu_fallback", 1.0

    async def is_ready(self) -> bool:
        return True


def _read_replies(said: list[dict[str, Any]]) -> list[Reply]:
    """Join each text with the custom JSON that follows it."""
    replies: list[Reply] = []
    for item in said:
        if item.get("text"):
            replies.append(
                Reply(
                    text=item["text"],
                    choices=[
                        {"title": button["title"], "payload": button["payload"]}
                        for button in item.get("buttons") or []
                    ],
                )
            )
        if item.get("custom") and replies:
            replies[-1].custom.update(item["custom"])
    return replies


def _read_turn(replies: list[Reply], tracker: dict[str, Any]) -> Turn:
    latest = tracker.get("latest_message") or {}
    return Turn(
        replies=replies,
        intent=(latest.get("intent") or {}).get("name"),
        form=(tracker.get("active_loop") or {}).get("name"),
        slots=tracker.get("slots") or {},
    )


def _echo(text: str, metadata: Mapping[str, Any]) -> Turn:
    return Turn(replies=[Reply(text=f"You said: {text}")], intent="faq")
