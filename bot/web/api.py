"""The customer API over HTTP: conversations, their messages, feedback, live events."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any, Literal

import msgspec
from aiohttp import WSMsgType, web

from actions.cases.case import message_as_json
from actions.cases.channel import Channel
from actions.cases.transcripts import Conversation
from bot import keys
from bot.conversations import Answered
from bot.dialogue.utterances import Said
from knowledge.bodies import read_body
from knowledge.browser_languages import accepted_languages
from knowledge.errors import BadInput

# A browser cannot set headers on a WebSocket: it sends the token as a second protocol.
PROTOCOL = "guichet"
HEARTBEAT_SECONDS = 25
LONGEST_COMMENT = 2000
LARGEST_SIGNAL = 1024

routes = web.RouteTableDef()


class NewConversation(msgspec.Struct):
    language: str | None = None


class NewMessage(msgspec.Struct):
    text: str | None = None
    choice: str | None = None
    client_message_id: str | None = None


class NewFeedback(msgspec.Struct):
    """On one message, or with `scope` `conversation` on the whole of it."""

    message_id: str | None = None
    helpful: bool | None = None
    comment: str | None = None
    scope: Literal["message", "conversation"] = "message"
    satisfaction: int | None = None


class Signal(msgspec.Struct):
    """What a browser sends over the WebSocket."""

    typing: bool = False


@routes.post("/api/v1/conversations")
async def open_conversation(request: web.Request) -> web.Response:
    wanted = await read_body(request, NewConversation, may_be_empty=True)
    opened = await request.app[keys.CONVERSATIONS].open(
        wanted.language, accepted_languages(request.headers.get("Accept-Language", ""))
    )
    return web.json_response(
        {
            "conversation": opened.conversation,
            "token": opened.token,
            "language": opened.language,
            "messages": [message_as_json(each) for each in opened.messages],
        },
        status=201,
        headers={"Location": f"/api/v1/conversations/{opened.conversation}/messages"},
    )


@routes.post("/api/v1/conversations/{conversation}/messages")
async def post_message(request: web.Request) -> web.Response:
    conversation = (await authenticate(request)).id
    body = await read_body(request, NewMessage)
    check_client_message_id(body.client_message_id)
    # Shielded: a customer who goes away mid-turn finds the reply on coming back.
    answered = await asyncio.shield(
        request.app[keys.CONVERSATIONS].post(
            conversation,
            Said(
                text=body.text,
                choice=body.choice,
                client_message_id=body.client_message_id,
            ),
        )
    )
    return web.json_response(_answer(answered))


@routes.get("/api/v1/conversations/{conversation}/messages")
async def show_messages(request: web.Request) -> web.Response:
    known = await authenticate(request)
    messages = await request.app[keys.PARTS].transcripts.messages(
        known.id, after=request.query.get("after")
    )
    return web.json_response(
        {
            "messages": [message_as_json(each) for each in messages],
            "language": known.language,
            "stage": "handed_over" if known.agent else known.stage,
        },
        headers={"Cache-Control": "no-store"},
    )


@routes.post("/api/v1/conversations/{conversation}/feedback")
async def post_feedback(request: web.Request) -> web.Response:
    conversation = (await authenticate(request)).id
    body = await read_body(request, NewFeedback)
    if body.comment is not None and len(body.comment) > LONGEST_COMMENT:
        raise BadInput(f"comment must be at most {LONGEST_COMMENT} characters")
    parts = request.app[keys.PARTS]
    comment = parts.masker.mask(body.comment).text if body.comment else None
    if body.scope == "conversation":
        if body.satisfaction is None:
            raise BadInput("feedback on a conversation needs satisfaction, 1 to 5")
        channel = Channel(parts.engine, parts.clock)
        await channel.rate(conversation, body.satisfaction, comment)
    else:
        if body.message_id is None or body.helpful is None:
            raise BadInput("feedback on a message needs message_id and helpful")
        await parts.helpfulness.note(
            conversation, body.message_id, body.helpful, comment
        )
    return web.Response(status=204)


@routes.get("/api/v1/conversations/{conversation}/events")
async def watch(request: web.Request) -> web.StreamResponse:
    """A WebSocket that carries each new message of the conversation."""
    conversation = (await authenticate(request)).id
    socket = web.WebSocketResponse(
        protocols=(PROTOCOL,), heartbeat=HEARTBEAT_SECONDS, max_msg_size=LARGEST_SIGNAL
    )
    if not socket.can_prepare(request).ok:
        raise BadInput("expected a WebSocket handshake")
    async with request.app[keys.PARTS].events.watch(conversation) as messages:
        await socket.prepare(request)
        sockets = request.app[keys.SOCKETS]
        sockets.add(socket)

        async def forward() -> None:
            async for message in messages:
                await socket.send_str(json.dumps(message, ensure_ascii=False))

        sender = asyncio.create_task(forward())
        try:
            async for received in socket:
                if received.type is WSMsgType.ERROR:
                    break
                if received.type is WSMsgType.TEXT and _is_typing(received.data):
                    request.app[keys.CONVERSATIONS].note_typing(conversation)
        finally:
            sockets.discard(socket)
            sender.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await sender
    return socket


async def close_sockets(app: web.Application) -> None:
    """Say goodbye to every watcher, so that the process can stop."""
    sockets = app[keys.SOCKETS]
    for socket in list(sockets):
        await socket.close(code=1001)


def check_client_message_id(client_message_id: str | None) -> None:
    """Raise BadInput for an id of an unusable length."""
    if client_message_id is not None and not 1 <= len(client_message_id) <= 128:
        raise BadInput("client_message_id must be 1 to 128 characters")


def _is_typing(signal: str) -> bool:
    try:
        return msgspec.json.decode(signal, type=Signal).typing
    except msgspec.MsgspecError:
        return False  # Of a later widget, or of nobody: never a reason to hang up.


def _answer(answered: Answered) -> dict[str, Any]:
    return {
        "messages": [message_as_json(each) for each in answered.messages],
        "language": answered.language,
        "stage": answered.stage,
        "route": answered.route,
        "message_id": answered.utterance,
    }


async def authenticate(request: web.Request) -> Conversation:
    """The conversation in the path, when the token is its own.

    Raises:
        NotFound: There is no such conversation.
        NotSignedIn: The token is missing, another conversation's or expired.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        protocols = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        token = next(
            (each for each in map(str.strip, protocols) if each != PROTOCOL), ""
        )
    known = await request.app[keys.CONVERSATIONS].authenticate(
        request.match_info["conversation"], token.strip() or None
    )
    request[keys.LANGUAGE] = known.language
    return known
