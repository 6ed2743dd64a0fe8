"""The one place that turns errors into HTTP: RFC 9457 problem documents."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from bot import keys
from bot.web.negotiation import asked_language
from bot.web.pages import render
from knowledge.errors import (
    BadInput,
    Conflict,
    Gone,
    GuichetError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TooLong,
    TooManyRequests,
    Unavailable,
    WrongFileType,
)
from knowledge.logs import place_of
from knowledge.workplace import STAFF, interface_language
from knowledge.workplace import render as render_for_staff

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# The most special class that fits an error decides.
STATUSES: dict[type[GuichetError], int] = {
    TooLong: 413,
    WrongFileType: 415,
    BadInput: 400,
    NotSignedIn: 401,
    NotAllowed: 403,
    Gone: 410,
    NotFound: 404,
    Conflict: 409,
    TooManyRequests: 429,
    Unavailable: 503,
}


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure with a problem document, or a page to a browser.

    Neither exception text of unexpected errors nor the customer's words are shown
    or logged.
    """
    try:
        return await handler(request)
    except web.HTTPException as exc:
        if exc.status < 400 or exc.prepared:
            raise
        return respond(request, exc.status, f"http_{exc.status}", None)
    except GuichetError as exc:
        status = next(code for kind, code in STATUSES.items() if isinstance(exc, kind))
        if status >= 500:
            log.warning("%s: %s", type(exc).__name__, exc)
        code = _snake_case(type(exc).__name__)
        response = respond(request, status, code, str(exc), exc.details)
        if isinstance(exc, TooManyRequests) and exc.retry_after is not None:
            seconds = math.ceil(exc.retry_after.total_seconds())
            response.headers["Retry-After"] = str(seconds)
        return response
    except Exception as exc:
        # The traceback's last line may quote a customer, so only the place is logged.
        log.error("unexpected %s", place_of(exc))
        return respond(request, 500, "unexpected", None)


def respond(
    request: web.Request,
    status: int,
    code: str,
    reason: str | None,
    details: Mapping[str, Any] | None = None,
) -> web.Response:
    """A problem document; `detail` is for the customer, `reason` for the developer."""
    texts = request.app[keys.PARTS].texts
    language = _language(request)
    named = texts.section(language, "errors")
    detail = named.get(code) or named.get(f"http_{status}") or named["unexpected"]
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if _wants_page(request):
        return _page(request, status, language, detail, headers)
    document: dict[str, Any] = {
        "type": f"urn:guichet:problem:{code.replace('_', '-')}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
    }
    if reason:
        document["reason"] = reason
    document.update(details or {})
    return web.json_response(
        document,
        status=status,
        content_type="application/problem+json",
        headers=headers,
    )


def _page(
    request: web.Request,
    status: int,
    language: str,
    detail: str,
    headers: dict[str, str],
) -> web.Response:
    if STAFF in request:
        page = render_for_staff(
            request, "workplace_error.html", {"detail": detail}, status=status
        )
        page.headers.update(headers)
        return page
    return render(
        request,
        "error.html",
        language,
        {"detail": detail},
        status=status,
        headers=headers,
    )


def _language(request: web.Request) -> str:
    """The reader's; staff chose theirs apart from customers."""
    if STAFF in request:
        chosen = interface_language(request)
        if chosen in request.app[keys.PARTS].texts.languages:
            return chosen
    return request.get(keys.LANGUAGE) or asked_language(request)


def _wants_page(request: web.Request) -> bool:
    return not request.path.startswith("/api/") and "text/html" in request.headers.get(
        "Accept", ""
    )


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
