"""A staff member's own account: the password and the second factor."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, cast

import segno
from aiohttp import web

from bot import keys
from bot.staff.accounts import Staff
from bot.staff.second_factor import SECRET, required_roles
from knowledge.bodies import form_fields
from knowledge.errors import BadInput, NotAllowed
from knowledge.workplace import STAFF, render, see_other

routes = web.RouteTableDef()


@routes.get("/account")
async def show(request: web.Request) -> web.Response:
    return _page(request, {"notice": request.query.get("notice")})


@routes.post("/account/password")
async def change_password(request: web.Request) -> web.Response:
    """Change the password; every session ends, this one too."""
    fields = await form_fields(request)
    try:
        await request.app[keys.PARTS].accounts.change_password(
            _me(request).id, fields.get("old", ""), fields.get("new", "")
        )
    except BadInput as exc:
        return _page(request, {"error": str(exc)}, status=400)
    return see_other("/sign-in", next="/account")


@routes.post("/account/second-factor/set-up")
async def set_up(request: web.Request) -> web.Response:
    """Show a new secret; it counts once a code proves that the app has it."""
    return _set_up(request, request.app[keys.PARTS].second_factor.new_secret())


@routes.post("/account/second-factor")
async def turn_on(request: web.Request) -> web.Response:
    fields = await form_fields(request)
    secret = fields.get("secret", "")
    try:
        codes = await request.app[keys.PARTS].second_factor.turn_on(
            _me(request).id, secret, fields.get("code", "")
        )
    except BadInput as exc:
        if not SECRET.fullmatch(secret):
            raise
        return _set_up(request, secret, error=str(exc), status=400)
    return _page(request, {"codes": codes})


@routes.post("/account/second-factor/off")
async def turn_off(request: web.Request) -> web.Response:
    fields = await form_fields(request)
    if _is_required(request):
        raise NotAllowed("this role needs a second factor")
    try:
        await request.app[keys.PARTS].second_factor.turn_off(
            _me(request).id, fields.get("code", "")
        )
    except BadInput as exc:
        return _page(request, {"error": str(exc)}, status=400)
    return see_other("/account", notice="turned_off")


def _set_up(
    request: web.Request, secret: str, *, error: str | None = None, status: int = 200
) -> web.Response:
    address = request.app[keys.PARTS].second_factor.address(secret, _me(request).email)
    drawn = io.BytesIO()
    segno.make(address).save(drawn, kind="svg", scale=4, border=2, light="white")
    picture = f"data:image/svg+xml;base64,{b64encode(drawn.getvalue()).decode()}"
    context = {"secret": secret, "picture": picture, "error": error}
    return _page(request, context, status=status)


def _page(
    request: web.Request, context: Mapping[str, Any], *, status: int = 200
) -> web.Response:
    return render(
        request,
        "account.html",
        {
            "me": _me(request),
            "is_required": _is_required(request),
            "notice": None,
            "error": None,
            "secret": None,
            "codes": None,
            **context,
        },
        status=status,
    )


def _is_required(request: web.Request) -> bool:
    setting = request.app[keys.PARTS].settings.second_factor_required
    return _me(request).role in required_roles(setting)


def _me(request: web.Request) -> Staff:
    return cast(Staff, request[STAFF])
