"""Going on with a conversation on another device, by the link of the receipt.

The link carries a ticket in its fragment, which no browser sends and no server logs. It
is signed, is good for this one purpose until it expires, and says nothing of anybody.
The widget takes it out of the address at once and exchanges it for a token of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from aiohttp import web

from actions.cases.case import time_as_json
from actions.cases.channel import Channel
from bot import keys
from bot.settings import Settings
from bot.tokens import hash_token, internal_token, new_token, seal, unseal
from bot.web.api import authenticate
from bot.web.negotiation import asked_language
from bot.web.pages import render
from knowledge.bodies import read_body
from knowledge.errors import NotSignedIn

LASTS = timedelta(days=30)
_PURPOSE = "resume"

routes = web.RouteTableDef()


class Exchange(msgspec.Struct):
    ticket: str


def link(settings: Settings, conversation: str, language: str, now: datetime) -> str:
    """Where whoever has it can read and go on with a conversation, for `LASTS`."""
    key = internal_token(settings.state_dir)
    ticket = seal(conversation, key, purpose=_PURPOSE, until=now + LASTS)
    return f"{settings.address}/resume?language={language}#{_PURPOSE}:{ticket}"


@routes.get("/resume")
async def show_page(request: web.Request) -> web.Response:
    """A page with the widget, which reads the fragment."""
    return render(request, "resume.html", asked_language(request), {})


@routes.post("/api/v1/conversations/{conversation}/link")
async def make_link(request: web.Request) -> web.Response:
    """A link for another device, and until when it works."""
    known = await authenticate(request)
    parts = request.app[keys.PARTS]
    now = parts.clock()
    until = now + LASTS
    last_day = until.astimezone(parts.operator.zone).date()
    return web.json_response(
        {
            "url": link(parts.settings, known.id, known.language, now),
            "expires_at": time_as_json(until),
            "expires": parts.texts.day(known.language, last_day),
        },
        headers={"Cache-Control": "no-store"},
    )


@routes.post("/api/v1/conversations/resume")
async def exchange(request: web.Request) -> web.Response:
    """A token of its own for whoever has a good ticket."""
    body = await read_body(request, Exchange)
    parts = request.app[keys.PARTS]
    conversation = _conversation(parts.settings, body.ticket, parts.clock())
    known = await parts.transcripts.conversation(conversation)
    if known is None:
        raise NotSignedIn("the conversation of this link was removed")
    token = new_token()
    channel = Channel(parts.engine, parts.clock)
    await channel.add_device(conversation, hash_token(token), lasts=LASTS)
    return web.json_response(
        {"conversation": known.id, "token": token, "language": known.language},
        headers={"Cache-Control": "no-store"},
    )


def _conversation(settings: Settings, ticket: str, now: datetime) -> str:
    key = internal_token(settings.state_dir)
    conversation = unseal(ticket, key, purpose=_PURPOSE, now=now)
    if conversation is None:
        raise NotSignedIn("this is no link to a conversation, or it has expired")
    return conversation
