"""A conversation in the terminal, through the same API as the widget."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from rich.console import Console

from knowledge.errors import AssistantUnavailable

console = Console(highlight=False)


async def talk(address: str, language: str | None) -> None:
    """Talk to the counter at `address` until end of input.

    Raises:
        AssistantUnavailable: Nothing listens there.
    """
    async with aiohttp.ClientSession(f"{address}/api/v1/") as session:
        try:
            opened = await _post(session, "conversations", {"language": language})
        except aiohttp.ClientConnectionError as exc:
            raise AssistantUnavailable(
                f"no counter answers at {address}; start one with `guichet up`"
            ) from exc
        session.headers["Authorization"] = f"Bearer {opened['token']}"
        path = f"conversations/{opened['conversation']}/messages"
        choices = _show(opened["messages"])
        while (text := await _ask()) is not None:
            chosen = text.isdigit() and 0 < int(text) <= len(choices)
            body = {"choice": choices[int(text) - 1]} if chosen else {"text": text}
            answer = await _post(session, path, body)
            choices = _show(answer.get("messages", [])) or choices
            if "detail" in answer:
                console.print(f"[red]{answer['detail']}[/red]")


async def _ask() -> str | None:
    try:
        return await asyncio.to_thread(input, "> ")
    except EOFError:
        return None


async def _post(
    session: aiohttp.ClientSession, path: str, body: dict[str, Any]
) -> dict[str, Any]:
    async with session.post(path, json=body) as response:
        answer: dict[str, Any] = await response.json(content_type=None)
        return answer


def _show(messages: list[dict[str, Any]]) -> list[str]:
    """Print messages with numbered choices; give the payloads of the choices."""
    choices: list[str] = []
    for message in messages:
        console.print(message["text"], markup=False)
        for citation in message["citations"]:
            console.print(f"  [{citation['title']}] {citation['url']}", markup=False)
        for choice in message["choices"]:
            choices.append(choice["payload"])
            console.print(f"  {len(choices)}. {choice['title']}", markup=False)
    return choices
