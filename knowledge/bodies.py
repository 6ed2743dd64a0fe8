"""Reading what a request brings, which anybody may have made up."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from aiohttp import web
from multidict import MultiDict

from knowledge.errors import BadInput

Body = TypeVar("Body")

# What the parsers of forms end in: broken syntax or encoding, an unknown charset, a
# form whose parts have no names, nesting without end.
DAMAGED = (ValueError, LookupError, AssertionError, RecursionError)


async def read_body(
    request: web.Request, kind: type[Body], *, may_be_empty: bool = False
) -> Body:
    """The JSON body as a `kind`; no body is an empty object where that is allowed.

    Raises:
        BadInput: Not JSON, or not of this shape; what was sent is not repeated.
    """
    raw = await request.read()
    if may_be_empty and not raw:
        raw = b"{}"
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as exc:
        raise BadInput(str(exc)) from None
    except msgspec.DecodeError:
        raise BadInput("the body is not JSON") from None
    except UnicodeDecodeError:
        raise BadInput("the body is not UTF-8") from None
    except RecursionError:
        raise BadInput("the body is nested too deep") from None


async def json_object(
    request: web.Request, *, may_be_empty: bool = False
) -> dict[str, Any]:
    """The body as any JSON object; raises as `read_body`."""
    return await read_body(request, dict[str, Any], may_be_empty=may_be_empty)


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
