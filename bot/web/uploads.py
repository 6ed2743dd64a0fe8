"""Screenshots and PDFs that customers attach to a conversation."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import quote

from aiohttp import web

from actions.cases.case import Message, message_as_json
from actions.cases.files import media_type_of
from actions.cases.transcripts import Conversation
from actions.cases.turns import Turns
from bot import keys
from bot.dialogue import routing
from bot.web.api import authenticate, check_client_message_id
from bot.web.multipart import File, read_form
from knowledge.errors import BadInput, NotFound

FOLDER = "/api/v1/conversations/{conversation}/attachments"

routes = web.RouteTableDef()


@routes.post(FOLDER)
async def attach(request: web.Request) -> web.Response:
    """Keep the files of a form as one message; the same message twice acts once."""
    known = await authenticate(request)
    parts = request.app[keys.PARTS]
    form = await read_form(request, parts.attachments.limits)
    if not form.files:
        raise BadInput("expected a multipart form with at least one file")
    client_message_id = form.fields.get("client_message_id") or None
    check_client_message_id(client_message_id)
    message, replies = await asyncio.shield(
        _attach(request, known.id, form.files, client_message_id)
    )
    return web.json_response(
        {
            "message": message_as_json(message),
            "messages": [message_as_json(each) for each in replies],
        },
        status=201,
    )


@routes.get(f"{FOLDER}/{{attachment}}")
async def download(request: web.Request) -> web.Response:
    """A file of this conversation, with its token; never shown, always saved."""
    known = await authenticate(request)
    store = request.app[keys.PARTS].attachments
    wanted = request.match_info["attachment"]
    if all(each.id != wanted for each in await store.of_conversation(known.id)):
        raise NotFound("no such attachment in this conversation")
    attachment, content = await store.open(wanted)
    name = quote(attachment.name)
    return web.Response(
        body=content,
        content_type=attachment.media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Cache-Control": "private, no-store",
        },
    )


async def _attach(
    request: web.Request,
    conversation: str,
    files: list[File],
    client_message_id: str | None,
) -> tuple[Message, list[Message]]:
    """Store files with the message they make, and say that they arrived."""
    parts, voice = request.app[keys.PARTS], request.app[keys.VOICE]
    turns = Turns(parts.engine)
    async with parts.locks.hold(conversation):
        if client_message_id is not None:
            earlier = await turns.known_as(conversation, client_message_id)
            if earlier is not None:
                return await _find(request, conversation, earlier, turns)
        for file in files:
            media_type_of(file.content)  # All are checked before one is kept.
        known = await parts.transcripts.conversation(conversation)
        if known is None:
            raise NotFound("no such conversation")
        stored = [
            await parts.attachments.store(
                conversation, parts.masker.mask(file.name).text, file.content
            )
            for file in files
        ]
        names = ", ".join(each.name for each in stored)
        said = voice.message("customer", names, known.language)
        await turns.hear(conversation, said, client_message_id)
        await parts.attachments.link(
            [each.id for each in stored], conversation, said.id
        )
        replies = [] if known.agent else await _receipt(request, known, names)
        await turns.answer(conversation, [said.id], replies)
        (said,) = [
            each
            for each in await parts.transcripts.messages(conversation)
            if each.id == said.id
        ]
        for message in (said, *replies):
            content = message_as_json(message)
            if message is said and client_message_id is not None:
                content["client_message_id"] = client_message_id
            await parts.events.publish(conversation, content)
    return said, replies


async def _find(
    request: web.Request, conversation: str, message: str, turns: Turns
) -> tuple[Message, list[Message]]:
    said = await request.app[keys.PARTS].transcripts.messages(conversation)
    answered = await turns.answer_to(conversation, message)
    replies = answered[1] if answered else []
    return next(each for each in said if each.id == message), replies


async def _receipt(
    request: web.Request, known: Conversation, names: str
) -> list[Message]:
    """That the files came; what was asked and not answered yet is put again."""
    voice = request.app[keys.VOICE]
    replies = [
        voice.own_words(known.language, "conversation.attachment_received", name=names)
    ]
    history = await request.app[keys.PARTS].transcripts.messages(known.id)
    if history and history[-1].sender == "bot":
        asked = history[-1]
        if asked.choices or known.stage in routing.IN_FORM:
            replies.append(replace(voice.again(asked), citations=[], case=None))
    return replies
