"""The way in for staff: the sign-in page and the guard before desk and console."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import SplitResult, urlencode, urlsplit

from aiohttp import web

from bot import keys
from bot.staff.accounts import Staff
from bot.staff.places import DEVICE_LENGTH, Place, device_for, device_from
from bot.staff.second_factor import must_set_up
from bot.staff.sessions import CODE_LENGTH, SESSION_LENGTH, Opened
from bot.staff.single_sign_on import RETURN_PATH, SingleSignOn
from bot.tokens import internal_token, seal, unseal
from bot.web.limits import customer_address
from bot.web.negotiation import asked_language
from bot.web.pages import render
from bot.web.problems import Handler
from knowledge.bodies import form_fields
from knowledge.errors import NotAllowed, NotFound, NotSignedIn, TooManyRequests
from knowledge.workplace import STAFF

COOKIE = "guichet_session"
COMPANY_COOKIE = "guichet_company_sign_in"
DEVICE_COOKIE = "guichet_device"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

routes = web.RouteTableDef()


# Who may enter which room; the first that fits an address counts.
ROOMS: tuple[tuple[str, Callable[[Staff], bool]], ...] = (
    ("desk/report", Staff.can_lead),
    ("desk/holds", Staff.can_lead),
    ("desk", Staff.can_use_desk),
    ("knowledge", Staff.can_use_console),
    ("people", Staff.can_manage_people),
    ("account", lambda staff: True),
)


@web.middleware
async def guard_staff(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only the right people into the rooms of staff.

    Sets `request[STAFF]`. A change made with the cookie must come from our own pages:
    the cookie is SameSite, and the browser's `Origin` must be ours. An API token opens
    the API alone: no page where somebody manages accounts, least of all their own.
    """
    may_enter = _room(request.path)
    if may_enter is None:
        return await handler(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    parts = request.app[keys.PARTS]
    if scheme.lower() == "bearer" and request.path.startswith("/api/"):
        staff = await parts.accounts.of_api_token(token.strip())
    else:
        staff = await parts.sessions.of(request.cookies.get(COOKIE, ""))
        if request.method not in SAFE_METHODS:
            check_origin(request)
    if staff is None:
        if request.method == "GET" and not request.path.startswith("/api/"):
            raise web.HTTPFound(f"/sign-in?{urlencode({'next': request.path_qs})}")
        raise NotSignedIn()
    request[STAFF] = staff
    if not may_enter(staff):
        raise NotAllowed()
    # An API token was given out on purpose; a person proves who they are.
    if scheme.lower() != "bearer" and _is_kept_out(request, staff):
        if request.method in SAFE_METHODS and not request.path.startswith("/api/"):
            raise web.HTTPFound("/account")
        raise NotAllowed("set up a second factor first")
    response = await handler(request)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _is_kept_out(request: web.Request, staff: Staff) -> bool:
    """Whether a second factor must be set up before this room opens."""
    setting = request.app[keys.PARTS].settings.second_factor_required
    return must_set_up(staff, setting) and not request.path.startswith("/account")


def check_origin(request: web.Request) -> None:
    """Refuse a change that another site's page made the browser send.

    Raises:
        NotAllowed: `Origin` is missing or not this site.
    """
    origin = request.headers.get("Origin", "")
    ours = {request.host, _split(request.app[keys.PARTS].settings.address).netloc}
    if _split(origin).netloc not in ours:
        raise NotAllowed("the request does not come from this site")


@routes.get("/sign-in")
async def show_form(request: web.Request) -> web.Response:
    return _form(request, None, 200)


@routes.post("/sign-in")
async def sign_in(request: web.Request) -> web.Response:
    check_origin(request)
    fields = await form_fields(request)
    sessions = request.app[keys.PARTS].sessions
    try:
        opened = await sessions.sign_in(
            fields.get("email", ""), fields.get("password", ""), _place(request)
        )
    except NotSignedIn:
        return _form(request, "wrong", 401)
    except TooManyRequests:
        return _form(request, "too_many", 429)
    if opened.needs_code:
        query = urlencode({"next": request.query.get("next", "")})
        return _keep(request, opened, f"/sign-in/code?{query}", CODE_LENGTH)
    return await _enter(request, opened)


@routes.get("/sign-in/code")
async def show_code_form(request: web.Request) -> web.Response:
    return _form(request, None, 200, template="sign_in_code.html")


@routes.post("/sign-in/code")
async def confirm(request: web.Request) -> web.Response:
    """The second factor, after the password."""
    check_origin(request)
    fields = await form_fields(request)
    sessions = request.app[keys.PARTS].sessions
    try:
        opened = await sessions.confirm(
            request.cookies.get(COOKIE, ""), fields.get("code", ""), _place(request)
        )
    except NotSignedIn:
        return _form(request, "wrong_code", 401, template="sign_in_code.html")
    except TooManyRequests:
        return _form(request, "too_many", 429, template="sign_in_code.html")
    return await _enter(request, opened)


@routes.get("/sign-in/company")
async def leave_for_company(request: web.Request) -> web.Response:
    """Send the browser to the company's own sign-in."""
    start = await _company(request).begin(request.query.get("next", ""))
    until = request.app[keys.PARTS].clock() + CODE_LENGTH
    remembered = b64encode(start.remembered.encode()).decode()
    response = web.Response(status=303, headers={"Location": start.address})
    response.set_cookie(
        COMPANY_COOKIE,
        seal(remembered, _key(request), purpose=COMPANY_COOKIE, until=until),
        max_age=int(CODE_LENGTH.total_seconds()),
        path="/sign-in/company",
        httponly=True,
        secure=request.app[keys.PARTS].settings.is_https,
        samesite="Lax",
    )
    return response


@routes.get(RETURN_PATH)
async def return_from_company(request: web.Request) -> web.Response:
    """The browser comes back from the company's own sign-in."""
    parts = request.app[keys.PARTS]
    remembered = unseal(
        request.cookies.get(COMPANY_COOKIE, ""),
        _key(request),
        purpose=COMPANY_COOKIE,
        now=parts.clock(),
    )
    if remembered is None:
        return _form(request, "company", 401)
    try:
        person, destination = await _company(request).finish(
            b64decode(remembered).decode(),
            f"{parts.settings.address}{RETURN_PATH}?{request.query_string}",
        )
    except NotSignedIn:
        return _form(request, "company", 401)
    except NotAllowed:
        return _form(request, "no_account", 403)
    # The provider has seen to a second factor, if the company wants one.
    opened = await parts.sessions.open(person, is_proved=True)
    response = await _enter(request, opened, destination)
    response.del_cookie(COMPANY_COOKIE, path="/sign-in/company")
    return response


@routes.post("/sign-out")
async def sign_out(request: web.Request) -> web.Response:
    check_origin(request)
    await request.app[keys.PARTS].sessions.sign_out(request.cookies.get(COOKIE, ""))
    response = web.Response(status=303, headers={"Location": "/sign-in"})
    response.del_cookie(COOKIE)
    return response


def _place(request: web.Request) -> Place:
    parts = request.app[keys.PARTS]
    cookie = request.cookies.get(DEVICE_COOKIE, "")
    return Place(
        customer_address(request, parts.settings.proxies),
        device_from(cookie, _key(request), parts.clock()),
    )


def _company(request: web.Request) -> SingleSignOn:
    company = request.app[keys.PARTS].single_sign_on
    if company is None:
        raise NotFound("this counter has no sign-in of a company")
    return company


async def _enter(
    request: web.Request, opened: Opened, destination: str | None = None
) -> web.Response:
    """Give the browser its session and send it where it wanted to go."""
    staff = await request.app[keys.PARTS].sessions.of(opened.token)
    assert staff is not None
    wanted = request.query.get("next", "") if destination is None else destination
    response = _keep(request, opened, _destination(wanted, staff), SESSION_LENGTH)
    parts = request.app[keys.PARTS]
    response.set_cookie(
        DEVICE_COOKIE,
        device_for(staff.email).sealed(_key(request), parts.clock()),
        max_age=int(DEVICE_LENGTH.total_seconds()),
        path="/sign-in",
        httponly=True,
        secure=parts.settings.is_https,
        samesite="Lax",
    )
    return response


def _keep(
    request: web.Request, opened: Opened, location: str, lasts: timedelta
) -> web.Response:
    response = web.Response(status=303, headers={"Location": location})
    response.set_cookie(
        COOKIE,
        opened.token,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        secure=request.app[keys.PARTS].settings.is_https,
        samesite="Lax",
    )
    return response


def _key(request: web.Request) -> str:
    return internal_token(request.app[keys.PARTS].settings.state_dir)


def _room(path: str) -> Callable[[Staff], bool] | None:
    for room, may_enter in ROOMS:
        for root in (f"/{room}", f"/api/v1/{room}"):
            if path == root or path.startswith(f"{root}/"):
                return may_enter
    return None


def _form(
    request: web.Request,
    trouble: str | None,
    status: int,
    *,
    template: str = "sign_in.html",
) -> web.Response:
    return render(
        request,
        template,
        asked_language(request),
        {
            "trouble": trouble,
            "next": request.query.get("next", ""),
            "has_company": request.app[keys.PARTS].single_sign_on is not None,
        },
        status=status,
    )


def _destination(wanted: str, staff: Staff) -> str:
    """Where to go after signing in: a page of ours, never another site."""
    parts = _split(wanted)
    is_ours = not parts.scheme and not parts.netloc and "\\" not in wanted
    if is_ours and _room(parts.path):
        return parts.geturl()
    return "/desk" if staff.can_use_desk() else "/knowledge"


def _split(address: str) -> SplitResult:
    """The parts of an address that anybody may have made up; a broken one has none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
