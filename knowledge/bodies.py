"""Reading the body of a request."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from knowledge.errors import BadInput


async def json_object(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        BadInput: It is not JSON, or JSON of another kind.
    """
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError) as exc:
        raise BadInput("the body must be JSON") from exc
    if not isinstance(body, dict):
        raise BadInput("the body must be a JSON object")
    return body
