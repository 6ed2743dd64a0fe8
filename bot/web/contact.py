"""The contact form: the same case through the same code, without JavaScript."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from actions.cases.case import Case, CaseDraft, Customer, Verdict
from actions.cases.files import TYPES
from actions.cases.queries import CaseStatus
from bot import keys
from bot.dialogue.distress import is_cry_for_help
from bot.keys import Parts
from bot.settings import Settings
from bot.tokens import internal_token, seal, unseal
from bot.web.filled import Filled, check
from bot.web.multipart import MOST_FILES, File, read_form
from bot.web.negotiation import asked_language
from bot.web.pages import render
from knowledge.answers import Citation
from knowledge.bodies import form_fields, read_body
from knowledge.citing import cite_in_force
from knowledge.errors import NotFound, Unavailable

N_SUGGESTED_PAGES = 3
LINK_LASTS = timedelta(days=2)
_PURPOSE = "contact"

routes = web.RouteTableDef()


class Wanted(msgspec.Struct):
    reference: str
    email: str


def url(settings: Settings, conversation: str, language: str, now: datetime) -> str:
    """Where the words of a conversation wait in the form, for whoever has the link.

    The link works for `LINK_LASTS`; later it opens the empty form.
    """
    ticket = seal(
        conversation,
        internal_token(settings.state_dir),
        purpose=_PURPOSE,
        until=now + LINK_LASTS,
    )
    query = urlencode({"language": language, "from": ticket})
    return f"{settings.address}/contact?{query}"


@routes.get("/contact")
async def show_form(request: web.Request) -> web.Response:
    """The empty form, or with what was said in the conversation it is opened from."""
    filled = Filled({"filing_key": uuid.uuid4().hex})
    ticket = request.query.get("from", "")
    conversation = _conversation(request, ticket)
    if conversation is not None:
        messages = await request.app[keys.PARTS].transcripts.messages(conversation)
        said = [each.text for each in messages if each.sender == "customer"]
        filled.values |= {"from": ticket, "description": "\n".join(said)}
    return _form(request, asked_language(request), filled)


@routes.post("/contact")
async def file_case(request: web.Request) -> web.Response:
    """File a case, or show the form again with what is wrong and nothing lost.

    Files that are too large end the reading: what stood in the form is then only in
    the browser, which the customer goes back to.
    """
    form = await read_form(request, request.app[keys.PARTS].attachments.limits)
    sent = form.fields
    texts = request.app[keys.PARTS].texts
    wanted = sent.get("language")
    language = wanted if wanted in texts.languages else asked_language(request)
    request[keys.LANGUAGE] = language
    filled = check(
        sent,
        form.files,
        now=_now(request),
        longest=request.app[keys.PARTS].settings.max_utterance_characters,
    )
    if filled.troubles:
        return _form(request, language, filled, status=400)
    try:
        case = await _file(request, language, filled)
        await _attach(request, case, filled.files)
    except Unavailable:
        filled.troubles["form"] = "unavailable"
        return _form(request, language, filled, status=503)
    return render(
        request,
        "receipt.html",
        language,
        {
            "case": case,
            **_dates(request, language, case),
            **await _more_dates(request, language, case.reference),
            "is_free": request.app[keys.PARTS].archive.policy.free_of_charge,
            "help_line": _help_line(request, language),
        },
    )


@routes.get("/status")
async def show_status_form(request: web.Request) -> web.Response:
    return _status_page(request, asked_language(request))


@routes.post("/status")
async def show_status(request: web.Request) -> web.Response:
    """How a case stands; the reference goes in the body, never in an address."""
    sent = await form_fields(request)
    texts = request.app[keys.PARTS].texts
    wanted = sent.get("language")
    language = wanted if wanted in texts.languages else asked_language(request)
    request[keys.LANGUAGE] = language
    reference, email = sent.get("reference", ""), sent.get("email", "")
    found = await request.app[keys.PARTS].archive.status_for(reference, email)
    return _status_page(
        request,
        language,
        values={"reference": reference.strip(), "email": email.strip()},
        found=found,
        more=await _more_dates(request, language, _key(reference))
        if found.is_known
        else None,
    )


@routes.post("/api/v1/cases/status")
async def tell_status(request: web.Request) -> web.Response:
    """The status for the customer; a wrong pair says nothing about either half."""
    wanted = await read_body(request, Wanted)
    found = await request.app[keys.PARTS].archive.status_for(
        wanted.reference, wanted.email
    )
    if not found.is_known:
        raise NotFound("no case has this reference and this e-mail")
    clocks = request.app[keys.PARTS].archive.clocks
    dates = await clocks.dates(_key(wanted.reference))
    return web.json_response(
        {
            "reference": wanted.reference,
            **found.as_json(),
            "dates": dates.as_json(),
        }
    )


def _key(reference: str) -> str:
    """A reference as the archive knows it, however the customer typed it."""
    return reference.strip().upper()


async def _file(request: web.Request, language: str, filled: Filled) -> Case:
    parts = request.app[keys.PARTS]
    values = {
        name: parts.masker.mask(value).text for name, value in filled.values.items()
    }
    verdict, suggested, is_urgent = await _read(parts, values["description"], language)
    if filled.event_date is not None:
        zone = parts.operator.zone
        suggested = await cite_in_force(parts.pages, suggested, filled.event_date, zone)
    says_complaint = "says_complaint" in values
    return await parts.archive.file(
        CaseDraft(
            filing_key=f"contact:{values['filing_key']}",
            language=language,
            customer=Customer(
                name=values["name"],
                email=values["email"],
                username=values.get("username") or None,
            ),
            description=values["description"],
            conversation=_conversation(request, values.get("from", "")),
            event_date=filled.event_date,
            event_time=filled.event_time,
            remedy_sought=values.get("remedy_sought") or None,
            is_complaint=verdict.is_complaint or says_complaint,
            complaint_probability=verdict.probability,
            customer_says_complaint=says_complaint,
            ground=verdict.ground,
            category=verdict.category,
            is_urgent=is_urgent,
            fields_missing=tuple(
                name
                for name in ("username", "event_date", "remedy_sought")
                if not values.get(name)
            ),
            suggested_pages=[citation.as_json() for citation in suggested],
        )
    )


async def _read(
    parts: Parts, text: str, language: str
) -> tuple[Verdict, list[Citation], bool]:
    """What the text is judged to be, pages that may help, and if it cries for help.

    All at once: the customer waits as long as the slowest takes, Rasa's time at most.
    """
    run = partial(asyncio.get_running_loop().run_in_executor, parts.executor)
    suggest = partial(
        parts.knowledge.suggest, text, language=language, top_k=N_SUGGESTED_PAGES
    )
    return await asyncio.gather(
        run(parts.classifier.classify, text, language),
        run(suggest),
        is_cry_for_help(parts.assistant, text),
    )


async def _attach(request: web.Request, case: Case, files: Sequence[File]) -> None:
    """Keep the files with what was written; the form sent twice keeps them once."""
    if not files:
        return
    parts = request.app[keys.PARTS]
    said = await parts.transcripts.messages(case.conversation)
    written = next((each.id for each in said if each.sender == "customer"), None)
    kept = {
        each.sha256
        for each in await parts.attachments.of_conversation(case.conversation)
    }
    for file in files:
        if hashlib.sha256(file.content).hexdigest() not in kept:
            await parts.attachments.store(
                case.conversation,
                parts.masker.mask(file.name).text,
                file.content,
                message=written,
            )


def _help_line(request: web.Request, language: str) -> dict[str, str]:
    """Whom to call, for a receipt to somebody in need."""
    parts = request.app[keys.PARTS]
    line = parts.help_lines.for_customer(language, parts.operator.country)
    return line.placeholders()


def _conversation(request: web.Request, ticket: str) -> str | None:
    """The conversation that the form was opened from, when the link is ours."""
    parts = request.app[keys.PARTS]
    key = internal_token(parts.settings.state_dir)
    return unseal(ticket, key, purpose=_PURPOSE, now=parts.clock())


def _now(request: web.Request) -> datetime:
    """Civil date and time at the operator's."""
    parts = request.app[keys.PARTS]
    return parts.clock().astimezone(parts.operator.zone)


def _dates(
    request: web.Request, language: str, case: Case | CaseStatus
) -> dict[str, str]:
    """The dates of a case in the operator's zone, in the customer's words."""
    parts = request.app[keys.PARTS]
    zone = parts.operator.zone
    times = {"opened_at": case.opened_at, "answer_due_at": case.answer_due_at}
    return {
        name: parts.texts.day(language, time.astimezone(zone).date())
        for name, time in times.items()
        if time is not None
    }


async def _more_dates(
    request: web.Request, language: str, reference: str
) -> dict[str, Any]:
    """The other dates of a case: pairs of label and day, in the customer's words."""
    parts = request.app[keys.PARTS]
    texts, zone = parts.texts, parts.operator.zone
    clocks = await parts.archive.clocks.clocks(reference)
    body = clocks.policy.dispute_body or ""
    more = [
        (
            texts.text(language, f"dates.{name}", body=body),
            texts.day(language, moment.astimezone(zone).date()),
        )
        for name, moment in clocks.shown(parts.clock()).items()
    ]
    return {"more_dates": more, "is_paused": clocks.dates.paused_since is not None}


def _form(
    request: web.Request, language: str, filled: Filled, *, status: int = 200
) -> web.Response:
    parts = request.app[keys.PARTS]
    return render(
        request,
        "contact.html",
        language,
        {
            "values": filled.values,
            "troubles": filled.troubles,
            "today": _now(request).date().isoformat(),
            "types": ",".join(TYPES),
            "count": MOST_FILES,
            "megabytes": parts.attachments.limits.largest_bytes // 2**20,
            "longest": parts.settings.max_utterance_characters,
        },
        status=status,
    )


def _status_page(
    request: web.Request,
    language: str,
    *,
    values: Mapping[str, str] | None = None,
    found: CaseStatus | None = None,
    more: Mapping[str, Any] | None = None,
) -> web.Response:
    is_missing = found is not None and not found.is_known
    status = None if is_missing else found
    context: dict[str, Any] = {
        "values": values or {},
        "status": status,
        "is_missing": is_missing,
        **(_dates(request, language, status) if status else {}),
        **(more or {}),
    }
    return render(
        request,
        "status.html",
        language,
        context,
        status=404 if is_missing else 200,
    )
