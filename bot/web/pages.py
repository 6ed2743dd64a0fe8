"""Server-rendered pages for customers and staff."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

import actions.delivery
import actions.desk
import actions.reports
import knowledge.console
from bot import keys
from bot.settings import ROOT

TEMPLATES = ROOT / "bot" / "templates"
STATIC = ROOT / "bot" / "static"


def set_up_templates(app: web.Application) -> None:
    """One Jinja2 environment: the customer's pages and the rooms of staff."""
    folders = [
        TEMPLATES,
        *(
            Path(room.__path__[0]) / "templates"
            for room in (
                actions.delivery,
                actions.desk,
                actions.reports,
                knowledge.console,
            )
        ),
    ]
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(each) for each in folders]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(
    request: web.Request,
    template: str,
    language: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """A page in one of the operator's languages.

    The template finds `t("key", …)` for strings, `language`, `languages` as pairs of
    tag and own name, and `operator`. No page is cached: most are about one person.
    """
    parts = request.app[keys.PARTS]

    def t(key: str, **values: object) -> str:
        return parts.texts.text(language, key, **values)

    response = aiohttp_jinja2.render_template(
        template,
        request,
        {
            "t": t,
            "language": language,
            "languages": [
                (tag, parts.texts.name(tag)) for tag in parts.texts.languages
            ],
            "operator": parts.operator,
            "path": request.path,
            **context,
        },
        status=status,
    )
    response.headers.update({"Cache-Control": "no-store", **(headers or {})})
    return response
