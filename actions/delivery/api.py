"""The outbox and the letters for staff, and the door for letters that are posted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any, cast, get_args

from aiohttp import web

from actions.cases.case import case_as_json, time_as_json
from actions.delivery.office import POST, PostOffice
from actions.delivery.outbox import Delivery, State
from actions.desk.parts import agent_of, log_read
from knowledge.bodies import json_object
from knowledge.errors import BadInput, NotFound, NotSignedIn, TooLong

routes = web.RouteTableDef()

OUTBOX, MAIL = "/api/v1/desk/outbox", "/api/v1/desk/mail"
LARGEST_LETTER_BYTES = 25 * 1024 * 1024
OLDEST_SIGNATURE_SECONDS = 300


@routes.get(OUTBOX)
async def list_outbox(request: web.Request) -> web.Response:
    """What is in the outbox, newest first; `state` is waiting, sent or dead."""
    office, state = request.app[POST], request.query.get("state")
    if state is not None and state not in get_args(State):
        raise BadInput(f"state must be one of {', '.join(get_args(State))}")
    found = await office.outbox.list(
        cast(State | None, state),
        destination=request.query.get("destination"),
        reference=request.query.get("reference"),
    )
    holds = await office.outbox.holds()
    return web.json_response(
        {
            "deliveries": [_delivery(office, each) for each in found],
            "holds": [
                {
                    "destination": hold.destination,
                    "until": hold.until and time_as_json(hold.until),
                    "reason": hold.reason,
                }
                for hold in holds
            ],
        }
    )


@routes.post(f"{OUTBOX}/replay")
async def replay(request: web.Request) -> web.Response:
    """Try again what was given up: the given `ids`, a `destination`, or all."""
    body = await json_object(request)
    ids, destination = body.get("ids"), body.get("destination")
    if ids is not None and not (
        isinstance(ids, list) and all(type(each) is int for each in ids)
    ):
        raise BadInput("ids must be a list of whole numbers")
    if destination is not None and not isinstance(destination, str):
        raise BadInput("destination must be text")
    office = request.app[POST]
    n_replayed = await office.outbox.replay(ids, destination=destination)
    office.courier.wake()
    return web.json_response({"replayed": n_replayed})


@routes.get("/api/v1/desk/cases/{reference}/letters")
async def list_letters(request: web.Request) -> web.Response:
    """Every letter of a case, sent and received, as it was."""
    book = request.app[POST].letterbook
    found = await book.of_case(await log_read(request, "letters"))
    return web.json_response({"letters": [letter.as_json() for letter in found]})


@routes.get(MAIL)
async def list_unmatched(request: web.Request) -> web.Response:
    """Letters that belong to no case; `reason` says why."""
    found = await request.app[POST].letterbook.unmatched()
    return web.json_response({"letters": [letter.as_json() for letter in found]})


@routes.post(f"{MAIL}/{{number:\\d{{1,9}}}}/attach")
async def attach_letter(request: web.Request) -> web.Response:
    """Add a letter to the case `reference`; the changed case comes back."""
    reference = (await json_object(request)).get("reference")
    if not isinstance(reference, str):
        raise BadInput("reference must be text")
    number = int(request.match_info["number"])
    mailroom = request.app[POST].mailroom
    case = await mailroom.attach(number, reference.strip(), agent_of(request))
    return web.json_response(case_as_json(case))


@routes.post(f"{MAIL}/{{number:\\d{{1,9}}}}/dismiss")
async def dismiss_letter(request: web.Request) -> web.Response:
    """Put a letter away that belongs nowhere."""
    await request.app[POST].mailroom.dismiss(
        int(request.match_info["number"]), agent_of(request)
    )
    return web.Response(status=204)


@routes.post("/api/v1/mail/inbound")
async def take_letter(request: web.Request) -> web.Response:
    """A received letter, as it came (RFC 822), signed as a standard webhook."""
    office = request.app[POST]
    if not office.webhook_secret:
        raise NotFound("letters are not taken here")
    raw = await _body(request)
    if not _is_signed(office.webhook_secret, request, raw):
        raise NotSignedIn("the signature is wrong or too old")
    return web.json_response({"result": await office.mailroom.receive(raw)})


async def _body(request: web.Request) -> bytes:
    raw = bytearray()
    async for piece in request.content.iter_chunked(1 << 16):
        raw += piece
        if len(raw) > LARGEST_LETTER_BYTES:
            raise TooLong(f"a letter may have {LARGEST_LETTER_BYTES} bytes")
    return bytes(raw)


def _is_signed(secret: str, request: web.Request, raw: bytes) -> bool:
    """Standard Webhooks over bytes: the library wants text, a letter may be none."""
    timestamp = request.headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 16):
        return False
    if abs(time.time() - int(timestamp)) > OLDEST_SIGNATURE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_") + "==")
    signed = f"{request.headers.get('webhook-id', '')}.{timestamp}.".encode() + raw
    right = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    given = request.headers.get("webhook-signature", "").split()
    return any(
        hmac.compare_digest(each.encode(), f"v1,{right}".encode()) for each in given
    )


def _delivery(office: PostOffice, delivery: Delivery) -> dict[str, Any]:
    """Without recipient and content: those are of the case."""
    return {
        "id": delivery.id,
        "key": delivery.key,
        "reference": delivery.reference,
        "destination": delivery.destination,
        "is_configured": delivery.destination in office.carriers,
        "kind": delivery.kind,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "created_at": time_as_json(delivery.created_at),
        "next_attempt_at": _time(delivery.next_attempt_at),
        "sent_at": _time(delivery.sent_at),
        "last_error": delivery.last_error,
    }


def _time(moment: Any) -> str | None:
    return None if moment is None else time_as_json(moment)
