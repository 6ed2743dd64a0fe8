"""The page of a case, and its forms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import web

from actions.cases.case import CATEGORIES, Case
from actions.cases.clocks import CaseClocks
from actions.cases.complaint import PAUSE_REASONS, Policy
from actions.delivery.office import POST
from actions.desk.composer import Answer, check_answer, composer
from actions.desk.composing import change_of
from actions.desk.conflicts import conflicting
from actions.desk.downloads import PICTURES
from actions.desk.parts import (
    DESK,
    Desk,
    agent_of,
    check_rights,
    log_read,
    staff_of,
)
from actions.desk.presenting import (
    Conflicting,
    cited_address,
    marked,
    missing_fields,
    notes,
    one_line,
    ranked_grounds,
    shares_of,
    urgency_at,
)
from actions.desk.queue import SOON
from actions.desk.saving import SAVES
from knowledge.bodies import form_fields
from knowledge.console.parts import CONSOLE
from knowledge.errors import BadInput, Conflict, NotFound, Refusal
from knowledge.workplace import STYLES, WORKPLACE, render, see_other

routes = web.RouteTableDef()

NOTICES = {
    "replies": "sent",
    "interim-update": "sent",
    "information-request": "asked_notice",
    "reopen": "reopened_notice",
    "hold": "held_notice",
    "release": "unheld_notice",
    "notes": "noted",
    "classification": "corrected",
    "outcome": "closed_notice",
    "assign": "assigned_notice",
    "pause": "paused_notice",
    "resume": "resumed_notice",
    "urgency": "urgent_notice",
}
# Saved as they are sent; answers go by the composer.
FORMS = frozenset(
    "notes classification assign urgency pause resume reopen hold release".split()
)
# Events whose reason is an agent's own words.
REASONED = (
    "marked_urgent",
    "marked_not_urgent",
    "legal_hold_placed",
    "legal_hold_released",
)
N_LIKELY_CATEGORIES = 3


@routes.get("/desk/cases/{reference}")
async def show_case(request: web.Request) -> web.Response:
    case = await request.app[DESK].archive.case(await log_read(request, "page"))
    return await _case_page(request, case)


@routes.post("/desk/cases/{reference}/presence")
async def note_presence(request: web.Request) -> web.Response:
    """A sign of life of an open page: who else is here, and whether it is stale."""
    presence, agent = request.app[DESK].presence, staff_of(request)
    reference = request.match_info["reference"]
    if request.query.get("leave"):
        await presence.leave(reference, agent.email)
        return web.Response(status=204)
    pulse = await presence.pulse(reference)
    others = await presence.note(reference, agent.email, agent.name)
    return web.json_response(
        {"others": others, "version": pulse.version, "messages": pulse.n_messages}
    )


@routes.post("/desk/cases/{reference}/compose")
async def compose(request: web.Request) -> web.Response:
    """Check an answer, show its letter, or send it; what is wrong comes back."""
    desk, reference = request.app[DESK], request.match_info["reference"]
    fields = dict(await form_fields(request))
    case = await desk.archive.case(reference)
    clocks = await desk.archive.clocks.clocks(reference)
    answer = check_answer(request, case, clocks.policy, fields)
    if not answer.may_be_sent or fields.get("step") == "preview":
        await log_read(request, "page")
        status = 400 if answer.faults else 200
        return await _case_page(request, case, fields, answer=answer, status=status)
    change, values = change_of(answer.purpose, answer.text)
    # The agent has seen and accepted its language, if it is another.
    values |= {"version": fields.get("version"), "any_language": True}
    response = await _save(request, change, values, fields)
    if response.status == HTTPStatus.SEE_OTHER:
        # Else the browser would keep the fragment of the form, and hide the notice.
        response.headers["Location"] += "#content"
    return response


@routes.post("/desk/cases/{reference}/{change}")
async def change_case(request: web.Request) -> web.Response:
    """Save one form of the case page; a stale or wrong one comes back as it was."""
    change = request.match_info["change"]
    if change not in FORMS:
        raise NotFound(f"a case has no form {change}")
    check_rights(request, change)
    fields = dict(await form_fields(request))
    return await _save(request, change, fields, fields)


async def _save(
    request: web.Request,
    change: str,
    values: Mapping[str, Any],
    draft: Mapping[str, str],
) -> web.Response:
    """Change the case and go on; a refused change comes back with its `draft`."""
    desk, reference = request.app[DESK], request.match_info["reference"]
    try:
        await SAVES[change](desk, reference, agent_of(request), values)
    except Conflict:
        case = await desk.archive.case(await log_read(request, "page"))
        names = await request.app[CONSOLE].names()
        rows = conflicting(request, case, change, values, names)
        return await _case_page(request, case, draft, conflict=rows, status=409)
    except BadInput as exc:
        case = await desk.archive.case(await log_read(request, "page"))
        return await _case_page(request, case, draft, error=exc.refusal, status=400)
    notice = NOTICES[change]
    if change == "assign" and not values.get("assignee"):
        notice = "released_notice"
    if change == "urgency" and values.get("is_urgent") == "no":
        notice = "not_urgent_notice"
    return see_other(f"/desk/cases/{reference}", notice=notice)


async def _case_page(
    request: web.Request,
    case: Case,
    draft: Mapping[str, str] | None = None,
    *,
    answer: Answer | None = None,
    conflict: list[Conflicting] | None = None,
    error: Refusal | None = None,
    status: int = 200,
) -> web.Response:
    desk = request.app[DESK]
    request[STYLES] = request.app[POST].letters.styles
    clocks = await desk.archive.clocks.clocks(case.reference)
    return render(
        request,
        "desk/case.html",
        {
            **_facts(request, case, clocks),
            **await _judged(desk, case, clocks.policy),
            **await _beside(request, case),
            "named": partial(_name_of, await request.app[CONSOLE].names()),
            "agent": agent_of(request),
            "draft": dict(draft or {}),
            "change": request.match_info.get("change"),
            "composer": await composer(
                request, case, clocks.policy, draft or {}, answer
            ),
            "conflict": conflict,
            "error": error,
            "notice": request.query.get("notice"),
        },
        status=status,
    )


def _name_of(names: Mapping[str, str], email: str | None) -> str:
    return names.get(email, email) if email else ""


def _facts(request: web.Request, case: Case, clocks: CaseClocks) -> dict[str, Any]:
    """What the case says of itself, and when what is due."""
    now = request.app[WORKPLACE].clock()
    return {
        "case": case,
        "summary": one_line(case.description),
        "one_line": one_line,
        "missing": missing_fields(case),
        "notes": notes(case),
        "reasoned": REASONED,
        "cited_address": cited_address,
        "urgency": urgency_at(now, SOON),
        "clocks": clocks,
        "shown_dates": clocks.shown(now),
        "pause_reasons": PAUSE_REASONS,
    }


async def _judged(desk: Desk, case: Case, policy: Policy) -> dict[str, Any]:
    """The verdict with its evidence, and what it can be corrected to."""
    verdict = await desk.judge.verdict(case)
    likely = [each["category"] for each in verdict.categories] if verdict else []
    # Of the policy that it was filed under, and what it was given all the same.
    grounds = [*policy.grounds]
    if case.ground is not None and case.ground not in grounds:
        grounds.append(case.ground)
    ranked = ranked_grounds(verdict, grounds)
    return {
        "verdict": verdict,
        "marked": marked(case.description, verdict, ranked),
        "ranked_grounds": ranked,
        "numbers": {ground: n for n, ground in enumerate(ranked, 1)},
        "shares": shares_of(verdict),
        "likely_categories": likely[:N_LIKELY_CATEGORIES],
        "categories": CATEGORIES,
    }


async def _beside(request: web.Request, case: Case) -> dict[str, Any]:
    """Files, letters and other cases; for leads, who read it."""
    desk, reads = request.app[DESK], None
    if staff_of(request).can_lead():
        reads = await desk.reads.of_case(case.reference)
    return {
        "attachments": await desk.attachments.of_case(case.reference),
        "pictures": PICTURES,
        "reads": reads,
        "earlier": await desk.related.of_person(case),
        "similar": await desk.related.similar(case),
        "letters": await request.app[POST].letterbook.of_case(case.reference),
    }
