"""Reading what a request brings, which anybody may have made up."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from multidict import MultiDict

from knowledge.errors import BadInput

# What the parsers end in: broken syntax or encoding, an unknown charset, a form whose
# parts have no names, lists within lists without end.
DAMAGED = (ValueError, LookupError, AssertionError, RecursionError)


async def json_object(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        BadInput: It is not JSON, or JSON of another kind.
    """
    try:
        body = await request.json()
    except DAMAGED as exc:
        raise BadInput("the body must be JSON") from exc
    if not isinstance(body, dict):
        raise BadInput("the body must be a JSON object")
    return body


async def form_fields(request: web.Request) -> MultiDict[str]:
    """The body as the fields of a form, as text; none when it is no form.

    Raises:
        BadInput: The form is damaged.
    """
    try:
        fields = await request.post()
    except DAMAGED as exc:
        raise BadInput("the form is damaged") from exc
    return MultiDict((name, str(value)) for name, value in fields.items())


def whole_number(text: str, name: str = "number", *, least: int = 0) -> int:
    """A whole number out of an address or a form, that every database can hold.

    Raises:
        BadInput: It is none, is below `least`, or has more than nine digits.
    """
    is_number = text.isascii() and text.isdecimal() and len(text) <= 9
    if not is_number or int(text) < least:
        raise BadInput(f"{name} must be a whole number from {least}")
    return int(text)
