"""The way in for staff: the sign-in page and the guard before desk and console."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from aiohttp import web

from bot import keys
from bot.negotiation import asked_language
from bot.pages import render
from bot.problems import Handler
from bot.staff import SESSION_LENGTH, Staff
from knowledge.errors import NotAllowed, NotSignedIn, TooManyRequests
from knowledge.workplace import STAFF

COOKIE = "guichet_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

routes = web.RouteTableDef()


@web.middleware
async def guard_staff(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only the right people into the rooms of staff.

    Sets `request[STAFF]`. A change made with the cookie must come from our own pages:
    the cookie is SameSite, and the browser's `Origin` must be ours.
    """
    room = _room(request.path)
    if room is None:
        return await handler(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    accounts = request.app[keys.PARTS].accounts
    if scheme.lower() == "bearer":
        staff = await accounts.of_api_token(token.strip())
    else:
        staff = await accounts.of_session(request.cookies.get(COOKIE, ""))
        if request.method not in SAFE_METHODS:
            check_origin(request)
    if staff is None:
        if request.method == "GET" and not request.path.startswith("/api/"):
            raise web.HTTPFound(f"/sign-in?{urlencode({'next': request.path_qs})}")
        raise NotSignedIn()
    if not (staff.can_use_desk() if room == "desk" else staff.can_use_console()):
        raise NotAllowed()
    request[STAFF] = staff
    response = await handler(request)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def check_origin(request: web.Request) -> None:
    """Refuse a change that another site's page made the browser send.

    Raises:
        NotAllowed: `Origin` is missing or not this site.
    """
    origin = request.headers.get("Origin", "")
    ours = {request.host, urlsplit(request.app[keys.PARTS].settings.address).netloc}
    if urlsplit(origin).netloc not in ours:
        raise NotAllowed("the request does not come from this site")


@routes.get("/sign-in")
async def show_form(request: web.Request) -> web.Response:
    return _form(request, None, 200)


@routes.post("/sign-in")
async def sign_in(request: web.Request) -> web.Response:
    check_origin(request)
    fields = await request.post()
    accounts = request.app[keys.PARTS].accounts
    try:
        token = await accounts.sign_in(
            str(fields.get("email", "")), str(fields.get("password", ""))
        )
    except NotSignedIn:
        return _form(request, "wrong", 401)
    except TooManyRequests:
        return _form(request, "too_many", 429)
    staff = await accounts.of_session(token)
    assert staff is not None
    response = web.Response(
        status=303, headers={"Location": _destination(request, staff)}
    )
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_LENGTH.total_seconds()),
        httponly=True,
        secure=request.app[keys.PARTS].settings.address.startswith("https:"),
        samesite="Lax",
    )
    return response


@routes.post("/sign-out")
async def sign_out(request: web.Request) -> web.Response:
    check_origin(request)
    await request.app[keys.PARTS].accounts.sign_out(request.cookies.get(COOKIE, ""))
    response = web.Response(status=303, headers={"Location": "/sign-in"})
    response.del_cookie(COOKIE)
    return response


def _room(path: str) -> str | None:
    for room in ("desk", "knowledge"):
        for root in (f"/{room}", f"/api/v1/{room}"):
            if path == root or path.startswith(f"{root}/"):
                return room
    return None


def _form(request: web.Request, trouble: str | None, status: int) -> web.Response:
    return render(
        request,
        "sign_in.html",
        asked_language(request),
        {"trouble": trouble, "next": request.query.get("next", "")},
        status=status,
    )


def _destination(request: web.Request, staff: Staff) -> str:
    """Where to go after signing in: a page of ours, never another site."""
    wanted = request.query.get("next", "")
    parts = urlsplit(wanted)
    is_ours = not parts.scheme and not parts.netloc and "\\" not in wanted
    if is_ours and _room(parts.path):
        return wanted
    return "/desk" if staff.can_use_desk() else "/knowledge"
