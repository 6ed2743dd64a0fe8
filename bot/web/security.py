"""Response headers: a strict policy for pages, and open reading for the widget."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence

from aiohttp import web

from bot import keys
from bot.web.problems import Handler
from knowledge.workplace import STYLES

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# What the API answers is about one person, or stands only until the next publication.
UNSTORED = {"Cache-Control": "no-store"}
# What the widget needs when it stands on another site. It carries a bearer token and
# no cookie, so any site may embed it.
EMBEDDED = ("/api/v1/conversations", "/widget/", "/widget.js", "/widget.css")
SHARED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Max-Age": "86400",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@web.middleware
async def harden(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add the headers to every response; answer a browser's preflight."""
    is_embedded = request.path.startswith(EMBEDDED)
    if is_embedded and request.method == "OPTIONS":
        return web.Response(status=204, headers=SHARED)
    try:
        response: web.StreamResponse = await handler(request)
    except web.HTTPException as exc:
        _add(exc.headers, request.path)
        raise
    if not response.prepared:
        if request.app[keys.PARTS].settings.is_https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if styles := request.get(STYLES):
            response.headers["Content-Security-Policy"] = _with_styles(styles)
        _add(response.headers, request.path)
    return response


def _with_styles(sources: Sequence[str]) -> str:
    """The policy of a page that shows a letter: its own styles, and no others.

    A frame made of `srcdoc` is held to the policy of the page around it.
    """
    allowed = " ".join(["style-src 'self' 'unsafe-hashes'", *sources])
    return CONTENT_SECURITY_POLICY.replace("style-src 'self'", allowed)


def _add(headers: MutableMapping[str, str], path: str) -> None:
    shared = SHARED if path.startswith(EMBEDDED) else {}
    unstored = UNSTORED if path.startswith("/api/") else {}
    for name, value in {**HEADERS, **shared, **unstored}.items():
        headers.setdefault(name, value)
