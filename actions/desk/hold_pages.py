"""Legal holds: which cases are kept whatever their age, placed and ended by leads."""

from __future__ import annotations

from aiohttp import web

from actions.desk.parts import DESK, agent_of
from actions.desk.presenting import one_line
from actions.desk.saving import hold, release
from knowledge.bodies import form_fields
from knowledge.errors import BadInput, Conflict, NotFound
from knowledge.workplace import render, see_other

routes = web.RouteTableDef()

HOLDS = "/desk/holds"
ACTS = {"place": hold, "release": release}
NOTICES = ("held_notice", "unheld_notice")


@routes.get(HOLDS)
async def show_holds(request: web.Request) -> web.Response:
    return await _page(request)


@routes.post(f"{HOLDS}/{{act:place|release}}")
async def change_hold(request: web.Request) -> web.Response:
    """Place a hold on the case that the form names, or end one; a reason is needed."""
    desk, act = request.app[DESK], request.match_info["act"]
    fields = dict(await form_fields(request))
    fields["reference"] = fields.get("reference", "").strip().upper()
    try:
        await ACTS[act](desk, fields["reference"], agent_of(request), fields)
    except NotFound:
        return await _page(request, act, fields, "unknown_case", 404)
    except Conflict as exc:
        return await _page(request, act, fields, exc.refusal, 409)
    except BadInput as exc:
        return await _page(request, act, fields, exc.refusal, 400)
    notice = "held_notice" if act == "place" else "unheld_notice"
    return see_other(HOLDS, notice=notice)


@routes.get("/api/v1/desk/holds")
async def list_holds(request: web.Request) -> web.Response:
    """The holds, the latest first."""
    found = await request.app[DESK].archive.legal_holds()
    return web.json_response({"holds": [each.as_json() for each in found]})


async def _page(
    request: web.Request,
    act: str = "",
    draft: dict[str, str] | None = None,
    error: str = "",
    status: int = 200,
) -> web.Response:
    notice = request.query.get("notice")
    return render(
        request,
        "desk/holds.html",
        {
            "holds": await request.app[DESK].archive.legal_holds(),
            "one_line": one_line,
            "act": act,
            "draft": draft or {},
            "error": error,
            "notice": notice if notice in NOTICES else None,
        },
        status=status,
    )
