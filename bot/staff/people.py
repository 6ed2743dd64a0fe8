"""Who may work at the counter: accounts and roles, for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web

from bot import keys
from bot.staff.accounts import ROLES, Staff
from bot.staff.second_factor import required_roles
from knowledge.bodies import form_fields, whole_number
from knowledge.errors import BadInput, Conflict
from knowledge.workplace import STAFF, render, see_other

routes = web.RouteTableDef()


@routes.get("/people")
async def show(request: web.Request) -> web.Response:
    return await _page(request, {})


@routes.post("/people")
async def add(request: web.Request) -> web.Response:
    """Make an account; its password is shown on the page that follows, once."""
    fields = dict(await form_fields(request))
    email = fields.get("email", "")
    try:
        password = await request.app[keys.PARTS].accounts.add(
            email, name=fields.get("name", ""), role=fields.get("role", "")
        )
    except (BadInput, Conflict) as exc:
        return await _page(request, {"error": str(exc), "draft": fields}, status=400)
    return await _page(request, {"added": {"email": email, "password": password}})


@routes.post("/people/{id}")
async def change(request: web.Request) -> web.Response:
    """Change the role, close or open the account, or reset how its owner signs in."""
    fields = await form_fields(request)
    accounts = request.app[keys.PARTS].accounts
    staff_id, me = whole_number(request.match_info["id"]), cast(Staff, request[STAFF])
    try:
        match fields.get("change"):
            case "role":
                await accounts.set_role(staff_id, str(fields.get("role")), by=me)
            case "close" | "open" as wanted:
                await accounts.set_active(staff_id, wanted == "open", by=me)
            case "reset":
                password = await accounts.reset(staff_id, by=me)
                [person] = [p for p in await accounts.everybody() if p.id == staff_id]
                shown = {"email": person.email, "password": password}
                return await _page(request, {"added": shown})
            case other:
                raise BadInput(
                    f"change must be role, close, open or reset, got {other!r}"
                )
    except BadInput as exc:
        return await _page(request, {"error": str(exc)}, status=400)
    return see_other("/people")


async def _page(
    request: web.Request, context: Mapping[str, Any], *, status: int = 200
) -> web.Response:
    everybody = await request.app[keys.PARTS].accounts.everybody()
    return render(
        request,
        "people.html",
        {
            "people": everybody,
            "roles": ROLES,
            "required": required_roles(
                request.app[keys.PARTS].settings.second_factor_required
            ),
            "error": None,
            "added": None,
            "draft": {},
            **context,
        },
        status=status,
    )
