"""Which of the operator's languages to answer in."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from bot import keys
from knowledge.browser_languages import accepted_languages


def choose(offered: Sequence[str], wanted: Sequence[str | None]) -> str:
    """The first wanted language that is offered, else the operator's first."""
    return next((tag for tag in wanted if tag and tag in offered), offered[0])


def asked_language(request: web.Request) -> str:
    """The language of the page: `?language=`, else the browser's, else the default."""
    accepted = accepted_languages(request.headers.get("Accept-Language", ""))
    return choose(
        request.app[keys.PARTS].texts.languages,
        [request.query.get("language"), *accepted],
    )
