"""Which of the operator's languages a browser asks for."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from bot import keys


def accepted_languages(request: web.Request) -> tuple[str, ...]:
    """The primary tags of `Accept-Language`, best first; broken parts are skipped."""
    wanted: list[tuple[float, int, str]] = []
    header = request.headers.get("Accept-Language", "")
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        primary = tag.strip().split("-")[0].lower()
        if quality > 0 and primary.isalpha() and len(primary) <= 3:
            wanted.append((-quality, place, "nb" if primary == "no" else primary))
    return tuple(dict.fromkeys(tag for _, _, tag in sorted(wanted)))


def choose(offered: Sequence[str], wanted: Sequence[str | None]) -> str:
    """The first wanted language that is offered, else the operator's first."""
    return next((tag for tag in wanted if tag and tag in offered), offered[0])


def asked_language(request: web.Request) -> str:
    """The language of the page: `?language=`, else the browser's, else the default."""
    return choose(
        request.app[keys.PARTS].texts.languages,
        [request.query.get("language"), *accepted_languages(request)],
    )
