"""Which of the operator's languages to answer a request in."""

from __future__ import annotations

from aiohttp import web

from bot import keys
from bot.offered_languages import choose
from knowledge.browser_languages import accepted_languages


def asked_language(request: web.Request) -> str:
    """The language of the page: `?language=`, else the browser's, else the default."""
    accepted = accepted_languages(request.headers.get("Accept-Language", ""))
    return choose(
        request.app[keys.PARTS].texts.languages,
        [request.query.get("language"), *accepted],
    )
