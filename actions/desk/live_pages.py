"""Pages and API of conversations that are going on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from actions.desk.live import Heard
from actions.desk.parts import DESK, agent_of, staff_of
from actions.desk.presenting import cited_address, one_line
from knowledge.bodies import form_fields, json_object
from knowledge.errors import BadInput, Conflict, NotFound, Refusal
from knowledge.workplace import render, see_other

routes = web.RouteTableDef()

CONVERSATIONS = "/api/v1/desk/conversations"


@routes.get("/desk/changes")
async def show_token(request: web.Request) -> web.Response:
    """What an open page compares to know that it is stale."""
    token = await request.app[DESK].live.token(request.query.get("conversation"))
    return web.json_response({"token": token})


@routes.get("/desk/live")
async def show_going_on(request: web.Request) -> web.Response:
    live = request.app[DESK].live
    return render(
        request,
        "desk/live.html",
        {
            "token": await live.token(),
            "going_on": await live.going_on(),
            "one_line": one_line,
        },
    )


@routes.get("/desk/live/{conversation}")
async def show_conversation(request: web.Request) -> web.Response:
    heard = await _heard(request)
    return await _page(request, heard)


@routes.post("/desk/live/{conversation}/{act}")
async def act(request: web.Request) -> web.Response:
    """Take over, say something or hand back; what is refused comes back as it was."""
    fields = dict(await form_fields(request))
    try:
        await _act(request, fields)
    except (Conflict, BadInput) as exc:
        status = 409 if isinstance(exc, Conflict) else 400
        heard = await _heard(request)
        return await _page(request, heard, fields, error=exc.refusal, status=status)
    return see_other(f"/desk/live/{request.match_info['conversation']}")


@routes.get(CONVERSATIONS)
async def list_going_on(request: web.Request) -> web.Response:
    """Conversations that are going on; first those that want a person."""
    found = await request.app[DESK].live.going_on()
    references = [each for going in found for each in going.references]
    await request.app[DESK].reads.record_list(references, agent_of(request))
    return web.json_response({"conversations": [each.as_json() for each in found]})


@routes.post(f"{CONVERSATIONS}/{{conversation}}/{{act}}")
async def act_by_api(request: web.Request) -> web.Response:
    """`take-over`, `messages` with `text`, or `hand-back` with a `summary`."""
    await _act(request, await json_object(request))
    return web.Response(status=204)


async def _act(request: web.Request, fields: Mapping[str, Any]) -> None:
    live, name = request.app[DESK].live, staff_of(request).name
    conversation, wanted = request.match_info["conversation"], request.match_info["act"]
    if wanted == "take-over":
        await live.take_over(conversation, name)
    elif wanted == "messages":
        await live.say(conversation, name, _words(fields, "text"))
    elif wanted == "hand-back":
        await live.hand_back(conversation, name, _words(fields, "summary"))
    else:
        raise NotFound(f"a conversation has no {wanted}")


def _words(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise BadInput(f"{name} must be text")
    return value


async def _heard(request: web.Request) -> Heard:
    """The request's conversation; its cases are read with it."""
    desk = request.app[DESK]
    heard = await desk.live.conversation(request.match_info["conversation"])
    for reference in heard.references:
        await desk.reads.record(reference, agent_of(request), "live")
    return heard


async def _page(
    request: web.Request,
    heard: Heard,
    draft: Mapping[str, str] | None = None,
    *,
    error: Refusal | None = None,
    status: int = 200,
) -> web.Response:
    return render(
        request,
        "desk/conversation.html",
        {
            "heard": heard,
            "token": await request.app[DESK].live.token(heard.id),
            "is_mine": heard.agent == staff_of(request).name,
            "cited_address": cited_address,
            "draft": dict(draft or {}),
            "error": error,
        },
        status=status,
    )
