"""The client against a server that speaks Rasa's REST channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.dialogue.rasa import RasaClient
from bot.tokens import internal_token
from knowledge.errors import AssistantUnavailable

TRACKER = {
    "latest_message": {"intent": {"name": "ask_question"}},
    "active_loop": {"name": "case_form"},
    "slots": {"language": "sv"},
}


class Rasa:
    """Says what it is told to say, and keeps what it heard."""

    def __init__(self) -> None:
        self.says: Any = [{"recipient_id": "c", "text": "Hej"}]
        self.status = 200
        self.delay_seconds = 0.0
        self.heard: list[Any] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/webhooks/rest/webhook", self.webhook)
        app.router.add_get("/conversations/{id}/tracker", self.tracker)
        app.router.add_post("/model/parse", self.parse)
        app.router.add_get("/status", self.tell)
        return app

    async def webhook(self, request: web.Request) -> web.Response:
        self.heard.append(await request.json())
        await asyncio.sleep(self.delay_seconds)
        return web.json_response(self.says, status=self.status)

    async def tracker(self, request: web.Request) -> web.Response:
        assert request.query["include_events"] == "NONE"
        assert request.query["token"] == "secret"
        return web.json_response(TRACKER)

    async def parse(self, request: web.Request) -> web.Response:
        assert await request.json() == {"text": "Jag orkar inte mer"}
        intent = {"name": "crisis", "confidence": 0.9}
        return web.json_response({"intent": intent}, status=self.status)

    async def tell(self, request: web.Request) -> web.Response:
        return web.json_response({"model_file": "m.tar.gz"})


@pytest.fixture
def rasa() -> Rasa:
    return Rasa()


@pytest.fixture
async def client(
    rasa: Rasa, aiohttp_server: Callable[..., Awaitable[TestServer]]
) -> AsyncIterator[RasaClient]:
    server = await aiohttp_server(rasa.app())
    async with aiohttp.ClientSession() as session:
        yield RasaClient(
            session, str(server.make_url("/")), token="secret", timeout_seconds=0.3
        )


async def test_the_utterance_goes_with_its_metadata(
    rasa: Rasa, client: RasaClient
) -> None:
    await client.turn("c", "Hej", {"language": "sv"})

    assert rasa.heard == [
        {"sender": "c", "message": "Hej", "metadata": {"language": "sv"}}
    ]


async def test_custom_json_belongs_to_the_text_before_it(
    rasa: Rasa, client: RasaClient
) -> None:
    rasa.says = [
        {"text": "Svar", "buttons": [{"title": "Ja", "payload": "/affirm", "x": 1}]},
        {"custom": {"route": "faq"}},
        {"text": "Mer"},
    ]

    turn = await client.turn("c", "Hej", {})

    assert [(each.text, each.custom) for each in turn.replies] == [
        ("Svar", {"route": "faq"}),
        ("Mer", {}),
    ]
    assert turn.replies[0].choices == [{"title": "Ja", "payload": "/affirm"}]


async def test_the_tracker_tells_intent_form_and_slots(client: RasaClient) -> None:
    turn = await client.turn("c", "Hej", {})

    assert (turn.intent, turn.form) == ("ask_question", "case_form")
    assert turn.slots == {"language": "sv"}


async def test_an_intent_is_asked_for_without_saying_anything(
    rasa: Rasa, client: RasaClient
) -> None:
    assert await client.intent("Jag orkar inte mer") == ("crisis", 0.9)
    assert rasa.heard == []


async def test_an_intent_of_a_rasa_in_trouble_is_unavailable(
    rasa: Rasa, client: RasaClient
) -> None:
    rasa.status = 500

    with pytest.raises(AssistantUnavailable):
        await client.intent("Jag orkar inte mer")


@pytest.mark.parametrize("says", [[], [{"custom": {}}], "nonsense", {"status": "x"}])
async def test_an_empty_or_strange_reply_is_unavailable(
    rasa: Rasa, client: RasaClient, says: Any
) -> None:
    rasa.says = says

    with pytest.raises(AssistantUnavailable):
        await client.turn("c", "Hej", {})


async def test_an_error_of_rasa_is_unavailable(rasa: Rasa, client: RasaClient) -> None:
    rasa.status = 500

    with pytest.raises(AssistantUnavailable):
        await client.turn("c", "Hej", {})


async def test_a_slow_rasa_is_unavailable(rasa: Rasa, client: RasaClient) -> None:
    rasa.delay_seconds = 1

    with pytest.raises(AssistantUnavailable, match="TimeoutError"):
        await client.turn("c", "Hej", {})


async def test_a_rasa_that_is_away_is_unavailable_and_not_ready() -> None:
    async with aiohttp.ClientSession() as session:
        client = RasaClient(
            session, "http://127.0.0.1:1", token="secret", timeout_seconds=1
        )

        with pytest.raises(AssistantUnavailable):
            await client.turn("c", "Hej", {})
        assert not await client.is_ready()


async def test_rasa_with_a_model_is_ready(client: RasaClient) -> None:
    assert await client.is_ready()


def test_the_internal_token_is_made_once_and_kept_private(tmp_path: Path) -> None:
    token = internal_token(tmp_path)

    assert internal_token(tmp_path) == token
    assert (tmp_path / "rasa" / "token").stat().st_mode & 0o777 == 0o600
